"""Objects: vehicles. Their front points to positive x."""

from __future__ import annotations

import torch

from tools.catalogue.model import Model
from tools.catalogue.paint import (
    band,
    choose,
    dots,
    gradient,
    mottled,
    sectors,
    slanted,
    spot,
    stripes,
)
from tools.catalogue.sdf import Colour, Paint, Solid, box, cone, cylinder, extrude, sphere, union

_GLASS = gradient("y", -0.1, 0.5, "#4378a3", "#c9ecf8")


def _wheels(radius: float, width: float, hub: Colour, *, x: float, y: float, z: float) -> Solid:
    """A pair of wheels on an axle along z."""
    rim = choose(lambda p: p[:, [0, 2]].norm(dim=1) < 0.22 * radius, "#3a3f48", sectors(3, hub, "#e9e4d6"))
    paint = choose(lambda p: p[:, [0, 2]].norm(dim=1) < 0.62 * radius, rim, sectors(10, "#24262b", "#3b3e45"))
    wheel = cylinder(radius, width, paint, rounding=0.04).turn("x", 90)
    return wheel.move(x, y, z).mirror_copy("z")


def _windows(low: float, high: float, step: float, frame: Colour, *, offset: float = 0.0, gap: float = 0.2) -> Paint:
    """A row of windows along x, between two heights."""
    panes = choose(lambda p: torch.remainder((p[:, 0] + offset) / step, 1.0) > gap, _GLASS, frame)
    return band("y", low, high, panes, frame)


def car() -> Solid:
    """A turquoise hatchback with a cream roof, orange flashes and a suitcase on the roof."""
    bonnet = spot((0.75, 0.2, 0.12), 0.16, "#fff3d6", band("z", -0.3, -0.08, "#f08a24", "#1fa39a"))
    side = choose(lambda p: (p[:, 2].abs() > 0.4) & (p[:, 1] < 0.12), slanted(0.17, "#f08a24", "#12666b"), bonnet)
    outline = [
        (-1.02, -0.27),
        (1.02, -0.27),
        (1.08, -0.02),
        (0.98, 0.12),
        (0.5, 0.2),
        (-0.98, 0.22),
        (-1.06, 0.05),
    ]
    body = extrude(outline, 0.4, side, rounding=0.05)
    glass = _windows(0.27, 0.55, 0.6, "#f6e7c4", offset=0.77, gap=0.14)
    cabin = extrude([(-0.88, 0.2), (0.55, 0.2), (0.22, 0.6), (-0.64, 0.62)], 0.34, glass, rounding=0.04)
    case = box(0.3, 0.11, 0.22, stripes("x", 0.14, "#a3472f", "#d98a4b"), radius=0.04).move(-0.28, 0.77, 0.05)
    lights = sphere(0.1, "#fff1a0").move(1.07, 0.02, 0.3).mirror_copy("z")
    rear = box(0.05, 0.08, 0.08, "#d3202f").move(-1.08, 0.08, 0.32).mirror_copy("z")
    bumper = box(1.15, 0.06, 0.42, "#c9ced6", radius=0.05).move(0, -0.25, 0)
    plate = box(0.03, 0.06, 0.14, "#f7d54a").move(1.14, -0.14, -0.1)
    front = _wheels(0.29, 0.12, "#8f97a3", x=0.64, y=-0.3, z=0.38)
    back = _wheels(0.29, 0.12, "#8f97a3", x=-0.62, y=-0.3, z=0.38)
    return union(body, cabin, case, lights, rear, bumper, plate, front, back).move(0, -0.1, 0)


def tractor() -> Solid:
    """A red tractor with a cream roof and yellow wheels."""
    engine = choose(
        lambda p: (p[:, 2].abs() > 0.2) & ((p[:, 0] - 0.12).abs() < 0.26) & ((p[:, 1] - 0.03).abs() < 0.1),
        stripes("x", 0.075, "#2b2d33", "#c9ced6"),
        band("z", -0.2, -0.06, "#fff0d2", "#c92a2a"),
    )
    bonnet = box(0.5, 0.24, 0.24, engine, radius=0.06).move(0.5, 0.05, 0)
    grille = box(0.03, 0.17, 0.17, stripes("y", 0.08, "#2b2d33", "#f2c230")).move(1.0, 0.06, 0)
    frame = box(0.95, 0.1, 0.2, "#3f4651", radius=0.03).move(0.05, -0.22, 0)
    glass = _windows(0.0, 0.34, 0.68, "#c92a2a", offset=0.4, gap=0.13)
    cab = box(0.36, 0.4, 0.33, glass, radius=0.03).move(-0.4, 0.42, 0)
    roof = box(0.48, 0.07, 0.42, slanted(0.22, "#fbeccb", "#4c9be0"), radius=0.05).move(-0.4, 0.86, 0)
    pipe = cylinder(0.05, 0.3, stripes("y", 0.12, "#4a4f58", "#9aa3ae")).move(0.55, 0.5, 0.12)
    beacon = sphere(0.09, "#ff9c1a").move(-0.2, 0.97, 0.25)
    big = _wheels(0.52, 0.15, "#f2c230", x=-0.52, y=-0.25, z=0.46)
    small = _wheels(0.3, 0.11, "#f2c230", x=0.7, y=-0.47, z=0.36)
    return union(bonnet, grille, frame, cab, roof, pipe, beacon, big, small)


def train() -> Solid:
    """A green steam engine with red wheels, brass rings and an orange tender of coal."""
    shell = band("y", -0.05, 0.07, "#f2c230", stripes("y", 0.27, "#2c8a4b", "#56b768", offset=0.02))
    boiler = cylinder(0.3, 0.48, shell, rounding=0.03).turn("z", 90).move(0.42, 0.12, 0)
    front = cylinder(0.31, 0.06, spot((0, -0.06, 0), 0.12, "#f7e3a0", "#3a3f48"), rounding=0.02)
    front = front.turn("z", 90).move(0.93, 0.12, 0)
    frame = box(1.1, 0.09, 0.34, slanted(0.18, "#c5283d", "#7d1b2b"), radius=0.02).move(0, -0.25, 0)
    stack = cone(0.09, 0.17, 0.2, band("y", 0.07, 0.15, "#e8b23a", "#34383f")).move(0.7, 0.58, 0)
    dome = sphere(0.15, "#e8b23a").move(0.33, 0.42, 0)
    glass = _windows(-0.02, 0.25, 0.42, "#2a6fbb", offset=0.16, gap=0.22)
    cab = box(0.27, 0.45, 0.38, glass, radius=0.03).move(-0.24, 0.26, 0)
    roof = box(0.36, 0.05, 0.46, stripes("z", 0.23, "#c5283d", "#f4e6c8"), radius=0.04).move(-0.24, 0.74, 0)
    sign = band("y", -0.08, 0.08, stripes("x", 0.16, "#fff3d6", "#d9541e"), "#ee8a2a")
    tender = box(0.27, 0.22, 0.36, sign, radius=0.03).move(-0.83, 0.05, 0)
    coal = sphere(0.27, mottled("#1f2024", "#5b5f69", scale=11)).stretch(1, 0.6, 1.1).move(-0.83, 0.26, 0)
    plough = extrude([(0, -0.2), (0.22, -0.2), (0, 0.08)], 0.3, slanted(0.12, "#f2c230", "#34383f", axis="z"))
    wheels = [_wheels(0.2, 0.07, "#e0413f", x=x, y=-0.38, z=0.36) for x in (-0.85, 0.35, 0.78)]
    drive = _wheels(0.28, 0.07, "#e0413f", x=-0.2, y=-0.31, z=0.36)
    lamp = sphere(0.08, "#fff6b8").move(0.98, 0.4, 0.1)
    return union(
        boiler,
        front,
        frame,
        stack,
        dome,
        cab,
        roof,
        tender,
        coal,
        plough.move(1.08, -0.25, 0),
        *wheels,
        drive,
        lamp,
    ).move(0, -0.1, 0)


def bus() -> Solid:
    """A yellow bus with a purple band, blue windows, a door on one side and a white roof."""
    waist = band("y", -0.2, -0.06, stripes("x", 0.22, "#6b3fa0", "#b58be0"), "#f5bf2f")
    glass = _windows(0.08, 0.34, 0.31, waist, offset=0.06, gap=0.17)
    skin = choose(lambda p: p[:, 1] > 0.42, slanted(0.3, "#f4f1e8", "#e8554d", slope=0.8), glass)
    door = choose(
        lambda p: (p[:, 2] > 0.3) & ((p[:, 0] - 0.76).abs() < 0.13) & ((p[:, 1] - 0.02).abs() < 0.33),
        stripes("x", 0.13, "#28466e", "#9fd2ea", offset=0.02),
        skin,
    )
    face = choose(lambda p: (p[:, 0] > 1.05) & (p[:, 1] > -0.02) & (p[:, 1] < 0.32), _GLASS, door)
    body = box(1.1, 0.5, 0.4, face, radius=0.09).move(0, 0.15, 0)
    sign = box(0.04, 0.07, 0.24, stripes("z", 0.12, "#22252b", "#6be06b")).move(1.09, 0.55, -0.06)
    hatch = box(0.2, 0.05, 0.16, "#d13c3c", radius=0.03).move(-0.5, 0.67, 0.12)
    bumper = box(1.14, 0.06, 0.42, "#4a4f58", radius=0.04).move(0, -0.34, 0)
    lights = sphere(0.08, "#fffbd6").move(1.09, -0.16, 0.27).mirror_copy("z")
    rear = box(0.04, 0.1, 0.06, "#d3202f").move(-1.09, -0.1, 0.29).mirror_copy("z")
    mirror = box(0.04, 0.12, 0.05, "#2b2d33", radius=0.02).move(1.08, 0.25, 0.46)
    front = _wheels(0.25, 0.09, "#6b3fa0", x=0.66, y=-0.36, z=0.36)
    back = _wheels(0.25, 0.09, "#6b3fa0", x=-0.66, y=-0.36, z=0.36)
    return union(body, sign, hatch, bumper, lights, rear, mirror, front, back)


def truck() -> Solid:
    """A lorry: a blue cab with a white snout, a container with orange stripes and a green sticker."""
    side = band("y", -0.3, 0.36, slanted(0.3, "#f08a24", "#fbf3df", slope=0.8), "#a8431e")
    label = spot((-0.3, 0.1, 0.45), 0.22, "#3da35d", spot((0.3, -0.05, -0.45), 0.22, "#3da35d", side))
    back = choose(lambda p: p[:, 0] < -0.66, stripes("z", 0.22, "#fbf3df", "#8a97a8", offset=0.05), label)
    load = box(0.7, 0.5, 0.42, back, radius=0.03).move(-0.38, 0.24, 0)
    glass = choose(lambda p: (p[:, 1] > 0.2) & (p[:, 1] < 0.46), _GLASS, "#2563b8")
    panel = band("y", -0.12, 0.0, dots(0.16, 0.06, "#2563b8", "#f4f1e8"), glass)
    outline = [(0.4, -0.25), (1.05, -0.25), (1.08, 0.05), (0.9, 0.52), (0.4, 0.52)]
    cab = extrude(outline, 0.36, panel, rounding=0.03)
    grille = box(0.04, 0.1, 0.22, stripes("z", 0.09, "#30343c", "#d8dde4")).move(1.09, -0.12, 0)
    chassis = box(1.08, 0.07, 0.32, "#3a3f48").move(0, -0.3, 0)
    lights = sphere(0.08, "#fff1a0").move(1.09, -0.13, 0.29).mirror_copy("z")
    pipe = cylinder(0.05, 0.42, stripes("y", 0.2, "#d8dde4", "#7d8794")).move(0.37, 0.5, 0.34)
    wind = box(0.2, 0.1, 0.3, slanted(0.2, "#e23b3b", "#f7d54a", axis="z"), radius=0.05).move(0.62, 0.62, 0)
    wheels = [_wheels(0.25, 0.1, "#c8ccd2", x=x, y=-0.38, z=0.36) for x in (-0.8, -0.25, 0.72)]
    return union(load, cab, grille, chassis, lights, pipe, wind, *wheels).move(0, -0.05, 0)


MODELS: tuple[Model, ...] = (
    Model("car", car),
    Model("tractor", tractor),
    Model("train", train),
    Model("bus", bus),
    Model("truck", truck),
)

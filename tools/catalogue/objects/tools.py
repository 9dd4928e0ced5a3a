"""Objects: tools. Long ones lie aslant."""

from __future__ import annotations

import torch

from tools.catalogue.model import FRONT, Model
from tools.catalogue.paint import (
    band,
    checker,
    choose,
    dots,
    gradient,
    grain,
    sectors,
    slanted,
    spot,
    stripes,
)
from tools.catalogue.sdf import (
    Solid,
    box,
    capsule,
    cone,
    cylinder,
    ellipsoid,
    extrude,
    revolve,
    sphere,
    subtract,
    torus,
    union,
)

TURNED = ((30, 20), (5, 14), (-30, 24), (50, 30), (18, 40), (-14, 8), (210, 22), (165, 28))
"""Views that keep the length of a tool in sight."""


def hammer() -> Solid:
    """A claw hammer: blue steel head with a yellow band, a wooden shaft and a striped red grip."""
    wood = grain("x", 0.13, "#e0a45a", "#a8652c", seed=2)
    grip = slanted(0.15, "#d33a3a", "#8b1f2b")
    shaft = cylinder(0.11, 0.95, band("y", -1.0, -0.22, grip, wood), rounding=0.03).move(0, -0.25, 0)
    swell = ellipsoid(0.15, 0.4, 0.14, grip).move(0, -0.8, 0)
    steel = gradient("x", -0.7, 0.6, "#3e6fa3", "#b9c6d4")
    head = box(0.3, 0.17, 0.17, band("x", -0.12, 0.12, "#f4c430", steel), radius=0.04).move(0.02, 0.75, 0)
    neck = cylinder(0.14, 0.12, steel).turn("z", 90).move(0.4, 0.75, 0)
    face = cylinder(0.23, 0.12, band("y", -0.06, 0.02, "#2e4d70", "#c9d3dd"), rounding=0.04).turn("z", 90)
    outline = [
        (-0.2, 0.92),
        (-0.45, 0.92),
        (-0.72, 0.8),
        (-0.95, 0.52),
        (-0.68, 0.62),
        (-0.45, 0.66),
        (-0.2, 0.6),
    ]
    claw = extrude(outline, 0.13, gradient("x", -0.95, -0.2, "#c9d3dd", "#3e6fa3"), rounding=0.02)
    slot = extrude([(-1.1, 0.2), (-0.5, 0.2), (-0.5, 1.1), (-1.1, 1.1)], 0.035, "#24354a")
    tag = box(0.02, 0.14, 0.09, "#3fae6a", radius=0.01).move(0.115, -0.02, 0.0).turn("y", -60)
    return union(shaft, swell, head, neck, face.move(0.58, 0.75, 0), subtract(claw, slot), tag).turn("z", -24)


def screwdriver() -> Solid:
    """A screwdriver: yellow and blue fluted handle, steel blade with a red ring."""
    colour = sectors(4, "#f3c21f", "#2a5fc0")
    colour = band("y", 0.34, 0.5, "#f06a2a", band("y", -0.62, -0.5, "#23262d", colour))
    outline = [
        (0, -0.72),
        (0.16, -0.72),
        (0.25, -0.6),
        (0.24, -0.2),
        (0.27, 0.1),
        (0.17, 0.3),
        (0.24, 0.48),
        (0, 0.5),
    ]
    handle = revolve(outline, colour).rounded(0.02)
    flute = capsule([0.3, -0.45, 0], [0.3, 0.0, 0], 0.06, "#e9edf2").ring(8)
    handle = subtract(handle, flute).move(0, -0.42, 0)
    shaft = cylinder(0.075, 0.45, stripes("y", 0.2, "#c3ccd6", "#7f8b99")).move(0, 0.5, 0)
    ring = cylinder(0.12, 0.06, "#d7263d", rounding=0.02).move(0, 0.3, 0)
    tip = extrude(
        [(-0.075, 0.9), (0.075, 0.9), (0.14, 1.1), (0.11, 1.25), (-0.11, 1.25), (-0.14, 1.1)],
        0.025,
        "#4a5361",
    )
    label = spot((0.0, -0.35, 0.25), 0.12, "#fdf8ea", handle.paint)
    return union(handle.painted(label), shaft, ring, tip).scale(0.95).turn("y", 25).turn("z", -38)


def paintbrush() -> Solid:
    """A flat brush: green handle with spots, brass ferrule, bristles dipped in magenta."""
    green = dots(0.22, 0.085, "#f5e663", "#23915c", seed=4)
    outline = [
        (-0.1, -1.15),
        (0.1, -1.15),
        (0.16, -0.95),
        (0.1, -0.5),
        (0.16, -0.22),
        (0.36, 0.0),
        (0.36, 0.1),
    ]
    outline = outline + [(-x, y) for x, y in reversed(outline[2:])]
    handle = extrude(outline, 0.05, green, rounding=0.06)
    hole = cylinder(0.055, 0.3, "#123d2a").turn("x", 90).move(0, -1.02, 0)
    metal = band("y", -0.03, 0.03, "#8a6420", stripes("y", 0.11, "#e8be55", "#c4943a"))
    ferrule = box(0.43, 0.15, 0.15, metal, radius=0.03).move(0, 0.2, 0)
    hair = grain("x", 0.09, "#d9b98a", "#7a5a3c", seed=1)
    wet = choose(lambda p: p[:, 1] + 0.1 * torch.sin(p[:, 0] * 11) > 0.15, slanted(0.2, "#d62d8a", "#f06bb4"), hair)
    tuft = [(-0.4, -0.4), (0.4, -0.4), (0.46, 0.1), (0.4, 0.42), (0.1, 0.5), (-0.25, 0.42), (-0.46, 0.3)]
    bristles = extrude(tuft, 0.1, wet, rounding=0.03).move(0, 0.72, 0)
    drip = capsule([0.3, 1.1, 0.08], [0.34, 0.5, 0.16], 0.06, "#d62d8a")
    return union(subtract(handle, hole), ferrule, bristles, drip).move(0, -0.05, 0).turn("z", 33)


def padlock() -> Solid:
    """A brass padlock with a blue plate, a keyhole, riveted stripes and a steel shackle."""
    side = slanted(0.2, "#e9b63b", "#b97b22")
    plate = choose(lambda p: (p[:, 1] - 0.3).abs() < 0.13, "#2c5fa8", side)
    plate = spot((0.4, 0.3, 0.32), 0.11, "#f5efe0", plate)
    keyhole = choose(
        lambda p: (p[:, 2] > 0.2) & ((p[:, 0].abs() < 0.05) & ((p[:, 1] + 0.2).abs() < 0.15)),
        "#20242b",
        plate,
    )
    keyhole = spot((0, -0.08, 0.34), 0.12, "#20242b", keyhole)
    body = box(0.68, 0.56, 0.3, keyhole, radius=0.1).move(0, -0.4, 0)
    steel = stripes("x", 0.2, "#dfe5ec", "#8793a3")
    arch = subtract(torus(0.42, 0.11, steel).turn("x", 90), box(2, 1, 1, "#ffffff").move(0, -1.0, 0)).move(0, 0.55, 0)
    legs = union(
        capsule([-0.42, 0.0, 0], [-0.42, 0.56, 0], 0.11, stripes("y", 0.2, "#dfe5ec", "#8793a3")),
        capsule([0.42, 0.28, 0], [0.42, 0.56, 0], 0.11, "#c23b3b"),
    )
    rivet = sphere(0.08, "#c23b3b").move(-0.52, -0.8, 0.28)
    rivet = union(
        rivet,
        sphere(0.08, "#c23b3b").move(0.52, -0.8, 0.28),
        sphere(0.08, "#3fae8a").move(-0.52, -0.1, -0.28),
    )
    return union(body, arch, legs, rivet).turn("z", 6)


def torch_light() -> Solid:
    """A red pocket torch with black grips, a cyan switch and a glowing lens."""
    grip = choose(lambda p: (p[:, 1] < 0.15) & (p[:, 1] > -0.75), checker(0.14, "#2a2d34", "#59606c"), "#d93a32")
    handle = cylinder(0.25, 0.8, band("y", 0.2, 0.32, "#f5e9d0", grip), rounding=0.05).move(0, -0.35, 0)
    head_paint = band("y", -0.02, 0.1, "#2a2d34", sectors(6, "#d93a32", "#f0703a"))
    head = cone(0.25, 0.5, 0.25, head_paint, rounding=0.03).move(0, 0.55, 0)
    rim = cylinder(0.54, 0.1, sectors(9, "#e8ebef", "#99a3b0"), rounding=0.03).move(0, 0.84, 0)
    glow = spot((0.12, 0, 0.12), 0.16, "#ffffff", spot((0, 0, 0), 0.34, "#ffe564", "#f7b733"))
    lens = ellipsoid(0.45, 0.1, 0.45, glow).move(0, 0.93, 0)
    switch = box(0.08, 0.16, 0.06, "#27b8c4", radius=0.03).move(0, 0.02, 0.26)
    cap = cylinder(0.28, 0.08, "#3a6fc0", rounding=0.03).move(0, -1.1, 0)
    loop = torus(0.14, 0.035, "#f5d04a").turn("x", 90).move(0, -1.26, 0)
    return union(handle, head, rim, lens, switch, cap, loop).scale(0.95).turn("x", 22).turn("z", 48)


MODELS: tuple[Model, ...] = (
    Model("hammer", hammer, TURNED),
    Model("screwdriver", screwdriver, TURNED),
    Model("paintbrush", paintbrush, TURNED),
    Model("padlock", padlock, FRONT),
    Model("torch", torch_light, TURNED),
)

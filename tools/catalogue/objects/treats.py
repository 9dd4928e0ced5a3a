"""Objects: treats and dishes."""

from __future__ import annotations

import math

from torch import Tensor

from tools.catalogue.model import FRONT, Model, View
from tools.catalogue.paint import (
    band,
    checker,
    choose,
    dots,
    gradient,
    mottled,
    sectors,
    slanted,
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
    intersect,
    path,
    revolve,
    sphere,
    subtract,
    torus,
    union,
)

TILTED: tuple[View, ...] = (
    (30, 36),
    (72, 30),
    (118, 40),
    (160, 32),
    (205, 38),
    (250, 30),
    (300, 40),
    (345, 46),
)


def cupcake() -> Solid:
    """A cupcake with a spiral of icing, sprinkles and a cherry off centre."""
    case = cone(0.5, 0.68, 0.36, sectors(9, "#3a86c4", "#f3ecd8")).move(y=-0.62)
    icing = dots(0.2, 0.055, "#f6e04a", dots(0.23, 0.055, "#3fa34d", mottled("#f08ab2", "#f9c7d6", scale=4), seed=7))
    swirl = union(
        torus(0.5, 0.24, icing).move(y=-0.14).turn("z", 4),
        torus(0.32, 0.22, icing).move(y=0.18).turn("z", 5),
        ellipsoid(0.34, 0.36, 0.34, icing).move(x=-0.03, y=0.44),
        ellipsoid(0.5, 0.4, 0.5, icing),
    )
    cherry = union(
        sphere(0.18, mottled("#b3142c", "#e23a4a", scale=5)),
        path([(0, 0.1, 0), (0.1, 0.34, 0)], 0.03, "#4a7a2a"),
    )
    wafer = cylinder(0.07, 0.36, slanted(0.12, "#c98a45", "#6a3c1c")).turn("z", 28).move(-0.34, 0.62, 0.12)
    return union(case, swirl, cherry.move(0.16, 0.8, 0.12), wafer)


def ice_cream() -> Solid:
    """A leaning waffle cone with two scoops, sauce and a wafer."""

    def lattice(p: Tensor) -> Tensor:
        angle = _turns(p) * 4.5
        return ((angle + p[:, 1] * 4.2) % 1 < 0.22) | ((angle - p[:, 1] * 4.2) % 1 < 0.22)

    waffle = revolve([(0, -1.2), (0.06, -1.2), (0.5, 0.0), (0, 0.0)], choose(lattice, "#9a5f28", "#e0a654")).rounded(
        0.03
    )
    mint = dots(0.19, 0.05, "#4a2a1a", mottled("#8fd8b8", "#c4efd8", scale=5), seed=2)
    berry = mottled("#d6487f", "#f3a4bd", scale=5, seed=3)
    lower = union(sphere(0.52, berry).move(y=0.16), torus(0.44, 0.13, berry).move(y=-0.02))
    upper = sphere(0.44, choose(_drips, "#5a2f1c", mint)).move(x=0.08, y=0.68)
    wafer = box(0.09, 0.4, 0.05, stripes("y", 0.11, "#d99a4a", "#f2cd86")).turn("z", -32).move(0.48, 0.92, 0.0)
    return union(waffle, lower, upper, wafer, sphere(0.13, "#d8222f").move(-0.06, 1.15, 0.1)).turn("z", 14).scale(0.9)


def _drips(p: Tensor) -> Tensor:
    """Sauce running down from the top of a scoop to an uneven height."""
    return p[:, 1] > 0.13 + 0.14 * (_turns(p) * 2 * math.pi * 5).sin()


def _turns(p: Tensor) -> Tensor:
    """Turns around the y axis, in [-0.5, 0.5]."""
    return p[:, 2].atan2(p[:, 0]) / (2 * math.pi)


def burger() -> Solid:
    """A burger with its layers, seeds and a flag on a stick."""
    crust = dots(0.26, 0.06, "#f8ebc4", gradient("y", 0.0, 0.6, "#e7a650", "#b5692a"), seed=4)
    top = intersect(ellipsoid(0.8, 0.62, 0.8, crust), box(1, 0.5, 1, "#f4dba8").move(y=0.5)).move(y=0.16)
    salad = (
        torus(0.64, 0.16, mottled("#4f9c34", "#b6dc62", scale=6)).stretch(1.05, 0.6, 1.05).bumps(0.03, 11).move(y=0.1)
    )
    tomato = cylinder(0.74, 0.06, mottled("#d5301f", "#f06a4a", scale=7), rounding=0.05).move(x=0.05, y=0.0)
    cheese = box(0.66, 0.03, 0.66, "#f9bf2c", radius=0.02).turn("y", 20).turn("z", 3).move(y=-0.1)
    patty = cylinder(0.78, 0.13, mottled("#4f2a18", "#8a5232", scale=8), rounding=0.1).move(y=-0.25)
    bottom = cylinder(0.74, 0.16, gradient("y", -0.2, 0.2, "#b5692a", "#eab868"), rounding=0.12).move(y=-0.5)
    stick = capsule((0, 0, 0), (0, 0.66, 0), 0.03, "#e8d8b0")
    flag = box(0.24, 0.15, 0.025, stripes("y", 0.1, "#2f62b0", "#f5f1e6")).move(x=0.24, y=0.5)
    onion = torus(0.6, 0.1, stripes("y", 0.06, "#8a3f8f", "#f0dcea")).turn("x", 9).move(x=0.12, y=0.04, z=0.1)
    paper = box(0.82, 0.04, 0.82, checker(0.27, "#3573b8", "#f4f0e4"), radius=0.02).turn("y", 12).move(0.1, -0.7, 0.1)
    banner = union(stick, flag).scale(1.2).turn("y", 15).move(-0.2, 0.5, 0)
    return union(top, salad, tomato, cheese, patty, bottom, onion, paper, banner).move(y=-0.12)


def doughnut() -> Solid:
    """An iced doughnut with sprinkles and a bite out of it."""

    def iced(p: Tensor) -> Tensor:
        return p[:, 1] > 0.02 + 0.07 * (_turns(p) * 2 * math.pi * 7).sin()

    two_tone = choose(lambda p: p[:, 0] + 0.4 * (6 * p[:, 2]).sin() * p[:, 2] > 0.1, "#7fd0b8", "#8a4fb0")
    glaze = mottled(two_tone, "#c58fdc", scale=3, amount=0.4)
    icing = dots(
        0.2,
        0.06,
        "#f7e26b",
        dots(0.22, 0.06, "#58c0d8", glaze, seed=5),
        seed=1,
    )
    ring = torus(0.66, 0.36, choose(iced, icing, mottled("#d99a4a", "#b87430", scale=5)))
    bite = union(*(sphere(0.24, mottled("#f7e3b0", "#dcb878", scale=9)).move(x, 0.1, z) for x, z in BITE))
    return subtract(ring, bite)


BITE = ((0.98, 0.42), (0.88, 0.7), (0.6, 0.86))


def cheese() -> Solid:
    """A wedge of cheese with holes and a red rind, on a board."""
    paste = gradient("x", -0.9, 0.8, "#f9d65a", "#f0a92e")
    slab = extrude([(-0.95, -0.55), (0.8, -0.7), (0.8, 0.7)], 0.4, band("x", 0.7, 2, "#b5262f", paste)).turn("x", -90)
    holes = [
        sphere(radius, "#c98a22").move(x, y, z)
        for x, y, z, radius in (
            (-0.25, 0.1, 0.6, 0.17),
            (0.3, -0.12, 0.72, 0.2),
            (0.5, 0.26, 0.66, 0.12),
            (0.45, 0.44, 0.1, 0.2),
            (0.1, 0.42, 0.15, 0.13),
            (0.62, 0.4, -0.4, 0.14),
            (-0.1, 0.05, -0.2, 0.2),
            (0.4, -0.1, -0.5, 0.18),
        )
    ]
    board = box(1.05, 0.07, 0.8, stripes("z", 0.16, "#5f86a8", "#88abc6"), radius=0.05).move(y=-0.46)
    return union(subtract(slab, *holes), board).move(y=0.06)


def lollipop() -> Solid:
    """A swirled lollipop on a striped stick with a bow."""

    def swirl(p: Tensor) -> Tensor:
        turns = p[:, 1].atan2(p[:, 0]) / (2 * math.pi)
        return (turns * 3 - p[:, :2].norm(dim=1) * 2.2) % 1.0

    lime = choose(lambda p: swirl(p) > 0.68, "#7fc84a", "#f8f1dc")
    sweet = choose(lambda p: swirl(p) < 0.36, "#e2397f", lime)
    rim = choose(lambda p: p[:, :2].norm(dim=1) > 0.66, stripes("y", 0.2, "#3a8fd0", "#f8f1dc"), sweet)
    disc = cylinder(0.68, 0.2, "#ffffff", rounding=0.14).turn("x", 90).painted(rim).move(y=0.42)
    stick = capsule((0, -0.2, 0), (0, -1.2, 0), 0.075, slanted(0.18, "#f8f1dc", "#3a6fc0"))
    loop = ellipsoid(0.24, 0.13, 0.1, dots(0.14, 0.045, "#fff4cf", "#f08a1c", seed=2)).turn("z", 24).move(x=0.2)
    tail = box(0.07, 0.26, 0.03, "#d96a12").turn("z", -24).move(-0.14, -0.26, 0.04)
    bow = union(loop.mirror_copy("x"), sphere(0.11, "#c9481c"), tail).turn("z", 14).move(0.02, -0.42, 0.1)
    return union(disc, stick, bow).turn("z", -16).move(x=0.0, y=0.02)


MODELS: tuple[Model, ...] = (
    Model("cupcake", cupcake),
    Model("ice-cream", ice_cream),
    Model("burger", burger),
    Model("doughnut", doughnut, TILTED),
    Model("cheese", cheese),
    Model("lollipop", lollipop, FRONT),
)

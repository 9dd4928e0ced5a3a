"""Objects: plants."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tools.catalogue.model import Model, View
from tools.catalogue.paint import checker, choose, dots, gradient, mottled, slanted, stripes
from tools.catalogue.sdf import (
    Solid,
    blend,
    capsule,
    cone,
    cylinder,
    ellipsoid,
    extrude,
    path,
    sphere,
    torus,
    union,
)


def cactus() -> Solid:
    """A ribbed cactus with two uneven arms and a flower in a patterned pot."""

    def rib(p: Tensor) -> Tensor:
        return (torch.atan2(p[:, 2], p[:, 0]) / math.pi * 7).floor() % 2 == 0

    ribs = choose(rib, "#3f9b4f", "#7cc25a")
    trunk = capsule([0, -0.5, 0], [0, 0.75, 0], 0.32, dots(0.17, 0.035, "#fff6d5", ribs, seed=3))
    skin = dots(0.15, 0.035, "#fff6d5", stripes("z", 0.09, "#4aa653", "#86ca60"), seed=1)
    left = path([[-0.2, -0.1, 0], [-0.68, 0.0, 0.05], [-0.72, 0.45, 0.05]], 0.17, skin)
    right = path([[0.2, 0.2, 0], [0.6, 0.3, 0.1], [0.63, 0.58, 0.12]], 0.14, skin)
    petal = ellipsoid(0.16, 0.06, 0.09, gradient("x", -0.1, 0.14, "#ffd94a", "#ef3f8f")).turn("z", 30).move(x=0.13)
    flower = union(petal.ring(6), sphere(0.08, "#fff0a0").move(y=0.03)).turn("z", -18).move(0.1, 1.08, 0.06)
    bud = sphere(0.1, "#ef3f8f").move(-0.72, 0.66, 0.05)
    zigzag = choose(
        lambda p: ((p[:, 1] + 0.02) - 0.12 * (torch.atan2(p[:, 2], p[:, 0]) * 2.5).sin()).abs() < 0.09,
        "#2a9fd0",
        mottled("#d9703c", "#b8512f", scale=5.0),
    )
    pot = cone(0.38, 0.55, 0.3, zigzag, rounding=0.04).move(y=-0.82)
    rim = cylinder(0.62, 0.1, stripes("x", 0.16, "#d9703c", "#f7e3c0"), rounding=0.04).move(y=-0.5)
    return union(trunk, left, right, flower, bud, pot, rim)


def sunflower() -> Solid:
    """A sunflower, its head turned a little, with uneven leaves."""
    tint = gradient("x", -0.25, 0.15, "#f28a14", "#ffe04a")
    petal = ellipsoid(0.27, 0.05, 0.13, tint).turn("z", 14)
    crown = union(petal.move(x=0.58).ring(13), petal.scale(0.9).move(x=0.56, y=-0.06).ring(13).turn("y", 14))
    seeds = dots(0.15, 0.06, "#d9a04a", "#4a2618", seed=2)
    middle = ellipsoid(0.42, 0.15, 0.42, seeds)
    ruff = torus(0.36, 0.07, stripes("x", 0.08, "#8a4a1c", "#b9702a")).move(y=0.03)
    head = union(crown, middle, ruff).turn("x", 74).turn("y", -8).move(0, 0.42, 0.12)
    stem = path([[0, 0.4, -0.02], [0.06, -0.2, -0.05], [-0.04, -1.15, 0]], 0.075, mottled("#6fae3a", "#3f7d33"))
    veins = stripes("z", 0.08, "#3f9a3c", "#9ad15a")
    wide = ellipsoid(0.42, 0.05, 0.24, veins).turn("z", 28).turn("x", 35).move(0.44, -0.62, 0.08)
    small = ellipsoid(0.32, 0.05, 0.18, veins).turn("z", -35).turn("x", 40).move(-0.34, -0.42, 0.05)
    bug = union(sphere(0.11, stripes("x", 0.07, "#2f74d0", "#bfe0ff")), sphere(0.06, "#14131a").move(x=0.1))
    return union(head, stem, wide, small, bug.move(0.5, -0.53, 0.18))


def acorn() -> Solid:
    """An acorn with a knobbly cap, leaning beside an oak leaf."""
    shine = gradient("y", -0.8, 0.2, "#e0a83e", "#9a4f1f")
    nut = ellipsoid(0.5, 0.66, 0.5, stripes("x", 0.16, shine, mottled("#f0c869", "#b4692a"))).move(y=-0.2)
    tip = cone(0.02, 0.13, 0.12, "#5a2f1a").move(y=-0.9)
    scales = checker(0.13, "#5d4434", "#c79a62")
    cap = blend(ellipsoid(0.58, 0.36, 0.58, scales).move(y=0.3), torus(0.46, 0.12, scales).move(y=0.2), 0.05)
    stalk = path([[0, 0.6, 0], [0.04, 0.85, 0], [0.18, 1.0, 0]], 0.08, "#6a4a2e")
    fruit = union(nut, tip, cap.bumps(0.03, 22), stalk).turn("z", 24).move(-0.25, 0, 0.1)
    lobes = [
        (0, -1),
        (0.25, -0.7),
        (0.5, -0.72),
        (0.42, -0.35),
        (0.7, -0.15),
        (0.5, 0.1),
        (0.6, 0.5),
        (0.28, 0.55),
    ]
    lobes += [
        (0, 1),
        (-0.28, 0.6),
        (-0.6, 0.45),
        (-0.45, 0.1),
        (-0.72, -0.2),
        (-0.4, -0.4),
        (-0.5, -0.7),
        (-0.2, -0.7),
    ]
    blade = choose(lambda p: p[:, 0].abs() < 0.04, "#f2e49a", slanted(0.2, "#3f9b45", "#8cc63f", slope=0.8))
    leaf = extrude(lobes, 0.02, blade, rounding=0.04).turn("z", -38).turn("y", 12).move(0.4, -0.05, -0.4)
    return union(fruit, leaf)


def palm_tree() -> Solid:
    """A leaning palm with coconuts on an islet in a ring of surf."""
    bark = stripes("y", 0.12, "#a8713e", "#e0b070")
    trunk = path([[-0.3, -0.85, 0], [-0.2, -0.35, 0], [0.0, 0.15, 0], [0.22, 0.5, 0]], 0.15, bark, end_radius=0.1)
    green = stripes("x", 0.11, "#2f9e4f", "#a5d64a")
    frond = union(
        ellipsoid(0.34, 0.05, 0.16, green).turn("z", 18).move(0.3, 0.05, 0),
        ellipsoid(0.3, 0.05, 0.13, green).turn("z", -38).move(0.72, -0.04, 0),
    )
    crown = union(frond.ring(5), frond.scale(0.8).turn("z", 22).ring(4).turn("y", 40)).turn("z", -8)
    nuts = sphere(0.13, mottled("#7a4a28", "#4a2c1c", scale=8.0)).move(0.15, -0.1, 0).ring(3).turn("y", 20)
    top = union(crown, nuts).move(0.24, 0.58, 0)
    sand = ellipsoid(0.7, 0.24, 0.6, dots(0.22, 0.05, "#c9955a", "#f7dfa0")).move(y=-0.92)
    wave = choose(lambda p: p[:, ::2].norm(dim=1) < 0.76, "#f2fbff", slanted(0.16, "#1f7fd6", "#62c4ee", axis="z"))
    sea = cylinder(0.95, 0.09, wave, rounding=0.05).move(y=-1.0)
    star = sphere(0.12, stripes("x", 0.06, "#f0475a", "#ffffff")).move(0.42, -0.72, 0.3)
    return union(trunk, top, sand, sea, star).scale(0.92).move(y=0.15)


TURNED: tuple[View, ...] = (
    (30, 20),
    (-30, 16),
    (50, 28),
    (-50, 20),
    (10, 30),
    (46, 10),
    (-12, 12),
    (42, 38),
)

MODELS: tuple[Model, ...] = (
    Model("cactus", cactus),
    Model("sunflower", sunflower, TURNED),
    Model("acorn", acorn, TURNED),
    Model("palm-tree", palm_tree),
)

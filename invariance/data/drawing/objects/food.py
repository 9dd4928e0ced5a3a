"""Objects: fruit and vegetables."""

from __future__ import annotations

import math

from torch import Tensor

from invariance.data.drawing.model import Model
from invariance.data.drawing.paint import band, choose, dots, gradient, mottled, spot, stripes
from invariance.data.drawing.sdf import (
    Paint,
    Solid,
    blend,
    capsule,
    cone,
    cylinder,
    ellipsoid,
    path,
    revolve,
    sphere,
    subtract,
    union,
)


def _leaf(length: float, width: float, near: str, far: str) -> Solid:
    """A leaf along x from the origin, with a lighter rib."""
    blade = ellipsoid(
        length / 2, width / 8, width / 2, band("z", -0.02, 0.02, "#d8e8a0", gradient("x", -0.3, 0.3, near, far))
    )
    return blade.move(x=length / 2)


def pear() -> Solid:
    """A leaning pear, blushed on one side, with a leaf."""
    skin = mottled(gradient("x", -0.4, 0.6, "#b9cc3f", "#d9803a"), "#f0d65c", scale=4)
    freckled = dots(0.17, 0.045, "#7a5a22", skin, seed=4)
    body = blend(
        ellipsoid(0.64, 0.6, 0.64, freckled).move(y=-0.4),
        ellipsoid(0.34, 0.46, 0.34, freckled).move(x=0.04, y=0.38),
        0.5,
    )
    bruised = spot((-0.45, -0.3, -0.4), 0.25, mottled("#8a5a2a", "#b98a3a"), body.paint)
    sticker = spot((0.28, -0.32, 0.6), 0.17, "#2b66b8", spot((0.28, -0.32, 0.6), 0.22, "#f4f0e2", bruised))
    stem = path([(0.05, 0.75, 0), (0.08, 0.98, 0), (0.2, 1.14, 0)], 0.055, "#5d3a1e")
    leaf = _leaf(0.56, 0.34, "#3f8a35", "#79b84a").turn("z", 20).move(x=0.09, y=0.95)
    return union(body.painted(sticker), stem, leaf).turn("z", -9)


def apple() -> Solid:
    """A red and yellow apple with a bite taken out."""
    streaks = mottled("#b3202c", "#ee6a48", scale=4, seed=5)
    skin = choose(
        lambda p: p[:, 0] * 0.8 - p[:, 2] * 0.6 + 0.12 * (9 * p[:, 1]).sin() > 0.28,
        mottled("#e9c64e", "#b9b53c", scale=3),
        streaks,
    )
    ball = blend(sphere(0.62, skin).move(x=0.14), sphere(0.62, skin).move(x=-0.14), 0.3).stretch(1, 1.05, 1.12)
    dimple = sphere(0.28, "#a87a2a").move(y=0.86)
    bite = union(
        *(
            sphere(0.26, mottled("#fffae0", "#f3dfa0", scale=7)).move(x, y, 0.42)
            for x, y in ((-0.66, 0.3), (-0.72, 0.06), (-0.66, -0.18))
        )
    )
    stem = path([(0, 0.5, 0), (0.02, 0.78, 0), (0.12, 0.95, 0)], 0.05, "#5b3a20")
    leaf = _leaf(0.5, 0.3, "#2f7d37", "#86c14f").turn("z", 25).turn("y", 200).move(x=0.02, y=0.76)
    return union(subtract(ball, dimple, bite), stem, leaf).move(y=-0.08)


def banana() -> Solid:
    """A bunch of two bananas with brown marks and a label."""
    peel = dots(0.24, 0.045, "#7b5320", mottled("#ffe14a", "#e6c030", scale=4), seed=2)

    def one(sticker: Paint) -> Solid:
        tip = band("x", 0.86, 2, "#4b3317", band("x", -2, -0.74, "#9aa83a", sticker))
        fruit = union(
            capsule((-0.62, 0, 0), (0, -0.03, 0), 0.16, tip, end_radius=0.25),
            capsule((0, -0.03, 0), (0.7, 0, 0), 0.25, tip, end_radius=0.14),
            capsule((0.7, 0, 0), (0.92, 0, 0), 0.12, tip, end_radius=0.06),
            capsule((-1.0, 0, 0), (-0.62, 0, 0), 0.09, tip, end_radius=0.16),
        )
        return fruit.bend(0.75)

    label = spot((0.1, -0.02, 0.24), 0.17, "#2b6cb8", spot((0.1, -0.02, 0.24), 0.21, "#f3f3ee", peel))
    front = one(label).move(0.82, -0.58, 0)
    rear = one(peel).move(0.82, -0.58, 0).turn("y", 26).turn("z", -16)
    stalk = capsule((0, -0.05, 0), (-0.08, 0.16, 0), 0.13, mottled("#6a5a22", "#3c2a12", scale=8))
    return union(front, rear, stalk).turn("z", 6).move(x=-0.85, y=0.45)


def strawberry() -> Solid:
    """A strawberry with seeds, a paler side and leaves."""
    flesh = gradient("x", -0.7, 0.5, "#f08a6a", "#d3212f")
    skin = dots(0.19, 0.055, "#f6d766", flesh, seed=1)
    steps = [step / 13 for step in range(1, 14)]
    outline = [(0, -1.0), *((0.78 * t**0.55 * (1 - t**7), 1.55 * t - 1.0) for t in steps)]
    leaf = _leaf(0.66, 0.36, "#2f8a3c", "#8fca55").turn("z", -6).move(y=0.54)
    stem = path([(0, 0.5, 0), (0.05, 0.78, 0), (0.22, 0.95, 0)], 0.06, "#6fae45")
    return union(revolve(outline, skin).rounded(0.04), leaf.ring(6), stem).turn("z", 18)


def pineapple() -> Solid:
    """A pineapple with diamond skin and a leafy crown."""

    def diamond(sign: float) -> Paint:
        def mask(p: Tensor) -> Tensor:
            angle = p[:, 2].atan2(p[:, 0])
            return ((angle * 10 / (2 * math.pi) + sign * p[:, 1] * 2.7) % 1.0) < 0.2

        return mask

    fruit = gradient("y", -0.9, 0.3, "#f2a02a", "#ecc94a")
    skin = choose(diamond(1), "#7a4a1c", choose(diamond(-1), "#8a6a22", mottled(fruit, "#f5d05a", scale=5)))
    body = ellipsoid(0.52, 0.7, 0.52, skin).move(y=-0.42)
    blade = ellipsoid(0.34, 0.045, 0.1, gradient("x", -0.3, 0.34, "#2c6b3a", "#8fc25a")).move(x=0.34)
    crown = union(
        blade.turn("z", 35).ring(7),
        blade.scale(1.15).turn("z", 58).ring(5).turn("y", 25),
        blade.scale(1.3).turn("z", 78).ring(3).turn("y", 50),
    )
    tag = (
        cylinder(0.17, 0.03, spot((0, 0, 0), 0.1, "#f4f0e6", "#c9314f"))
        .turn("x", 90)
        .turn("y", 25)
        .move(0.2, -0.3, 0.47)
    )
    return union(body, crown.move(y=0.22), tag).turn("z", 8)


def mushroom() -> Solid:
    """A toadstool with a spotted cap and a small one beside it."""
    cap_paint = dots(0.42, 0.15, "#f6f1e2", gradient("x", -0.8, 0.8, "#c9242f", "#ea6a2c"), seed=6)

    def one(paint: Paint) -> Solid:
        cap = subtract(
            ellipsoid(0.78, 0.62, 0.78, paint),
            ellipsoid(0.7, 0.2, 0.7, stripes("x", 0.09, "#e9d9b8", "#c9ab80")).move(y=-0.1),
        )
        lower = cylinder(0.8, 0.4, "#e9d9b8").move(y=-0.46)
        stalk = cone(0.3, 0.2, 0.55, mottled("#f3ead2", "#c8b48a", scale=6), rounding=0.08).move(y=-0.5)
        skirt = cone(0.36, 0.22, 0.06, "#efe4c6", rounding=0.03).move(y=-0.26)
        return union(subtract(cap, lower), stalk, skirt)

    moss = ellipsoid(0.66, 0.16, 0.5, mottled("#3f7d35", "#9cc255", scale=7)).move(x=0.16, y=-1.02)
    small = one(dots(0.6, 0.2, "#f6f1e2", "#b8542c", seed=1)).scale(0.45).turn("z", -14).move(0.62, -0.6, 0.2)
    return union(one(cap_paint).turn("z", 6).move(x=-0.12, y=0.14), small, moss)


def carrot() -> Solid:
    """A slanting carrot with rings and a leafy top."""
    flesh = stripes("y", 0.21, "#e9761f", mottled("#f59a3c", "#d8611a", scale=5))
    marks = dots(0.3, 0.06, "#a8480f", flesh, seed=3)
    root = revolve([(0, -1.15), (0.06, -1.1), (0.3, 0.1), (0.3, 0.26), (0.18, 0.36), (0, 0.38)], marks).rounded(0.05)
    frond = union(
        path([(0, 0, 0), (0.1, 0.4, 0), (0.34, 0.78, 0)], 0.05, "#3c8a3a"),
        *(
            ellipsoid(0.17, 0.12, 0.09, mottled("#3f9a45", "#a4d65c", scale=9)).turn("z", 40).move(x, y, 0)
            for x, y in ((0.14, 0.42), (0.24, 0.62), (0.38, 0.84))
        ),
    )
    top = union(frond.ring(4), frond.scale(0.95).turn("z", 18).ring(3).turn("y", 30)).move(y=0.38)
    return union(root, top).turn("z", -32).scale(0.85).move(x=-0.1, y=0.0)


MODELS: tuple[Model, ...] = (
    Model("pear", pear),
    Model("apple", apple),
    Model("banana", banana),
    Model("strawberry", strawberry),
    Model("pineapple", pineapple),
    Model("mushroom", mushroom),
    Model("carrot", carrot),
)

"""Objects: fruit and vegetables."""

from __future__ import annotations

import math

from torch import Tensor

from tools.catalogue.model import Model
from tools.catalogue.paint import band, choose, dots, gradient, mottled, sectors, spot, stripes
from tools.catalogue.sdf import (
    Paint,
    Solid,
    blend,
    box,
    capsule,
    cone,
    cylinder,
    ellipsoid,
    intersect,
    path,
    revolve,
    sphere,
    subtract,
    union,
)


def _leaf(length: float, width: float, near: str, far: str) -> Solid:
    """A leaf along x from the origin, with a lighter rib."""
    blade = ellipsoid(
        length / 2,
        width / 8,
        width / 2,
        band("z", -0.02, 0.02, "#d8e8a0", gradient("x", -0.3, 0.3, near, far)),
    )
    return blade.move(x=length / 2)


def pear() -> Solid:
    """A leaning pear, blushed on one side, with a leaf."""
    skin = mottled(gradient("x", -0.35, 0.6, "#a6c83a", "#e0402c"), "#f0d65c", scale=4, amount=0.55)
    freckled = dots(0.17, 0.045, "#7a5a22", skin, seed=4)
    body = blend(
        ellipsoid(0.64, 0.6, 0.64, freckled).move(y=-0.4),
        ellipsoid(0.34, 0.46, 0.34, freckled).move(x=0.04, y=0.38),
        0.5,
    )
    labelled = spot((-0.45, -0.3, -0.4), 0.25, "#c8342c", body.paint)
    sticker = spot((0.28, -0.32, 0.6), 0.17, "#2b66b8", spot((0.28, -0.32, 0.6), 0.22, "#f4f0e2", labelled))
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
    seal = spot((-0.3, 0.15, -0.62), 0.24, "#2b66b8", ball.paint)
    ball = ball.painted(spot((-0.5, 0.05, 0.5), 0.2, "#f3ead0", seal))
    dimple = sphere(0.28, "#a87a2a").move(y=0.86)
    bite = union(
        *(
            sphere(0.28, mottled("#fffbe6", "#f6e6a8", scale=7)).move(x, y, 0.5)
            for x, y in ((0.68, 0.26), (0.74, 0.0), (0.68, -0.22))
        )
    )
    stem = path([(0, 0.5, 0), (0.02, 0.78, 0), (0.12, 0.95, 0)], 0.05, "#5b3a20")
    leaf = _leaf(0.5, 0.3, "#2f7d37", "#86c14f").turn("z", 25).turn("y", 200).move(x=0.02, y=0.76)
    return union(subtract(ball, dimple, bite), stem, leaf).move(y=-0.08)


def banana() -> Solid:
    """A bunch of three bananas on one stem, freckled, with a label."""
    peel = dots(0.24, 0.05, "#7b5320", gradient("x", 0.1, 1.9, "#a9c23f", "#ffd93d"), seed=2)
    bend = [math.radians(angle) for angle in (-62, -45, -22, 0, 22, 42, 56)]
    spine = [(math.sin(angle), -math.cos(angle), 0.0) for angle in bend]
    radii = (0.08, 0.17, 0.24, 0.26, 0.23, 0.15, 0.07)

    def one(skin: Paint) -> Solid:
        tip = band("x", 1.64, 3, "#4b3317", skin)
        points = [(x - spine[0][0], y - spine[0][1], z) for x, y, z in spine]
        rods = [capsule(points[i], points[i + 1], radii[i], tip, end_radius=radii[i + 1]) for i in range(6)]
        return union(*rods)

    label = spot((0.9, -0.4, 0.24), 0.23, "#2b6cb8", spot((0.9, -0.4, 0.24), 0.28, "#f3f3ee", peel))
    back = spot((0.9, -0.4, -0.24), 0.26, "#c8342c", peel)
    stem = path([(0.06, -0.04, 0), (-0.1, 0.12, 0), (-0.2, 0.3, 0)], 0.13, mottled("#7a5a22", "#3c2a12", scale=8))
    bunch = union(one(label).turn("y", -26), one(peel).turn("x", 16).turn("z", 22), one(back).turn("y", 24), stem)
    return bunch.move(-0.9, 0.35, 0).turn("z", -6)


def strawberry() -> Solid:
    """A leaning strawberry with seeds, a paler side and a crown of leaves."""
    flesh = gradient("x", -0.7, 0.35, "#f7b08a", "#d3182c")
    skin = dots(0.21, 0.05, "#f6d766", flesh, seed=1)
    body = blend(sphere(0.6, skin).move(y=0.14), sphere(0.24, skin).move(y=-0.76), 0.75)
    leaf = _leaf(0.66, 0.36, "#2f8a3c", "#8fca55").turn("z", -28)
    stem = path([(0, 0.7, 0), (0.05, 1.0, 0), (0.22, 1.18, 0)], 0.055, "#6fae45")
    petals = ellipsoid(0.12, 0.05, 0.09, "#fbf8ef").move(x=0.14).ring(5)
    bloom = union(petals, sphere(0.09, "#f2b632")).turn("z", -48).move(0.52, 0.66, 0.3)
    return union(body, leaf.ring(7).move(y=0.86), stem, bloom).turn("z", 18).scale(0.95)


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


def lemon() -> Solid:
    """A lemon with a leaf and a sticker, a half of another lying before it with its segments showing."""
    rind = dots(0.17, 0.035, "#c99a1c", gradient("y", -0.6, 0.5, "#d9c32e", "#ffe14a"), seed=5)
    sticker = spot((-0.2, 0.15, 0.5), 0.26, "#d8402f", spot((-0.2, 0.1, -0.5), 0.26, "#2b66b8", rind))
    body = blend(sphere(0.54, sticker), capsule((-0.72, 0, 0), (0.74, 0, 0), 0.1, sticker), 0.35)
    leaf = _leaf(0.95, 0.5, "#1f7a3c", "#6fc14f").turn("x", 55).turn("z", 62).move(-0.62, 0.1, 0.12)
    whole = union(body.turn("z", 18).turn("y", 12), leaf).scale(1.12).move(-0.3, 0.14, -0.1)
    wheel = choose(lambda p: p[:, [0, 2]].norm(dim=1) < 0.37, sectors(4, "#f6e88a", "#eebf2c"), "#fffbe8")
    face = choose(lambda p: p[:, 1] > 0.02, wheel, "#f2cf34")
    half = intersect(ellipsoid(0.48, 0.5, 0.48, face), box(1, 0.5, 1, face).move(y=-0.44))
    return union(whole, half.turn("x", 52).turn("z", -16).move(0.52, -0.36, 0.36))


def aubergine() -> Solid:
    """A slanting aubergine with pale streaks, a green cap and a sticker."""
    streak = choose(
        lambda p: (p[:, 2].atan2(p[:, 0]) * 3.5 + 2.5 * (p[:, 1] * 2.2).sin()).sin() > 0.45,
        "#f0dcea",
        gradient("x", -0.5, 0.5, "#3f2288", "#8a2f8f"),
    )
    skin = mottled(streak, "#8a3fa6", scale=4.0, amount=0.7)
    tagged = spot((-0.2, -0.02, 0.5), 0.2, "#f2a22c", spot((0.0, 0.1, -0.54), 0.23, "#e8d24a", skin))
    body = blend(sphere(0.55, tagged).move(y=-0.48), sphere(0.3, tagged).move(x=0.12, y=0.44), 0.5)
    leaf = ellipsoid(0.27, 0.06, 0.15, gradient("x", -0.2, 0.25, "#2f7a38", "#9ccf5a")).turn("z", -48).move(x=0.24)
    cap = union(leaf.ring(5), ellipsoid(0.27, 0.2, 0.27, "#3f8f42")).move(x=0.13, y=0.68)
    stem = path([(0.13, 0.7, 0), (0.16, 0.98, 0), (0.36, 1.14, 0)], 0.085, mottled("#4f9a44", "#b5cf6a", scale=7))
    return union(body, cap, stem).turn("z", -30)


MODELS: tuple[Model, ...] = (
    Model("pear", pear),
    Model("apple", apple),
    Model("banana", banana),
    Model("strawberry", strawberry),
    Model("pineapple", pineapple),
    Model("mushroom", mushroom),
    Model("carrot", carrot),
    Model("lemon", lemon),
    Model("aubergine", aubergine),
)

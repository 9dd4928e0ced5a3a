"""Objects: small and sea creatures."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tools.catalogue.model import FRONT, Model, View
from tools.catalogue.objects.eyes import eyes
from tools.catalogue.paint import band, choose, dots, gradient, mottled, slanted, spot, stripes
from tools.catalogue.sdf import (
    Solid,
    blend,
    box,
    capsule,
    ellipsoid,
    extrude,
    intersect,
    path,
    sphere,
    torus,
    union,
)


def snail() -> Solid:
    """A snail crawling to the right under a spiral shell."""

    def whorl(p: Tensor) -> Tensor:
        turns = torch.atan2(p[:, 1], p[:, 0]) / (2 * math.pi)
        radius = p[:, :2].norm(dim=1).clamp(min=0.03)
        return (torch.log(radius) / math.log(1.75) - turns) % 1.0 < 0.42

    def ribs(p: Tensor) -> Tensor:
        return (torch.atan2(p[:, 1], p[:, 0]) / math.pi * 9).floor() % 2 == 0

    shell = ellipsoid(0.66, 0.66, 0.42, choose(whorl, "#7b2a5f", choose(ribs, "#f7b267", "#f4845f")))
    knob = ellipsoid(0.3, 0.3, 0.5, choose(whorl, "#7b2a5f", "#fbe0a8"))
    skin = mottled("#b8c465", "#7a8f3a", scale=6.0)
    foot = path([[-1.05, -0.78, 0], [-0.4, -0.68, 0], [0.5, -0.68, 0]], 0.1, skin, end_radius=0.26)
    foot = blend(foot, capsule([0.5, -0.66, 0], [0.92, -0.12, 0.04], 0.26, skin, end_radius=0.22), 0.12)
    sole = box(0.95, 0.06, 0.3, stripes("x", 0.14, "#e8dc9a", "#9aa84e"), radius=0.05).move(-0.1, -0.88, 0)
    stalk = capsule([0.95, 0.0, 0.1], [1.08, 0.42, 0.2], 0.06, skin, end_radius=0.045).mirror_copy("z")
    feeler = capsule([1.05, -0.2, 0.1], [1.22, -0.28, 0.16], 0.045, skin).mirror_copy("z")
    spiral = union(shell, knob).turn("z", 15).move(-0.2, 0.02, 0)
    animal = union(spiral, foot, sole, stalk, feeler, eyes("x", (1.08, 0.5, 0.2), 0.11))
    return animal.move(x=-0.05, y=0.15)


def bee() -> Solid:
    """A flying bee facing right with veined wings."""
    coat = stripes("x", 0.21, "#ffc61a", "#2a1f1c", offset=0.05)
    body = ellipsoid(0.72, 0.47, 0.47, coat).turn("z", -8).move(-0.25, -0.12, 0)
    ruff = mottled("#f7d774", "#c98a1b", scale=9.0)
    chest = sphere(0.4, ruff).bumps(0.02, 24).move(0.38, 0.02, 0)
    head = sphere(0.32, "#3a2a26").move(0.78, 0.08, 0.04)
    sting = capsule([-0.9, -0.03, 0], [-1.12, 0.0, 0], 0.08, "#2a1f1c", end_radius=0.01)
    feeler = path([[0.9, 0.35, 0.1], [1.02, 0.62, 0.16], [1.18, 0.7, 0.2]], 0.035, "#2a1f1c").mirror_copy("z")
    ball = sphere(0.07, "#e23d55").move(1.18, 0.7, 0.2).mirror_copy("z")
    veins = stripes("z", 0.15, "#bfe6f7", "#5aa9dc")
    wing = ellipsoid(0.3, 0.05, 0.58, veins).turn("x", -28).turn("y", -22).move(0.12, 0.55, 0.6)
    small = ellipsoid(0.22, 0.05, 0.4, "#d9f2fb").turn("x", -20).turn("y", -50).move(-0.32, 0.45, 0.5)
    leg = path([[0.2, -0.3, 0.2], [0.3, -0.58, 0.36], [0.2, -0.72, 0.38]], 0.05, "#2a1f1c").mirror_copy("z")
    rear = leg.move(x=-0.35)
    pollen = sphere(0.13, dots(0.1, 0.03, "#fff3b0", "#f06a2a")).move(-0.15, -0.72, 0.36)
    insect = union(body, chest, head, sting, feeler, ball, wing.mirror_copy("z"), small.mirror_copy("z"))
    return union(insect, leg, rear, pollen, eyes("x", (0.94, 0.17, 0.2), 0.12)).move(y=0.05)


def ladybird() -> Solid:
    """A ladybird on a veined leaf."""
    spots = dots(0.42, 0.19, "#1d1a20", "#e0202e", seed=6)
    case = choose(lambda p: p[:, 2].abs() < 0.025, "#1d1a20", spots)
    dome = intersect(ellipsoid(0.72, 0.62, 0.62, case), box(1, 1, 1, "#1d1a20").move(y=0.95))
    base = ellipsoid(0.68, 0.1, 0.58, "#1d1a20")
    collar = ellipsoid(0.26, 0.32, 0.42, spot((0.1, 0.15, 0.28), 0.14, "#f8f4e6", "#26222b")).move(0.62, 0.12, 0)
    head = ellipsoid(0.22, 0.22, 0.26, "#26222b").move(0.84, 0.1, 0)
    feeler = path([[0.95, 0.22, 0.1], [1.1, 0.42, 0.2], [1.2, 0.42, 0.24]], 0.035, "#26222b").mirror_copy("z")
    leg = path([[0, 0, 0.5], [0.05, 0.02, 0.72], [0.1, -0.18, 0.85]], 0.06, "#26222b")
    legs = union(leg.move(x=0.35), leg.move(x=0), leg.move(x=-0.35)).mirror_copy("z")
    insect = union(dome, base, collar, head, feeler, legs, eyes("x", (0.95, 0.18, 0.16), 0.09))
    veins = slanted(0.17, "#4fae3a", "#b9dc58", slope=0.8)
    flat = [
        (-1.15, 0),
        (-0.75, 0.5),
        (-0.1, 0.8),
        (0.5, 0.65),
        (1.2, 0),
        (0.5, -0.6),
        (-0.2, -0.75),
        (-0.8, -0.45),
    ]
    leaf = extrude(flat, 0.02, veins, rounding=0.04).turn("x", 90).move(y=-0.24)
    rib = capsule([-1.25, -0.2, 0], [1.05, -0.2, 0], 0.05, "#e3efa0")
    return union(insect.turn("y", 14), union(leaf, rib).turn("y", -14)).move(y=-0.1)


def fish() -> Solid:
    """A tropical fish facing right: teal and yellow bands, pink fins."""
    bands = slanted(0.24, "#ffd447", "#0f8f9c", slope=2.2)
    scales = choose(lambda p: p[:, 0] > 0.42, "#ff9a4d", mottled(bands, "#bff2e0", scale=8.0, amount=0.4))
    body = ellipsoid(0.78, 0.52, 0.3, scales).move(x=0.1)
    rays = stripes("y", 0.1, "#e8477f", "#ffb3c7", offset=0.05)
    fork = [(0, -0.1), (-0.5, -0.52), (-0.42, 0), (-0.55, 0.58), (0, 0.12)]
    tail = extrude(fork, 0.03, rays, rounding=0.05).turn("y", -18).move(-0.62, 0.0, 0)
    sail = [(0.3, 0), (0.1, 0.32), (-0.3, 0.36), (-0.6, 0.22), (-0.55, 0)]
    back = extrude(sail, 0.025, stripes("x", 0.11, "#e8477f", "#ffb3c7"), rounding=0.04).move(0.15, 0.45, 0)
    keel = extrude([(0.1, 0), (-0.2, -0.36), (-0.35, 0)], 0.025, rays, rounding=0.04).move(0.05, -0.45, 0)
    fin = ellipsoid(0.28, 0.17, 0.05, rays).turn("z", 25).turn("y", 40).move(0.12, -0.12, 0.36).mirror_copy("z")
    lips = torus(0.1, 0.055, "#e0416f").turn("z", 90).stretch(z=0.8).move(0.88, -0.06, 0)
    animal = union(body, tail, back, keel, fin, lips, eyes("x", (0.58, 0.14, 0.2), 0.12))
    bubbles = union(sphere(0.1, "#dff6ff").move(1.08, 0.3, 0.08), sphere(0.07, "#dff6ff").move(1.0, 0.52, 0.02))
    return union(animal, bubbles).move(x=-0.02)


def octopus() -> Solid:
    """A spotted octopus with curling arms and a sailor's cap to one side."""
    skin = dots(0.3, 0.125, "#ffb938", "#8d4fc4", seed=8)
    head = blend(ellipsoid(0.54, 0.56, 0.52, skin).move(y=0.42), sphere(0.4, skin).move(y=-0.12), 0.2)
    pads = band("y", -1.2, -0.72, "#f7a6b8", stripes("x", 0.15, "#7a3fb5", "#35b6b4"))
    points = [[0.25, -0.25, 0], [0.55, -0.68, 0], [0.88, -0.75, 0], [1.06, -0.5, 0], [0.95, -0.3, 0]]
    arms = path(points, 0.17, pads, end_radius=0.06).ring(8).turn("y", 14).twist(-0.5)
    rim = torus(0.25, 0.07, "#2a63c9")
    dome = ellipsoid(0.26, 0.2, 0.26, stripes("x", 0.1, "#fdfaf0", "#e23b3b")).move(y=0.06)
    cap = union(rim, dome).turn("z", -28).move(0.28, 0.93, 0.05)
    mouth = capsule([-0.12, 0.06, 0.47], [0.12, 0.09, 0.46], 0.05, "#4b1f66")
    return union(head, arms, cap, mouth, eyes("z", (0.2, 0.38, 0.42), 0.14)).move(y=-0.1)


def crab() -> Solid:
    """A crab with one claw larger than the other."""
    shell = dots(0.3, 0.11, "#ffd9a0", mottled("#e2452f", "#a52a3e", scale=5.0), seed=2)
    carapace = ellipsoid(0.74, 0.44, 0.52, band("y", -0.4, -0.1, "#f6dfb8", shell)).move(y=-0.1)
    joints = choose(lambda p: p[:, 1] < -0.5, "#2f6fb3", "#e8603c")
    leg = path([[0.5, -0.15, 0], [0.92, 0.05, 0], [1.12, -0.62, 0]], 0.09, joints, end_radius=0.03)
    legs = union(leg.turn("y", -24).move(z=0.02), leg.turn("y", 4), leg.turn("y", 32)).scale(0.95).mirror_copy("x")
    pinch = [
        (-0.16, -0.2),
        (0.16, -0.2),
        (0.3, 0.1),
        (0.2, 0.46),
        (0.06, 0.12),
        (-0.06, 0.14),
        (-0.16, 0.42),
        (-0.28, 0.1),
    ]
    claw = extrude(pinch, 0.08, gradient("y", -0.1, 0.45, "#e2452f", "#2f6fb3"), rounding=0.07)
    big = claw.scale(0.95).turn("z", -12).turn("y", 20).turn("x", -25).move(0.86, 0.34, 0.5)
    little = claw.scale(0.72).turn("z", 20).turn("x", -25).move(-0.85, 0.22, 0.5)
    arm = union(
        path([[0.4, -0.1, 0.3], [0.84, -0.08, 0.52], [0.84, 0.2, 0.52]], 0.11, "#c9382f"),
        path([[-0.4, -0.1, 0.3], [-0.84, -0.12, 0.5], [-0.84, 0.1, 0.5]], 0.09, "#c9382f"),
    )
    stalk = capsule([0.17, 0.1, 0.3], [0.2, 0.42, 0.38], 0.055, "#f08a4b").mirror_copy("x")
    grin = capsule([-0.14, -0.12, 0.42], [0.14, -0.1, 0.38], 0.05, "#5b1424")
    return union(carapace, legs, big, little, arm, stalk, grin, eyes("z", (0.2, 0.48, 0.38), 0.12)).move(y=0.05)


# A fish from its nose is a disc, and a crab from its own height is all claw.
FLANK: tuple[View, ...] = (
    (30, 22),
    (-20, 18),
    (48, 28),
    (8, 10),
    (200, 20),
    (150, 24),
    (222, 30),
    (-38, 32),
)
ABOVE: tuple[View, ...] = (
    (30, 34),
    (-35, 28),
    (52, 38),
    (-55, 32),
    (12, 46),
    (68, 26),
    (-14, 24),
    (38, 52),
)

MODELS: tuple[Model, ...] = (
    Model("snail", snail),
    Model("bee", bee),
    Model("ladybird", ladybird),
    Model("fish", fish, FLANK),
    Model("octopus", octopus, FRONT),
    Model("crab", crab, ABOVE),
)

"""Objects: in and around the house."""

from __future__ import annotations

import torch

from tools.catalogue.model import FRONT, Model
from tools.catalogue.paint import (
    band,
    checker,
    choose,
    dots,
    grain,
    mottled,
    sectors,
    slanted,
    spot,
    stripes,
)
from tools.catalogue.sdf import (
    Solid,
    blend,
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


def umbrella() -> Solid:
    """An open umbrella in red, white and blue gores with a yellow dot, and a hooked wooden handle."""
    gores = sectors(4, "#d9343c", sectors(2, "#f7f0de", "#2b62b5", offset_deg=20))
    cloth = spot((0.58, 0.52, 0.76), 0.24, "#f6c933", spot((-0.74, 0.5, -0.62), 0.24, "#f6c933", gores))
    cloth = choose(lambda p: p[:, [0, 2]].norm(dim=1) > 0.93, "#23345c", cloth)
    dome = subtract(sphere(1.1, cloth).stretch(1, 0.75, 1), sphere(1.06, "#7f8fb5").stretch(1, 0.75, 1))
    dome = intersect(dome, box(1.2, 0.6, 1.2, "#ffffff").move(0, 0.85, 0))
    scallop = sphere(0.3, "#8fa0c4").stretch(1, 0.7, 1).move(1.12, 0.25, 0).ring(8)
    dome = subtract(dome, scallop).move(0, -0.05, 0)
    pole = cylinder(0.04, 0.9, "#c9ced6").move(0, -0.05, 0)
    spike = cone(0.06, 0.02, 0.12, "#e8be4a").move(0, 0.85, 0)
    points = [[0, -0.7, 0], [0, -1.0, 0], [0.06, -1.14, 0], [0.2, -1.18, 0], [0.3, -1.08, 0], [0.3, -0.95, 0]]
    handle = path(points, 0.075, stripes("y", 0.14, "#b4672f", "#e5a458"))
    return union(dome, pole, spike, handle).turn("x", -10).turn("z", 24)


def lamp() -> Solid:
    """A table lamp: a violet shade with cream dots, an orange and teal vase foot."""
    shade = dots(0.34, 0.13, "#f8ecd0", "#7d4fb0", seed=7)
    shade = band("y", -0.4, -0.31, "#f0b43c", band("y", 0.31, 0.4, "#f0b43c", shade))
    hood = subtract(cone(0.82, 0.5, 0.4, shade), cone(0.78, 0.46, 0.42, "#fff2b0")).move(0, 0.62, 0)
    bulb = sphere(0.2, "#fff6c2").move(0, 0.5, 0)
    vase = slanted(0.2, "#1f9a94", "#f08a3c", slope=0.7)
    outline = [
        (0, -0.5),
        (0.28, -0.5),
        (0.44, -0.3),
        (0.46, -0.1),
        (0.34, 0.15),
        (0.13, 0.32),
        (0.1, 0.45),
        (0, 0.45),
    ]
    foot = revolve(outline, vase).rounded(0.03).move(0, -0.42, 0)
    base = cylinder(0.46, 0.07, "#5a3a28", rounding=0.03).move(0, -1.0, 0)
    rod = cylinder(0.04, 0.3, "#d9b24a").move(0, 0.2, 0)
    chain = capsule([0.3, 0.35, 0.3], [0.32, -0.05, 0.32], 0.018, "#d9b24a")
    knob = sphere(0.07, "#d63a4a").move(0.32, -0.1, 0.32)
    return union(hood, bulb, foot, base, rod, chain, knob)


def chair() -> Solid:
    """A wooden chair with a green dotted cushion, a blue slat and a red cloth over one side of the back."""
    wood = grain("y", 0.16, "#c98544", "#8f5426", seed=5)
    leg = capsule([0.48, -0.15, 0.45], [0.55, -1.1, 0.5], 0.075, wood, end_radius=0.06)
    legs = leg.mirror_copy("x").mirror_copy("z")
    seat = box(0.62, 0.07, 0.58, wood, radius=0.04).move(0, -0.12, 0)
    cushion = box(0.52, 0.1, 0.48, dots(0.26, 0.1, "#f7e27a", "#2f9a5d", seed=2), radius=0.08).move(0, 0.0, 0.04)
    post = capsule([0.5, -0.1, -0.5], [0.54, 1.05, -0.68], 0.075, wood).mirror_copy("x")
    slats = union(
        box(0.5, 0.13, 0.04, stripes("x", 0.2, "#2f6fc0", "#8cc4ea"), radius=0.03).move(0, 0.9, -0.66),
        box(0.5, 0.08, 0.04, wood, radius=0.03).move(0, 0.58, -0.61),
        box(0.5, 0.08, 0.04, "#e8b53c", radius=0.03).move(0, 0.3, -0.57),
    )
    cloth = slanted(0.17, "#d23b3b", "#f8ead2")
    towel = box(0.2, 0.36, 0.11, cloth, radius=0.05).turn("x", -8).move(0.24, 0.74, -0.63)
    bar = capsule([-0.5, -0.65, 0.47], [0.5, -0.65, 0.47], 0.045, "#8f5426").mirror_copy("z")
    return union(legs, seat, cushion, post, slats, towel, bar)


def alarm_clock() -> Solid:
    """A mint alarm clock with two pink bells, a cream dial and hands at ten past six."""

    def ticks(p: torch.Tensor) -> torch.Tensor:
        angle = torch.atan2(p[:, 1], p[:, 0]) / (2 * torch.pi) * 12
        radius = p[:, :2].norm(dim=1)
        return ((angle - angle.round()).abs() < 0.17) & (radius > 0.46) & (radius < 0.6)

    dial = choose(ticks, "#2b3a55", spot((0.1, -0.3, 0.3), 0.14, "#f6b73c", "#fdf4dc"))
    case_paint = choose(
        lambda p: torch.remainder(torch.atan2(p[:, 1], p[:, 0]) * 8 / torch.pi, 2) < 1, "#3fb99a", "#2a8f8a"
    )
    case = cylinder(0.78, 0.28, "#ffffff", rounding=0.06).turn("x", 90).painted(case_paint)
    rim = torus(0.72, 0.08, "#e9c04d").turn("x", 90).move(0, 0, 0.27)
    face = cylinder(0.66, 0.02, "#ffffff").turn("x", 90).painted(dial).move(0, 0, 0.28)
    hour = capsule([0, 0, 0.32], [-0.02, -0.3, 0.32], 0.05, "#d2322d")
    minute = capsule([0, 0, 0.34], [0.38, 0.22, 0.34], 0.04, "#2456b8")
    bell = ellipsoid(0.33, 0.24, 0.3, stripes("x", 0.16, "#e85f9a", "#f7b3cf")).move(0, 0.86, 0)
    bells = union(bell.turn("z", 33), bell.painted(stripes("x", 0.16, "#e85f9a", "#8a3fa8")).turn("z", -33))
    hammer = union(capsule([0, 0.7, 0], [0.0, 0.95, 0], 0.04, "#4a5361"), sphere(0.09, "#3a6fc0").move(0.02, 0.97, 0))
    grip = torus(0.3, 0.045, "#4a5361").turn("x", 90).move(0, 1.02, 0)
    foot = capsule([0.4, -0.6, 0], [0.62, -0.98, 0], 0.09, "#e9c04d").mirror_copy("x")
    return union(case, rim, face, hour, minute, bells, hammer, grip, foot).scale(0.98).move(0, -0.12, 0)


def boot() -> Solid:
    """A rubber boot, toe to the right: blue with yellow drops, a red toe cap and a tread sole."""
    rubber = dots(0.3, 0.1, "#f8d848", "#3473c4", seed=11)
    leg = cone(0.34, 0.42, 0.62, band("y", 0.42, 0.7, stripes("y", 0.1, "#f4efe2", "#d6403a"), rubber)).move(
        -0.35, 0.45, 0
    )
    leg = subtract(leg, cone(0.3, 0.36, 0.4, "#3b2a2a").move(-0.35, 0.75, 0))
    toe = choose(lambda p: p[:, 0] > 0.36, "#d6403a", rubber)
    foot = ellipsoid(0.74, 0.36, 0.38, toe).move(0.2, -0.5, 0)
    upper = blend(leg, foot, 0.22)
    upper = subtract(upper, box(2, 0.5, 1, "#2b2d33").move(0, -1.2, 0))
    tread = stripes("x", 0.14, "#f1e3c0", "#c78f45")
    sole = union(
        ellipsoid(0.8, 0.5, 0.41, tread).move(0.2, -0.72, 0),
        box(0.36, 0.3, 0.38, tread, radius=0.2).move(-0.4, -0.72, 0),
    )
    sole = intersect(sole, box(2, 0.11, 1, tread).move(0, -0.78, 0))
    heel = box(0.26, 0.1, 0.34, "#5a3a28", radius=0.04).move(-0.4, -0.94, 0)
    loop = torus(0.13, 0.04, "#2f9a5d").turn("z", 90).move(-0.78, 0.98, 0.08)
    buckle = box(0.14, 0.1, 0.04, "#f4efe2", radius=0.03).move(-0.3, 0.55, 0.39)
    return union(upper, sole, heel, loop, buckle).move(0, -0.05, 0)


def lighthouse() -> Solid:
    """A lighthouse with slanted red bands on a mossy rock, a yellow lamp room and a blue-roofed hut."""
    red = choose(lambda p: torch.remainder((p[:, 1] + 0.25 * p[:, 0]) / 0.46, 1.0) < 0.5, "#d5363a", "#f6f0e0")
    pane = spot((0.12, 0.1, 0.34), 0.09, "#24406b", spot((-0.1, -0.35, 0.42), 0.1, "#24406b", red))
    tower = cone(0.44, 0.27, 0.68, pane).move(0, 0, 0)
    deck = cylinder(0.38, 0.045, "#33415c").move(0, 0.71, 0)
    rail = torus(0.37, 0.025, "#e9c04d").move(0, 0.86, 0)
    posts = cylinder(0.02, 0.08, "#e9c04d").move(0.37, 0.79, 0).ring(8)
    room = cylinder(0.2, 0.17, sectors(6, "#ffe564", "#e88f25", offset_deg=8)).move(0, 0.88, 0)
    roof = cone(0.3, 0.02, 0.15, sectors(3, "#2b62b5", "#5fa4e0")).move(0, 1.18, 0)
    ball = sphere(0.05, "#e9c04d").move(0, 1.35, 0)
    moss = mottled("#6f6a66", "#4f9a45", scale=5.0, seed=3)
    rock = ellipsoid(0.95, 0.36, 0.75, moss).bumps(0.05, 9.0).move(0.05, -0.9, 0)
    hut = box(0.24, 0.18, 0.2, stripes("x", 0.12, "#f3d9a6", "#d9a05a")).move(0.55, -0.5, 0.12)
    top = extrude([(-0.3, 0), (0.3, 0), (0, 0.24)], 0.24, "#2b62b5", rounding=0.01).move(0.55, -0.32, 0.12)
    door = box(0.1, 0.16, 0.03, "#2f8f86", radius=0.02).move(-0.05, -0.5, 0.42)
    return union(tower, deck, rail, posts, room, roof, ball, rock, hut, top, door).scale(0.95)


def camera() -> Solid:
    """A camera in teal leather with cream top, a big lens, an orange shutter and a striped strap."""
    skin = checker(0.11, "#1d8f96", "#176f7c")
    leather = band("x", 0.62, 0.74, "#f08a2c", skin)
    case = box(0.95, 0.55, 0.28, band("y", 0.26, 0.7, "#f3e6c8", leather), radius=0.08).move(0, -0.15, 0)
    prism = extrude([(-0.34, 0.3), (0.26, 0.3), (0.16, 0.62), (-0.24, 0.62)], 0.2, "#3a3f48", rounding=0.04)
    barrel = cylinder(0.45, 0.25, "#30343c", rounding=0.04).turn("x", 90)
    ring = cylinder(0.48, 0.09, sectors(14, "#c9ced6", "#4b515c")).turn("x", 90).move(0, 0, 0.08)
    glass = spot((-0.1, 0.13, 0.12), 0.09, "#f4fbff", spot((0, 0, 0.12), 0.17, "#7b4fc0", "#233a78"))
    eye = ellipsoid(0.34, 0.34, 0.12, glass).move(0, 0, 0.24)
    trim = torus(0.38, 0.05, "#d63a3a").turn("x", 90).move(0, 0, 0.24)
    lens = union(barrel, ring, eye, trim).move(-0.05, -0.18, 0.4)
    shutter = cylinder(0.11, 0.06, "#f0622c", rounding=0.02).move(-0.68, 0.44, 0.02)
    dial = cylinder(0.15, 0.06, sectors(7, "#e1e5ea", "#6b7380")).move(0.62, 0.44, 0)
    flash = box(0.15, 0.09, 0.04, stripes("x", 0.06, "#fffbe0", "#f6d667")).move(0.68, 0.26, 0.28)
    strap = slanted(0.15, "#d63a3a", "#f6d667", slope=0.5)
    points = [[0.97, 0.2, 0], [1.15, 0.0, 0.1], [1.18, -0.4, 0.2], [1.05, -0.75, 0.35], [0.7, -0.9, 0.45]]
    band_solid = path(points, 0.06, strap)
    return union(case, prism, lens, shutter, dial, flash, band_solid)


def backpack() -> Solid:
    """A navy and orange school bag: pocket with a star patch, side bottle, yellow straps."""
    cloth = band("y", -1.2, -0.62, "#2b3f7a", slanted(0.3, "#ee7b2d", "#d9552a", slope=0.35))
    sack = box(0.68, 0.85, 0.34, cloth, radius=0.28)
    flap = ellipsoid(0.72, 0.42, 0.46, stripes("x", 0.24, "#2f7fc4", "#2b4f96")).move(0, 0.58, 0.03)
    patch = spot((0.18, 0.05, 0.2), 0.16, "#f6d03c", checker(0.14, "#4fae62", "#2f8a58"))
    pocket = box(0.46, 0.3, 0.2, patch, radius=0.12).move(-0.04, -0.42, 0.34)
    zip_line = box(0.4, 0.025, 0.03, "#f4efe2").move(-0.04, -0.2, 0.53)
    belt = box(0.06, 0.42, 0.03, "#f6d03c", radius=0.02).turn("x", -12).move(0.28, 0.4, 0.44)
    buckle = box(0.11, 0.08, 0.05, "#e9edf2", radius=0.03).move(0.28, 0.02, 0.46)
    bottle = capsule([0.8, -0.5, 0], [0.8, 0.05, 0], 0.16, band("y", -0.3, -0.1, "#f4efe2", "#37b3c9"))
    lid = cylinder(0.1, 0.08, "#d63a3a", rounding=0.02).move(0.8, 0.25, 0)
    loop = torus(0.18, 0.05, "#f6d03c").turn("x", 90).move(0, 0.98, -0.1)
    points = [[0.36, 0.8, -0.3], [0.4, 0.5, -0.55], [0.42, -0.2, -0.6], [0.5, -0.75, -0.3]]
    straps = path(points, 0.085, stripes("y", 0.18, "#f6d03c", "#c98a2a")).mirror_copy("x")
    return union(sack, flap, pocket, zip_line, belt, buckle, bottle, lid, loop, straps)


MODELS: tuple[Model, ...] = (
    Model("umbrella", umbrella),
    Model("lamp", lamp),
    Model("chair", chair),
    Model("alarm-clock", alarm_clock, FRONT),
    Model("boot", boot),
    Model("lighthouse", lighthouse),
    Model("camera", camera, FRONT),
    Model("backpack", backpack),
)

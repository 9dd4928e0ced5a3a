"""Objects: toys."""

from __future__ import annotations

import torch
from torch import Tensor

from tools.catalogue.model import FRONT, Model, View
from tools.catalogue.objects.eyes import eyes
from tools.catalogue.paint import (
    band,
    checker,
    choose,
    dots,
    gradient,
    mottled,
    sectors,
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
    path,
    revolve,
    rgb,
    sphere,
    torus,
    union,
)


def teddy_bear() -> Solid:
    """A sitting teddy bear with a bow tie, a patched leg and a heart on one side."""
    fur = mottled("#c98b52", "#8d5730", scale=6.0)
    belly = spot((0, -0.05, 0.4), 0.34, mottled("#f6dfb2", "#e2b87c", scale=6.0), fur)
    body = ellipsoid(0.5, 0.52, 0.42, spot((0.3, 0.2, 0.3), 0.13, "#e5324b", belly)).move(y=-0.35)
    head = ellipsoid(0.48, 0.43, 0.42, fur).move(0, 0.45, 0.04)
    snout = ellipsoid(0.22, 0.17, 0.17, "#f6dfb2").move(0, 0.34, 0.42)
    nose = ellipsoid(0.09, 0.065, 0.06, "#2b1b1b").move(0, 0.41, 0.58)
    inner = choose(lambda p: (p[:, 2] > 0.06) & (p[:, :2].norm(dim=1) < 0.13), "#f6c9b0", fur)
    ear = ellipsoid(0.19, 0.19, 0.11, inner).move(0.4, 0.8, 0.02).mirror_copy("x")
    arm = capsule([0.4, -0.1, 0.05], [0.76, -0.3, 0.25], 0.17, fur)
    wave = capsule([-0.4, -0.1, 0.05], [-0.85, 0.22, 0.2], 0.17, fur)
    sole = choose(lambda p: p[:, 2] > 0.86, "#f6dfb2", fur)
    patched = band("z", 0.45, 0.72, checker(0.1, "#2f7fd6", "#f4f6fb"), sole)
    leg = capsule([0.28, -0.78, 0.2], [0.5, -0.82, 0.72], 0.21, patched)
    plain = capsule([-0.28, -0.78, 0.2], [-0.5, -0.82, 0.72], 0.21, sole)
    silk = dots(0.13, 0.045, "#fff3c4", "#2459c4", seed=1)
    bow = cone(0.17, 0.05, 0.15, silk, rounding=0.03).turn("z", 90).move(0.17, 0.05, 0.4).mirror_copy("x")
    bear = union(
        body,
        head,
        snout,
        nose,
        ear,
        arm,
        wave,
        leg,
        plain,
        bow.turn("z", -8),
        sphere(0.07, "#163a8a").move(0, 0.05, 0.42),
    )
    return union(bear, eyes("z", (0.17, 0.56, 0.4), 0.07, iris="#3a2a22")).scale(0.92).move(y=0.12)


def robot() -> Solid:
    """A tin robot with a dial, buttons and one raised claw."""
    tin = mottled("#58b5b0", "#2f7f8c", scale=4.0)
    lights = dots(0.17, 0.055, "#ffdd3c", "#f3efe2", seed=4)
    panel = spot((0.16, 0.1, 0.36), 0.13, "#e63946", band("x", -0.32, 0.3, band("y", -0.25, 0.28, lights, tin), tin))
    body = box(0.5, 0.45, 0.36, choose(lambda p: p[:, 2] > 0.33, panel, tin), radius=0.07).move(y=-0.25)
    visor = band("y", 0.02, 0.24, "#26304a", stripes("x", 0.12, "#f3efe2", "#2f7f8c", offset=0.06))
    head = box(0.4, 0.3, 0.32, choose(lambda p: p[:, 2] > 0.29, visor, "#e8903a"), radius=0.06).move(y=0.58)
    neck = cylinder(0.16, 0.1, stripes("y", 0.05, "#2b2f38", "#c9ced6")).move(y=0.24)
    lamp = union(capsule([0.2, 0.85, 0], [0.28, 1.08, 0], 0.04, "#c9ced6"), sphere(0.1, "#e63946").move(0.29, 1.13, 0))
    knob = cylinder(0.12, 0.1, "#ffdd3c").turn("z", 90).move(0.45, 0.6, 0).mirror_copy("x")
    hose = stripes("y", 0.09, "#d9dde3", "#7b8696")
    arm = path([[0.5, -0.05, 0], [0.8, -0.2, 0.05], [0.82, -0.55, 0.12]], 0.1, hose)
    lift = path([[-0.5, -0.05, 0], [-0.85, 0.05, 0.05], [-0.95, 0.45, 0.12]], 0.1, hose)
    grip = torus(0.15, 0.07, "#e63946").turn("x", 90)
    hands = union(grip.move(0.83, -0.72, 0.14), grip.move(-0.96, 0.62, 0.14))
    leg = cylinder(0.15, 0.16, hose).move(0.24, -0.8, 0).mirror_copy("x")
    shoe = box(0.2, 0.12, 0.3, band("z", 0.12, 0.4, "#ffdd3c", "#e8903a"), radius=0.05).move(0.25, -1.0, 0.07)
    machine = union(body, head, neck, lamp, knob, arm, lift, hands, leg, shoe.mirror_copy("x"))
    return union(machine, eyes("z", (0.16, 0.7, 0.3), 0.1, iris="#aef25a"))


def spinning_top() -> Solid:
    """A humming top leaning as it spins: rainbow bands and wedges, a wooden knob."""
    wedges = sectors(6, "#f4c430", "#d7263d")
    lower = band("y", -0.62, -0.28, sectors(4, "#2f9e5b", "#f7f3e6", offset_deg=10), "#7a3fb5")
    paint = choose(lambda p: p[:, 1] > 0.08, wedges, band("y", -0.1, 0.08, "#2368c4", lower))
    low = [(0, -0.95), (0.07, -0.95), (0.16, -0.72), (0.5, -0.42), (0.82, -0.1)]
    outline = [*low, (0.82, 0.08), (0.6, 0.25), (0.2, 0.36), (0, 0.42)]
    body = revolve(outline, spot((0.3, 0.3, 0.45), 0.14, "#ffffff", paint)).rounded(0.03)
    stem = cylinder(0.08, 0.3, stripes("y", 0.1, "#f7f3e6", "#2368c4")).move(y=0.62)
    knob = ellipsoid(0.2, 0.15, 0.2, gradient("y", -0.15, 0.15, "#b8662a", "#f2b765")).move(y=0.95)
    collar = torus(0.2, 0.06, "#7a3fb5").move(y=0.42)
    return union(body, stem, knob, collar).turn("z", 13).turn("x", -11)


def puzzle_cube() -> Solid:
    """A scrambled cube of coloured tiles, its top layer half turned."""
    tiles = torch.stack([rgb(tint) for tint in ("#f7f5ee", "#ffd21f", "#d81e2c", "#f47b20", "#1f5fcc", "#1fa050")])

    def layer(number: int) -> Solid:
        def paint(p: Tensor) -> Tensor:
            cell = torch.floor((p + 0.78) / 0.52).clamp(0, 2)
            inside = ((p + 0.78) / 0.52 - cell - 0.5).abs()
            inside[:, 1] = p[:, 1].abs() / 0.52
            axis = torch.where(p[:, 1].abs() > 0.245, 1, torch.where(p[:, 0].abs() > p[:, 2].abs(), 0, 2))
            within = inside.scatter(1, axis[:, None], 0.0).amax(dim=1) < 0.43
            side = (p.gather(1, axis[:, None])[:, 0] > 0).long() + 2 * axis
            cell[:, 1] = number
            mixed = (cell @ torch.tensor([5.0, 7.0, 11.0])).long() * (side + 1) + side * side + cell.sum(1).long()
            return torch.where(within[:, None], tiles[mixed % 6], rgb("#1b1c22"))

        return box(0.78, 0.26, 0.78, paint, radius=0.04).move(y=0.52 * (number - 1))

    return union(layer(0), layer(1), layer(2).turn("y", 28))


def rocking_horse() -> Solid:
    """A dapple-grey rocking horse with a red saddle on blue rockers."""
    coat = dots(0.24, 0.085, "#fdfaf2", mottled("#b9b3b6", "#8a8792", scale=5.0), seed=5)
    body = ellipsoid(0.58, 0.34, 0.3, coat)
    neck = capsule([0.4, 0.1, 0], [0.72, 0.62, 0], 0.23, coat, end_radius=0.17)
    head = capsule([0.7, 0.66, 0], [1.04, 0.42, 0.03], 0.19, coat, end_radius=0.12)
    muzzle = sphere(0.13, "#f0a9a0").move(1.07, 0.4, 0.03)
    bridle = torus(0.17, 0.04, "#d4202f").turn("z", 55).move(0.92, 0.51, 0.02)
    hair = stripes("y", 0.09, "#f5c02e", "#c9791b")
    mane = path([[0.24, 0.32, 0], [0.42, 0.62, 0], [0.62, 0.88, 0], [0.8, 0.84, 0.02]], 0.11, hair)
    tail = path([[-0.52, 0.12, 0], [-0.82, 0.2, 0.04], [-0.95, -0.2, 0.1]], 0.12, hair, end_radius=0.06)
    ear = cone(0.08, 0.01, 0.13, "#8a8792").move(0.66, 0.92, 0.11).mirror_copy("z")
    saddle = ellipsoid(0.28, 0.3, 0.34, stripes("x", 0.13, "#d4202f", "#f7e7c4", offset=0.04)).move(-0.05, 0.1, 0)
    seat = path([[-0.3, 0.46, 0], [-0.05, 0.36, 0], [0.18, 0.46, 0]], 0.09, "#7a3a22")
    leg = capsule([0.36, -0.15, 0.18], [0.58, -0.78, 0.28], 0.13, coat, end_radius=0.08)
    rear = capsule([-0.36, -0.15, 0.18], [-0.58, -0.78, 0.28], 0.14, coat, end_radius=0.08)
    arc = [[-1.1, -0.68, 0.28], [-0.6, -0.88, 0.28], [0, -0.95, 0.28], [0.6, -0.88, 0.28], [1.1, -0.68, 0.28]]
    rocker = path(arc, 0.085, stripes("x", 0.2, "#2166c8", "#5fb4ee"))
    rung = capsule([0.55, -0.88, 0], [0.55, -0.88, 0.3], 0.06, "#f5c02e")
    pairs = union(leg, rear, rocker, rung, rung.move(x=-1.1)).mirror_copy("z")
    horse = union(body, neck, head, muzzle, bridle, mane, tail, ear, saddle, seat, pairs)
    return union(horse, eyes("x", (0.84, 0.68, 0.13), 0.06))


# Seen from low, so that the tip on which it spins shows.
LOW: tuple[View, ...] = (
    (30, 12),
    (75, 6),
    (120, 14),
    (165, 4),
    (210, 2),
    (255, 10),
    (300, 16),
    (345, 20),
)

MODELS: tuple[Model, ...] = (
    Model("teddy-bear", teddy_bear, FRONT),
    Model("robot", robot, FRONT),
    Model("spinning-top", spinning_top, LOW),
    Model("puzzle-cube", puzzle_cube),
    Model("rocking-horse", rocking_horse),
)

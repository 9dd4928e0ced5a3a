"""Objects: musical instruments."""

from __future__ import annotations

import torch

from tools.catalogue.model import Model
from tools.catalogue.paint import band, choose, gradient, grain, sectors, slanted, spot, stripes
from tools.catalogue.sdf import (
    Solid,
    box,
    capsule,
    cylinder,
    extrude,
    path,
    revolve,
    sphere,
    torus,
    union,
)

FACING = ((30, 20), (-35, 16), (46, 28), (-48, 22), (12, 34), (40, 8), (-12, 10), (24, 44))
"""Views of the strings."""


def guitar() -> Solid:
    """An acoustic guitar: orange top, dark red sides, teal pick guard, a neck with frets and a blue head."""
    wood = grain("x", 0.12, "#f0a94b", "#d17a2a", seed=3)
    guard = choose(
        lambda p: (p[:, 2] > 0.1) & ((p[:, :2] - torch.tensor([0.24, -0.52])).norm(dim=1) < 0.19),
        "#1d9a92",
        wood,
    )
    rosette = spot((0, -0.3, 0.16), 0.19, spot((0, -0.3, 0.16), 0.14, "#2a1a14", "#f6ead0"), guard)
    top = choose(lambda p: p[:, 2] > 0.12, rosette, stripes("y", 0.2, "#7d2430", "#a33a3f"))
    right = [
        (0.2, -1.12),
        (0.44, -1.0),
        (0.52, -0.74),
        (0.44, -0.5),
        (0.3, -0.34),
        (0.3, -0.2),
        (0.37, 0.0),
        (0.22, 0.18),
    ]
    body = extrude([*right, *((-x, y) for x, y in reversed(right))], 0.12, top, rounding=0.03)
    frets = stripes("y", 0.11, "#4a2a1c", "#4a2a1c")
    frets = choose(lambda p: torch.remainder(p[:, 1] / 0.13, 1.0) > 0.8, "#e6e0d0", frets)
    neck = box(0.085, 0.55, 0.05, frets, radius=0.015).move(0, 0.45, 0.15)
    head = box(0.14, 0.18, 0.04, slanted(0.16, "#2c5fb8", "#f0d34a"), radius=0.03).move(0, 1.14, 0.12)
    peg = sphere(0.05, "#f4f1e8").move(0.18, 0, 0).mirror_copy("x")
    pegs = union(*(peg.move(0, y, 0.12) for y in (1.04, 1.16, 1.28)))
    bridge = box(0.2, 0.04, 0.03, "#3a2018").move(0, -0.72, 0.17)
    strings = box(0.045, 0.75, 0.008, stripes("x", 0.022, "#fdfaf0", "#8a7a60")).move(0, 0.0, 0.2)
    return union(body, neck, head, pegs, bridge, strings).turn("z", -27)


def drum() -> Solid:
    """A blue drum with white zigzags, red hoops, a cream skin and two sticks."""

    def zigzag(p: torch.Tensor) -> torch.Tensor:
        angle = torch.atan2(p[:, 2], p[:, 0]) / (2 * torch.pi) * 8
        wave = (torch.remainder(angle, 1.0) - 0.5).abs() * 1.3 - 0.32
        return (p[:, 1] - wave).abs() < 0.09

    shell = choose(zigzag, "#fbf3dc", sectors(4, "#2a63b8", "#2f86c9"))
    body = cylinder(0.8, 0.5, shell, rounding=0.02).move(0, -0.35, 0)
    hoop = torus(0.81, 0.08, sectors(8, "#d0312f", "#e8793a"))
    skin = spot((0.2, 0, 0.15), 0.3, "#f2c86b", spot((0.2, 0, 0.15), 0.38, "#4aa36a", "#f6ead0"))
    head = cylinder(0.78, 0.03, skin).move(0, 0.17, 0)
    lug = cylinder(0.045, 0.42, "#e8be4a").move(0.85, -0.35, 0).ring(6)
    maple = stripes("y", 0.2, "#c98a4a", "#e2b06c")
    first = capsule([-0.55, 0.26, 0.55], [0.75, 0.36, -0.35], 0.05, maple)
    second = capsule([-0.2, 0.36, 0.7], [0.3, 0.42, -0.8], 0.05, maple)
    tips = union(sphere(0.1, "#7a3fa8").move(0.75, 0.37, -0.35), sphere(0.1, "#7a3fa8").move(0.3, 0.43, -0.8))
    return union(body, hoop.move(0, 0.15, 0), hoop.move(0, -0.84, 0), head, lug, first, second, tips)


def trumpet() -> Solid:
    """A brass trumpet with red valve caps, a silver mouthpiece and a violet banner with a star patch."""
    brass = gradient("y", -0.3, 0.3, "#b8781c", "#f8d257")
    rings = stripes("x", 0.3, "#e9b63b", "#c58a26")
    profile = [(0.0, -0.5), (0.075, -0.5), (0.09, -0.1), (0.15, 0.2), (0.28, 0.38), (0.46, 0.48), (0.44, 0.5)]
    flare = band("y", 0.36, 0.6, "#f7d768", band("y", 0.2, 0.3, "#c23b3b", "#d99e2b"))
    bell = revolve([*profile, (0.22, 0.38), (0.08, 0.2), (0.0, 0.15)], flare).rounded(0.015)
    bell = bell.turn("z", -90).move(0.75, 0.18, 0)
    upper = capsule([0.5, 0.18, 0], [-0.5, 0.18, 0], 0.075, rings)
    loop = path(
        [[-0.45, 0.18, 0], [-0.62, 0.12, 0], [-0.7, -0.05, 0], [-0.62, -0.22, 0], [-0.45, -0.28, 0]],
        0.07,
        brass,
    )
    lower = capsule([-0.45, -0.28, 0], [0.5, -0.28, 0], 0.07, rings)
    bow = path([[0.5, -0.28, 0], [0.66, -0.2, 0.04], [0.66, -0.06, 0.1], [0.5, 0.0, 0.14]], 0.07, brass)
    lead = capsule([0.5, 0.0, 0.14], [-1.05, 0.04, 0.14], 0.055, "#e0ac34")
    mouth = revolve([(0, -0.14), (0.05, -0.14), (0.07, 0.0), (0.14, 0.12), (0, 0.12)], "#d7dde5").turn("z", 90)
    valve = cylinder(0.1, 0.32, stripes("y", 0.16, "#f3dc8a", "#c9d0d8")).move(0, -0.08, 0.07)
    cap = cylinder(0.09, 0.05, "#d2322d", rounding=0.02).move(0, 0.38, 0.07)
    valves = union(*(union(valve, cap).move(x, 0, 0) for x in (-0.22, 0.02, 0.26)))
    cloth = spot((0.02, -0.62, 0.05), 0.13, "#f7e7b0", slanted(0.18, "#5b3aa0", "#2f9e9a"))
    banner = extrude([(-0.35, -0.33), (0.42, -0.33), (0.42, -0.95), (0.03, -0.78), (-0.35, -0.95)], 0.02, cloth)
    parts = union(bell, upper, loop, lower, bow, lead, mouth.move(-1.12, 0.04, 0.14), valves, banner)
    return parts.turn("z", 12).move(0, 0.15, 0)


MODELS: tuple[Model, ...] = (Model("guitar", guitar, FACING), Model("drum", drum), Model("trumpet", trumpet))

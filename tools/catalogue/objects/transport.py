"""Objects: what flies and sails. Craft with a nose point it to positive x."""

from __future__ import annotations

import torch

from tools.catalogue.model import Model
from tools.catalogue.paint import (
    band,
    checker,
    choose,
    gradient,
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
    path,
    revolve,
    sphere,
    subtract,
    torus,
    union,
)

SAILING = ((30, 22), (52, 18), (125, 30), (165, 20), (205, 24), (235, 18), (305, 26), (345, 30))
"""Views of the sails, none edge-on."""


def rocket() -> Solid:
    """A white rocket with a red nose, a checked belt, portholes, blue fins and a flame."""
    belt = band("y", -0.42, -0.18, checker(0.12, "#25272e", "#f7c52e"), "#f3f0e6")
    flag = choose(lambda p: (p[:, 2] > 0.1) & ((p[:, 0] + 0.02).abs() < 0.14), "#2b6fd6", belt)
    skin = band("y", 0.45, 1.2, slanted(0.3, "#d62f3a", "#f0743c", slope=0.5), belt)
    skin = choose(lambda p: (p[:, 1] > -0.12) & (p[:, 1] < 0.0), flag, skin)
    outline = [(0, -0.62), (0.24, -0.62), (0.34, -0.25), (0.35, 0.1), (0.28, 0.5), (0.16, 0.82), (0, 1.08)]
    hull = revolve(outline, skin).rounded(0.02)
    pane = spot((-0.05, 0.07, 0.05), 0.08, "#e8fbff", "#4fb4d8")
    window = ellipsoid(0.13, 0.13, 0.07, pane).move(0, 0.2, 0.34)
    frame = torus(0.14, 0.04, "#a8adb8").turn("x", 90).move(0, 0.2, 0.34)
    ports = union(window, frame)
    ports = union(ports.turn("y", 20), ports.turn("y", 150), ports.turn("y", 260))
    fin_outline = [(0.2, -0.15), (0.34, -0.2), (0.72, -0.6), (0.74, -0.95), (0.42, -0.72), (0.2, -0.62)]
    fin = extrude(fin_outline, 0.035, stripes("y", 0.22, "#2456b8", "#59a8f0"), rounding=0.02)
    nozzle = cone(0.26, 0.18, 0.07, "#4b515c").move(0, -0.7, 0)
    flame = cone(0.02, 0.2, 0.2, gradient("y", -0.2, 0.1, "#f2511b", "#ffe04a"), rounding=0.02)
    return union(hull, ports, fin.ring(3).turn("y", 20), nozzle, flame.move(0, -0.95, 0)).turn("z", -14)


def sailboat() -> Solid:
    """A wooden boat with a green waterline, an orange-striped main sail, a cream jib and a pennant."""
    planks = stripes("y", 0.1, "#8a4b2a", "#b9743f")
    number = choose(lambda p: (p[:, 2] > 0) & ((p[:, 0] - 0.35).abs() < 0.1), "#f7d54a", planks)
    side = band("y", -0.02, 0.07, "#fdf5e0", band("y", -0.4, -0.12, "#2d8f6f", number))
    hull = ellipsoid(1.0, 0.42, 0.36, side)
    deck = box(1.2, 0.5, 1.0, stripes("z", 0.1, "#d9a566", "#c08a4c")).move(0, 0.6, 0)
    hull = subtract(hull, deck)
    bow = extrude([(0.8, 0.05), (1.15, 0.13), (0.8, 0.13)], 0.03, "#8a4b2a", rounding=0.02)
    cabin = box(0.26, 0.1, 0.17, spot((0.1, 0.0, 0.17), 0.07, "#2b4a7c", "#fdf5e0"), radius=0.04).move(-0.45, 0.18, 0)
    mast = cylinder(0.035, 0.75, "#6b4630").move(0.1, 0.8, 0)
    cloth = stripes("y", 0.2, "#f08326", "#fdf5e0")
    cloth = spot((-0.33, 0.62, 0), 0.15, "#2a5fb0", cloth)
    main = extrude([(-0.05, 0.32), (-0.05, 1.5), (-0.35, 1.05), (-0.98, 0.36)], 0.015, cloth, rounding=0.02)
    boom = capsule([0, 0.28, 0], [-0.98, 0.3, 0], 0.035, "#6b4630")
    main = union(main, boom).turn("y", 24).move(0.1, 0, 0)
    jib_cloth = slanted(0.3, "#c92f3f", "#f7c9a8", slope=0.7)
    jib = extrude([(0.0, 0.28), (0.08, 0.6), (0.0, 1.35), (0.95, 0.2)], 0.015, jib_cloth, rounding=0.02)
    jib = jib.turn("y", -14).move(0.14, 0, 0)
    pennant = extrude([(0, 0), (0, 0.16), (-0.34, 0.06)], 0.012, "#2d8f6f", rounding=0.012).turn("y", 30)
    return union(hull, bow, cabin, mast, main, jib, pennant.move(0.1, 1.42, 0)).scale(0.9).move(0, -0.5, 0)


def helicopter() -> Solid:
    """A violet helicopter with a lime belly, a glass nose and orange rotor blades."""
    skin = band(
        "y",
        -0.02,
        0.1,
        stripes("x", 0.16, "#f6f0dc", "#f08a24"),
        gradient("y", -0.2, -0.1, "#9ccb3b", "#6a4bb5"),
    )
    glass = choose(lambda p: (p[:, 0] > 0.12) & (p[:, 1] > -0.16), gradient("y", -0.1, 0.4, "#3f7ba8", "#d7f3fb"), skin)
    frame = choose(lambda p: (p[:, 2].abs() < 0.04) | ((p[:, 0] - 0.18).abs() < 0.06), "#3f2d78", glass)
    frame = choose(lambda p: p[:, 0] < 0.1, skin, frame)
    cabin = ellipsoid(0.62, 0.45, 0.42, frame).move(0.3, 0, 0)
    door = box(0.13, 0.15, 0.02, "#f6d04a", radius=0.02).move(0.14, -0.05, 0.42)
    rings = stripes("x", 0.17, "#6a4bb5", "#f6f0dc")
    tail = capsule([-0.1, 0.1, 0], [-1.05, 0.2, 0], 0.2, rings, end_radius=0.07)
    fin = extrude([(-0.92, 0.15), (-1.08, 0.55), (-1.25, 0.55), (-1.14, 0.15)], 0.025, "#9ccb3b", rounding=0.02)
    blade = box(0.03, 0.24, 0.01, "#e4532d").turn("z", 30)
    cross = union(blade, blade.turn("z", 90)).move(-1.08, 0.22, 0.12)
    mast = cylinder(0.06, 0.14, "#4a4f58").move(0.15, 0.5, 0)
    hub = cylinder(0.13, 0.05, "#2f333a", rounding=0.02).move(0.15, 0.62, 0)
    wing = box(0.55, 0.018, 0.085, stripes("x", 0.28, "#e4532d", "#f7c93e"), radius=0.015).move(0.55, 0, 0)
    rotor = wing.ring(4).turn("y", 20).move(0.15, 0.64, 0)
    skid = path([[-0.3, -0.62, 0.34], [0.7, -0.62, 0.34], [0.86, -0.52, 0.34]], 0.045, "#3a3f48").mirror_copy("z")
    legs = union(*(capsule([x, -0.62, 0.34], [x, -0.3, 0.2], 0.035, "#a8adb8").mirror_copy("z") for x in (0.05, 0.52)))
    return union(cabin, door, tail, fin, cross, mast, hub, rotor, skid, legs).move(0.1, 0, 0)


def aeroplane() -> Solid:
    """A cream airliner with a navy belly, a red tail, one striped wing and one blue wing."""
    row = choose(lambda p: torch.remainder(p[:, 0] / 0.16, 1.0) > 0.45, "#2f4a78", "#f8efd8")
    skin = band("y", 0.03, 0.14, row, band("y", -0.4, -0.06, "#2a63b4", "#f8efd8"))
    skin = choose(lambda p: (p[:, 0] > 0.8) & (p[:, 1] > 0.05), "#2b3550", skin)
    skin = choose(lambda p: p[:, 0] < -0.6, slanted(0.2, "#d8323c", "#f7b23b"), skin)
    hull = capsule([0.8, 0, 0], [-1.1, 0.14, 0], 0.31, skin, end_radius=0.09)
    ribs = stripes("z", 0.2, "#d8323c", "#f8efd8")
    wing_paint = choose(lambda p: p[:, 2] > 0, ribs, band("z", -0.9, -0.7, "#f7b23b", "#3d7fd0"))
    outline = [(0.45, 0.1), (-0.22, 0.1), (-0.6, 1.06), (-0.2, 1.06)]
    wing = extrude(outline, 0.012, "#ffffff", rounding=0.03).turn("x", 90).mirror_copy("z")
    wing = wing.painted(wing_paint).move(0.05, -0.08, 0)
    engine = cylinder(0.15, 0.2, stripes("y", 0.17, "#f7b23b", "#3a4252"), rounding=0.03).turn("z", 90)
    engine = engine.move(0.15, -0.22, 0.52).mirror_copy("z")
    tail = extrude([(-0.62, 0.2), (-1.02, 0.82), (-1.28, 0.82), (-1.15, 0.1)], 0.015, "#ffffff", rounding=0.025)
    tail = tail.painted(spot((-1.02, 0.55, 0.03), 0.13, "#fdf6e3", "#d8323c"))
    plane = extrude([(-0.8, 0.05), (-1.15, 0.05), (-1.32, 0.52), (-1.08, 0.52)], 0.01, "#3d7fd0", rounding=0.02)
    plane = plane.turn("x", 90).mirror_copy("z").move(0, 0.12, 0)
    return union(hull, wing, engine, tail, plane).turn("z", 6).move(0.08, 0, 0)


def hot_air_balloon() -> Solid:
    """A balloon in red, yellow and blue gores with a wavy belt, over a wicker basket."""
    gores = sectors(4, "#e0353f", "#f6c62f", offset_deg=10)
    lower = sectors(4, "#2d67c4", "#fbf1da", offset_deg=30)
    belt = choose(lambda p: (p[:, 1] + 0.1 * torch.sin(p[:, 0] * 9)).abs() < 0.13, "#3aa66a", gores)
    badge = spot((0.35, 0.32, 0.63), 0.2, "#fbf1da", spot((-0.5, 0.3, -0.52), 0.2, "#7a3fa8", belt))
    skin = choose(lambda p: p[:, 1] < -0.33, lower, badge)
    outline = [(0, -0.75), (0.2, -0.75), (0.42, -0.5), (0.68, -0.16), (0.76, 0.12), (0.7, 0.42), (0.5, 0.66)]
    envelope = revolve([*outline, (0.25, 0.78), (0, 0.8)], skin).rounded(0.03).move(0, 0.4, 0)
    weave = checker(0.075, "#8f5a2c", "#d69a55")
    basket = box(0.2, 0.15, 0.2, band("y", 0.08, 0.2, "#5f3a1e", weave), radius=0.04).move(0, -1.0, 0)
    bag = sphere(0.09, "#4f8a4d").move(0.22, -0.98, 0.12)
    bag = union(bag, sphere(0.09, "#d95d39").move(0.05, -1.0, 0.24))
    rope = capsule([0.17, -0.88, 0.17], [0.2, -0.35, 0.2], 0.022, "#3d2c20").mirror_copy("x").mirror_copy("z")
    flame = cone(0.03, 0.08, 0.1, "#ff8a1f").move(0, -0.55, 0)
    return union(envelope, basket, bag, rope, flame).turn("z", 4)


MODELS: tuple[Model, ...] = (
    Model("rocket", rocket),
    Model("sailboat", sailboat, SAILING),
    Model("helicopter", helicopter),
    Model("aeroplane", aeroplane),
    Model("hot-air-balloon", hot_air_balloon),
)

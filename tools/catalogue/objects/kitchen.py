"""Objects: kitchen."""

from __future__ import annotations

from tools.catalogue.model import Model, View
from tools.catalogue.paint import (
    band,
    choose,
    dots,
    gradient,
    grain,
    mottled,
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
    path,
    revolve,
    sphere,
    subtract,
    torus,
    union,
)

FROM_ABOVE: tuple[View, ...] = (
    (30, 42),
    (72, 36),
    (118, 44),
    (160, 38),
    (205, 42),
    (250, 36),
    (300, 46),
    (345, 52),
)


def mug() -> Solid:
    """A mug with slanted stripes, a sun sticker and coffee in it; the handle is on one side."""
    glaze = band("y", -0.5, 0.42, slanted(0.3, "#2f6fb3", "#f3ead6"), "#d8452e")
    body = cylinder(0.62, 0.72, spot((0.1, 0.05, 0.62), 0.26, "#f5b92e", glaze), rounding=0.05)
    handle = torus(0.36, 0.1, stripes("y", 0.14, "#d8452e", "#e8674f")).turn("x", 90).move(x=0.72, y=-0.05)
    coffee = cylinder(0.54, 0.03, mottled("#4b2a16", "#8a5a34", scale=5)).move(y=0.5)
    return union(subtract(union(body, handle), cylinder(0.53, 0.72, "#efe3c8").move(y=0.14)), coffee).move(x=-0.15)


def kettle() -> Solid:
    """A stove kettle: a wide cone with an overhead handle and a straight spout."""
    enamel = band(
        "y",
        -0.62,
        -0.4,
        "#f0a53a",
        band(
            "y",
            -0.3,
            0.02,
            slanted(0.2, "#1f8a86", "#f3e9d2"),
            choose(
                lambda p: p[:, 2] > 0.15 * p[:, 0],
                mottled("#1f8a86", "#46b5a0", scale=4),
                mottled("#e2803a", "#f0b45a", scale=4),
            ),
        ),
    )
    outline = [(0, -0.62), (0.82, -0.62), (0.86, -0.5), (0.74, -0.1), (0.52, 0.2), (0.3, 0.3), (0, 0.3)]
    body = revolve(outline, spot((0.35, -0.14, 0.65), 0.24, "#d8402f", enamel)).rounded(0.03)
    spout = capsule((0.6, -0.25, 0), (1.08, 0.22, 0), 0.17, "#1f8a86", end_radius=0.1)
    tip = capsule((1.02, 0.16, 0), (1.1, 0.24, 0), 0.12, "#d9dde0")
    lid = union(sphere(0.12, "#d8402f").move(y=0.42), cylinder(0.32, 0.05, "#d9dde0", rounding=0.03).move(y=0.31))
    arch = [(-0.6, 0.1, 0), (-0.64, 0.6, 0), (-0.36, 0.92, 0), (0.1, 0.98, 0), (0.4, 0.72, 0), (0.44, 0.2, 0)]
    handle = path(arch, 0.075, stripes("x", 0.16, "#2a2430", "#5c4a52"))
    return union(body, spout, tip, lid, handle).move(x=-0.12, y=-0.15)


def teapot() -> Solid:
    """A round china teapot with painted flowers, curved spout and side handle."""
    china = dots(0.38, 0.15, "#d94f7c", dots(0.3, 0.09, "#5b9c4a", "#f4efe6", seed=3), seed=1)
    body = ellipsoid(0.72, 0.6, 0.72, band("y", -0.06, 0.04, "#5a4fa8", china))
    curve = [(0.55, -0.2, 0), (0.85, -0.05, 0), (0.98, 0.25, 0), (1.15, 0.42, 0)]
    spout = path(curve, 0.17, stripes("y", 0.17, "#f4efe6", "#5a4fa8"), end_radius=0.08)
    handle = torus(0.36, 0.075, "#5a4fa8").turn("x", 90).stretch(y=1.1).move(x=-0.74, y=0.04)
    lid = union(
        ellipsoid(0.4, 0.14, 0.4, sectors(5, "#5a4fa8", "#e9a9c0")).move(y=0.55),
        sphere(0.12, "#e3b23c").move(y=0.76),
    )
    foot = cone(0.42, 0.36, 0.08, "#5a4fa8").move(y=-0.6)
    return union(body, spout, handle, lid, foot).move(x=-0.06)


def frying_pan() -> Solid:
    """A frying pan with an egg and two tomato halves in it."""
    dish = subtract(
        cone(0.62, 0.78, 0.15, mottled("#1f7f86", "#45b0a8", scale=5), rounding=0.03),
        cone(0.56, 0.74, 0.15, mottled("#2a3f63", "#466a94", scale=6)).move(y=0.08),
    )
    white = union(ellipsoid(0.42, 0.06, 0.34, "#f6f1e4"), ellipsoid(0.26, 0.06, 0.4, "#f6f1e4").move(x=0.14, z=0.08))
    egg = union(white, ellipsoid(0.2, 0.15, 0.2, gradient("y", 0, 0.15, "#f08a1c", "#ffc93a")).move(x=0.06, y=0.03))
    tomato = ellipsoid(0.17, 0.12, 0.17, spot((0, 0.1, 0), 0.1, "#f4a27a", "#d63a2b"))
    herbs = ellipsoid(0.22, 0.06, 0.1, dots(0.1, 0.05, "#2f7a33", "#7cbb4a")).turn("y", 40)
    handle = path([(0.7, 0.05, 0), (1.0, 0.14, 0), (1.42, 0.24, 0)], 0.11, grain("y", 0.12, "#b5743a", "#7c4420"))
    filling = union(egg.move(x=-0.12, z=-0.12), tomato.move(x=0.34, z=0.36), herbs.move(x=-0.3, z=0.4))
    return union(dish, filling.move(y=-0.03), handle).move(x=-0.32)


def toaster() -> Solid:
    """A two-slot toaster with toast standing in it and a lever at one end."""
    shell = stripes("y", 0.16, "#e9695f", "#f2ead8", offset=0.02)
    ends = spot((-0.85, 0.1, 0.1), 0.2, "#f5b92e", mottled("#8fa3ad", "#d5dbde", scale=3))
    body = box(0.85, 0.5, 0.45, band("x", -0.62, 0.62, shell, ends), radius=0.16)
    slots = union(*(box(0.6, 0.3, 0.08, "#2a2a30").move(y=0.5, z=z) for z in (-0.17, 0.17)))
    bread = mottled("#f0c987", "#c78a42", scale=5)
    crust = box(0.46, 0.4, 0.06, bread, radius=0.06)
    toast = union(crust.move(x=-0.06, y=0.5, z=0.17), crust.move(x=0.08, y=0.36, z=-0.17))
    lever = union(
        box(0.02, 0.3, 0.05, "#2a2a30").move(x=0.85),
        box(0.12, 0.06, 0.14, "#3566a8", radius=0.04).move(x=0.94, y=0.12),
    )
    dial = cylinder(0.13, 0.06, spot((0.07, 0.06, 0), 0.05, "#f2ead8", "#3566a8")).turn("x", 90).move(x=0.5, z=0.45)
    feet = cylinder(0.09, 0.08, "#2a2a30").move(x=0.6, z=0.28, y=-0.53).mirror_copy("x").mirror_copy("z")
    return union(subtract(body, slots), toast, lever, dial, feet).move(y=-0.12)


def whisk() -> Solid:
    """A balloon whisk with coloured loops, leaning."""
    loop = torus(0.3, 0.032, stripes("y", 0.12, "#2aa3a0", "#c9ecdf")).turn("x", 90).stretch(y=1.7)
    loops = union(*(loop.turn("y", angle) for angle in (0, 45, 90, 135)))
    handle = capsule((0, 0, 0), (0, -0.95, 0), 0.1, stripes("y", 0.19, "#e2572c", "#f7d25a"), end_radius=0.14)
    collar = cylinder(0.12, 0.07, "#5a4a8a", rounding=0.02)
    whole = union(
        loops.move(y=0.62),
        handle.move(y=0.1),
        collar.move(y=0.1),
        torus(0.09, 0.03, "#c7ccd2").turn("x", 90).move(y=-1.05),
    )
    return whole.turn("z", -38).turn("x", 10)


def wine_bottle() -> Solid:
    """A leaning bottle with a label on either side and foil at the neck."""
    outline = [
        (0, -1.05),
        (0.34, -1.05),
        (0.38, -0.98),
        (0.38, 0.1),
        (0.36, 0.22),
        (0.29, 0.34),
        (0.17, 0.5),
        (0.13, 0.66),
        (0.12, 1.0),
        (0, 1.0),
    ]
    glass = mottled("#1d5a2e", "#4f9a4a", scale=3.0)
    paper = slanted(0.22, "#f1e4c3", "#d89a3a", slope=0.6)
    wrapped = choose(lambda p: (p[:, 2] + 0.4 * p[:, 0]).abs() > 0.16, paper, glass)
    label = band("y", -0.74, -0.02, band("y", -0.12, -0.06, "#6a2a7a", wrapped), glass)
    badge = spot((0.12, -0.42, 0.36), 0.18, "#a3243b", spot((-0.1, -0.42, -0.36), 0.14, "#3a57a8", label))
    body = revolve(outline, badge).rounded(0.02)
    foil = cylinder(0.16, 0.22, stripes("y", 0.1, "#a3243b", "#e26a7a"), rounding=0.02).move(y=0.82)
    ring = torus(0.15, 0.04, "#e2c15a").move(y=0.92)
    cork = cylinder(0.1, 0.1, mottled("#d9b07a", "#a87a48", scale=9)).move(y=1.1)
    return union(body, foil, ring, cork).turn("z", -14).turn("x", 4)


def vase() -> Solid:
    """A patterned vase with three tulips."""
    outline = [
        (0, -1.05),
        (0.28, -1.05),
        (0.3, -0.98),
        (0.5, -0.6),
        (0.5, -0.4),
        (0.22, 0),
        (0.2, 0.08),
        (0.3, 0.2),
        (0, 0.2),
    ]
    pattern = band(
        "y", -0.7, -0.36, dots(0.26, 0.12, "#f2c14b", "#3b4fa0", seed=2), slanted(0.14, "#f0ece0", "#5a86c9")
    )
    body = revolve(outline, pattern).rounded(0.02)
    flowers = []
    for x, y, z, colour, tip in (
        (-0.34, 0.74, 0.1, "#e23c4c", "#f59a4a"),
        (0.1, 0.95, -0.1, "#f2b632", "#f7e07a"),
        (0.46, 0.62, 0.2, "#e86aa0", "#f6c3d4"),
    ):
        flowers.append(capsule((0, 0.1, 0), (x, y, z), 0.035, "#3f8f3f"))
        cup = gradient("y", -0.2, 0.2, colour, tip)
        flowers.append(subtract(ellipsoid(0.18, 0.24, 0.18, cup), sphere(0.15, "#6a2a3a").move(y=0.24)).move(x, y, z))
    leaf = ellipsoid(0.1, 0.4, 0.03, gradient("y", -0.4, 0.4, "#2f7a3a", "#8cc152"))
    return union(
        body,
        *flowers,
        leaf.turn("z", 40).move(x=-0.4, y=0.32),
        leaf.turn("z", -55).move(x=0.42, y=0.26, z=-0.2),
    )


def salt_shaker() -> Solid:
    """A tilted shaker of blue glass, half full of salt, with a pierced red cap."""
    salt = mottled("#fbf7ee", "#c9c2d6", scale=7.0)
    glass = choose(lambda p: p[:, 1] < 0.1 + 0.35 * p[:, 0], salt, stripes("x", 0.16, "#5aa7dd", "#2f6fb8"))
    badge = spot((0.2, -0.35, 0.5), 0.24, "#f2b632", spot((-0.2, -0.3, -0.5), 0.2, "#3f9a58", glass))
    body = cone(0.62, 0.4, 0.72, badge, rounding=0.08).move(y=-0.3)
    foot = cylinder(0.66, 0.08, "#2b3f7a", rounding=0.04).move(y=-0.98)
    holes = union(sphere(0.075, "#241a22").move(0.22, 0.33, 0).ring(5), sphere(0.08, "#241a22").move(y=0.42))
    cap = subtract(ellipsoid(0.46, 0.42, 0.46, gradient("y", -0.1, 0.4, "#b3202f", "#ec5a44")), holes)
    rim = cylinder(0.48, 0.09, sectors(9, "#d8dde2", "#8a929c"), rounding=0.03)
    return union(body, foot, cap.move(y=0.48), rim.move(y=0.44)).turn("z", 20).scale(0.95)


MODELS: tuple[Model, ...] = (
    Model("mug", mug),
    Model("kettle", kettle),
    Model("teapot", teapot),
    Model("frying-pan", frying_pan, FROM_ABOVE),
    Model("toaster", toaster),
    Model("whisk", whisk),
    Model("wine-bottle", wine_bottle),
    Model("vase", vase),
    Model("salt-shaker", salt_shaker),
)

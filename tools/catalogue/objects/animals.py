"""Objects: animals."""

from __future__ import annotations

from tools.catalogue.model import FRONT, Model
from tools.catalogue.objects.eyes import eyes
from tools.catalogue.paint import band, choose, dots, gradient, mottled, spot, stripes
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
    sphere,
    torus,
    union,
)


def duck() -> Solid:
    """A mallard facing right: green head, white collar, russet chest, wings with a blue speculum."""
    plumage = choose(lambda p: p[:, 0] > 0.32, "#8c4526", mottled("#e2dccb", "#8d8578", scale=5.0, seed=3))
    body = ellipsoid(0.78, 0.45, 0.5, plumage).move(y=-0.3)
    tail = cone(0.3, 0.02, 0.3, stripes("x", 0.13, "#f3efe4", "#2b2a33")).turn("z", 55).move(-0.78, 0.0, 0.0)
    neck = capsule([0.45, -0.2, 0], [0.58, 0.4, 0], 0.27, band("y", -0.02, 0.1, "#faf6ea", "#137a4b"), end_radius=0.22)
    head = sphere(0.33, mottled("#12894f", "#0b5c53", scale=4.0)).move(0.62, 0.55, 0)
    bill = blend(
        ellipsoid(0.26, 0.08, 0.17, "#f2a31b"),
        ellipsoid(0.12, 0.12, 0.12, "#f2a31b").move(-0.14, 0.05, 0),
        0.1,
    )
    bill = bill.turn("z", -8).move(1.0, 0.47, 0)
    feather = band("x", -0.35, -0.12, stripes("y", 0.09, "#2457c5", "#f5f5f5", offset=0.03), "#9d8468")
    wing = ellipsoid(0.52, 0.28, 0.12, feather).turn("z", -12).move(-0.15, -0.18, 0.46).mirror_copy("z")
    foot = ellipsoid(0.2, 0.06, 0.16, "#f07d19").move(0.2, -0.8, 0.2).mirror_copy("z")
    shin = capsule([0.12, -0.5, 0.2], [0.12, -0.8, 0.2], 0.06, "#f07d19").mirror_copy("z")
    bird = union(blend(body, neck, 0.15), head, tail, bill, wing, foot, shin)
    return union(bird, eyes("x", (0.78, 0.64, 0.22), 0.075)).move(x=-0.08, y=0.02)


def penguin() -> Solid:
    """A penguin in a striped scarf, one flipper up."""
    coat = choose(lambda p: p[:, 2] > 0.25 - 0.9 * p[:, 0] ** 2 + 0.12 * (p[:, 1] > 0.3), "#f6f3ea", "#232a45")
    body = ellipsoid(0.55, 0.72, 0.5, mottled(coat, "#5f7397", scale=5.0, amount=0.35)).move(y=-0.28)
    face = choose(lambda p: (p[:, 2] > 0.12) & (p[:, 1] < 0.12) & (p[:, 0].abs() > 0.04), "#fbf8ef", "#232a45")
    head = sphere(0.4, face).move(y=0.5)
    beak = cone(0.15, 0.03, 0.17, gradient("y", -0.1, 0.17, "#f7a41d", "#d94f16")).turn("x", 90).move(0, 0.46, 0.5)
    left = ellipsoid(0.12, 0.46, 0.22, gradient("y", -0.4, 0.3, "#4d6db0", "#232a45"))
    wool = stripes("y", 0.1, "#d7263d", "#f4c542", offset=0.02)
    scarf = torus(0.36, 0.11, choose(lambda p: (p[:, 0] * 7 + p[:, 2] * 2).floor() % 2 == 0, "#d7263d", "#f4c542"))
    end = box(0.13, 0.28, 0.06, wool, radius=0.04).turn("z", 10).move(0.3, -0.1, 0.5)
    foot = ellipsoid(0.22, 0.09, 0.3, "#f28a1c").move(0.25, -0.98, 0.2).mirror_copy("x")
    wings = union(left.turn("z", 22).move(0.6, -0.3, 0.0), left.turn("z", -75).move(-0.82, 0.05, 0.0))
    bird = union(body, head, beak, wings, scarf.turn("z", -6).move(y=0.16), end, foot)
    return union(bird, eyes("z", (0.15, 0.62, 0.34), 0.075))


def owl() -> Solid:
    """An owl with a speckled belly on a branch with one leaf."""
    feathers = mottled("#a8672f", "#5a3420", scale=4.5, amount=1.1)
    belly = dots(0.2, 0.08, "#8c4f2b", "#f3dfb5", seed=2)
    body = ellipsoid(0.6, 0.72, 0.5, spot((0, -0.15, 0.55), 0.52, belly, feathers)).move(y=-0.1)
    head = ellipsoid(0.56, 0.42, 0.46, feathers).move(y=0.55)
    tuft = cone(0.18, 0.02, 0.24, "#5a3420").turn("z", -22).move(0.38, 0.95, 0.05).mirror_copy("x")
    disc = cylinder(0.27, 0.06, dots(0.12, 0.03, "#c98d4a", "#fbf0d5"), rounding=0.05).turn("x", 84)
    disc = disc.turn("y", 14).move(0.24, 0.58, 0.4).mirror_copy("x")
    beak = cone(0.11, 0.01, 0.16, "#f2b21d").turn("x", 150).move(0, 0.42, 0.52)
    wing = ellipsoid(0.14, 0.52, 0.34, stripes("y", 0.14, "#35568c", "#d79a52")).turn("z", 12).move(0.56, -0.1, 0.02)
    claw = ellipsoid(0.14, 0.1, 0.16, "#f2b21d").move(0.22, -0.78, 0.22).mirror_copy("x")
    branch = capsule([-1.0, -0.92, 0.1], [1.0, -0.84, 0.1], 0.13, mottled("#7a5a48", "#43332e", scale=5.0))
    leaf = ellipsoid(0.36, 0.2, 0.06, stripes("y", 0.09, "#3fa535", "#8ed04b")).turn("z", 35).move(0.95, -0.55, 0.2)
    bird = union(body, head, tuft, disc, beak, wing.mirror_copy("x"), claw, branch, leaf)
    return union(bird, eyes("z", (0.24, 0.58, 0.45), 0.145, iris="#ffb800")).move(y=-0.02)


def elephant() -> Solid:
    """An elephant facing right, trunk up, with a patterned blanket."""
    skin = mottled("#a9b8cc", "#5f6d8f", scale=5.0)
    barrel = ellipsoid(0.66, 0.5, 0.48, skin).move(-0.2, 0.05, 0)
    leg = capsule([0, -0.2, 0], [0, -0.8, 0], 0.19, band("y", -1.05, -0.86, "#f2e6c8", skin), end_radius=0.2)
    legs = union(leg.move(0.22, 0, 0.24), leg.move(-0.6, 0, 0.24)).mirror_copy("z")
    head = sphere(0.4, skin).move(0.55, 0.42, 0)
    trunk = path([[0.8, 0.3, 0], [1.02, 0.02, 0], [1.16, 0.08, 0.02], [1.22, 0.36, 0.06]], 0.19, skin, end_radius=0.09)
    inner = choose(lambda p: (p[:, 2] > 0.02) & (p[:, :2].norm(dim=1) < 0.32), "#ee8fa5", skin)
    ear = ellipsoid(0.38, 0.44, 0.07, inner).turn("y", 35).move(0.28, 0.45, 0.47).mirror_copy("z")
    tusk = path([[0.78, 0.15, 0.22], [0.98, 0.02, 0.3], [1.1, 0.1, 0.34]], 0.06, "#fff8e1", end_radius=0.03)
    tusk = tusk.mirror_copy("z")
    cloth = band(
        "z",
        -0.3,
        0.3,
        dots(0.24, 0.09, "#ffd23f", "#c9213a", seed=5),
        stripes("x", 0.1, "#ffd23f", "#2d6cc0"),
    )
    blanket = intersect(ellipsoid(0.69, 0.53, 0.51, cloth), box(0.36, 0.42, 1, cloth).move(y=0.25)).move(-0.2, 0.05, 0)
    tail = path(
        [[-0.82, 0.15, 0], [-1.02, -0.1, 0.1], [-1.05, -0.4, 0.15]],
        0.05,
        band("y", -0.5, -0.33, "#33313c", skin),
    )
    beast = union(blend(barrel, head, 0.12), legs, trunk, ear, tusk, blanket, tail)
    return union(beast, eyes("x", (0.83, 0.56, 0.22), 0.07)).move(x=-0.08, y=0.06)


def cat() -> Solid:
    """A sitting ginger tabby with a blue collar, its tail curled to one side."""
    fur = stripes("y", 0.11, "#e2822c", "#f6b463", offset=0.04)
    chest = spot((0.05, -0.25, 0.5), 0.38, "#fbf3e2", fur)
    body = ellipsoid(0.46, 0.62, 0.48, chest).move(y=-0.4)
    mask = spot((0.0, -0.12, 0.36), 0.2, "#fbf3e2", stripes("x", 0.1, "#e2822c", "#f3a650", offset=0.05))
    head = ellipsoid(0.46, 0.38, 0.38, spot((0.3, 0.12, 0.25), 0.26, "#4a3a38", mask)).move(0, 0.42, 0.12)
    outline = [(-0.17, -0.1), (0.17, -0.1), (0.03, 0.3)]
    pink = choose(lambda p: (p[:, 2] > 0.04) & (p[:, 1] < 0.13), "#f29aa8", "#d57425")
    ear = extrude(outline, 0.04, pink, rounding=0.03).turn("z", -14).move(0.26, 0.78, 0.12).mirror_copy("x")
    nose = ellipsoid(0.07, 0.05, 0.05, "#e0566f").move(0, 0.37, 0.5)
    whisker = capsule([0.14, 0.32, 0.42], [0.55, 0.38, 0.42], 0.012, "#ffffff").mirror_copy("x")
    collar = torus(0.34, 0.07, stripes("x", 0.1, "#1e6fd9", "#6fc3ff")).turn("x", 10).move(0, 0.08, 0.05)
    bell = sphere(0.1, "#ffd84a").move(0.04, -0.02, 0.44)
    leg = capsule([0.17, -0.3, 0.34], [0.17, -0.9, 0.44], 0.13, band("y", -1.1, -0.78, "#fbf3e2", fur)).mirror_copy("x")
    haunch = ellipsoid(0.24, 0.34, 0.4, fur).move(0.4, -0.68, 0.05).mirror_copy("x")
    rings = stripes("x", 0.13, "#c9661f", "#f6b463")
    tail = path([[0.1, -0.9, -0.4], [0.65, -0.92, -0.3], [0.92, -0.6, -0.1], [0.8, -0.2, -0.05]], 0.11, rings)
    pet = union(blend(body, head, 0.08), ear, nose, whisker, collar, bell, leg, haunch, tail)
    return union(pet, eyes("z", (0.18, 0.5, 0.42), 0.1, iris="#7bd13c")).move(x=-0.1)


def turtle() -> Solid:
    """A turtle facing right, its head turned a little, with a spotted shell."""
    plates = dots(0.36, 0.17, "#f0b445", "#8c3f2a", seed=4)
    shell = ellipsoid(0.82, 0.55, 0.68, spot((-0.3, 0.4, 0.35), 0.17, "#fff2c9", plates))
    shell = intersect(shell, box(1.2, 1, 1.2, plates).move(y=1.0)).move(y=-0.25)
    rim = torus(0.76, 0.1, stripes("x", 0.17, "#5b2a20", "#d98a3a")).stretch(z=0.84, y=1.0, x=1.03).move(y=-0.24)
    belly = ellipsoid(0.74, 0.16, 0.6, "#f2dd9a").move(y=-0.3)
    skin = dots(0.16, 0.055, "#c9e265", "#3c9a4b", seed=1)
    neck = capsule([0.6, -0.2, 0], [0.95, 0.12, 0.08], 0.17, skin)
    head = ellipsoid(0.26, 0.23, 0.23, skin).turn("y", -20).move(1.02, 0.22, 0.1)
    front = ellipsoid(0.2, 0.36, 0.17, skin).turn("z", 25).turn("x", -28).move(0.52, -0.55, 0.6).mirror_copy("z")
    back = ellipsoid(0.18, 0.3, 0.16, skin).turn("z", -30).turn("x", -28).move(-0.55, -0.52, 0.52).mirror_copy("z")
    tail = capsule([-0.75, -0.3, 0], [-1.05, -0.42, 0.1], 0.1, skin, end_radius=0.02)
    look = eyes("x", (0.12, 0.08, 0.16), 0.075).turn("y", -20).move(1.02, 0.22, 0.1)
    return union(shell, rim, belly, neck, head, front, back, tail, look).move(x=-0.1, y=0.15)


def whale() -> Solid:
    """A spouting whale with a pleated belly, in a red life ring."""
    pleats = stripes("z", 0.09, "#fdf3dc", "#eeb98f", offset=0.045)
    hide = choose(lambda p: p[:, 1] < -0.16 + 0.12 * p[:, 0], pleats, dots(0.3, 0.08, "#8fd0f2", "#2469b8", seed=3))
    body = ellipsoid(0.85, 0.56, 0.55, hide).move(0.15, -0.15, 0)
    stalk = path([[-0.4, -0.1, 0], [-0.82, 0.12, 0], [-0.98, 0.45, 0]], 0.32, "#2469b8", end_radius=0.1)
    fluke = ellipsoid(0.2, 0.07, 0.36, gradient("z", 0, 0.4, "#2469b8", "#f0a8b4")).turn("y", 30)
    fluke = fluke.turn("z", 22).move(-1.02, 0.56, 0.26).mirror_copy("z")
    fin = ellipsoid(0.2, 0.07, 0.4, "#1b4f93").turn("x", 30).turn("y", -25).move(0.2, -0.42, 0.6).mirror_copy("z")
    rope = stripes("y", 0.19, "#e3262f", "#fdfaf2", offset=0.04)
    ring = torus(0.5, 0.11, "#e3262f").turn("z", 90).painted(rope).stretch(y=1.0, z=0.98).move(-0.3, -0.1, 0)
    jet = path([[0.3, 0.35, 0], [0.3, 0.72, 0], [0.12, 0.92, 0.0], [-0.06, 0.8, 0]], 0.08, "#d8f4ff")
    drops = path([[0.3, 0.72, 0], [0.48, 0.95, 0.05], [0.68, 0.82, 0.08]], 0.08, "#bfe9ff", end_radius=0.1)
    beast = union(blend(body, stalk, 0.2), fluke, fin, ring, jet, drops)
    return union(beast, eyes("x", (0.72, 0.02, 0.4), 0.085)).move(x=0.05)


MODELS: tuple[Model, ...] = (
    Model("duck", duck),
    Model("penguin", penguin, FRONT),
    Model("owl", owl, FRONT),
    Model("elephant", elephant),
    Model("cat", cat, FRONT),
    Model("turtle", turtle),
    Model("whale", whale),
)

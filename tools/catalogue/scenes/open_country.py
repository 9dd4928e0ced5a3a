"""Scenes with a horizon and land: hills, meadows, mountains, snow, desert."""

from __future__ import annotations

import numpy as np

from tools.catalogue.scenes.canvas import (
    SIZE,
    Picture,
    X,
    Y,
    below,
    daylight,
    lit,
    mix,
    noise,
    pick,
    relief,
    rgb,
    ridge,
    sky,
    smoothstep,
    textured,
)
from tools.catalogue.scenes.plants import blades, broad_trees, scatter, trees

SUMMER = ("#3c6a2c", "#56803a", "#2f5a36", "#6f8f45")
"""Crowns in leaf."""


def hills(rng: np.random.Generator) -> Picture:
    """Ranges fading into the haze."""
    horizon = rng.uniform(0.25, 0.55)
    top, bottom = daylight(rng)
    picture = sky(rng, top, bottom, horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    near = pick(rng, ["#3d6b2a", "#7d7a2e", "#2f5f3c", "#8a5a2a", "#4f5f3a", "#26404a"])
    far = mix(pick(rng, ["#8fb0c4", "#a8b8b0", "#b09fc4"]), rgb(bottom), 0.35)
    num = int(rng.integers(4, 8))
    for layer in range(num):
        share = layer / (num - 1)
        line = ridge(rng, horizon + 0.5 * share**1.2, 0.14 + 0.08 * share, cells=3.5 - 1.5 * share, octaves=4)
        folds, woods = noise(rng, 5, 7, octaves=3), noise(rng, 20 + 25 * share, 50, octaves=3)
        slope = textured(rng, mix(far, near, share) * 0.85, np.clip(mix(far, near, share) * 1.15, 0, 1), 6, 12)
        slope = lit(lit(slope, relief(folds), 0.2 + 0.25 * share), relief(woods), 0.04 + 0.18 * share)
        # Haze gathers at the foot of each range and lets the next one stand out.
        slope = mix(slope, far, smoothstep(0.0, 0.35, Y - line[None, :]) * 0.6 * (1 - share))
        picture = mix(picture, slope, below(line))
    return picture


def meadow(rng: np.random.Generator) -> Picture:
    """Grass with flowers, single trees behind it."""
    horizon = rng.uniform(0.22, 0.6)
    picture = sky(rng, *daylight(rng), horizon=horizon, clouds=rng.uniform(0.3, 0.9))
    line = ridge(rng, horizon, 0.09, cells=2)
    far = mix(pick(rng, SUMMER), rgb("#9fb8c8"), 0.55)
    picture = mix(picture, far, below(ridge(rng, horizon - 0.03, 0.1)))
    picture = broad_trees(rng, picture, line, int(rng.integers(3, 16)), rng.uniform(0.1, 0.26), SUMMER)
    ground = textured(
        rng, pick(rng, ["#4c7a24", "#5f8a2a", "#6f7a2a"]), pick(rng, ["#9cc04a", "#b5c95a", "#cfc46a"]), 10, 30
    )
    picture = mix(picture, ground, below(line + 0.01))
    picture = blades(rng, picture, 900, ["#3c6a1e", "#7fa83a", "#b7cf66"], top=horizon + 0.08, length=0.09)
    flowers = [["#e8433f", "#f6d743"], ["#ffffff", "#f4e04d"], ["#a06cd5", "#e27fb5"], ["#4f7fe0", "#e8ecff"]]
    num, size = int(rng.integers(0, 420)), rng.uniform(0.008, 0.02)
    return scatter(rng, picture, num, flowers[rng.integers(4)], top=horizon + 0.1, radius=(0.004, size))


def mountains(rng: np.random.Generator) -> Picture:
    """Bare peaks with snow on their heights."""
    horizon = rng.uniform(0.4, 0.7)
    top, bottom = daylight(rng)
    picture = sky(rng, top, bottom, horizon=horizon, clouds=rng.uniform(0, 0.6))
    snow_line = rng.uniform(-0.05, 0.35)
    for layer, (height, rough) in enumerate(((horizon - 0.2, 0.34), (horizon, 0.26))):
        line = ridge(rng, height, rough, cells=rng.uniform(2.5, 4.5), octaves=6)
        facets = noise(rng, 7, 5, octaves=6, ridged=True)
        light = relief(facets, strength=1.4)
        rock = mix(pick(rng, ["#4f5968", "#5d5750", "#6b5548"]), pick(rng, ["#a9afb8", "#b0a595"]), facets)
        # Snow lies high up and where the face is turned to the light, that is, flat enough to hold it.
        cover = smoothstep(-0.04, 0.04, snow_line - (Y - line[None, :]) + 0.3 * (light - 0.5) - 0.25 * layer)
        face = lit(mix(rock, np.array([0.93, 0.95, 0.99]), cover), light, 0.4)
        picture = mix(picture, mix(face, rgb(bottom), 0.3 * (1 - layer)), below(line))
    line = ridge(rng, horizon + 0.22, 0.1)
    wood = textured(rng, pick(rng, ["#22402c", "#24382f"]), pick(rng, ["#3f5f38", "#56603a"]), 12, 20)
    wood = lit(wood, relief(noise(rng, 45, 30, octaves=2)), 0.4)
    return mix(picture, wood, trees(rng, line, 50, rng.uniform(0.05, 0.13)))


def snow(rng: np.random.Generator) -> Picture:
    """A white field with a dark wood behind it."""
    horizon = rng.uniform(0.3, 0.6)
    tops = [("#6f93bd", "#e6eef5"), ("#8a8fa3", "#e9e4e6"), ("#49628c", "#f3d9c8"), ("#2f3f66", "#8f9fc4")]
    top, bottom = tops[rng.integers(4)]
    picture = sky(rng, top, bottom, horizon=horizon, clouds=rng.uniform(0, 0.8))
    line = ridge(rng, horizon, 0.1, cells=2)
    wood = mix(pick(rng, ["#33454a", "#2b3a35"]), np.ones(3), smoothstep(0.5, 0.8, noise(rng, 30, 30)) * 0.8)
    picture = mix(picture, wood, trees(rng, line, int(rng.integers(8, 50)), rng.uniform(0.1, 0.3)))
    drift = noise(rng, 3, 9, octaves=4)
    white = mix(np.array([0.97, 0.98, 1.0]), rgb(bottom), 0.35) + np.zeros((SIZE, SIZE, 3))
    field = mix(lit(white, relief(drift, strength=1.6), 0.22), rgb("#8fa8d0"), smoothstep(0.6, 0.35, drift) * 0.6)
    picture = mix(picture, field, below(ridge(rng, horizon + 0.04, 0.07, cells=2, octaves=2)))
    return scatter(rng, picture, int(rng.integers(0, 200)), ["#ffffff"], radius=(0.003, 0.008), grow=False)


def dunes(rng: np.random.Generator) -> Picture:
    """Sand in light and shadow."""
    horizon = rng.uniform(0.2, 0.5)
    pairs = [("#3c7bb8", "#ead9b8"), ("#5f9fd8", "#f2efe0"), ("#4f5f9e", "#f3b98e"), ("#8f7f9e", "#f4d0a0")]
    picture = sky(rng, *pairs[rng.integers(4)], horizon=horizon, clouds=rng.uniform(0, 0.3))
    light = pick(rng, ["#e8b66b", "#e0a050", "#e9c48c", "#cf7f45", "#e3d3b0", "#b8623a"])
    side = rng.choice([-1.0, 1.0])
    for layer in range(4):
        line = ridge(rng, horizon + 0.06 + 0.2 * layer, 0.16 + 0.05 * layer, cells=2.2, octaves=2)
        depth = Y - line[None, :]
        # The shadow's edge runs down from the crest aslant, so a column looks up its slope sideways.
        column = np.clip((X - side * depth * 0.9) * SIZE, 0, SIZE - 1).astype(int)
        lee = smoothstep(-0.05, 0.3, side * np.gradient(line)[column] * SIZE) * smoothstep(0.5, 0.1, depth)
        ripples = relief(np.sin(Y * 110 * (1.2 - 0.2 * layer) + 14 * noise(rng, 3, 3, octaves=3)), strength=0.12)
        sand = lit(light * (0.92 + 0.1 * noise(rng, 5))[:, :, None], ripples, 0.16)
        picture = mix(picture, mix(sand, sand * np.array([0.48, 0.42, 0.5]), lee * 0.9), below(line))
    return np.clip(picture, 0, 1)


def canyon(rng: np.random.Generator) -> Picture:
    """Mesas of red rock in layers."""
    top, bottom = daylight(rng)
    picture = sky(rng, top, bottom, horizon=0.5, clouds=rng.uniform(0, 0.7))
    palettes = [["#8c3d22", "#c46a3c", "#e0a070"], ["#7a3a2a", "#b5603f", "#e3b98f"], ["#94683f", "#c49a68", "#ead2a0"]]
    bands = np.stack([pick(rng, palettes[rng.integers(3)]) * rng.uniform(0.75, 1.1) for _ in range(24)])
    start = rng.uniform(0.2, 0.4)
    for layer in range(3):
        rise = ridge(rng, start + 0.2 * layer, 0.45, cells=rng.uniform(2, 4), octaves=3)
        terrace = rise * 7 + (noise(rng, 26, 1)[3] - 0.5) * 0.5
        line = (np.floor(terrace) + smoothstep(0.6, 1.0, terrace % 1)) / 7
        level = (Y + (noise(rng, 3, 2) - 0.5) * 0.1 + 0.3 * layer) * rng.uniform(14, 26)
        rock = mix(bands[level.astype(int) % 24], bands[(level.astype(int) + 1) % 24], smoothstep(0.5, 1, level % 1))
        rock = lit(rock, relief(noise(rng, 16, 5, octaves=5, ridged=True)), 0.45)
        picture = mix(picture, mix(rock, rgb(bottom), 0.45 - 0.2 * layer), below(line))
    floor = textured(rng, bands[0] * 0.8, np.clip(bands[1] * 1.1, 0, 1), 14, 34)
    picture = mix(picture, floor, below(ridge(rng, 0.88, 0.06), softness=0.02))
    return scatter(rng, picture, 110, ["#56602f", "#6f7038", "#3f4a26"], top=0.8, radius=(0.008, 0.022))


def wheat(rng: np.random.Generator) -> Picture:
    """A field in rows that meet at the horizon."""
    horizon = rng.uniform(0.25, 0.55)
    picture = sky(rng, *daylight(rng), horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    line = ridge(rng, horizon, 0.03)
    picture = broad_trees(rng, picture, line, int(rng.integers(2, 25)), rng.uniform(0.06, 0.14), SUMMER)
    depth = np.clip(Y - horizon, 1e-3, 1)
    rows = 0.5 + 0.5 * np.sin((X - rng.uniform(0.1, 0.9)) / depth * rng.uniform(7, 14))
    rows = mix(np.full((SIZE, SIZE, 1), 0.5), rows[:, :, None], smoothstep(0.03, 0.2, depth))[:, :, 0]
    palettes = [("#b58a2a", "#f0d27a"), ("#5d7a2c", "#c7cf6a"), ("#5b3f86", "#b79be0"), ("#4a3524", "#9a7550")]
    crop = palettes[rng.integers(4)]
    field = mix(rgb(crop[0]), rgb(crop[1]), rows * 0.6 + noise(rng, 30, 50) * 0.5)
    picture = mix(picture, field, below(line + 0.01))
    return blades(rng, picture, 700, [*crop, crop[1]], top=horizon + 0.1, length=0.1)


SCENES = (hills, meadow, mountains, snow, dunes, canyon, wheat)

"""Scenes with a horizon and land: hills, meadows, mountains, snow, desert."""

from __future__ import annotations

import numpy as np

from invariance.data.drawing.scenes.canvas import (
    SIZE,
    Picture,
    X,
    Y,
    below,
    blades,
    mix,
    noise,
    pick,
    rgb,
    ridge,
    scatter,
    sky,
    smoothstep,
    textured,
    trees,
)


def hills(rng: np.random.Generator) -> Picture:
    """Green ranges fading into the haze."""
    horizon = rng.uniform(0.35, 0.55)
    picture = sky(rng, "#3f7fc4", "#cfe3ee", horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    near, far = pick(rng, ["#3d6b2a", "#7d7a2e", "#2f5f3c", "#8a5a2a"]), pick(rng, ["#8fb0c4", "#a8c0a0", "#b09fc4"])
    num = int(rng.integers(4, 7))
    for layer in range(num):
        share = layer / (num - 1)
        line = ridge(rng, horizon + 0.5 * share**1.2, 0.14 + 0.06 * share, cells=3.5 - 1.5 * share, octaves=3)
        colour = mix(far, near, share)
        picture = mix(picture, textured(rng, colour * 0.8, np.clip(colour * 1.2, 0, 1), 9, 22), below(line))
    return picture


def meadow(rng: np.random.Generator) -> Picture:
    """Grass with flowers under a summer sky."""
    horizon = rng.uniform(0.25, 0.5)
    picture = sky(rng, "#4a90d9", "#dcecf5", horizon=horizon, clouds=rng.uniform(0.3, 0.9))
    line = ridge(rng, horizon, 0.05)
    wood = pick(rng, ["#2c4a2c", "#3a5535"])
    picture = mix(picture, wood, trees(rng, line, 40, rng.uniform(0.05, 0.12), pointed=False))
    ground = textured(rng, pick(rng, ["#4c7a24", "#5f8a2a"]), pick(rng, ["#9cc04a", "#b5c95a"]), 10, 30)
    picture = mix(picture, ground, below(line + 0.02))
    picture = blades(rng, picture, 900, ["#3c6a1e", "#7fa83a", "#b7cf66"], top=horizon + 0.05, length=0.09)
    flowers = [["#e8433f", "#f6d743"], ["#ffffff", "#f4e04d"], ["#a06cd5", "#e27fb5"]][rng.integers(3)]
    return scatter(rng, picture, 260, flowers, top=horizon + 0.08)


def mountains(rng: np.random.Generator) -> Picture:
    """Bare peaks with snow on their heights."""
    horizon = rng.uniform(0.45, 0.65)
    picture = sky(rng, "#2f66ad", "#bcd4e6", horizon=horizon, clouds=rng.uniform(0, 0.6))
    for layer, (height, rough) in enumerate(((horizon - 0.18, 0.25), (horizon, 0.16))):
        line = ridge(rng, height, rough, cells=4)
        facets = noise(rng, 9, 9, ridged=True)
        rock = mix(pick(rng, ["#4f5968", "#5d5750"]), pick(rng, ["#a9afb8", "#b0a595"]), (facets - 0.4) * 2)
        snow_depth = (Y - line[None, :]) / 0.22 + (facets - 0.6) * 1.6
        rock = mix(np.ones(3) * 0.97, rock, smoothstep(0.25, 0.5, snow_depth))
        picture = mix(picture, mix(rock, rgb("#9db7cd"), 0.35 * (1 - layer)), below(line))
    line = ridge(rng, horizon + 0.2, 0.08)
    return mix(picture, textured(rng, rgb("#22402c"), rgb("#5e7a45"), 20, 20), trees(rng, line, 50, 0.09))


def snow(rng: np.random.Generator) -> Picture:
    """A white field with a dark wood behind it."""
    horizon = rng.uniform(0.3, 0.55)
    tops = [("#6f93bd", "#e6eef5"), ("#8a8fa3", "#e9e4e6"), ("#49628c", "#f3d9c8")][rng.integers(3)]
    picture = sky(rng, *tops, horizon=horizon, clouds=0.5)
    line = ridge(rng, horizon, 0.06)
    wood = mix(pick(rng, ["#33454a", "#2b3a35"]), np.ones(3), smoothstep(0.5, 0.8, noise(rng, 30, 30)) * 0.8)
    picture = mix(picture, wood, trees(rng, line, 45, rng.uniform(0.1, 0.25)))
    drifts = mix(pick(rng, ["#a9c0dc", "#b8b9d6"]), np.ones(3) * 0.99, noise(rng, 3, 12) * 1.3)
    picture = mix(picture, drifts, below(ridge(rng, horizon + 0.03, 0.05)))
    return scatter(rng, picture, 120, ["#ffffff"], radius=(0.003, 0.008), grow=False)


def dunes(rng: np.random.Generator) -> Picture:
    """Sand in light and shadow."""
    horizon = rng.uniform(0.25, 0.45)
    picture = sky(rng, "#3c7bb8", "#ead9b8", horizon=horizon, clouds=rng.uniform(0, 0.3))
    light = pick(rng, ["#e8b66b", "#e0a050", "#e9c48c", "#cf7f45"])
    for layer in range(4):
        line = ridge(rng, horizon + 0.04 + 0.2 * layer, 0.13 + 0.03 * layer, cells=2.2, octaves=2)
        slope = np.gradient(line) * SIZE
        shade = (
            smoothstep(-0.15, 0.35, slope)[None, :]
            * smoothstep(0.3, 0, Y - line[None, :] - 0.25 * np.abs(slope))
            * 0.85
        )
        ripples = 0.5 + 0.5 * np.sin((Y * 90 + 9 * noise(rng, 4, 4)) * (1.2 - 0.2 * layer))
        sand = mix(light * 0.92, np.clip(light * 1.1, 0, 1), ripples * 0.6)
        picture = mix(picture, mix(sand, light * np.array([0.5, 0.42, 0.45]), shade), below(line))
    return picture


def canyon(rng: np.random.Generator) -> Picture:
    """Red rock in layers."""
    picture = sky(rng, "#3f86cf", "#e4ecef", horizon=0.5, clouds=rng.uniform(0, 0.5))
    for layer, height in enumerate((0.32, 0.45, 0.62)):
        steps = np.round(ridge(rng, height, 0.2, cells=5) * 9) / 9 + (noise(rng, 22, 1)[3] - 0.5) * 0.03
        strata = 0.5 + 0.5 * np.sin((Y + (noise(rng, 3, 3) - 0.5) * 0.08) * rng.uniform(55, 90))
        rock = mix(pick(rng, ["#8c3d22", "#a4502b", "#7a3a2a"]), pick(rng, ["#e0935a", "#d9a87a"]), strata)
        rock = mix(rock, rock * 0.55, noise(rng, 24, 3))
        picture = mix(picture, mix(rock, rgb("#b9a7b5"), 0.4 - 0.2 * layer), below(steps))
    return scatter(rng, picture, 90, ["#56602f", "#6f7038"], top=0.8, radius=(0.01, 0.03))


def wheat(rng: np.random.Generator) -> Picture:
    """A ripe field with rows that meet at the horizon."""
    horizon = rng.uniform(0.3, 0.5)
    picture = sky(rng, "#4d8fd0", "#e8eef0", horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    line = ridge(rng, horizon, 0.03)
    picture = mix(picture, pick(rng, ["#35532f", "#4a6138"]), trees(rng, line, 25, 0.07, pointed=False))
    depth = np.clip(Y - horizon, 1e-3, 1)
    rows = 0.5 + 0.5 * np.sin((X - rng.uniform(0.3, 0.7)) / depth * 14)
    gold = [("#b58a2a", "#f0d27a"), ("#5d7a2c", "#c7cf6a"), ("#5b3f86", "#b79be0")][rng.integers(3)]
    field = mix(rgb(gold[0]), rgb(gold[1]), rows * 0.6 + noise(rng, 30, 50) * 0.5)
    picture = mix(picture, field, below(line + 0.01))
    return blades(rng, picture, 700, [*gold, gold[1]], top=horizon + 0.1, length=0.1)


SCENES = (hills, meadow, mountains, snow, dunes, canyon, wheat)

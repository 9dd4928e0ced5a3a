"""Scenes among trees and in the dark."""

from __future__ import annotations

import numpy as np

from tools.catalogue.scenes.canvas import (
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


def forest(rng: np.random.Generator) -> Picture:
    """Trunks one behind the other, light and leaves between them."""
    haze = pick(rng, ["#c9dfa8", "#dfe6b8", "#b8d4b0", "#e8d8a0", "#9fb8b4"])
    picture = mix(haze, pick(rng, ["#3f6b35", "#2f5a3a", "#5a6a2f"]), noise(rng, 8) * 1.3 - 0.2)
    dark = pick(rng, ["#2f241a", "#3a2e22", "#26302a", "#6f6a62"])
    foliage = pick(rng, ["#3f7028", "#5f8a35", "#2f6038", "#7f8a30"])
    foot = rng.uniform(0.68, 0.85)
    for layer in range(4):
        share = (layer + 1) / 4
        bark = lit(mix(dark, dark * 1.7, noise(rng, 40, 6, octaves=3)), relief(noise(rng, 30, 8)), 0.3)
        for _ in range(int(rng.integers(2, 9 - layer))):
            x, width = rng.uniform(0, 1), (0.012 + 0.04 * share**2) * rng.uniform(0.6, 1.3)
            across = (X - x - (Y - 0.5) * rng.normal(0, 0.04)) / (width * (0.8 + 0.4 * Y))
            trunk = smoothstep(1.0, 0.85, np.abs(across)) * (foot + 0.22 * (share - 0.5) > Y)
            round_bark = np.clip(bark * (1.1 - 0.35 * across)[:, :, None], 0, 1)
            picture = mix(picture, mix(haze, round_bark, 0.25 + 0.75 * share), trunk)
        twigs = noise(rng, 9 + 5 * layer, octaves=5)
        leaf = lit(mix(haze, foliage, 0.3 + 0.7 * share), relief(twigs, strength=1.5), 0.6)
        canopy = smoothstep(0.5, 0.58, twigs + 0.8 * (0.22 - Y) - 0.03 * share)
        picture = mix(picture, leaf, canopy)
    floor = textured(rng, pick(rng, ["#38471f", "#4a3a22"]), pick(rng, ["#86a04a", "#a87b3c", "#6f8a3f"]), 14, 30)
    picture = mix(picture, floor, below(ridge(rng, foot + 0.02, 0.05), softness=0.05))
    return blades(rng, picture, int(rng.integers(0, 500)), ["#5f8a35", "#8fb04a", "#3a6428"], top=foot, length=0.1)


def autumn(rng: np.random.Generator) -> Picture:
    """Crowns in red and gold above fallen leaves."""
    picture = sky(rng, *daylight(rng), horizon=0.5, clouds=rng.uniform(0.2, 0.9))
    colours = ["#c4491f", "#e08a26", "#efc23f", "#9a2f22", "#7c8a35"]
    favoured = [*rng.choice(colours, 2), *colours]
    start, tall = rng.uniform(0.35, 0.55), rng.uniform(0.22, 0.45)
    for layer in range(3):
        line = ridge(rng, start + 0.12 * layer, 0.1)
        far = textured(rng, pick(rng, favoured) * 0.6, pick(rng, favoured), 24, 24)
        picture = mix(picture, mix(far, rgb("#c9c0b8"), 0.45 - 0.2 * layer), below(line))
        num = int(rng.integers(4, 14))
        picture = broad_trees(rng, picture, line, num, tall * (0.7 + 0.25 * layer), favoured[: rng.integers(3, 8)])
    floor = textured(rng, pick(rng, ["#5a3a20", "#5a5a28"]), pick(rng, ["#a5662d", "#9a9a45", "#c48a3c"]), 18, 40)
    picture = mix(picture, floor, below(ridge(rng, start + 0.32, 0.05)))
    return scatter(rng, picture, int(rng.integers(50, 500)), colours, top=start + 0.34, radius=(0.004, 0.014))


def mist(rng: np.random.Generator) -> Picture:
    """Spruces one row after another into the fog."""
    pale = pick(rng, ["#d9e0e4", "#e6dfd6", "#cfd6e0", "#e8d8dc"])
    dark = pick(rng, ["#1f3338", "#2a3040", "#26352a"])
    picture = mix(pick(rng, ["#b8c8d4", "#d6c8bc"]), pale, Y * 1.6)
    for layer in range(5):
        share = (layer + 1) / 5
        line = ridge(rng, 0.35 + 0.14 * layer, 0.1)
        shade = mix(pale, dark, share**1.4 * (0.75 + 0.3 * noise(rng, 20, 20)))
        picture = mix(picture, shade, trees(rng, line, 30 - 3 * layer, 0.08 + 0.16 * share))
        fog = smoothstep(0.1, 0.3, Y - line[None, :]) * (0.5 + 0.5 * noise(rng, 3, 8))
        picture = mix(picture, pale, fog * (1 - share) * 0.9)
    return picture


def bamboo(rng: np.random.Generator) -> Picture:
    """Green stalks with rings."""
    picture = textured(rng, pick(rng, ["#24401f", "#2f5a2a"]), pick(rng, ["#9cc25a", "#cfe08a"]), 5, 7)
    for _ in range(int(rng.integers(9, 15))):
        x, width = rng.uniform(0, 1), rng.uniform(0.015, 0.045)
        across = (X - x - (Y - 0.5) * rng.normal(0, 0.05)) / width
        colour = pick(rng, ["#7fae3f", "#a8c75a", "#4f8a35", "#c2b85a"])
        ring = smoothstep(0.93, 0.99, 0.5 + 0.5 * np.cos((Y + rng.random()) * rng.uniform(25, 40)))
        stalk = mix(colour * (1.15 - 0.55 * np.abs(across))[:, :, None], colour * 0.45, ring)
        picture = mix(picture, np.clip(stalk, 0, 1), np.abs(across) < 1)
    return blades(rng, picture, 160, ["#8fc04a", "#cfe28a", "#3f6f2a"], top=0.0, length=0.14)


def night(rng: np.random.Generator) -> Picture:
    """Stars and the Milky Way over dark land."""
    picture = mix(pick(rng, ["#060a1c", "#0a0a24"]), pick(rng, ["#1f2f5a", "#3a2f5f", "#1f4a5a"]), Y**1.3)
    slope, offset = rng.uniform(-0.8, 0.8), rng.uniform(0.2, 0.5)
    band = np.exp(-(((Y - offset - slope * (X - 0.5)) / 0.16) ** 2))
    picture = mix(picture, pick(rng, ["#9a8fc4", "#c4a8a0", "#8fb0cf"]), band * (noise(rng, 5) * 1.3 - 0.2))
    picture = scatter(rng, picture, 320, ["#ffffff", "#ffe9c4", "#cfe0ff"], radius=(0.002, 0.006), grow=False)
    if rng.random() < 0.4:
        distance = np.hypot(X - rng.uniform(0.15, 0.85), Y - rng.uniform(0.1, 0.4))
        picture = mix(
            picture, rgb("#fff6d8"), smoothstep(0.07, 0.06, distance) + np.exp(-((distance / 0.15) ** 2)) * 0.3
        )
    land = mix(rgb("#070b10"), pick(rng, ["#1f2c33", "#26262f"]), noise(rng, 12, 18))
    return mix(picture, land, trees(rng, ridge(rng, rng.uniform(0.75, 0.88), 0.08), 18, 0.12))


def aurora(rng: np.random.Generator) -> Picture:
    """Curtains of green and violet light."""
    picture = mix(rgb("#040818"), pick(rng, ["#0f2f4a", "#1f1f4a", "#12343a"]), Y)
    picture = scatter(rng, picture, 200, ["#ffffff", "#cfe0ff"], radius=(0.002, 0.005), grow=False)
    feet = pick(rng, ["#3ff08a", "#2fd0b0", "#7af07a", "#4fe0d0"])
    heads = pick(rng, ["#a05fe0", "#3f6fe0", "#d04f9a", "#2fb0a0"])
    for _ in range(int(rng.integers(1, 4))):
        slope, middle = rng.uniform(-0.7, 0.7), rng.uniform(0.35, 0.7)
        hem = middle + slope * (X[0] - 0.5) + (noise(rng, 3, 1, octaves=2)[0] - 0.5) * 0.5
        height = (hem[None, :] - Y) / rng.uniform(0.15, 0.4)
        folds = noise(rng, 30, 1, octaves=3)[0] * smoothstep(0.25, 0.65, noise(rng, 3, 1, octaves=2)[1])
        glow = np.exp(-np.clip(height, 0, None)) * smoothstep(-0.5, 0.15, height) * 1.9 * folds[None, :]
        colour = mix(feet, heads, smoothstep(0.2, 1.8, height))
        # Light adds up: where curtains cross, and over stars, it gets brighter and nothing is hidden.
        picture = 1 - (1 - picture) * (1 - np.clip(colour * glow[:, :, None], 0, 1))
    land = mix(rgb("#05080c"), pick(rng, ["#7fa0b8", "#20303a", "#2a4038"]), noise(rng, 8, 24) * 0.8)
    line = ridge(rng, rng.uniform(0.74, 0.9), 0.12)
    return mix(picture, land, trees(rng, line, int(rng.integers(0, 26)), rng.uniform(0.08, 0.2)))


SCENES = (forest, autumn, mist, bamboo, night, aurora)

"""Scenes among trees and in the dark."""

from __future__ import annotations

import numpy as np

from invariance.data.drawing.scenes.canvas import (
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


def forest(rng: np.random.Generator) -> Picture:
    """Trunks one behind the other, light between them."""
    haze = pick(rng, ["#c9dfa8", "#dfe6b8", "#b8d4b0"])
    picture = mix(haze, pick(rng, ["#3f6b35", "#2f5a3a"]), noise(rng, 8) * 1.3 - 0.2)
    dark = pick(rng, ["#2f241a", "#3a2e22", "#26302a"])
    for layer in range(4):
        share = (layer + 1) / 4
        for _ in range(int(9 - 1.5 * layer)):
            x, width = rng.uniform(0, 1), 0.012 + 0.035 * share**2
            lean = x + (Y - 0.5) * rng.normal(0, 0.04)
            bark = mix(dark, dark * 1.9, noise(rng, 40, 6, octaves=3))
            trunk = smoothstep(width, width * 0.8, np.abs(X - lean)) * (0.72 + 0.22 * share > Y)
            picture = mix(picture, mix(haze, bark, 0.25 + 0.75 * share), trunk)
    floor = textured(rng, pick(rng, ["#38471f", "#4a3a22"]), pick(rng, ["#86a04a", "#a87b3c"]), 12, 24)
    picture = mix(picture, floor, below(ridge(rng, 0.78, 0.05), softness=0.05))
    return scatter(rng, picture, 140, ["#5f8a35", "#8fb04a", "#3a6428"], top=-0.1, radius=(0.01, 0.04), grow=False)


def autumn(rng: np.random.Generator) -> Picture:
    """Crowns in red and gold above fallen leaves."""
    picture = sky(rng, "#7aa3c8", "#e9e6da", horizon=0.5, clouds=0.6)
    colours = ["#c4491f", "#e08a26", "#efc23f", "#9a2f22", "#7c8a35"]
    for layer in range(3):
        line = ridge(rng, 0.45 + 0.12 * layer, 0.06)
        wood = mix(pick(rng, colours) * 0.6, pick(rng, colours), noise(rng, 16) * 1.4 - 0.2)
        picture = mix(picture, wood, trees(rng, line, 16, 0.28 + 0.05 * layer, pointed=False))
    picture = mix(picture, textured(rng, rgb("#5a3a20"), rgb("#a5662d"), 14, 30), below(ridge(rng, 0.76, 0.04)))
    return scatter(rng, picture, 420, colours, top=0.72, radius=(0.006, 0.02))


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
    picture = mix(rgb("#040818"), pick(rng, ["#0f2f4a", "#1f1f4a"]), Y)
    picture = scatter(rng, picture, 160, ["#ffffff", "#cfe0ff"], radius=(0.002, 0.005), grow=False)
    for colour in ("#3ff08a", "#2fd0b0", "#a05fe0"):
        line = ridge(rng, rng.uniform(0.4, 0.6), 0.22, cells=2.5)
        height = line[None, :] - Y
        curtain = np.exp(-np.clip(height, 0, 1) / rng.uniform(0.12, 0.25)) * smoothstep(-0.03, 0.02, height)
        curtain *= 0.45 + 0.8 * noise(rng, 26, 1, octaves=3)
        picture = mix(picture, pick(rng, [colour]), curtain * 0.8)
    land = mix(rgb("#05080c"), pick(rng, ["#7fa0b8", "#20303a"]), noise(rng, 8, 24) * 0.8)
    return mix(picture, land, trees(rng, ridge(rng, 0.84, 0.06), 20, 0.14))


SCENES = (forest, autumn, mist, bamboo, night, aurora)

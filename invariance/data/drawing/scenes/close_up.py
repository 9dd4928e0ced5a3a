"""Scenes without a horizon: stone, leaves, grass, bark, fire."""

from __future__ import annotations

import numpy as np

from invariance.data.drawing.scenes.canvas import (
    Picture,
    X,
    Y,
    blades,
    mix,
    noise,
    pick,
    rgb,
    scatter,
    smoothstep,
    textured,
)


def _cells(rng: np.random.Generator, num: int, *, stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voronoi cells: which one each pixel is in, its distance to the centre, and to the border (all (SIZE, SIZE))."""
    centres = rng.random((num, 2)) * 1.2 - 0.1
    warp_x, warp_y = (noise(rng, 6) - 0.5) * 0.08, (noise(rng, 6) - 0.5) * 0.08
    distances = np.hypot(
        (X + warp_x)[None] - centres[:, 0, None, None], ((Y + warp_y)[None] - centres[:, 1, None, None]) * stretch
    )
    order = np.argpartition(distances, 1, axis=0)[:2]
    nearest, second = np.take_along_axis(distances, order, axis=0)
    return order[0], np.minimum(nearest, second), np.abs(second - nearest)


def pebbles(rng: np.random.Generator) -> Picture:
    """Round stones of many colours."""
    cell, centre, border = _cells(rng, int(rng.integers(60, 160)), stretch=1.3)
    palette = [["#8a8f96", "#c9c4b8", "#5a5f66", "#a8876a"], ["#7a5a48", "#c48a62", "#e3cfae", "#4f4a4a"]][
        rng.integers(2)
    ]
    colours = np.stack([pick(rng, palette) * rng.uniform(0.75, 1.2) for _ in range(cell.max() + 1)])
    stones = mix(np.clip(colours[cell], 0, 1), colours[cell] * 0.6, noise(rng, 40) * 0.8)
    light = 1.25 - centre / (centre.max() + 1e-9) * 1.3
    return np.clip(
        mix(rgb("#1f1d1a"), np.clip(stones * light[:, :, None], 0, 1), smoothstep(0.004, 0.03, border)), 0, 1
    )


def rocks(rng: np.random.Generator) -> Picture:
    """A cracked face of stone with lichen."""
    dark, light = pick(rng, ["#4a4a4f", "#5a4f45", "#54463c"]), pick(rng, ["#b5b2aa", "#c9b79a", "#a9a3a8"])
    picture = mix(dark, light, noise(rng, 4, 7, octaves=6) * 1.6 - 0.3)
    _, _, border = _cells(rng, 24, stretch=1.6)
    picture = mix(picture * 0.35, picture, smoothstep(0.0, 0.03, border))
    lichen = pick(rng, ["#c4b03a", "#8fa05a", "#d98a3f", "#9fb8a8"])
    return mix(picture, lichen, smoothstep(0.62, 0.7, noise(rng, 7, octaves=6)) * 0.85)


def grass(rng: np.random.Generator) -> Picture:
    """A lawn from close by."""
    picture = textured(rng, pick(rng, ["#1f3a12", "#2c4a1a"]), pick(rng, ["#5a8a2a", "#6f9a3a"]), 10, 6)
    greens = [["#4c8a24", "#86b83f", "#b9d86a"], ["#6a8a2f", "#a8b04a", "#dccf7a"]][rng.integers(2)]
    picture = blades(rng, picture, 1800, greens, top=-0.05, length=0.22)
    return scatter(rng, picture, int(rng.integers(0, 60)), ["#ffffff", "#f6e04a", "#e27fb5"], radius=(0.008, 0.02))


def leaves(rng: np.random.Generator) -> Picture:
    """Overlapping foliage with veins."""
    palette = [["#2f6b2a", "#4f9a3a", "#86bf52"], ["#1f5a45", "#3f8f6a", "#9fcf8a"], ["#7a3020", "#c4622a", "#e8b04a"]]
    colours = palette[rng.integers(3)]
    picture = textured(rng, rgb(colours[0]) * 0.4, rgb(colours[0]) * 0.8, 6, 6)
    for _ in range(70):
        x, y, angle, size = rng.random(), rng.random(), rng.uniform(0, 2 * np.pi), rng.uniform(0.08, 0.2)
        along = ((X - x) * np.cos(angle) + (Y - y) * np.sin(angle)) / size
        across = ((Y - y) * np.cos(angle) - (X - x) * np.sin(angle)) / size
        inside = np.abs(across) < 0.42 * (1 - along**2)
        veins = smoothstep(0.85, 1.0, 0.5 + 0.5 * np.cos((along - np.abs(across)) * 22)) + (np.abs(across) < 0.03)
        colour = pick(rng, colours) * rng.uniform(0.75, 1.15)
        blade = mix(np.clip(colour * (1 + 0.35 * across)[:, :, None], 0, 1), np.clip(colour * 1.35, 0, 1), veins * 0.6)
        picture = mix(picture, blade, inside * (np.abs(along) < 1))
    return np.clip(picture, 0, 1)


def bark(rng: np.random.Generator) -> Picture:
    """Furrowed wood with moss."""
    furrows = noise(rng, 14, 2.5, octaves=5, ridged=True)
    dark, light = pick(rng, ["#241a12", "#2f2a24"]), pick(rng, ["#9a7a55", "#b5a48c", "#8a5f3f", "#cfcac0"])
    picture = mix(light, dark, smoothstep(0.45, 0.8, furrows))
    picture = mix(picture, picture * 0.7, noise(rng, 50, 50, octaves=2))
    moss = pick(rng, ["#5f7a2a", "#7f9a4a", "#4a6a4a"])
    return mix(picture, moss, smoothstep(0.55, 0.68, noise(rng, 5, 3)) * rng.uniform(0.3, 0.9))


def lava(rng: np.random.Generator) -> Picture:
    """Black crust, glowing cracks."""
    _, _, border = _cells(rng, int(rng.integers(25, 60)))
    crust = textured(rng, rgb("#0f0c0d"), pick(rng, ["#4a3f3d", "#3a3440"]), 16, 16)
    glow = np.exp(-border / rng.uniform(0.015, 0.035)) * (0.5 + noise(rng, 4))
    picture = mix(crust, rgb("#d8330f"), smoothstep(0.15, 0.6, glow))
    picture = mix(picture, rgb("#ff9a1f"), smoothstep(0.45, 0.9, glow))
    return mix(picture, rgb("#fff2a8"), smoothstep(0.85, 1.25, glow))


def ice(rng: np.random.Generator) -> Picture:
    """Blue ice with white cracks and air."""
    deep, pale = pick(rng, ["#1f5f8f", "#2a7a9a", "#3f6fae"]), pick(rng, ["#bfe6f2", "#d8eef8"])
    picture = mix(deep, pale, noise(rng, 3, 5) * 1.7 - 0.35)
    cracks = smoothstep(0.86, 0.97, noise(rng, 3, 3, octaves=4, ridged=True))
    picture = mix(picture, np.ones(3), cracks * 0.9)
    _, _, border = _cells(rng, 18)
    picture = mix(picture, np.ones(3), np.exp(-border / 0.008) * 0.7)
    return scatter(rng, picture, 90, ["#ffffff", "#e8f8ff"], radius=(0.004, 0.014), grow=False)


SCENES = (pebbles, rocks, grass, leaves, bark, lava, ice)

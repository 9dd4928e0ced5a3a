"""Scenes without a horizon: stone, leaves, grass, bark, fire."""

from __future__ import annotations

import numpy as np

from tools.catalogue.scenes.canvas import (
    SIZE,
    Picture,
    X,
    Y,
    lit,
    mix,
    noise,
    pick,
    relief,
    rgb,
    smoothstep,
    textured,
)
from tools.catalogue.scenes.plants import blades, scatter


def _cells(rng: np.random.Generator, num: int, *, stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Voronoi cells: which one each pixel is in, its distance to the centre, and to the border (all (SIZE, SIZE))."""
    # One centre in each square of a grid: of two that nearly coincide neither would get an inside.
    side = int(np.ceil(np.sqrt(num)))
    squares = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
    centres = (squares + rng.uniform(0.06, 0.94, squares.shape)) / side * 1.2 - 0.1
    warp_x, warp_y = (noise(rng, 6) - 0.5) * 0.08, (noise(rng, 6) - 0.5) * 0.08
    distances = np.hypot(
        (X + warp_x)[None] - centres[:, 0, None, None], ((Y + warp_y)[None] - centres[:, 1, None, None]) * stretch
    )
    order = np.argpartition(distances, 1, axis=0)[:2]
    nearest, second = np.take_along_axis(distances, order, axis=0)
    return order[0], np.minimum(nearest, second), np.abs(second - nearest)


def pebbles(rng: np.random.Generator) -> Picture:
    """Round stones of many colours, lit from the upper left."""
    cell, _, border = _cells(rng, int(rng.integers(30, 150)), stretch=rng.uniform(1.0, 1.5))
    palettes = [
        ["#8a8f96", "#c9c4b8", "#5a5f66", "#a8876a"],
        ["#7a5a48", "#c48a62", "#e3cfae", "#4f4a4a"],
        ["#e8e4da", "#cfc8bc", "#b8b0a8", "#f2eee6"],
        ["#4a5560", "#6a7f8a", "#3f4448", "#8fa3a8"],
    ]
    palette = palettes[rng.integers(4)]
    colours = np.stack([pick(rng, palette) * rng.uniform(0.75, 1.15) for _ in range(cell.max() + 1)])
    stones = mix(colours[cell], colours[cell] * 0.7, noise(rng, 40) * 0.8)
    dome = np.sqrt(np.clip(border / (border.max() * 0.6), 0, 1))
    gaps = pick(rng, ["#1f1d1a", "#3a352e", "#5f5444"])
    return mix(gaps, lit(stones, relief(dome, strength=1.1), 0.55), smoothstep(0.004, 0.025, border))


def rocks(rng: np.random.Generator) -> Picture:
    """A cracked face of stone with lichen."""
    dark = pick(rng, ["#4a4a4f", "#5a4f45", "#54463c", "#6a4436"])
    light = pick(rng, ["#b5b2aa", "#c9b79a", "#a9a3a8", "#cf9f80"])
    grain = noise(rng, rng.uniform(3, 6), rng.uniform(3, 12), octaves=7)
    picture = lit(mix(dark, light, grain * 1.6 - 0.3), relief(grain, strength=1.6), 0.5)
    _, _, border = _cells(rng, int(rng.integers(6, 30)), stretch=rng.uniform(0.7, 2.0))
    picture = mix(picture * 0.3, picture, smoothstep(0.0, 0.02 + 0.02 * grain, border))
    lichen = pick(rng, ["#c4b03a", "#8fa05a", "#d98a3f", "#9fb8a8"])
    spots = noise(rng, 5, octaves=3) * 0.6 + noise(rng, 40, octaves=3) * 0.5
    growth = lit(lichen + np.zeros((SIZE, SIZE, 3)), relief(grain), 0.4)
    return mix(picture, growth, smoothstep(0.62, 0.68, spots) * 0.75)


def grass(rng: np.random.Generator) -> Picture:
    """A lawn from close by."""
    picture = textured(rng, pick(rng, ["#1f3a12", "#2c4a1a"]), pick(rng, ["#5a8a2a", "#6f9a3a"]), 10, 6)
    greens = [
        ["#4c8a24", "#86b83f", "#b9d86a"],
        ["#6a8a2f", "#a8b04a", "#dccf7a"],
        ["#2f6a3f", "#4f9a5f", "#9fd0a0"],
        ["#8a7a3f", "#c4ae62", "#efe0a8"],
    ][rng.integers(4)]
    length = rng.uniform(0.1, 0.4)
    picture = blades(rng, picture, int(300 / length), greens, top=-0.05, length=length)
    picture = lit(picture, noise(rng, 4, octaves=3), 0.9)
    flowers = ["#ffffff", "#f6e04a", "#e27fb5"][: rng.integers(1, 4)]
    return scatter(rng, picture, int(rng.integers(0, 70)), flowers, radius=(0.008, rng.uniform(0.012, 0.03)))


def leaves(rng: np.random.Generator) -> Picture:
    """Overlapping foliage with veins."""
    palettes = [
        ["#2f6b2a", "#4f9a3a", "#86bf52"],
        ["#1f5a45", "#3f8f6a", "#9fcf8a"],
        ["#7a3020", "#c4622a", "#e8b04a"],
        ["#5f6a1f", "#a8a82f", "#e0d868"],
        ["#4a1f35", "#8a2f4f", "#c46a7a"],
    ]
    colours, scale = palettes[rng.integers(5)], rng.uniform(0.6, 1.5)
    picture = textured(rng, rgb(colours[0]) * 0.4, rgb(colours[0]) * 0.8, 6, 6)
    for _ in range(int(70 / scale)):
        x, y, angle = rng.random(), rng.random(), rng.uniform(0, 2 * np.pi)
        size = scale * rng.uniform(0.08, 0.2)
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
    across, along = rng.uniform(7, 18), rng.uniform(1.2, 4)
    furrows = noise(rng, across, along, octaves=5, ridged=True)
    grain = 0.75 * furrows + 0.25 * noise(rng, 3 * across, 5 * along, octaves=4)
    dark, light = pick(rng, ["#241a12", "#2f2a24", "#3a241a"]), pick(rng, ["#9a7a55", "#b5a48c", "#8a5f3f", "#d8d4cc"])
    picture = lit(mix(light, dark, smoothstep(0.5, 0.85, grain)), relief(-grain, strength=0.9), 0.55)
    moss = textured(rng, rgb("#3a4f1f"), pick(rng, ["#7f9a3a", "#9aae5a", "#8fa890"]), 40, 40)
    # Moss keeps to one side of the trunk and to the furrows, in grains and not in patches.
    growth = smoothstep(0.5, 0.75, 0.5 * noise(rng, 3, 2) + 0.35 * furrows + 0.3 * noise(rng, 45, octaves=2))
    return mix(picture, moss, growth * rng.uniform(0.0, 0.9))


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
    deep, pale = pick(rng, ["#1f5f8f", "#2a7a9a", "#3f6fae", "#2f4a5f"]), pick(rng, ["#bfe6f2", "#d8eef8", "#a8c8d0"])
    body = noise(rng, 3, 5)
    picture = lit(mix(deep, pale, body * 1.7 - 0.35), relief(body), 0.25)
    cracks = smoothstep(0.86, 0.97, noise(rng, 3, 3, octaves=4, ridged=True))
    picture = mix(picture, np.ones(3), cracks * 0.9)
    _, _, border = _cells(rng, int(rng.integers(4, 30)))
    picture = mix(picture, np.ones(3), np.exp(-border / rng.uniform(0.004, 0.012)) * 0.7)
    bubbles = int(rng.integers(0, 160))
    return scatter(rng, picture, bubbles, ["#ffffff", "#e8f8ff"], radius=(0.003, 0.012), grow=False)


SCENES = (pebbles, rocks, grass, leaves, bark, lava, ice)

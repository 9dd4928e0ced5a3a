"""What grows in a scene: scattered marks, blades, rows of trees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tools.catalogue.scenes.canvas import SIZE, Picture, X, Y, below, mix, noise, pick, rgb, smoothstep


def scatter(
    rng: np.random.Generator,
    picture: Picture,
    num: int,
    colours: Sequence[str],
    *,
    top: float = 0.0,
    radius: tuple[float, float] = (0.004, 0.012),
    grow: bool = True,
) -> Picture:
    """Round marks between ``top`` and the lower edge; with ``grow`` they are larger further down (nearer)."""
    picture = picture.copy()
    heights = np.sort(rng.uniform(top, 1.02, num))
    for height in heights:
        nearness = (height - top) / (1 - top + 1e-9) if grow else 1.0
        size = rng.uniform(*radius) * (0.35 + 0.65 * nearness)
        centre = rng.uniform(-0.02, 1.02)
        rows = slice(max(0, int((height - size) * SIZE)), max(0, int((height + size) * SIZE) + 2))
        columns = slice(max(0, int((centre - size) * SIZE)), max(0, int((centre + size) * SIZE) + 2))
        distance = np.hypot(X[rows, columns] - centre, Y[rows, columns] - height)
        colour = pick(rng, colours) * rng.uniform(0.8, 1.1)
        shade = smoothstep(size * 1.15, size * 0.7, distance) if distance.size else distance
        picture[rows, columns] = mix(picture[rows, columns], np.clip(colour, 0, 1), shade)
    return picture


def blades(
    rng: np.random.Generator, picture: Picture, num: int, colours: Sequence[str], *, top: float, length: float
) -> Picture:
    """Thin upright strokes (grass, reeds, stalks), longer further down."""
    picture = picture.copy()
    for height in np.sort(rng.uniform(top, 1.1, num)):
        size = length * (0.3 + 0.7 * (height - top) / (1.1 - top))
        lean, x = rng.normal(0, 0.35), rng.uniform(-0.05, 1.05)
        steps = max(2, int(size * SIZE))
        share = np.linspace(0, 1, steps)
        columns = ((x + lean * size * share**2) * SIZE).astype(int)
        rows = ((height - size * share) * SIZE).astype(int)
        kept = (columns >= 0) & (columns < SIZE) & (rows >= 0) & (rows < SIZE)
        picture[rows[kept], columns[kept]] = np.clip(pick(rng, colours) * rng.uniform(0.75, 1.15), 0, 1)
    return picture


def trees(
    rng: np.random.Generator, line: NDArray[np.float64], num: int, height: float, *, pointed: bool = True
) -> NDArray[np.float64]:
    """Mask of a row of trees standing on a line: spruces, or with ``pointed`` false round crowns."""
    mask = below(line)
    ragged = noise(rng, 40, octaves=2) - 0.5
    for _ in range(num):
        x, foot = _place(rng, line)
        tall = height * rng.uniform(0.6, 1.2)
        if pointed:
            half = 0.2 * tall * ((Y - foot + tall) / tall * (1 + 0.25 * np.sin(Y * SIZE * 0.9)) + 0.4 * ragged)
            tree = (np.abs(X - x) < half) & (foot > Y) & (foot - tall < Y)
        else:
            crown = np.hypot((X - x) / 0.55, (Y - foot + tall * 0.6) / 0.75) < tall * (0.5 + 0.4 * ragged)
            trunk = (np.abs(X - x) < 0.05 * tall) & (foot > Y) & (foot - tall * 0.6 < Y)
            tree = crown | trunk
        mask = np.maximum(mask, tree)
    return mask


def _place(rng: np.random.Generator, line: NDArray[np.float64]) -> tuple[float, float]:
    """Where on the line a tree stands: x, and y of its foot."""
    x = rng.uniform(-0.05, 1.05)
    return x, float(line[min(max(int(x * SIZE), 0), SIZE - 1)]) + 0.01


def broad_trees(
    rng: np.random.Generator,
    picture: Picture,
    line: NDArray[np.float64],
    num: int,
    height: float,
    colours: Sequence[str],
) -> Picture:
    """Single trees standing on a line, each with its own colour, ragged and lit from the upper left."""
    ragged, dapple = noise(rng, 26, octaves=3) - 0.5, noise(rng, 36, octaves=3) - 0.5
    for _ in range(num):
        x, foot = _place(rng, line)
        tall = height * rng.uniform(0.65, 1.15)
        crown_y, half = foot - 0.6 * tall, 0.42 * tall * rng.uniform(0.75, 1.2)
        across, down = (X - x) / half, (Y - crown_y) / (0.45 * tall)
        trunk = smoothstep(0.05 * tall, 0.03 * tall, np.abs(X - x)) * ((foot > Y) & (crown_y < Y))
        picture = mix(picture, rgb("#33271d"), trunk)
        light = 0.95 - 0.25 * (across + 1.3 * down) + 1.1 * dapple
        crown = np.clip(pick(rng, colours) * light[:, :, None], 0, 1)
        picture = mix(picture, crown, smoothstep(1.0, 0.85, np.hypot(across, down) + 0.9 * ragged))
    return picture

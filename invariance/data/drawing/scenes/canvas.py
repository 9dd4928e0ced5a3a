"""What scenes are painted with: noise, colours, skies, ridges and scattered marks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float64]
"""(SIZE, SIZE, 3) in [0, 1]; single-channel fields are (SIZE, SIZE)."""

SIZE = 192
"""Side in pixels at which scenes are painted; they are shipped smaller."""

Y, X = np.mgrid[0:SIZE, 0:SIZE] / SIZE
"""Coordinates in [0, 1); y grows downwards."""


def rgb(colour: str) -> NDArray[np.float64]:
    """``#rrggbb`` to (3,) in [0, 1]."""
    return np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])


def pick(rng: np.random.Generator, colours: Sequence[str]) -> NDArray[np.float64]:
    """One of the colours, shifted a little."""
    return np.clip(rgb(colours[rng.integers(len(colours))]) + rng.normal(0, 0.03, 3), 0, 1)


def mix(first: NDArray[np.float64], second: NDArray[np.float64], share: NDArray[np.float64] | float) -> Picture:
    """Linear mixture; a share (SIZE, SIZE) is applied to all channels."""
    weight = np.asarray(share)
    if weight.ndim == 2:
        weight = weight[:, :, None]
    return first + (second - first) * np.clip(weight, 0, 1)


def smoothstep(low: float, high: float, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 below ``low``, 1 above ``high``, smooth between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def noise(
    rng: np.random.Generator, cells_x: float, cells_y: float | None = None, *, octaves: int = 5, ridged: bool = False
) -> NDArray[np.float64]:
    """Fractal value noise, (SIZE, SIZE) with mean about 0.5, ``cells`` lattice cells across the picture."""
    cells_y = cells_x if cells_y is None else cells_y
    total, weight_sum = np.zeros((SIZE, SIZE)), 0.0
    for octave in range(octaves):
        layer = _value_noise(rng, X * cells_x * 2**octave, Y * cells_y * 2**octave)
        if ridged:
            layer = 1 - np.abs(2 * layer - 1)
        total += layer * 0.5**octave
        weight_sum += 0.5**octave
    return total / weight_sum


def _value_noise(rng: np.random.Generator, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    lattice = rng.random((int(y.max()) + 2, int(x.max()) + 2))
    column, row = x.astype(int), y.astype(int)
    share_x, share_y = x - column, y - row
    share_x, share_y = share_x**2 * (3 - 2 * share_x), share_y**2 * (3 - 2 * share_y)
    top = lattice[row, column] * (1 - share_x) + lattice[row, column + 1] * share_x
    bottom = lattice[row + 1, column] * (1 - share_x) + lattice[row + 1, column + 1] * share_x
    return top * (1 - share_y) + bottom * share_y


def sky(rng: np.random.Generator, top: str, bottom: str, *, horizon: float = 0.6, clouds: float = 0.5) -> Picture:
    """A gradient down to the horizon with drifting clouds; ``clouds`` in [0, 1] is how much they cover."""
    picture = mix(pick(rng, [top]), pick(rng, [bottom]), np.clip(Y / horizon, 0, 1) ** 0.8)
    if clouds > 0:
        cover = smoothstep(0.72 - 0.35 * clouds, 0.95 - 0.3 * clouds, noise(rng, 3, 7))
        light = mix(pick(rng, [bottom]) * 0.9, np.ones(3), noise(rng, 4, 6))
        picture = mix(picture, light, cover * 0.9)
    return picture


def ridge(
    rng: np.random.Generator, height: float, roughness: float, *, cells: float = 3, octaves: int = 5
) -> NDArray[np.float64]:
    """Where a hill line runs: (SIZE,) heights y, about ``height`` from the top, varying by ``roughness``."""
    return height - (noise(rng, cells, 1, octaves=octaves)[SIZE // 2] - 0.5) * 2 * roughness


def below(line: NDArray[np.float64], *, softness: float = 0.008) -> NDArray[np.float64]:
    """Mask (SIZE, SIZE) of what lies below a line of heights."""
    return smoothstep(-softness, softness, Y - line[None, :])


def textured(
    rng: np.random.Generator, dark: NDArray[np.float64], light: NDArray[np.float64], cells_x: float, cells_y: float
) -> Picture:
    """A mottled surface between two colours."""
    return mix(dark, light, (noise(rng, cells_x, cells_y) - 0.5) * 2.2 + 0.5)


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
    for _ in range(num):
        x = rng.uniform(-0.05, 1.05)
        foot = line[min(max(int(x * SIZE), 0), SIZE - 1)] + 0.01
        tall = height * rng.uniform(0.6, 1.2)
        if pointed:
            half = 0.2 * tall * (Y - foot + tall) / tall * (1 + 0.25 * np.sin(Y * SIZE * 0.9))
            tree = (np.abs(X - x) < half) & (foot > Y) & (foot - tall < Y)
        else:
            crown = np.hypot((X - x) / 0.55, (Y - foot + tall * 0.6) / 0.75) < tall * 0.5
            trunk = (np.abs(X - x) < 0.05 * tall) & (foot > Y) & (foot - tall * 0.6 < Y)
            tree = crown | trunk
        mask = np.maximum(mask, tree)
    return mask

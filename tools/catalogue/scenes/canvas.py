"""What scenes are painted with: noise, colours, light, skies and the lines of hills."""

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
    return np.clip(rgb(colours[int(rng.integers(len(colours)))]) + rng.normal(0, 0.03, 3), 0, 1)


def mix(first: NDArray[np.float64], second: NDArray[np.float64], share: NDArray[np.float64] | float) -> Picture:
    """Linear mixture; a share (SIZE, SIZE) is applied to all channels."""
    weight = np.asarray(share)
    if weight.ndim == 2:
        weight = weight[:, :, None]
    return first + (second - first) * np.clip(weight, 0, 1)


def smoothstep(low: float, high: float | NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.float64]:
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
        # Shifted lattices: aligned ones show as a grid, most of all where octaves meet at the same line.
        shift_x, shift_y = rng.random(2)
        layer = _value_noise(rng, X * cells_x * 2**octave + shift_x, Y * cells_y * 2**octave + shift_y)
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


def relief(field: NDArray[np.float64], *, strength: float = 1.0) -> NDArray[np.float64]:
    """Light from the upper left on a surface of the given heights: (SIZE, SIZE) in [0, 1], 0.5 where it is flat."""
    down, right = np.gradient(field)
    return 0.5 + 0.5 * np.tanh(10 * strength * (down + right))


def lit(picture: Picture, light: NDArray[np.float64], amount: float) -> Picture:
    """Brightened where ``light`` is above 0.5 and darkened where it is below, by at most the share ``amount``."""
    return np.clip(picture * (1 + amount * (2 * light - 1))[:, :, None], 0, 1)


DAYLIGHT = (
    ("#3f7fc4", "#cfe3ee"),
    ("#2f66ad", "#bcd4e6"),
    ("#5f9fd8", "#f2efe0"),
    ("#8793a3", "#d5d9dc"),
    ("#4f6fae", "#f3cfae"),
    ("#6a6fae", "#f2b8b0"),
    ("#55708c", "#c9cfd0"),
    ("#6f9fb8", "#f0e2b8"),
)
"""Top and bottom of the sky: noon, haze, overcast, morning, evening."""


def daylight(rng: np.random.Generator) -> tuple[str, str]:
    """Any of ``DAYLIGHT``."""
    return DAYLIGHT[rng.integers(len(DAYLIGHT))]


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

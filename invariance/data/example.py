"""One image at every magnitude of a few transformations: the example that the app begins with."""

from __future__ import annotations

from typing import Final

import numpy as np
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.magnitudes import sample_at
from invariance.data.sweeps import sweep

EXAMPLE_TRANSFORMS: Final = ("rotate", "hue", "blur")
EXAMPLE_POSITION: Final = 283
"""In the test split. Of the built-in pictures a tractor in a wood: seen well at any magnitude, and not an image that
shows more than others do. What moves the networks of the gallery is within 0.05 of the mean of 240 images."""
EXAMPLE_STEPS: Final = 37
"""Magnitudes of each transformation: every 10 degrees of an angle, and its neutral value among them."""


def example_values(transform: str) -> tuple[float, ...]:
    """The magnitudes, ascending over the whole range that a data set draws from."""
    asked = sweep(transform)
    return tuple(float(value) for value in np.linspace(asked.low, asked.high, EXAMPLE_STEPS))


def example_neutral(transform: str) -> int:
    """Which of the magnitudes leaves the image as it is."""
    values, neutral = np.array(example_values(transform)), sweep(transform).neutral
    return int(np.abs(values - neutral).argmin())


def example_frames(engine: Engine, transform: str) -> Tensor:
    """The image at each magnitude, (EXAMPLE_STEPS, 3, S, S) float in [0, 1].

    Args:
        engine: the data set; its own transformations are left out.
        transform: one of :data:`EXAMPLE_TRANSFORMS`.
    """
    name = sweep(transform).law.name
    settings = [{name: value} for value in example_values(transform)]
    return sample_at(engine, transform, settings, example_index(engine), 0)[1:]


def example_index(engine: Engine) -> Tensor:
    """Of the image in a data set, (1,) int64."""
    return engine.indices("test", 1) + EXAMPLE_POSITION

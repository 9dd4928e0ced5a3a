"""Samples as bytes: objects through a composition and on their backgrounds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from invariance.data.compiled.kernels.pasting import paste
from invariance.data.compiled.layer import Layer
from invariance.data.compiled.steps import steps_of
from invariance.data.drawn import Drawn
from invariance.data.foreground import Objects
from invariance.data.transforms import Transform
from invariance.spec import BEYOND_2D, DatasetSpec

_PIXELS_AT_A_TIME = 128 * 32**2
"""Few enough for the cache, and so many that threads seldom wait for each other between two kernels."""


def render(
    spec: DatasetSpec,
    transforms: Sequence[Transform],
    objects: Objects,
    drawn: Drawn,
    prototypes: Tensor,
    levels: Tensor,
    images: Tensor,
) -> None:
    """Fills images, all on the CPU.

    Args:
        spec: the data set, without stickers and occluders.
        transforms: its composition.
        objects: from which the samples' are taken.
        drawn: everything that was drawn for B samples.
        prototypes: (B,) which pictures their objects show.
        levels: (N, 3, S, S) uint8 backgrounds.
        images: (B, 3, S, S) uint8, contiguous.
    """
    size, frame, sample = spec.image_size, objects.frame, 3 * spec.image_size**2
    num = max(1, _PIXELS_AT_A_TIME // size**2)
    flat = [step for step in zip(transforms, drawn.params, strict=True) if step[0].name not in BEYOND_2D]
    steps = steps_of(*zip(*flat, strict=True), num=len(images), size=size, mode=spec.resampling) if flat else []
    canvases = np.empty((2, num * size * size * 4), np.float32)
    numbers, behind, seen = drawn.numbers.numpy(), levels.numpy().reshape(-1), images.numpy().reshape(-1)
    for start in range(0, len(images), num):
        stop = min(start + num, len(images))
        some = slice(start, stop)
        pictures, rows = objects.interleaved(drawn.labels[some], prototypes[some])
        there = None if drawn.there is None else drawn.there[some].numpy()
        layer = Layer.of_pictures(pictures.numpy(), rows.numpy(), frame, there)
        for position, step in enumerate(steps):
            layer = step(layer, some, canvases[position % 2], size)
        into = seen[sample * start : sample * stop]
        paste(layer.source, layer.starts, layer.side, layer.windows, behind, numbers[some], into, size)

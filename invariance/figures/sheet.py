"""Many samples on one picture."""

from __future__ import annotations

import math
from typing import BinaryIO, Final

import numpy as np

from invariance.data.engine import Engine
from invariance.data.export import Report
from invariance.data.preview import samples
from invariance.figures.pictures import image_grid, png_bytes

MAX_SHEET_IMAGES: Final = 1_024
MIN_TILE_PX: Final = 64
"""Smaller images are enlarged by a whole factor, so that a sheet can be looked at as it is."""

_CHUNK = 128


def write_sheet(
    engine: Engine, file: BinaryIO, *, num: int, split: str = "train", on_progress: Report | None = None
) -> None:
    """Writes samples as one PNG, in rows about as many as columns, on a transparent ground.

    Args:
        engine: the data set.
        file: an open binary stream.
        num: number of samples, the first ones of the split, at most ``MAX_SHEET_IMAGES``.
        split: ``train``, ``validation`` or ``test``.
        on_progress: told (images made, images in all) now and then.
    """
    assert num <= MAX_SHEET_IMAGES, num
    parts = []
    for start in range(0, num, _CHUNK):
        count = min(_CHUNK, num - start)
        parts.append(samples(engine, num=count, start=start, split=split).images)
        if on_progress is not None:
            on_progress(start + count, num)
    factor = max(1, math.ceil(MIN_TILE_PX / engine.spec.image_size))
    file.write(png_bytes(image_grid(np.concatenate(parts), columns=math.ceil(math.sqrt(num)), factor=factor)))

"""Samples on their way from an object to an image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from invariance.data.transforms.frame import Frame

Floats = NDArray[np.float32]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Layer:
    """What a kernel reads: see :mod:`invariance.data.compiled.kernels`.

    Attributes:
        source: (N * side * side * 4,) float32.
        starts: (B,) int64.
        side: pixels in a row of the source.
        windows: (B, 4) int64.
    """

    source: Floats
    starts: Places
    side: int
    windows: Places

    @classmethod
    def of_canvases(cls, source: Floats, size: int, windows: Places) -> Layer:
        """One canvas of S x S pixels after the other."""
        return cls(source, np.arange(len(windows)) * (4 * size * size), size, windows)

    @classmethod
    def of_pictures(cls, pictures: Floats, rows: Places, frame: Frame, windows: Places) -> Layer:
        """Rows (B,) of pictures (N, W, W, 4) that fill a frame."""
        width = frame.width
        first = 4 * (frame.start * width + frame.start)
        return cls(pictures.reshape(-1), rows * (4 * width * width) - first, width, windows)

    def part(self, some: slice) -> Layer:
        """Some of the samples."""
        return Layer(self.source, self.starts[some], self.side, self.windows[some])


def windows_of(frame: Frame, num: int, present: NDArray[np.bool_] | None = None) -> Places:
    """The windows (num, 4) of objects that fill a frame; empty where none is present (num,)."""
    windows = np.tile(np.array([frame.start, frame.stop, frame.start, frame.stop]), (num, 1))
    if present is not None:
        windows[~present, 1] = frame.start
    return windows

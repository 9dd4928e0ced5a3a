"""Samples as bytes: objects through a composition and on their backgrounds, on the threads that make samples."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from functools import cache
from threading import local

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.compiled.kernels.compiling import num_loaded
from invariance.data.compiled.kernels.pasting import paste, unpack
from invariance.data.compiled.layer import Floats, Layer, Places, windows_of
from invariance.data.compiled.memory import give_back_compiler
from invariance.data.compiled.steps import steps_of
from invariance.data.drawn import Drawn
from invariance.data.foreground import Cutouts, Objects
from invariance.data.threads import begin
from invariance.data.transforms import Transform, flat_steps
from invariance.spec import DatasetSpec

_PIXELS_AT_A_TIME = 64 * 32**2
"""Few, for the cache and for memory, and so many that threads seldom wait for each other between two kernels."""
_OWN = local()


class Rendering:
    """Samples of which everything has been drawn, and whose pixels are still to be made.

    No thread needs torch for that, nor Python's lock for long.

    Args:
        spec: the data set, without stickers and occluders.
        transforms: its composition.
        objects: from which the samples' are taken; whole pictures of the size at which they are shown.
        drawn: everything that was drawn for B samples.
        prototypes: (B,) which pictures their objects show.
        levels: (N, 3, S, S) uint8 backgrounds.
        images: (B, 3, S, S) uint8, contiguous, to be filled.
    """

    def __init__(
        self,
        spec: DatasetSpec,
        transforms: Sequence[Transform],
        objects: Objects,
        drawn: Drawn,
        prototypes: Tensor,
        levels: Tensor,
        images: Tensor,
    ) -> None:
        self._size, self._num = spec.image_size, len(images)
        steps = flat_steps(transforms, drawn.params)
        self._steps = steps_of(*steps, num=len(images), size=self._size, mode=spec.resampling)
        self._numbers: Places = drawn.numbers.numpy()
        self._levels: NDArray[np.uint8] = levels.numpy().reshape(-1)
        self._images: NDArray[np.uint8] = images.numpy().reshape(-1)
        self._prototypes: Places = prototypes.numpy()
        present = None if drawn.present is None else drawn.present.numpy()
        self._windows = windows_of(objects.frame, self._num, present)
        self._pictures: NDArray[np.uint8] | None = None
        if isinstance(objects, Cutouts):
            pictures, rows = objects.interleaved(drawn.labels, prototypes)
            self._objects = Layer.of_pictures(pictures.numpy(), rows.numpy(), objects.frame, self._windows)
        else:
            self._pictures = objects.picture_set.pictures.numpy().reshape(-1)

    def start(self) -> list[Future[None]]:
        """Has the samples made by other threads, a part by each in turn; with a single one, makes them at once."""
        _give_back_compiler_after_loading(num_loaded())
        num = max(1, _PIXELS_AT_A_TIME // self._size**2)
        return [begin(self.make, start, min(start + num, self._num)) for start in range(0, self._num, num)]

    def make(self, start: int, stop: int) -> None:
        """Samples from ``start`` to ``stop``."""
        some, size = slice(start, stop), self._size
        one, other = _canvases(4 * size * size * (stop - start))
        layer = self._untransformed(some, other)
        for step in self._steps:
            layer = step(layer, some, one, size)
            one, other = other, one
        into = self._images[3 * size * size * start : 3 * size * size * stop]
        paste(layer.source, layer.starts, layer.side, layer.windows, self._levels, self._numbers[some], into, size)

    def _untransformed(self, some: slice, canvases: Floats) -> Layer:
        if self._pictures is None:
            return self._objects.part(some)
        unpack(self._pictures, self._prototypes[some], canvases, self._size)
        return Layer.of_canvases(canvases, self._size, self._windows[some])


@cache
def _give_back_compiler_after_loading(num_kernels: int) -> None:
    """Once for each number of kernels that earlier samples have had loaded."""
    if num_kernels:
        give_back_compiler()


def _canvases(length: int) -> tuple[Floats, Floats]:
    """Two arrays of at least that length, this thread's own, kept so that their memory is not cleared each time."""
    if getattr(_OWN, "length", -1) < length:
        _OWN.length, _OWN.pair = length, tuple(np.empty(length, np.float32) for _ in range(2))
    pair: tuple[Floats, Floats] = _OWN.pair
    return pair

"""Products of float32, exact where pixels are made, whatever a process allows elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final, Literal

import torch
from torch import Tensor


class _Products:
    """What a process multiplies float32 in, which threads of it ask for together: in full while one of them wants it.

    Attributes:
        lock: held while the settings are changed, and while what must not be rounded is handed to the GPU.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self._wanted: Counter[str] = Counter()
        self._before: list[str] = []

    def add(self, kind: str, number: int) -> None:
        """Somebody more, or fewer, wants a kind; with the last one the settings are what they were before the first."""
        cudnn: Any = torch.backends.cudnn
        backends = (torch.backends.cuda.matmul, cudnn.conv)
        with self.lock:
            if not self._wanted.total():
                self._before = [backend.fp32_precision for backend in backends]
            self._wanted[kind] += number
            wanted = next((one for one in ("ieee", "tf32") if self._wanted[one]), None)
            for backend, before in zip(backends, self._before, strict=True):
                backend.fp32_precision = wanted or before


_PRODUCTS: Final = _Products()


@contextmanager
def float32_products(kind: Literal["ieee", "tf32"]) -> Iterator[None]:
    """In which numbers a GPU multiplies and convolves float32; the settings of the process are put back afterwards.

    Args:
        kind: ``ieee`` for float32 in full, ``tf32`` for 10 of the 23 bits of the mantissa, where no other thread wants
            more.
    """
    _PRODUCTS.add(kind, 1)
    try:
        yield
    finally:
        _PRODUCTS.add(kind, -1)


def small_product(left: Tensor, right: Tensor) -> Tensor:
    """``left @ right`` of small matrices (B, I, K) and (B, K, J), number by number and every sum from the first K on.

    A library of linear algebra chooses the order of a sum, and what is rounded in between, by batch, threads and
    device. A last bit of a matrix decides in which pixel a position falls, and by how many pixels a box is moved.
    """
    total = left[:, :, :1] * right[:, :1]
    for k in range(1, right.shape[1]):
        total = total + left[:, :, k, None] * right[:, k, None]
    return total


def product(left: Tensor, right: Tensor) -> Tensor:
    """``left @ right`` of float32 in full, for positions and weights of pixels.

    A training lets its GPU round factors to TF32, and autocast of a caller rounds them to 8 bits. Rounded, a position
    passes the edge of a pixel, and an object is somewhere else than on a CPU or outside the training.
    """
    with torch.autocast(left.device.type, enabled=False):
        if left.device.type != "cuda":
            return left @ right
        with _PRODUCTS.lock, float32_products("ieee"):
            return left @ right

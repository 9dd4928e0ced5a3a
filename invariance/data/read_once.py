"""Pictures that are read from their files once, since the runs of a study ask for the same ones again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Final

from torch import Tensor

NUM_KEPT: Final = 4096
LARGEST_KEPT: Final = 64
"""Side in pixels: photographs take a fifth of a second each to decode, and so small as this 64 kB to keep."""

Read = Callable[[Path, int], Tensor]
"""The picture of a file at a size."""


def read_once(read: Read) -> Read:
    """Keeps what a reader made of each file, until the file changes. Nobody may change the tensors that it returns.

    Args:
        read: makes a tensor of a file, from its content and the size alone.
    """

    @lru_cache(maxsize=NUM_KEPT)
    def kept(path: Path, image_size: int, stamp: tuple[int, ...]) -> Tensor:
        return read(path, image_size)

    @wraps(read)
    def reader(path: Path, image_size: int) -> Tensor:
        try:
            about = path.stat()
        except OSError:
            return read(path, image_size)  # which says what is wrong
        if image_size > LARGEST_KEPT:
            return read(path, image_size)
        return kept(path, image_size, (about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns))

    return reader

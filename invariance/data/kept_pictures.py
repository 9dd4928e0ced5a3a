"""Pictures that were read last, at the size at which they are used, as bytes.

A photograph takes a tenth of a second to decode, and every run of a study reads all of them again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from invariance.data.picture_contents import file_stamp

KEPT_BYTES: Final = 2**28

Bytes = NDArray[np.uint8]


class _Shelf:
    """The pictures, those that were asked for last at the end."""

    def __init__(self) -> None:
        self._pictures: OrderedDict[tuple[object, ...], Bytes] = OrderedDict()
        self._num_bytes = 0
        self._lock = threading.Lock()

    def find(self, key: tuple[object, ...]) -> Bytes | None:
        with self._lock:
            if key in self._pictures:
                self._pictures.move_to_end(key)
            return self._pictures.get(key)

    def put(self, key: tuple[object, ...], picture: Bytes) -> None:
        with self._lock:
            if key not in self._pictures:
                self._pictures[key] = picture
                self._num_bytes += picture.nbytes
            while self._num_bytes > KEPT_BYTES:
                self._num_bytes -= self._pictures.popitem(last=False)[1].nbytes


_shelf = _Shelf()


def kept(read: Callable[[Path, int], Bytes]) -> Callable[[Path, int], Bytes]:
    """A reader of a file at a size that reads it again only when it has changed, or others have taken its room.

    Args:
        read: from a file and the side of an image in pixels to bytes, which nobody changes.
    """

    @wraps(read)
    def look_up(path: Path, image_size: int) -> Bytes:
        key = (read, path, file_stamp(path), image_size)
        if (found := _shelf.find(key)) is None:
            found = read(path, image_size)
            _shelf.put(key, found)
        return found

    return look_up

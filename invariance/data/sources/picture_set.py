"""What every source of whole pictures gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import Tensor

from invariance.spec import SpecError

MAX_BYTES: Final = 4 * 2**30


@dataclass(frozen=True)
class PictureSet:
    """Whole pictures with classes, split so that no picture is in two splits.

    Attributes:
        class_names: K names in label order.
        pictures: (M, 3, S, S) uint8, RGB.
        labels: (M,) int64, position in ``class_names``.
        splits: ``train``, ``validation`` and ``test`` to (n,) int64 positions into ``pictures``, ascending; disjoint,
            none empty.
        file_names: M names without folders; none where the pictures come from no files of their own.
    """

    class_names: tuple[str, ...]
    pictures: Tensor
    labels: Tensor
    splits: dict[str, Tensor]
    file_names: tuple[str, ...] = ()


def check_memory(source: str, num: int, image_size: int) -> None:
    """Raises SpecError when ``num`` pictures of this size would not fit: all of them are kept in memory as bytes."""
    needed = num * 3 * image_size**2
    if needed > MAX_BYTES:
        largest = int((MAX_BYTES / (3 * num)) ** 0.5)
        raise SpecError(
            f"image_size = {image_size}: {num} pictures of {source} would take {needed / 2**30:.1f} GiB of memory; "
            f"at most {MAX_BYTES >> 30} GiB are used, so choose {largest} pixels or fewer"
        )

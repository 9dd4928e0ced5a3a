"""Whole pictures with classes: CIFAR-10, CIFAR-100, or a folder of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import Tensor

from invariance.spec import SpecError

CIFAR_SOURCES: Final = ("cifar10", "cifar100")
FOLDER_PREFIX: Final = "images:"


@dataclass(frozen=True)
class PictureSet:
    """Whole pictures with classes, split so that no picture is in two splits.

    Attributes:
        class_names: K names in label order.
        pictures: (M, 3, S, S) uint8, RGB.
        labels: (M,) int64, position in ``class_names``.
        splits: ``train``, ``validation`` and ``test`` to (n,) int64 positions into ``pictures``; disjoint, none empty.
    """

    class_names: tuple[str, ...]
    pictures: Tensor
    labels: Tensor
    splits: dict[str, Tensor]


def load_pictures(source: str, *, image_size: int) -> PictureSet:
    """Reads all pictures of a source.

    Args:
        source: ``cifar10``, ``cifar100``, or ``images:<folder>``.
        image_size: side of the pictures in pixels.

    Raises:
        SpecError: the source is unknown, is not on this machine yet, or holds a picture that cannot be read.
    """
    raise SpecError(f"pictures = {source!r} at {image_size} px: this source cannot be read yet")


def picture_class_names(source: str) -> tuple[str, ...]:
    """Names of the classes in label order, without decoding a picture.

    Args:
        source: ``cifar10``, ``cifar100``, or ``images:<folder>``.

    Raises:
        SpecError: as :func:`load_pictures`.
    """
    raise SpecError(f"pictures = {source!r}: this source cannot be read yet")

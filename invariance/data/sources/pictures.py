"""Whole pictures with classes: CIFAR-10, CIFAR-100, or a folder of images."""

from __future__ import annotations

from pathlib import Path

from invariance.data.picture_folders import folder_of
from invariance.data.sources.cifar import cifar_class_names, load_cifar
from invariance.data.sources.image_folder import image_folder_class_names, load_image_folder
from invariance.data.sources.layout import Layout, layout_of
from invariance.data.sources.picture_set import PictureSet
from invariance.spec import SpecError
from invariance.spec.sources import CIFAR_SOURCES, FOLDER_PREFIX, place_of

__all__ = ["CIFAR_SOURCES", "FOLDER_PREFIX", "PictureSet", "load_pictures", "picture_class_names", "picture_layout"]


def load_pictures(source: str, *, image_size: int) -> PictureSet:
    """Reads all pictures of a source. Never downloads: that takes :func:`invariance.data.sources.download.download`.

    Args:
        source: ``cifar10``, ``cifar100``, or ``images:<folder>``.
        image_size: side of the pictures in pixels.

    Raises:
        SpecError: the source is unknown, is not on this machine yet, holds a picture that cannot be read, or would not
            fit into memory.
    """
    if source in CIFAR_SOURCES:
        return load_cifar(source, image_size=image_size)
    return load_image_folder(place_of(source), _folder_of(source), image_size=image_size)


def picture_class_names(source: str) -> tuple[str, ...]:
    """Names of the classes in label order, without decoding a picture.

    Args:
        source: ``cifar10``, ``cifar100``, or ``images:<folder>``.

    Raises:
        SpecError: the source is unknown, or is not on this machine yet.
    """
    if source in CIFAR_SOURCES:
        return cifar_class_names(source)
    return image_folder_class_names(place_of(source), _folder_of(source))


def picture_layout(source: str) -> Layout:
    """The classes and splits of ``images:<folder>``, and what is left out of it; errors as above."""
    return layout_of(place_of(source), _folder_of(source))


def _folder_of(source: str) -> Path:
    if not source.startswith(FOLDER_PREFIX) or not place_of(source).removeprefix(FOLDER_PREFIX):
        raise SpecError(f"pictures = {source!r}: expected {', '.join(CIFAR_SOURCES)} or {FOLDER_PREFIX}<folder>")
    return folder_of(source.removeprefix(FOLDER_PREFIX))

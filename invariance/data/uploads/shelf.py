"""The pictures that somebody is gathering, before they are stored: what the page of uploads works on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, zip_longest
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from invariance.data.uploads.collection import MAX_PICTURES, Collection, group_classes, save_collection
from invariance.data.uploads.masking import DEFAULT_TOLERANCE, PLAIN_SHARE, CutOut, cut_out
from invariance.data.uploads.names import class_name_of, display_title
from invariance.data.uploads.reading import UploadedPicture, read_upload
from invariance.spec import SpecError

_WHOLE: Final = 0.98


class ShelfFull(SpecError):
    """There is no room for another picture."""


class ObjectPicture:
    """An uploaded object, its class and its mask.

    Args:
        uploaded: the picture.
        class_name: as guessed from where the picture came from; None for its title.

    Attributes:
        uploaded: the picture.
        class_name: as somebody wrote it, safe or not.
        tolerance: of the mask, see :func:`cut_out`.
        holes: of the mask, see :func:`cut_out`.
        cutout: the object under that mask.
    """

    def __init__(self, uploaded: UploadedPicture, class_name: str | None = None) -> None:
        self.uploaded = uploaded
        self.class_name = class_name_of(uploaded.title) if class_name is None else class_name
        self.tolerance = DEFAULT_TOLERANCE
        self.holes = False
        self.cutout: CutOut = cut_out(uploaded.picture)

    def adjust(self, tolerance: float, holes: bool) -> None:
        """Makes the mask again if it is to be another."""
        if (tolerance, holes) != (self.tolerance, self.holes):
            self.cutout = cut_out(self.uploaded.picture, tolerance=tolerance, holes=holes)
            self.tolerance, self.holes = tolerance, holes

    @property
    def is_empty(self) -> bool:
        """Whether the mask leaves nothing."""
        return int(np.asarray(self.cutout.picture.getchannel("A")).max()) < 128

    @property
    def warning(self) -> str:
        """What is doubtful about the mask, one or two sentences, or nothing."""
        if self.is_empty:
            way = "lower the tolerance, or bring another picture" if self.tolerance > 1 else "bring another picture"
            return f"Nothing is left: {way}. This one is not used."
        if self.cutout.plainness < PLAIN_SHARE:
            return (
                f"The background is not plain: only {self.cutout.plainness:.0%} of the border has its colour. "
                "Raise the tolerance, or bring a cut-out."
            )
        if self.cutout.masked and self.cutout.coverage > _WHOLE:
            return "Nothing was cut away: raise the tolerance."
        return ""


@dataclass
class Shelf:
    """Objects and backgrounds by the digest of their files, in the order of their arrival."""

    objects: dict[str, ObjectPicture] = field(default_factory=dict)
    backgrounds: dict[str, UploadedPicture] = field(default_factory=dict)

    def add_object(self, data: bytes, name: str) -> bool:
        """Reads a file and cuts its object out; one that is here already is left as it is.

        Args:
            data: the whole file.
            name: as the browser gave it, with its folders where a whole folder was given.

        Returns:
            Whether it is new here.

        Raises:
            SpecError: the file cannot be used.
            ShelfFull: there is no room for it.
        """
        digest = self._admit(data, name)
        if digest in self.objects:
            return False
        self.objects[digest] = ObjectPicture(read_upload(data, name), class_name_of(name))
        return True

    def add_background(self, data: bytes, name: str) -> bool:
        """Reads a file; what is transparent becomes white. Arguments, result and errors as for an object."""
        digest = self._admit(data, name)
        if digest in self.backgrounds:
            return False
        read = read_upload(data, name)
        self.backgrounds[digest] = UploadedPicture(_on_white(read.picture), read.title, read.notes)
        return True

    def remove(self, digest: str) -> None:
        """Takes a picture away, object or background."""
        self.objects.pop(digest, None)
        self.backgrounds.pop(digest, None)

    @property
    def usable(self) -> list[ObjectPicture]:
        """The objects of which something is left."""
        return [item for item in self.objects.values() if not item.is_empty]

    def classes(self) -> dict[str, int]:
        """Number of usable pictures of each class, by the name that its folder will have, sorted.

        Raises:
            SpecError: a class name has no usable character.
        """
        return {name: len(pictures) for name, pictures in group_classes(self._cutouts()).items()}

    def selection(self, num: int) -> list[Image.Image]:
        """Up to ``num`` cut-outs for a preview: one of each class, then a second of each, and so on."""
        rounds = zip_longest(*group_classes(self._cutouts()).values())
        found: Iterator[Image.Image] = (picture for picture in chain.from_iterable(rounds) if picture is not None)
        return [picture for picture, _ in zip(found, range(num), strict=False)]

    def fingerprint(self) -> str:
        """Changes when anything changes that a data set of these pictures would show."""
        objects = [
            (digest, item.class_name, item.tolerance, item.holes, item.is_empty)
            for digest, item in self.objects.items()
        ]
        return hashlib.sha256(repr((objects, list(self.backgrounds))).encode()).hexdigest()

    def save(self, root: Path) -> Collection:
        """Stores the usable pictures, see :func:`save_collection`.

        Raises:
            SpecError: they are no data set, or cannot be stored.
        """
        return save_collection(root, self._cutouts(), [item.picture for item in self.backgrounds.values()])

    def _cutouts(self) -> list[tuple[str, Image.Image]]:
        return [(item.class_name, item.cutout.picture) for item in self.usable]

    def _admit(self, data: bytes, name: str) -> str:
        digest = hashlib.sha256(data).hexdigest()[:16]
        held = len(self.objects) + len(self.backgrounds)
        if held >= MAX_PICTURES and digest not in self.objects and digest not in self.backgrounds:
            raise ShelfFull(
                f"{display_title(name)}: {held} pictures are here; at most {MAX_PICTURES} are kept, remove some"
            )
        return digest


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")

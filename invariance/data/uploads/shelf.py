"""The pictures that somebody is gathering, before they are stored: what the page of uploads works on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Final

from PIL import Image

from invariance.data.uploads.collection import (
    MAX_COLLECTION_BYTES,
    MAX_PICTURES,
    Collection,
    group_classes,
    save_collection,
)
from invariance.data.uploads.masking import DEFAULT_TOLERANCE, PLAIN_SHARE, CutOut, cut_out, is_empty
from invariance.data.uploads.names import class_name_of, display_title
from invariance.data.uploads.packed import Packed
from invariance.data.uploads.reading import UploadedPicture, read_upload
from invariance.spec import SpecError

_WHOLE: Final = 0.98


class ShelfFull(SpecError):
    """There is no room for another picture.

    Args:
        title: of the picture.
        reason: why, and what to do.
    """

    def __init__(self, title: str, reason: str) -> None:
        super().__init__(f"{title}: {reason}")
        self.reason = reason


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
        return self.cutout.is_empty

    @property
    def is_transparent(self) -> bool:
        """Whether nothing of the file itself is visible, so that no tolerance can help."""
        return self.is_empty and (picture := self.uploaded.picture).mode == "RGBA" and is_empty(picture)

    @property
    def num_bytes(self) -> int:
        """Of memory."""
        return len(self.uploaded.packed.png) + len(self.cutout.packed.png)

    @property
    def warning(self) -> str:
        """What is doubtful about the mask, one or two sentences, or nothing."""
        if self.is_transparent:
            return "Nothing of it is visible: it is transparent everywhere, or nearly. This one is not used."
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
    """Objects and backgrounds by the digest of their files, in the order of their arrival.

    Attributes:
        objects: by digest.
        backgrounds: by digest.
        most_bytes: asked before each new picture: the memory that all of them may take.
    """

    objects: dict[str, ObjectPicture] = field(default_factory=dict)
    backgrounds: dict[str, UploadedPicture] = field(default_factory=dict)
    most_bytes: Callable[[], int] = lambda: MAX_COLLECTION_BYTES

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
        digest = digest_of(data)
        if digest in self.objects:
            return False
        self._require_room(display_title(name))  # before its file is read
        return self.add(digest, ObjectPicture(read_upload(data, name), class_name_of(name)))

    def add(self, digest: str, item: ObjectPicture) -> bool:
        """Takes an object whose file was read; whether it is new here.

        Raises:
            ShelfFull: there is no room for it.
        """
        if digest in self.objects:
            return False
        self._require_room(item.uploaded.title, item.num_bytes)
        self.objects[digest] = item
        return True

    def add_background(self, data: bytes, name: str) -> bool:
        """Reads a file; what is transparent becomes white. Arguments, result and errors as for an object."""
        digest = digest_of(data)
        if digest in self.backgrounds:
            return False
        self._require_room(display_title(name))
        read = read_upload(data, name)
        flat = UploadedPicture(Packed.of(_on_white(read.picture)), read.title, read.notes)
        self._require_room(flat.title, len(flat.packed.png))
        self.backgrounds[digest] = flat
        return True

    def remove(self, digest: str) -> None:
        """Takes a picture away, object or background."""
        self.objects.pop(digest, None)
        self.backgrounds.pop(digest, None)

    def clear(self) -> None:
        """Takes all pictures away."""
        self.objects.clear()
        self.backgrounds.clear()

    @property
    def num_bytes(self) -> int:
        """Memory of all pictures."""
        grounds = sum(len(item.packed.png) for item in [*self.backgrounds.values()])
        return grounds + sum(item.num_bytes for item in [*self.objects.values()])

    @property
    def usable(self) -> list[ObjectPicture]:
        """The objects of which something is left."""
        return [item for item in self.objects.values() if not item.is_empty]

    def classes(self) -> dict[str, int]:
        """Number of usable pictures of each class, by the name that its folder will have, sorted.

        Raises:
            SpecError: a class name has no usable character.
        """
        named = [(item.class_name, item) for item in self.usable]
        return {name: len(items) for name, items in group_classes(named).items()}

    def selection(self, num: int) -> list[Image.Image]:
        """Up to ``num`` cut-outs for a preview: one of each class, then a second of each, and so on."""
        rounds = zip_longest(*group_classes([(item.class_name, item) for item in self.usable]).values())
        found = (item for item in chain.from_iterable(rounds) if item is not None)
        return [item.cutout.picture for item in islice(found, num)]

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
        cutouts = ((item.class_name, item.cutout.picture) for item in self.usable)
        return save_collection(root, cutouts, (item.picture for item in self.backgrounds.values()))

    def _require_room(self, title: str, num_bytes: int = 0) -> None:
        num, held, most = len(self.objects) + len(self.backgrounds), self.num_bytes, self.most_bytes()
        if num >= MAX_PICTURES:
            raise ShelfFull(title, f"{num} pictures are here; at most {MAX_PICTURES} are kept together, remove some")
        if held + num_bytes > most:
            reason = f"the pictures here take {held / 1e6:.0f} MB of memory, of {most / 1e6:.0f}; remove some"
            raise ShelfFull(title, reason)


def digest_of(data: bytes) -> str:
    """What a file is known by here, whatever its name."""
    return hashlib.sha256(data).hexdigest()[:16]


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(ground, picture).convert("RGB")

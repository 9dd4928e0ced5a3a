"""A set of uploaded pictures as folders that a data set can name.

    <root>/<hash>/foregrounds/<class>/000.png
    <root>/<hash>/backgrounds/000.png

The folder is named by what is in it, so the same pictures asked for twice are stored once, and a run that names the
folder always finds the pictures that it was trained on. It appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from filelock import FileLock
from PIL import Image

from invariance.data.uploads.names import safe_class_name
from invariance.data.uploads.packed import Packed
from invariance.spec import SpecError

STORED_PX: Final = 512
"""Side of stored pictures: the largest that a data set may ask for."""
MAX_PICTURES: Final = 600
"""Of one visitor's, who may bring photographs of a few hundred objects and places."""
MAX_COLLECTION_BYTES: Final = 300 * 2**20
QUOTA_BYTES: Final = 2 * 2**30
"""Of all collections of a server together."""

OWNERS: Final = "owners"
"""Beside the pictures of a collection: an empty file for each owner, whose time says when it was last used."""
_MARGIN: Final = 0.03
_TEMPORARY: Final = ".part-"
T = TypeVar("T")


@dataclass(frozen=True)
class Collection:
    """Stored pictures.

    Attributes:
        objects: a folder for ``DatasetSpec.objects``.
        backgrounds: a folder for ``DatasetSpec.backgrounds``, or ``builtin`` where none were given.
        counts: number of pictures of each class, sorted by name.
    """

    objects: str
    backgrounds: str
    counts: dict[str, int]


def save_collection(
    root: Path, cutouts: Iterable[tuple[str, Image.Image]], backgrounds: Iterable[Image.Image]
) -> Collection:
    """Stores pictures under ``root``, or finds them there.

    Args:
        root: folder of all collections; made if absent.
        cutouts: class name and ``RGBA`` picture with straight alpha; names that differ in case alone are one class.
        backgrounds: pictures without transparency; may be empty. Of both, one at a time is in memory unpacked.

    Raises:
        SpecError: fewer than 2 classes, an unusable name, an empty mask, too many pictures or bytes, or no room.
    """
    objects = group_classes([(name, Packed.of(square_cutout(picture))) for name, picture in cutouts])
    if len(objects) < 2:
        only = f"only 1 class ({next(iter(objects))})" if objects else "no object"
        raise SpecError(f"pictures: {only}; at least 2 classes are needed to learn, add another or rename some")
    grounds = [Packed.of(square_background(picture)) for picture in backgrounds]
    if (num := sum(map(len, objects.values())) + len(grounds)) > MAX_PICTURES:
        raise SpecError(f"pictures: {num}; at most {MAX_PICTURES} are stored together, remove some")
    folder = root.absolute() / _content_hash(objects, grounds)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".lock"):
            if not folder.is_dir():
                _write_whole(folder, objects, grounds)
    except OSError as error:
        raise SpecError(f"pictures: cannot be stored in {root} ({error}); free some space or choose another") from error
    counts = {name: len(pictures) for name, pictures in objects.items()}
    return Collection(str(folder / "foregrounds"), str(folder / "backgrounds") if grounds else "builtin", counts)


def claim_collection(folder: Path, owner: str) -> None:
    """Notes that somebody uses a collection, now; the folder that holds ``foregrounds``."""
    try:
        (folder / OWNERS).mkdir(exist_ok=True)
        (folder / OWNERS / owner).touch()
    except OSError as error:
        raise SpecError(f"pictures: cannot be noted as yours ({error}); free some space, then try again") from error


def collections_of(root: Path, owners: Sequence[str]) -> list[Path]:
    """The collections under ``root`` that one of these owners uses, the one that was used last first."""
    found: dict[Path, float] = {}
    for owner in owners:
        for claim in root.glob(f"*/{OWNERS}/{owner}"):
            with suppress(OSError):
                found[claim.parents[1]] = claim.stat().st_mtime
    return sorted(found, key=lambda folder: -found[folder])


def expire_collections(root: Path, before: float) -> int:
    """Removes the collections that somebody stored through a page and nobody has used since; returns how many.

    Args:
        root: folder of all collections.
        before: unix seconds.
    """
    gone = 0
    for owners in root.glob(f"*/{OWNERS}"):
        with FileLock(root / ".lock"):
            for claim in owners.iterdir():
                if claim.stat().st_mtime < before:
                    claim.unlink()
            if not any(owners.iterdir()):
                shutil.rmtree(owners.parent, ignore_errors=True)
                gone += 1
    return gone


def group_classes(named: Sequence[tuple[str, T]]) -> dict[str, list[T]]:
    """Pictures, or what stands for them, by safe class name, sorted.

    Where names differ in case alone, the first spelling is kept: a file system may not tell ``Mug`` from ``mug``.

    Raises:
        SpecError: a name has no usable character.
    """
    spelling: dict[str, str] = {}
    classes: dict[str, list[T]] = {}
    for text, picture in named:
        name = safe_class_name(text)
        classes.setdefault(spelling.setdefault(name.casefold(), name), []).append(picture)
    return dict(sorted(classes.items()))


def square_cutout(picture: Image.Image) -> Image.Image:
    """An object cut to the box of its alpha, with a small margin, in the middle of a clear square.

    A data set stretches an object's picture to its square canvas, as published: without the padding a tall vase
    would become a wide one, and without the cut an object that is small in its photograph would stay small.

    Raises:
        SpecError: the mask is empty.
    """
    box = picture.getchannel("A").point([255 * (level >= 8) for level in range(256)]).getbbox()
    if box is None:
        raise SpecError(
            "picture: nothing is left of it; choose a lower tolerance, or a picture with another background"
        )
    left, top, right, bottom = box
    side = max(right - left, bottom - top)
    side += 2 * max(1, round(_MARGIN * side))
    x, y = (left + right - side) // 2, (top + bottom - side) // 2
    square = picture.crop((x, y, x + side, y + side))  # what lies outside the picture is clear
    return _at_most(square, STORED_PX)


def square_background(picture: Image.Image) -> Image.Image:
    """The central square of a background: a data set would take the one at the top left."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return _at_most(picture.convert("RGB").crop((left, top, left + side, top + side)), STORED_PX)


def write_pictures(folder: Path, objects: Mapping[str, Sequence[Packed]], backgrounds: Sequence[Packed]) -> int:
    """Writes square pictures in the layout of a data set's sources and returns their bytes.

    Args:
        folder: gets ``foregrounds/<class>/`` and ``backgrounds/``.
        objects: square ``RGBA`` pictures by safe class name.
        backgrounds: square ``RGB`` pictures.
    """
    groups = {Path("foregrounds", name): pictures for name, pictures in objects.items()}
    written = 0
    for place, pictures in (groups | ({Path("backgrounds"): backgrounds} if backgrounds else {})).items():
        (folder / place).mkdir(parents=True)
        for number, picture in enumerate(pictures):
            path = folder / place / f"{number:03d}.png"
            picture.unpacked().save(path, "PNG", compress_level=3)
            written += path.stat().st_size
    return written


def _write_whole(folder: Path, objects: Mapping[str, Sequence[Packed]], backgrounds: Sequence[Packed]) -> None:
    root = folder.parent
    for leftover in root.glob(f"{_TEMPORARY}*"):  # of a writer that was killed: the lock says that none is at work
        shutil.rmtree(leftover, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=root))
    try:
        written = write_pictures(temporary, objects, backgrounds)
        if written > MAX_COLLECTION_BYTES:
            raise SpecError(
                f"pictures: {written / 2**20:.0f} MB together; at most {MAX_COLLECTION_BYTES // 2**20} MB are stored, "
                "remove some"
            )
        stored = sum(path.stat().st_size for path in root.rglob("*.png"))
        if stored > QUOTA_BYTES:
            raise SpecError(
                f"pictures: this server keeps {QUOTA_BYTES / 2**30:.1f} GB of pictures and has no room for more; "
                f"delete folders that no run needs from {root}"
            )
        os.replace(temporary, folder)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _content_hash(objects: Mapping[str, Sequence[Packed]], backgrounds: Sequence[Packed]) -> str:
    digest = hashlib.sha256()
    for name, pictures in [*objects.items(), ("", backgrounds)]:  # no class has the empty name
        digest.update(f"{len(name.encode())}:{name}:{len(pictures)};".encode())
        for picture in (packed.unpacked() for packed in pictures):
            digest.update(f"{picture.mode}{picture.size};".encode() + np.asarray(picture).tobytes())
    return digest.hexdigest()[:16]


def _at_most(picture: Image.Image, side: int) -> Image.Image:
    return picture if picture.width <= side else picture.resize((side, side), Image.Resampling.LANCZOS)

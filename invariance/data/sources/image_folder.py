"""Whole pictures from a folder ``<class>/<any>.png|jpg|jpeg|webp``, as torchvision's ImageFolder lays them out."""

from __future__ import annotations

import hashlib
import unicodedata
from itertools import accumulate
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from invariance.data.picture_files import images_of, in_short, is_folder, open_image, to_rgb, upright
from invariance.data.sources.picture_set import PictureSet, check_memory
from invariance.spec import SpecError

TEST_SHARE: Final = 0.1
VALIDATION_SHARE: Final = 0.1

_OFFICIAL_TEST = ("test", "val", "validation")
_REDUCING_GAP = 3.0

_Files = dict[str, list[Path]]
_InThree = tuple[list[Path], list[Path], list[Path]]


def load_image_folder(source: str, folder: Path, *, image_size: int) -> PictureSet:
    """All pictures of a folder as squares of one size.

    With ``train/`` and ``test/`` (or ``val/``) inside, these are the splits, and a tenth of train is for validation
    unless there is a ``val/`` as well. Otherwise each class is split 80 / 10 / 10 by a hash of the file names, so that
    a file stays in its split when others are added.

    Args:
        source: how the folder was asked for, for messages.
        folder: holds one folder for each class, or the splits.
        image_size: side in pixels.

    Raises:
        SpecError: the folder has another form, a class has too few pictures, or a picture cannot be read.
    """
    names, divided = _divide(source, folder)
    groups = {split: [(label, path) for label, part in enumerate(parts) for path in part] for split, parts in divided}
    members = [member for group in groups.values() for member in group]
    check_memory(source, len(members), image_size)
    pictures = torch.empty(len(members), 3, image_size, image_size, dtype=torch.uint8)
    for position, (_, path) in enumerate(members):
        pictures[position] = read_picture(path, image_size)
    ends = list(accumulate(len(group) for group in groups.values()))
    splits = {
        split: torch.arange(end - len(group), end) for end, (split, group) in zip(ends, groups.items(), strict=True)
    }
    labels = torch.tensor([label for label, _ in members])
    return PictureSet(names, pictures, labels, splits, tuple(path.name for _, path in members))


def image_folder_class_names(source: str, folder: Path) -> tuple[str, ...]:
    """Names of the folders that hold pictures, sorted.

    Raises:
        SpecError: there is no such folder, or it holds fewer than 2 classes.
    """
    _require_folder(source, folder)
    return tuple(_classes_of(source, _training_folder(folder) or folder))


def read_picture(path: Path, image_size: int) -> Tensor:
    """The largest centred square of a picture, upright as its EXIF data says: (3, S, S) uint8.

    Resized bilinearly, after whole-number reduction where the picture is more than three times too large. Transparency
    is dropped, as by torchvision's ImageFolder.

    Raises:
        SpecError: no readable image.
    """
    image = to_rgb(upright(open_image(path)))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # Cropped first: resize(box=...) would let pixels outside the square into its edge.
    square = image.crop((left, top, left + side, top + side)).resize(
        (image_size, image_size), Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP
    )
    return torch.from_numpy(np.array(square)).permute(2, 0, 1)


def _divide(source: str, folder: Path) -> tuple[tuple[str, ...], list[tuple[str, list[list[Path]]]]]:
    """Class names, and for each split the files of each class in label order."""
    _require_folder(source, folder)
    training = _training_folder(folder)
    classes = _classes_of(source, training or folder)
    if training is None:
        parts = [_divide_in_three(source, name, files) for name, files in classes.items()]
    else:
        parts = _official(source, folder, classes)
    return tuple(classes), [
        (split, [part[number] for part in parts]) for number, split in enumerate(("train", "validation", "test"))
    ]


def _official(source: str, folder: Path, classes: _Files) -> list[_InThree]:
    """(train, validation, test) of each class where the folder itself says what is for testing."""
    given = [name for name in _OFFICIAL_TEST if _holds_classes(folder / name)]
    test = _same_classes(source, folder / given[0], classes)
    if given[0] == "test" and len(given) > 1:
        validation = _same_classes(source, folder / given[1], classes)
        return [(files, validation[name], test[name]) for name, files in classes.items()]
    parts = []
    for name, files in classes.items():
        _require_files(source, f"train/{name}", files, 2)
        ranked = _ranked(files)
        num = _between(sum(rank < VALIDATION_SHARE for rank, _ in ranked), 1, len(files) - 1)
        parts.append(([path for _, path in ranked[num:]], [path for _, path in ranked[:num]], test[name]))
    return parts


def _divide_in_three(source: str, name: str, files: list[Path]) -> _InThree:
    """(train, validation, test) of one class by the hash of the names, none empty."""
    _require_files(source, name, files, 3)
    ranked = _ranked(files)
    num_test = _between(sum(rank < TEST_SHARE for rank, _ in ranked), 1, len(files) - 2)
    num_held = sum(rank < TEST_SHARE + VALIDATION_SHARE for rank, _ in ranked)
    num_held = _between(num_held, num_test + 1, len(files) - 1)
    paths = [path for _, path in ranked]
    return paths[num_held:], paths[num_test:num_held], paths[:num_test]


def _ranked(files: list[Path]) -> list[tuple[float, Path]]:
    """Files with a number in [0, 1) that depends on their class and name alone, sorted by it."""
    return sorted((_rank(f"{path.parent.name}/{path.name}"), path) for path in files)


def _rank(name: str) -> float:
    # Systems differ in how they store accents; composed, a copied folder is split the same. The class is part of the
    # name because files are often numbered: all classes would have the same, perhaps uncommon, share of test pictures.
    composed = unicodedata.normalize("NFC", name).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(composed).digest()[:6]) / 2**48


def _between(number: int, low: int, high: int) -> int:
    return max(low, min(number, high))


def _require_folder(source: str, folder: Path) -> None:
    if not is_folder(folder):
        raise SpecError(
            f"{in_short(source)}: no such folder that can be read; give one that holds <class>/<image>.png, .jpg "
            "or .webp"
        )


def _require_files(source: str, name: str, files: list[Path], needed: int) -> None:
    if len(files) < needed:
        raise SpecError(
            f"{source}: class {name} has {len(files)} picture(s); at least {needed} are needed for the splits, "
            "add some or remove its folder"
        )


def _training_folder(folder: Path) -> Path | None:
    """``train/`` where the folder is divided into splits itself, otherwise None."""
    if _holds_classes(folder / "train") and any(_holds_classes(folder / name) for name in _OFFICIAL_TEST):
        return folder / "train"
    return None


def _holds_classes(folder: Path) -> bool:
    return is_folder(folder) and any(is_folder(path) and images_of(path) for path in folder.iterdir())


def _classes_of(source: str, folder: Path) -> _Files:
    found = {path.name: images_of(path) for path in sorted(folder.iterdir()) if is_folder(path)}
    classes = {name: files for name, files in found.items() if files and not name.startswith(".")}
    if len(classes) < 2:
        held = f"only class {next(iter(classes))}" if classes else "no class"
        raise SpecError(f"{source}: {held} found; at least 2 folders <class>/<image>.png, .jpg or .webp are needed")
    return classes


def _same_classes(source: str, folder: Path, classes: _Files) -> _Files:
    """The classes of another split, which must be those of training."""
    found = _classes_of(source, folder)
    if different := sorted(set(found) ^ set(classes)):
        name = different[0]
        has, lacks = ("train", folder.name) if name in classes else (folder.name, "train")
        raise SpecError(f"{source}: class {name} is in {has}/ and not in {lacks}/; both need the same classes")
    return found

"""How a folder of whole pictures is laid out: its classes, and its splits where it says them itself.

<class>/…/<any>                  divided in three, class by class
<split>/<class>/…/<any>          train with test or val; see :data:`SPLIT_NAMES`
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invariance.data.picture_folders import (
    Classes,
    LeftOut,
    Picture,
    Survey,
    classes_of,
    composed,
    in_short,
    is_folder,
    require_classes,
    survey,
)
from invariance.spec import SpecError

TEST_SHARE: Final = 0.1
VALIDATION_SHARE: Final = 0.1
SPLIT_NAMES: Final = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
"""What folders of splits are called, in any case."""

BESIDE: Final = "beside the splits"
_EXPECTED: Final = "<class>/<picture>"
_InThree = tuple[list[Picture], list[Picture], list[Picture]]


@dataclass(frozen=True)
class Layout:
    """What a folder holds.

    Attributes:
        classes: of training, or of all where the folder says no splits.
        given: folder and classes of each split that the folder says itself, by split; without any it says none.
        left_out: what is not used.
    """

    classes: Classes
    given: dict[str, tuple[str, Classes]]
    left_out: tuple[LeftOut, ...]

    @property
    def words(self) -> str:
        """Where the splits come from."""
        if not self.given:
            return f"divided by name, {TEST_SHARE:.0%} for the test and {VALIDATION_SHARE:.0%} for validation"
        folders = {split: f"{folder}/" for split, (folder, _) in self.given.items()}
        if len(folders) == 3:
            return "splits {train}, {validation} and {test}".format(**folders)
        if len(folders) == 1:
            return f"{folders['train']} divided by name, since no folder for the test holds its classes"
        test = folders.get("test") or folders["validation"]
        return f"splits {folders['train']} and {test} (for the test), {VALIDATION_SHARE:.0%} of the first to validate"


def layout_of(source: str, folder: Path) -> Layout:
    """The classes and given splits of a folder.

    Args:
        source: how the folder was asked for, for messages.
        folder: holds one folder for each class, or the splits.

    Raises:
        SpecError: there is no such folder, it holds fewer than 2 classes, or its splits are not clear.
    """
    if not is_folder(folder):
        raise SpecError(f"{in_short(source)}: no such folder that can be read; give one that holds {_EXPECTED}")
    found = survey(folder)
    tops = found.tops
    splits = _splits_of(source, tops)
    if "train" not in splits:
        classes, left_out = classes_of(tops), (*found.left_out, *found.loose)
        require_classes(source, classes, left_out, _EXPECTED)
        return Layout(classes, {}, left_out)
    given, left_out = {}, (*found.left_out, *found.loose)
    for split, top in splits.items():
        inside = Survey(tuple(picture.below(top) for picture in tops[top]), ())
        given[split] = (top, classes_of(inside.tops))
        left_out += tuple((f"{top}/{name}", reason) for name, reason in inside.loose)
    left_out += tuple((f"{top}/", BESIDE) for top in tops if top not in splits.values())
    require_classes(f"{source}/{splits['train']}", given["train"][1], left_out, _EXPECTED)
    for split in given:
        _require_same_classes(source, given["train"], given[split])
    return Layout(given["train"][1], given, left_out)


def divide(source: str, layout: Layout) -> dict[str, list[list[Picture]]]:
    """For each split the pictures of each class in label order.

    Raises:
        SpecError: a class has too few pictures.
    """
    parts = [_divide_class(source, layout, name) for name in layout.classes]
    return {split: [part[number] for part in parts] for number, split in enumerate(("train", "validation", "test"))}


def _splits_of(source: str, tops: dict[str, list[Picture]]) -> dict[str, str]:
    """Which topmost folder is which split, training first; none where they are classes."""
    found: dict[str, str] = {}
    for split, names in SPLIT_NAMES.items():
        fitting = [top for top, pictures in tops.items() if top.casefold() in names and _holds_folders(pictures)]
        if len(fitting) > 1:
            raise SpecError(f"{source}: {' and '.join(fitting)} are both folders for {split}; keep one of them")
        if fitting:
            found[split] = fitting[0]
    called = [name for names in SPLIT_NAMES.values() for name in names]
    others = [top for top in tops if top.casefold() not in called]
    if found and "train" not in found and not others and all(top in found.values() for top in tops):
        raise SpecError(
            f"{source}: holds the splits {', '.join(found.values())} and no train/; add it, or give one of them"
        )
    if "train" not in found or (len(found) == 1 and len(others) > 1):
        return {}
    return found


def _holds_folders(pictures: list[Picture]) -> bool:
    return any(picture.name.count("/") > 1 for picture in pictures)


def _require_same_classes(source: str, train: tuple[str, Classes], other: tuple[str, Classes]) -> None:
    if different := sorted(set(train[1]) ^ set(other[1])):
        name = different[0]
        has, lacks = (train[0], other[0]) if name in train[1] else (other[0], train[0])
        raise SpecError(f"{source}: class {name} is in {has}/ and not in {lacks}/; both need the same classes")


def _divide_class(source: str, layout: Layout, name: str) -> _InThree:
    """(train, validation, test) of one class, none empty."""
    files, given = layout.classes[name], layout.given
    ranked = sorted((_rank(f"{name}/{picture.name}"), picture.name, picture) for picture in files)
    pictures, shares = [picture for *_, picture in ranked], [rank for rank, *_ in ranked]
    if len(given) == 3:
        return files, given["validation"][1][name], given["test"][1][name]
    if len(given) == 2:
        _require_files(source, f"{given['train'][0]}/{name}", files, 2)
        num = _between(sum(share < VALIDATION_SHARE for share in shares), 1, len(files) - 1)
        (_, test) = given.get("test") or given["validation"]
        return pictures[num:], pictures[:num], test[name]
    _require_files(source, name, files, 3)
    num_test = _between(sum(share < TEST_SHARE for share in shares), 1, len(files) - 2)
    num_held = sum(share < TEST_SHARE + VALIDATION_SHARE for share in shares)
    num_held = _between(num_held, num_test + 1, len(files) - 1)
    return pictures[num_held:], pictures[num_test:num_held], pictures[:num_test]


def _rank(name: str) -> float:
    """A number in [0, 1) that depends on class and name alone.

    Files are often numbered: without the class all would have the same, perhaps uncommon, share of test pictures.
    """
    return int.from_bytes(hashlib.sha256(composed(name).encode("utf-8", "surrogateescape")).digest()[:6]) / 2**48


def _between(number: int, low: int, high: int) -> int:
    return max(low, min(number, high))


def _require_files(source: str, name: str, files: list[Picture], needed: int) -> None:
    if len(files) < needed:
        raise SpecError(
            f"{source}: class {name} has {len(files)} picture(s); at least {needed} are needed for the splits, "
            "add some or remove its folder"
        )

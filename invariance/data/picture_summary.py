"""What was read from folders and Hub sets, of how many classes, and what was left out and why, in a line each."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from invariance.data.catalogue import (
    is_picture_source,
    object_classes,
    survey_backgrounds,
    survey_objects,
)
from invariance.data.picture_folders import LeftOut, in_short, words_of_left_out
from invariance.data.sources.pictures import picture_layout
from invariance.spec import MAX_PROTOTYPES, DatasetSpec
from invariance.spec.sources import SOURCES, is_folder_source

NOTHING: Final = "nothing left out"


@dataclass(frozen=True)
class _Use:
    """What data sets use of a source of cut-outs or whole pictures: these classes (none: all), so many of each."""

    classes: frozenset[str] = frozenset()
    most: int = sys.maxsize


def describe_sources(*specs: DatasetSpec) -> tuple[str, ...]:
    """A line for each source of some data sets that is a folder or a Hub set; none for what is built in.

    Such as ``objects /photos: 296 pictures of 61 classes, 61 used (the first of each class); left out: folders without
    a picture (1): yak``.

    Args:
        specs: the data sets; what any of them uses is used.

    Raises:
        SpecError: a folder cannot be used.
    """
    asked: dict[tuple[str, str], list[DatasetSpec]] = {}
    for spec in specs:
        for role in SOURCES:
            asked.setdefault((role, getattr(spec, role)), []).append(spec)
    lines = (_describe(source, role, _use_of(role, those)) for (role, source), those in asked.items())
    return tuple(line for line in lines if line)


def warn_of_left_out(*specs: DatasetSpec) -> None:
    """What a program is told of the folders of some data sets: a warning for each of which something is left out."""
    for line in describe_sources(*specs):
        if not line.endswith(NOTHING):
            warnings.warn(line, stacklevel=2)


def describe_folder(source: str, role: str = "objects") -> str:
    """The line on one source, all of it used; empty for what is built in.

    Args:
        source: any value of ``DatasetSpec.objects`` or ``DatasetSpec.backgrounds``.
        role: what it is used as, one of :data:`~invariance.spec.sources.SOURCES`.

    Raises:
        SpecError: the folder cannot be used.
    """
    return _describe(source, role, _Use())


def _use_of(role: str, specs: Sequence[DatasetSpec]) -> _Use:
    if role == "backgrounds":
        return _Use()
    chosen = [spec.classes if role == "objects" else spec.sticker_classes for spec in specs]
    classes = frozenset(name for names in chosen for name in names) if all(chosen) else frozenset()
    if role == "stickers":
        return _Use(classes, 1)
    return _Use(classes, max(MAX_PROTOTYPES if "pose" in spec.transforms else spec.num_prototypes for spec in specs))


def _describe(source: str, role: str, use: _Use) -> str:
    if not is_folder_source(source):
        return ""
    if is_picture_source(source):
        read, left_out = _whole_pictures(source, use)
    elif role == "backgrounds":
        found = survey_backgrounds(source)
        read, left_out = _count(len(found.pictures), "picture"), found.left_out
    else:
        read, left_out = _cutouts(source, use)
    return summary_line(f"{role} {in_short(source)}: {read}", left_out)


def summary_line(read: str, left_out: Iterable[LeftOut]) -> str:
    """What was read, and what was left out and why."""
    words = words_of_left_out(left_out)
    return f"{read}; left out: {words}" if words else f"{read}; {NOTHING}"


def _whole_pictures(source: str, use: _Use) -> tuple[str, tuple[LeftOut, ...]]:
    layout = picture_layout(source)
    groups = [layout.classes, *(classes for split, (_, classes) in layout.given.items() if split != "train")]
    num = sum(len(pictures) for group in groups for pictures in group.values())
    used = f", {len(use.classes)} of them used" if use.classes and len(use.classes) < len(layout.classes) else ""
    return f"{_count(num, 'picture')} of {len(layout.classes)} classes{used} ({layout.words})", layout.left_out


def _cutouts(source: str, use: _Use) -> tuple[str, tuple[LeftOut, ...]]:
    classes, found = object_classes(source), survey_objects(source)
    num, chosen = sum(map(len, classes.values())), use.classes or frozenset(classes)
    read, left_out = f"{_count(num, 'picture')} of {len(classes)} classes", (*found.left_out, *found.loose)
    used = sum(min(use.most, len(classes.get(name, ()))) for name in chosen)
    if used == num:
        return read, left_out
    each = "all" if use.most >= num else "the first" if use.most == 1 else f"up to {use.most}"
    of = "class" if len(chosen) == len(classes) else f"of {len(chosen)} classes"
    return f"{read}, {used:,} used ({each} of each {of})", left_out


def _count(num: int, noun: str) -> str:
    return f"{num:,} {noun}{'' if num == 1 else 's'}"

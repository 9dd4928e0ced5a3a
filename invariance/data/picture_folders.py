"""Which pictures there are under a folder, and what of it is left out and why.

Names are composed (Unicode NFC) and have ``/`` between their parts, so that a folder copied from another system has the
same classes and the same order.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invariance.data.picture_files import SUFFIXES
from invariance.data.sources.root import expand_user
from invariance.spec import SpecError
from invariance.spec.sources import place_of

OTHER_FILES: Final = "files of other kinds"
EMPTY: Final = "folders without a picture"
HIDDEN: Final = "hidden"
CLOSED: Final = "cannot be opened"
CIRCLE: Final = "leads back to a folder above it"
NO_CLASS: Final = "in no folder of a class"

_ENDINGS: Final = tuple(ending for endings in SUFFIXES.values() for ending in endings)
ENDINGS_TEXT: Final = ", ".join(_ENDINGS)
_OF_SYSTEMS: Final = ("__MACOSX", "Thumbs.db", "desktop.ini")
"""What systems leave in a folder beside what begins with ``._``: nobody misses it."""
_MAX_SHOWN: Final = 120
_NAMED: Final = 3

LeftOut = tuple[str, str]
"""A name under the folder, and one of the reasons above."""


@dataclass(frozen=True)
class Picture:
    """A picture file.

    Attributes:
        name: under the folder that was looked at, such as ``cat/kittens/1.jpg``.
        path: of the file.
    """

    name: str
    path: Path

    @property
    def file_name(self) -> str:
        """Without folders."""
        return self.name.rpartition("/")[2]

    def below(self, folder: str) -> Picture:
        """The same, named from a folder further down."""
        return Picture(self.name.removeprefix(f"{folder}/"), self.path)


Classes = dict[str, list[Picture]]
"""Pictures by their class, named from its folder; sorted."""


@dataclass(frozen=True)
class Survey:
    """What is under a folder.

    Attributes:
        pictures: those that are read, sorted by name.
        left_out: everything else.
    """

    pictures: tuple[Picture, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def tops(self) -> dict[str, list[Picture]]:
        """Pictures by the topmost folder that they are in, however deep; those in none are not there."""
        found: dict[str, list[Picture]] = {}
        for picture in self.pictures:
            top, _, rest = picture.name.partition("/")
            if rest:
                found.setdefault(top, []).append(picture)
        return found

    @property
    def loose(self) -> tuple[LeftOut, ...]:
        """Pictures that are in no folder, where folders are classes."""
        return tuple((picture.name, NO_CLASS) for picture in self.pictures if "/" not in picture.name)


def composed(name: str) -> str:
    """A name with its accents composed, as most systems type it (Unicode NFC)."""
    return unicodedata.normalize("NFC", name)


def survey(folder: Path) -> Survey:
    """Looks through a folder and those in it; links to folders are followed."""
    left_out: list[LeftOut] = []
    pictures = sorted(_under(folder, "", left_out, (os.path.realpath(folder),)), key=lambda one: (one.name, one.path))
    return Survey(tuple(pictures), tuple(left_out))


def classes_of(tops: dict[str, list[Picture]]) -> Classes:
    """The topmost folders as classes."""
    return {top: [picture.below(top) for picture in tops[top]] for top in sorted(tops)}


def is_folder(path: Path) -> bool:
    """Whether there is a folder that can be read; a name that no system could have is none."""
    try:
        return path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except (OSError, ValueError):
        return False


def named_folder(source: str) -> Path:
    """A folder as somebody wrote it; with its accents as they are stored, where it is not there as written."""
    written = expand_user(source)
    others = (Path(unicodedata.normalize(form, str(written))) for form in ("NFC", "NFD"))
    return next((path for path in (written, *others) if is_folder(path)), written)


def folder_of(source: str) -> Path:
    """The folder of a source without its kind, which may be written with its contents.

    One whose name ends as contents are written, ``photos@`` and 16 digits, is that folder.

    Raises:
        SpecError: both are there.
    """
    whole, place = named_folder(source), named_folder(place_of(source))
    if whole == place or not is_folder(whole):
        return place
    if is_folder(place):
        raise SpecError(
            f"{in_short(source)}: {whole.name} is a folder, and also stands for {place.name} with its contents; give "
            "one of the two another name"
        )
    return whole


def in_short(source: str) -> str:
    """A folder as somebody named it, for a line: its end, which tells it from others, where it is long."""
    place = place_of(source)
    return place if len(place) <= _MAX_SHOWN else f"…{place[-_MAX_SHOWN:]}"


def words_of_left_out(left_out: Iterable[LeftOut]) -> str:
    """What was left out, by reason, each with its number and the first few names; empty for nothing."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in left_out:
        by_reason.setdefault(reason, []).append(name)
    return "; ".join(f"{reason} ({len(names)}): {named(names, _NAMED)}" for reason, names in by_reason.items())


def named(names: Sequence[str], limit: int = 12) -> str:
    """A list of names, shortened, with how many more there are."""
    listed = ", ".join(in_short(name) for name in names[:limit])
    return listed if len(names) <= limit else f"{listed} and {len(names) - limit} more"


def require_classes(source: str, classes: Classes, left_out: Iterable[LeftOut], expected: str) -> None:
    """Raises SpecError unless there are two classes or more; says what else is there, since it may be a class."""
    if len(classes) >= 2:
        return
    held = f"only class {next(iter(classes))} found" if classes else "no class found"
    known = f" (left out: {words})" if (words := words_of_left_out(left_out)) else ""
    raise SpecError(f"{in_short(source)}: {held}{known}; at least 2 folders {expected} are needed")


def _under(folder: Path, prefix: str, left_out: list[LeftOut], above: tuple[str, ...]) -> Iterator[Picture]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        left_out.append((prefix.rstrip("/"), CLOSED))
        return
    num_before, is_empty = len(left_out), True
    for entry in entries:
        name = prefix + composed(entry.name)
        if entry.name.startswith("._") or entry.name in _OF_SYSTEMS:
            continue
        is_picture = entry.name.lower().endswith(_ENDINGS)
        if entry.name.startswith("."):
            if is_picture or entry.is_dir():
                left_out.append((name, HIDDEN))
        elif entry.is_dir():
            if (real := os.path.realpath(entry.path)) in above:
                left_out.append((name, CIRCLE))
                continue
            for picture in _under(Path(entry.path), f"{name}/", left_out, (*above, real)):
                is_empty = False
                yield picture
        elif is_picture and entry.is_file():
            is_empty = False
            yield Picture(name, Path(entry.path))
        else:
            left_out.append((name, OTHER_FILES))
    if prefix and is_empty and len(left_out) == num_before:
        left_out.append((prefix.rstrip("/"), EMPTY))

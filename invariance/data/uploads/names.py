"""Names that strangers give: made fit for showing, or for naming a class and its folder."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from invariance.spec import SpecError

MAX_TITLE: Final = 60
MAX_CLASS_NAME: Final = 40
UNNAMED: Final = "object"

_RESERVED: Final = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names that Windows keeps for devices, whatever follows after a point."""


def display_title(name: str) -> str:
    """The last part of a name as one short line of visible characters.

    Control characters, marks that turn the reading direction, other invisible ones and accents stacked beyond two go,
    and so does everything before the last slash or backslash. It may still hold markup: whoever shows it escapes it.
    """
    last = re.split(r"[/\\]", name[-4096:])[-1]
    kept, marks = [], 0
    for character in unicodedata.normalize("NFC", last):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= 2 and category[0] != "C":
            kept.append(" " if category[0] == "Z" else character)
    title = " ".join("".join(kept).split())
    if len(title) > MAX_TITLE:
        title = title[: MAX_TITLE - 9].rstrip() + "…" + title[-8:].lstrip()
    return title or "unnamed picture"


def safe_class_name(text: str) -> str:
    """A class name that is also a folder's name everywhere: letters, digits, single spaces, ``-`` and ``_``.

    Raises:
        SpecError: nothing of the text is left.
    """
    composed = unicodedata.normalize("NFC", text[:4096])
    # A vowel sign of an Indic script is a mark, and part of its word.
    kept = (
        character.isalnum() or character in "-_" or unicodedata.category(character)[0] == "M" for character in composed
    )
    allowed = "".join(character if keep else " " for character, keep in zip(composed, kept, strict=True))
    name = " ".join(allowed.split()).strip("-_ ")[:MAX_CLASS_NAME].strip("-_ ")
    if not name:
        raise SpecError(
            f"class {display_title(text)!r}: expected letters, digits, spaces, - or _; write a name such as mug"
        )
    return f"{name}-class" if name.casefold() in _RESERVED else name


def class_name_of(path: str) -> str:
    """The class of a file as it was given: that of its folder where there is one below another, else of its name.

    Somebody who gives a whole folder has classes as folders in it: ``photos/mug/001.png`` is a ``mug``. In one folder
    of files the names count, and the folder only where they hold no word: ``mug/001.png``.
    """
    *folders, name = [part for part in re.split(r"[/\\]", path[-4096:]) if part.strip(". ")] or [""]
    guess = guess_class_name(display_title(name))
    if not folders or (len(folders) == 1 and guess != UNNAMED):
        return guess
    try:
        return safe_class_name(folders[-1])
    except SpecError:
        return guess


def guess_class_name(title: str) -> str:
    """The leading word of a file's name, so that ``mug1.jpg`` and ``Mug red (2).png`` are both a ``mug``."""
    stem = title.rsplit(".", 1)[0] if "." in title else title
    word = re.match(r"[\s_\d.()\-]*([^\s_\d.,()\[\]+]+)", stem)
    try:
        return safe_class_name(word.group(1).lower()) if word else UNNAMED
    except SpecError:
        return UNNAMED

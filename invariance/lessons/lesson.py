"""What a lesson asks and where its answer stands: a TOML file each, in the order of their names.

A lecturer leaves one out, renames it to reorder, or adds one: ``INVARIANCE_LESSONS`` names a folder of such files that
takes the place of the shipped ones.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from invariance.spec import SpecError
from invariance.spec.checks import require, require_choice

SHIPPED: Final = Path(__file__).parent / "shipped"
FOLDER_VARIABLE: Final = "INVARIANCE_LESSONS"

REMEDY: Final = "docs/lecturers.md says what a lesson consists of"

INPUTS: Final[dict[str, str]] = {
    "bars": "Drag each bar to where you expect it.",
    "curve": "Drag the points to where you expect the curves.",
    "cells": "Tap the cells that you expect to be low: below {low:.2f}.",
    "choice": "Choose one.",
    "mark": "Drag the line to where you expect the curve to break.",
}
"""Ways to guess, and what to do in each; ``low`` is the lesson's."""
ON_PAPER: Final[dict[str, str]] = {
    "bars": "Draw each bar as high as you expect it.",
    "curve": "Draw the curves where you expect them, each with its name.",
    "cells": "Tick the cells that you expect to be low: below {low:.2f}.",
    "choice": "Tick one.",
    "mark": "Draw a line where you expect the curve to break.",
}
"""The same on a worksheet."""


@dataclass(frozen=True)
class Series:
    """One line, or the bars of one colour.

    Attributes:
        name: in the legend, and in the lesson's sentences.
        where: column to value: its rows of the table.
        guessed: whether it is hidden until the reveal and can be guessed; others stand there from the beginning.
        drawn: whether it is in the figure, or in the sentences alone.
        value: column, where it is another than the lesson's.
        interval: the columns of its interval then.
    """

    name: str
    where: Mapping[str, str | float]
    guessed: bool = True
    drawn: bool = True
    value: str = ""
    interval: tuple[str, str] | tuple[()] = ()


@dataclass(frozen=True)
class Places:
    """The horizontal axis.

    Attributes:
        column: of the table.
        label: what it is, in words.
        values: of the column, in their order; empty for all numbers that the table has there, ascending.
        titles: how they are called; empty for their own names.
        log: whether the axis of a curve is logarithmic.
        shaded: column that is true at the places which training saw; empty where nothing is shaded.
    """

    column: str
    label: str
    values: tuple[str | float, ...] = ()
    titles: tuple[str, ...] = ()
    log: bool = False
    shaded: str = ""

    def __post_init__(self) -> None:
        fits = not self.titles or len(self.titles) == len(self.values)
        require(fits, "titles", list(self.titles), f"one for each of {len(self.values)} values")


@dataclass(frozen=True)
class Lesson:
    """One question, with what answers it.

    Attributes:
        name: of its file, without the ending.
        title: what it shows, in a few words.
        teaser: the question in one line, for a list.
        picture: name of a small picture in ``static/lessons/`` for that list; empty where it has none.
        question: asked before the reveal.
        input: how to guess, one of :data:`INPUTS`.
        table: of the gallery or of a study, by name, see :func:`~invariance.lessons.answer.table_of`.
        value: column of the table that is guessed.
        interval: columns with the ends of its 95 % interval; empty where it is made from seeds, or there is none.
        x: the horizontal axis, or the columns of cells.
        series: what is drawn at each of them.
        axis: what the value is, in words.
        range: ends of the vertical axis, in the value's unit.
        options: to choose from, where the guess is a choice: places of x, or words of their own.
        right: the option that the table bears out; of a mark, where it belongs, or empty.
        low_is: where cells are tapped, a value below it counts as low.
        outcome: template of the sentence after the reveal.
        caution: template of what must not be concluded.
        holds: expressions that must be true of the table, so that what the words say is.
        page: folder of the page on which to go on.
        view: how that page is set up.
    """

    name: str
    title: str
    teaser: str
    question: str
    input: str
    table: str
    value: str
    x: Places
    series: tuple[Series, ...]
    axis: str
    range: tuple[float, float]
    outcome: str
    caution: str
    page: str
    view: Mapping[str, str]
    interval: tuple[str, str] | tuple[()] = ()
    options: tuple[str, ...] = ()
    right: str = ""
    low_is: float = 0.5
    picture: str = ""
    holds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_choice("input", self.input, INPUTS)
        require(bool(self.series), "series", "none", "at least one [[series]]")
        low, high = self.range
        require(low < high, "range", list(self.range), "two numbers, the lower one first")
        if self.options:
            require_choice("right", self.right, self.options)
        elif self.input == "mark" and self.right:
            require(self.right.replace(".", "", 1).isdecimal(), "right", self.right, 'a number, such as "0.4"')
        require(
            bool(self.options) == (self.input == "choice"), "options", list(self.options), "with a choice, and only"
        )


@cache
def _lessons_in(folder: Path) -> tuple[Lesson, ...]:
    found = tuple(_read(path) for path in sorted(folder.glob("*.toml")))
    require(bool(found), FOLDER_VARIABLE, str(folder), "a folder with lessons: one .toml file each")
    return found


def lessons() -> tuple[Lesson, ...]:
    """The lessons in their order: those that ship, or those of the folder that ``INVARIANCE_LESSONS`` names.

    Raises:
        SpecError: the folder has none, or one cannot be read; the line says which and why.
    """
    return _lessons_in(Path(os.environ.get(FOLDER_VARIABLE) or SHIPPED))


def _read(path: Path) -> Lesson:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        series = tuple(Series(**_frozen(each)) for each in found.pop("series"))
        x = Places(**_frozen(found.pop("x")))
        return Lesson(name=path.stem, x=x, series=series, **_frozen(found))
    except KeyError as error:
        raise SpecError(f"lesson {path.name}: no {error.args[0]}; {REMEDY}") from error
    except (OSError, ValueError, TypeError) as error:  # what tomllib and dataclasses say is short, and names the key
        words = str(error).replace(f"{Lesson.__name__}.__init__() ", "")
        raise SpecError(f"lesson {path.name}: {words}; {REMEDY}") from error


def _frozen(table: dict[str, Any]) -> dict[str, Any]:
    """Lists, as TOML has them, as tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}

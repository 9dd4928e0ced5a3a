"""What a shipped table answers to a lesson: the numbers of its figure, and its sentences with those numbers in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from invariance.lessons.lesson import Lesson, Places
from invariance.numbers import format_number
from invariance.runs.gallery import factors_table, lesson_table, sens_table
from invariance.runs.gallery_tables import TABLES
from invariance.runs.shipped_studies import shipped_results
from invariance.spec import SpecError
from invariance.statistics import Interval, paired_interval, t_interval
from invariance.vocabulary.studies import STUDY_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

MIN_SEEDS: Final = 3
"""For an interval over seeds, as everywhere."""


@dataclass(frozen=True)
class Answer:
    """The numbers of a lesson.

    Attributes:
        lesson: that asks.
        places: on the horizontal axis, as the table has them.
        titles: how they are called.
        shaded: the first and the last place that training saw; None where the lesson does not ask.
        estimates: one by name of a series and place, with its 95 % interval: Student's over seeds where the table has
            at least three, else what the table says.
        by_seed: what those are means of, where the table has seeds.
    """

    lesson: Lesson
    places: tuple[Any, ...]
    titles: tuple[str, ...]
    shaded: tuple[float, float] | None
    estimates: dict[tuple[str, Any], Interval]
    by_seed: dict[tuple[str, Any], pd.Series]

    @property
    def num_seeds(self) -> int:
        """Networks that a number rests on; 1 where the intervals are over images."""
        return max((len(values) for values in self.by_seed.values()), default=1)

    @property
    def outcome(self) -> str:
        """The sentence after the reveal."""
        return self._filled(self.lesson.outcome)

    @property
    def caution(self) -> str:
        """What must not be concluded from it."""
        return self._filled(self.lesson.caution)

    def holds(self, expression: str) -> bool:
        """Whether an expression of :attr:`Lesson.holds` is true of the table."""
        return bool(_environment().compile_expression(expression, undefined_to_none=False)(**self._verbs()))

    def at(self, series: str, place: Any) -> Interval:
        """The number of a series at a place.

        Raises:
            SpecError: the lesson has no such series or place.
        """
        if (series, place) not in self.estimates:
            known = ", ".join(f"{name}, {x}" for name, x in self.estimates)
            raise SpecError(f"lesson {self.lesson.name}: no {series!r} at {place!r}; it has {known}")
        return self.estimates[series, place]

    def gap(self, first: str, first_place: Any, second: str, second_place: Any) -> Interval:
        """How far the first is above the second: within each seed, with Student's interval over them.

        Without seeds it is the difference of two numbers, and has no interval.
        """
        one, other = self.at(first, first_place), self.at(second, second_place)
        seeds = [
            self.by_seed.get(key, pd.Series(dtype=float)) for key in ((first, first_place), (second, second_place))
        ]
        shared = seeds[0].index.intersection(seeds[1].index)
        if len(shared) < MIN_SEEDS:
            return _alone(one.estimate - other.estimate)
        return paired_interval(*(values[shared] for values in seeds))

    def _verbs(self) -> dict[str, Any]:
        verbs: dict[str, Callable[..., Any]] = {
            "at": self.at,
            "gap": self.gap,
            "value": lambda series, place: self.at(series, place).estimate,
            "number": format_number,
            "abs": abs,
        }
        return {**verbs, "num_seeds": self.num_seeds}

    def _filled(self, template: str) -> str:
        try:
            return _environment().from_string(template).render(**self._verbs()).strip()
        except TemplateError as error:
            raise SpecError(f"lesson {self.lesson.name}: {template!r}: {error}") from error


def answer_of(lesson: Lesson) -> Answer:
    """What the shipped tables answer.

    Raises:
        SpecError: there is no such table, or it lacks a column, or what the lesson draws of it.
    """
    table, x = table_of(lesson.table), lesson.x
    asked = {
        one.name: (one.value, one.interval) if one.value else (lesson.value, lesson.interval) for one in lesson.series
    }
    wanted = {x.column, *(name for one in lesson.series for name in one.where), *filter(None, [x.shaded])}
    wanted |= {name for value, ends in asked.values() for name in (value, *ends)}
    if missing := sorted(wanted - set(table)):
        raise SpecError(f"lesson {lesson.name}: table {lesson.table!r} has no column {', '.join(missing)}")
    rows_of = {one.name: table[_are(table, one.where)] for one in lesson.series}
    places = x.values or tuple(sorted(rows_of[lesson.series[0].name][x.column].unique()))
    estimates, by_seed = dict[tuple[str, Any], Interval](), dict[tuple[str, Any], pd.Series]()
    for name, rows in rows_of.items():
        for place in places:
            there = rows[_are(rows, {x.column: place})]
            if there.empty:
                raise SpecError(f"lesson {lesson.name}: table {lesson.table!r} has nothing for {name!r} at {place!r}")
            value, ends = asked[name]
            estimates[name, place] = _estimate(there, value, ends)
            if "seed" in there:
                by_seed[name, place] = there.groupby("seed")[value].mean()
    titles = x.titles or tuple(f"{round(place, 2):g}" if isinstance(place, float) else str(place) for place in places)
    return Answer(lesson, places, titles, _shaded(rows_of[lesson.series[0].name], x), estimates, by_seed)


@cache
def table_of(name: str) -> pd.DataFrame:
    """A shipped table of the gallery (``sens``, ``sens-SHIFT``, ``factors``, ``profiles`` …) or of a study.

    Raises:
        SpecError: there is none of this name, or the gallery was not made.
    """
    if name in STUDY_NAMES:
        results = shipped_results(name)
        table = results[0].table if results else pd.DataFrame()
    elif name == "factors":
        table = factors_table()
    elif name in TABLES:
        table = lesson_table(name)
    elif name == "sens" or name.startswith("sens-"):
        table = sens_table(shift=name.removeprefix("sens").removeprefix("-") or None)
    else:
        raise SpecError(f"table {name!r}: there are sens, factors, {', '.join((*TABLES, *STUDY_NAMES))}")
    if table.empty:
        raise SpecError(f"table {name!r}: not made yet; python -m invariance gallery build makes it")
    return table


def _are(table: pd.DataFrame, wanted: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Which rows have some values; a column of numbers and words has its numbers as words."""
    chosen = np.ones(len(table), dtype=bool)
    for name, value in wanted.items():
        chosen &= ((table[name] == value) | (table[name].astype(str) == str(value))).to_numpy()
    return chosen


def _estimate(rows: pd.DataFrame, column: str, ends: tuple[str, ...]) -> Interval:
    if "seed" in rows:
        by_seed = rows.groupby("seed")[column].mean()
        return t_interval(by_seed) if len(by_seed) >= MIN_SEEDS else _alone(float(by_seed.mean()))
    value = float(rows[column].mean())
    if not ends or len(rows) > 1:
        return _alone(value)
    low, high = (float(rows[name].iloc[0]) for name in ends)
    return Interval(value, low, high, _num_images(rows))


def _num_images(rows: pd.DataFrame) -> int:
    counts = [int(rows[name].iloc[0]) for name in ("num_pairs", "num_images", "num") if name in rows]
    return counts[0] if counts else MIN_SEEDS


def _alone(value: float) -> Interval:
    return Interval(value, float("nan"), float("nan"), 1)


def _shaded(rows: pd.DataFrame, x: Places) -> tuple[float, float] | None:
    if not x.shaded:
        return None
    seen = rows.loc[rows[x.shaded].astype(bool), x.column]
    return float(seen.min()), float(seen.max())


@cache
def _environment() -> SandboxedEnvironment:
    """Of files that whoever runs the server wrote, or copied from somewhere."""
    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)

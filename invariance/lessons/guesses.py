"""What a class guesses at a lesson: one guess checked, all of them summed up, and how many were right.

A guess is what its input leaves open: ``{"option": …}`` of a choice, ``{"at": …}`` of a mark, else a list for each
guessed series, of a number (or, of cells, of whether it is low) for each place.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, median, quantiles
from typing import Any, Final

import numpy as np

from invariance.lessons.answer import Answer
from invariance.spec import SpecError
from invariance.spec.checks import require, require_choice
from invariance.statistics import Interval, share_interval, t_interval

Guess = Mapping[str, Any]

NUM_BINS: Final = 20
"""Of an axis, in which numbers are counted."""
TOLERANCE: Final = 0.1
"""Of an axis: a number that is guessed is right so close to the answer, or within the answer's interval."""


def checked(answer: Answer, said: Any) -> dict[str, Any]:
    """A guess as it came from somewhere, if it is one of this lesson's.

    Args:
        answer: of the lesson.
        said: from JSON, whatever it is.

    Raises:
        SpecError: something is missing, there is something else, or a value is not one that can be guessed.
    """
    lesson, wanted = answer.lesson, _names(answer)
    require(isinstance(said, dict) and set(said) == set(wanted), "guess", _kind(said), ", ".join(wanted))
    if lesson.input == "choice":
        require_choice("option", said["option"] if isinstance(said["option"], str) else "", lesson.options)
        return {"option": said["option"]}
    if lesson.input == "mark":
        return {"at": _number("at", said["at"], _ends(answer))}
    found = {}
    for name in wanted:
        values, num = said[name], len(answer.places)
        fits = isinstance(values, list) and len(values) == num
        require(fits, name, _kind(values), f"a list of {num}")
        if lesson.input == "cells":
            require(all(isinstance(one, bool) for one in values), name, "others", "true or false alone")
            found[name] = list(values)
        else:
            found[name] = [_number(name, one, lesson.range) for one in values]
    return found


def counts(answer: Answer, guesses: Sequence[Guess]) -> dict[str, list[list[int]]]:
    """How often what was guessed: by name, for each place, the number of guesses in each bin.

    The bins are the options of a choice, (not low, low) of a cell, and else :data:`NUM_BINS` of the axis, as it is
    drawn. A choice and a mark have one place.
    """
    found = {}
    for name in _names(answer):
        binned = ([_bin(answer, value) for value in _listed(guess[name])] for guess in guesses)
        found[name] = [np.bincount(bins, minlength=_num_bins(answer)).tolist() for bins in zip(*binned, strict=True)]
    return found


def in_words(answer: Answer, guesses: Sequence[Guess]) -> str:
    """What most of a class say, in a line: "17 of 24 say hue"."""
    lesson, num = answer.lesson, len(guesses)
    if not num:
        return "No guess yet"
    if lesson.input == "mark":
        at = [guess["at"] for guess in guesses]
        low, _, high = quantiles(at, n=4, method="inclusive") if num > 1 else at * 3
        return f"Half of {num} mark between {low:.2f} and {high:.2f}" if num > 1 else f"1 marks {low:.2f}"
    if lesson.input == "choice":
        return _most(num, "say {}", [guess["option"] for guess in guesses])
    names = _names(answer)
    if lesson.input == "cells":
        cells = [(name, *pair) for guess in guesses for name in names for pair in _titled(answer, guess[name])]
        tapped = [f"{name} · {title}" for name, title, is_low in cells if is_low]
        return _most(num, "tap {}", tapped) if tapped else f"{num} tap none"
    if len(names) > 1:
        highest = [max(names, key=lambda name: fmean(guess[name])) for guess in guesses]
        return _most(num, "put {} highest", highest)
    highest = [max(_titled(answer, guess[names[0]]), key=lambda pair: pair[1])[0] for guess in guesses]
    return _most(num, "put {} highest", highest)


def hits(answer: Answer, guess: Guess) -> float:
    """The share of what was guessed that is right, from 0 to 1; NaN for a mark of which the lesson does not say it.

    An option is right that the lesson says is, a cell that is on the guessed side of ``low_is``, a number within
    :data:`TOLERANCE` of the axis or the answer's interval, a mark so close to where the lesson says.
    """
    right = [_is_right(answer, name, *pair) for name in _names(answer) for pair in enumerate(_listed(guess[name]))]
    return fmean(right) if right and _has_answer(answer) else math.nan


def hit_rate(answer: Answer, guesses: Sequence[Guess]) -> Interval:
    """The mean of a class, with its 95 % interval over people; without one below three guesses."""
    each = [hits(answer, guess) for guess in guesses]
    if len(each) < 3:
        return Interval(fmean(each) if each else math.nan, math.nan, math.nan, len(each))
    return share_interval(round(sum(each)), len(each)) if answer.lesson.input == "choice" else t_interval(each)


def by_chance(answer: Answer) -> float:
    """What somebody hits on average who guesses at random, evenly over the axis."""
    lesson, num = answer.lesson, 200
    if lesson.input == "choice":
        return 1 / len(lesson.options)
    if lesson.input == "cells":
        return 0.5
    low, high = _ends(answer) if lesson.input == "mark" else lesson.range
    evenly = [low + (high - low) * (step + 0.5) / num for step in range(num)]
    if not _has_answer(answer):
        return math.nan
    asked = [(name, place) for name in _names(answer) for place in range(len(answer.places))]
    return fmean(_is_right(answer, *one, value) for one in asked for value in evenly)


def medians(answer: Answer, guesses: Sequence[Guess]) -> dict[str, list[float]]:
    """The middle of the numbers that were guessed, for each place; empty where none are."""
    if answer.lesson.input in ("choice", "cells") or not guesses:
        return {}
    return {
        name: [median(values) for values in zip(*(_listed(guess[name]) for guess in guesses), strict=True)]
        for name in _names(answer)
    }


def _names(answer: Answer) -> tuple[str, ...]:
    alone = {"choice": ("option",), "mark": ("at",)}
    drawn = tuple(one.name for one in answer.lesson.series if one.guessed and one.drawn)
    return alone.get(answer.lesson.input, drawn)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _titled(answer: Answer, values: Sequence[Any]) -> list[tuple[str, Any]]:
    return list(zip(answer.titles, values, strict=True))


def _ends(answer: Answer) -> tuple[float, float]:
    return float(min(answer.places)), float(max(answer.places))


def _number(name: str, value: Any, ends: tuple[float, float]) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and ends[0] <= value <= ends[1]):  # nor NaN, of which no comparison is true
        raise SpecError(f"{name}: {_kind(value)}; accepted is a number from {ends[0]} to {ends[1]}")
    return round(float(value), 4)


def _kind(value: Any) -> str:
    """What somebody sent, without repeating it."""
    return f"a {type(value).__name__}" if not isinstance(value, int | float) else "another number"


def _num_bins(answer: Answer) -> int:
    return {"choice": len(answer.lesson.options), "cells": 2}.get(answer.lesson.input, NUM_BINS)


def _bin(answer: Answer, value: Any) -> int:
    lesson = answer.lesson
    if lesson.input == "choice":
        return lesson.options.index(value)
    if lesson.input == "cells":
        return int(value)
    low, high = _ends(answer) if lesson.input == "mark" else lesson.range
    if lesson.input == "mark" and lesson.x.log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return min(NUM_BINS - 1, int((value - low) / (high - low) * NUM_BINS))


def _most(num: int, words: str, said: Sequence[str]) -> str:
    (first, most), *others = Counter(said).most_common()
    level = [what for what, count in others if count == most]
    return f"{most} of {num} {words.format(first)}" + f", as many {', '.join(level)}" * bool(level)


def _has_answer(answer: Answer) -> bool:
    return answer.lesson.input != "mark" or bool(answer.lesson.right)


def _is_right(answer: Answer, name: str, place: int, value: Any) -> bool:
    lesson = answer.lesson
    if lesson.input == "choice":
        return bool(value == lesson.right)
    if lesson.input == "mark":
        low, high = _ends(answer)
        return bool(abs(value - float(lesson.right)) <= TOLERANCE * (high - low))
    true = answer.at(name, answer.places[place])
    if lesson.input == "cells":
        return bool(value == (true.estimate < lesson.low_is))
    low, high = lesson.range
    is_near = abs(value - true.estimate) <= TOLERANCE * (high - low)
    return bool(is_near or true.low <= value <= true.high)

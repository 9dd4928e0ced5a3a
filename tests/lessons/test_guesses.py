"""What a class guesses: checked, counted, and scored against answers that are known."""

from __future__ import annotations

import math
from typing import Any

import pytest

from invariance.lessons import INPUTS, ON_PAPER, Answer, answer_of, lessons
from invariance.lessons.guesses import NUM_BINS, by_chance, checked, counts, hit_rate, hits, in_words, medians
from invariance.spec import SpecError
from invariance.statistics import share_interval

BY_INPUT: dict[str, Answer] = {lesson.input: answer_of(lesson) for lesson in reversed(lessons())}


def guess(answer: Answer, value: Any) -> dict[str, Any]:
    """The same everywhere; the right one where it is asked for."""
    lesson = answer.lesson
    if lesson.input in ("choice", "mark"):
        key = {"choice": "option", "mark": "at"}[lesson.input]
        return {key: (lesson.right if key == "option" else float(lesson.right)) if value == "right" else value}

    def of(name: str, place: Any) -> Any:
        true = answer.at(name, place).estimate
        return value if value != "right" else true < lesson.low_is if lesson.input == "cells" else true

    names = [one.name for one in lesson.series if one.guessed and one.drawn]
    return {name: [of(name, place) for place in answer.places] for name in names}


@pytest.mark.parametrize("kind", INPUTS)
def test_the_right_guess_hits_everything_and_guessing_does_not(kind: str) -> None:
    answer = BY_INPUT[kind]
    right = checked(answer, guess(answer, "right"))
    assert hits(answer, right) == 1.0 and 0 < by_chance(answer) < 0.6
    assert hit_rate(answer, [right] * 2).estimate == 1.0 and math.isnan(hit_rate(answer, []).estimate)
    found = counts(answer, [right] * 3)
    assert all(sum(bins) == 3 and max(bins) == 3 for places in found.values() for bins in places)
    assert "3 of 3" in in_words(answer, [right] * 3) or kind == "mark"
    assert bool(medians(answer, [right])) == (kind in ("bars", "curve", "mark"))
    assert ON_PAPER[kind]


def test_a_choice_is_a_share_with_its_interval_and_told_in_a_line() -> None:
    answer = BY_INPUT["choice"]
    given = [guess(answer, "hue")] * 17 + [guess(answer, "scale")] * 7
    assert in_words(answer, given) == "17 of 24 say hue" and in_words(answer, []) == "No guess yet"
    assert hit_rate(answer, given) == share_interval(17, 24) and by_chance(answer) == 1 / 4
    assert in_words(answer, [guess(answer, "hue"), guess(answer, "class")]) == "1 of 2 say hue, as many class"


def test_numbers_fall_into_bins_from_end_to_end_of_the_axis() -> None:
    answer = BY_INPUT["bars"]
    low, high = answer.lesson.range
    (bins, *_), *_ = counts(answer, [checked(answer, guess(answer, value)) for value in (low, high, high)]).values()
    assert bins[0] == 1 and bins[-1] == 2 and len(bins) == NUM_BINS
    half = checked(answer, guess(answer, (low + high) / 2))
    assert medians(answer, [half] * 3) == half


@pytest.mark.parametrize("kind", INPUTS)
@pytest.mark.parametrize(
    "said",
    [None, [], {}, "hue", {"option": "\ud800"}, {"option": ["hue"]}, {"at": math.nan}, {"at": 10**400}, {"at": True}],
)
def test_what_is_no_guess_is_refused(kind: str, said: Any) -> None:
    with pytest.raises(SpecError):
        checked(BY_INPUT[kind], said)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("bars", math.inf), ("bars", 99), ("bars", "1"), ("curve", None), ("cells", 1), ("cells", "low"), ("mark", -5)],
)
def test_a_value_that_cannot_be_guessed_is_refused(kind: str, value: Any) -> None:
    answer = BY_INPUT[kind]
    with pytest.raises(SpecError):
        checked(answer, guess(answer, value))
    few = {name: [*values][:-1] for name, values in guess(answer, value).items() if isinstance(values, list)}
    with pytest.raises(SpecError):
        checked(answer, few | {"more": 1})

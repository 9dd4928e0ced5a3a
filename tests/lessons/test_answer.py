"""Every number in every lesson, recomputed from the shipped files without the library."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from invariance.lessons import Lesson, answer_of, lessons
from invariance.spec import SpecError

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "checkpoints"
STUDIES = ROOT / "invariance" / "studies" / "results"
LESSONS = {lesson.name: lesson for lesson in lessons()}
NUMBER = re.compile(r"−?\d+\.\d\d(?: \[−?\d+\.\d\d, −?\d+\.\d\d\])?")


def said(*numbers: float) -> str:
    """A number, or one with its interval, as sentences have it."""
    words = [f"{round(float(one), 2) + 0.0:.2f}".replace("-", "−") for one in numbers]
    return words[0] if len(words) == 1 else f"{words[0]} [{words[1]}, {words[2]}]"


def shipped(file: str, columns: tuple[str, ...], **wanted: str | float) -> str:
    """A row of a table of the gallery."""
    table = pd.read_csv(GALLERY / file)
    for name, value in wanted.items():
        table = table[table[name] == value]
    if "seed" in table and len(table) > 1:
        return over_seeds(table.set_index("seed")[columns[0]]) if len(columns) > 1 else said(table[columns[0]].mean())
    assert len(table) == 1
    return said(*table[list(columns)].iloc[0])


def over_seeds(values: pd.Series) -> str:
    """Mean and Student's interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std() / np.sqrt(len(values))
    return said(values.mean(), values.mean() - half, values.mean() + half)


def seeds_of(study: str, number: str, **wanted: str | float) -> pd.Series:
    """A number for each seed of a study."""
    table = pd.read_csv(STUDIES / f"{study}-quick" / "results.csv")
    for name, one in wanted.items():
        table = table[table[name].astype(str) == str(one)]
    return table.groupby("seed")[number].mean()


CONDITIONAL = ("sens_conditional", "sens_conditional_low", "sens_conditional_high")
SENS = ("sens", "sens_low", "sens_high")


def profile(model: str, transform: str, layer: str = "pooled", columns: tuple[str, ...] = CONDITIONAL) -> str:
    return shipped("profiles.csv", columns, model=model, layer=layer, transform=transform)


def sens(model: str, transform: str, columns: tuple[str, ...] = SENS) -> str:
    return shipped("sens.csv", columns, model=model, transform=transform)


def skill(model: str, factor: str, columns: tuple[str, ...] = ("skill", "low", "high")) -> str:
    return shipped("factors.csv", columns, model=model, factor=factor, objects="known")


def moved(model: str, size: float, columns: tuple[str, ...] = ("distance", "low", "high")) -> str:
    return shipped("magnitudes.csv", columns, model=model, transform="scale", magnitude=size)


def mass(model: str, *columns: str) -> str:
    return shipped("mask-scores.csv", columns, model=model, score="mass")


def transfer(relation: str, images: int) -> pd.Series:
    return seeds_of(
        "transforms-vs-other", "transfer_accuracy", factor="transfer_samples", value=images, relation=relation
    )


def named(learnt: str, probed: str) -> pd.Series:
    return seeds_of("relevant-features", "accuracy", trained_on=learnt, probed_on=probed)


def kept(relation: str, data: str) -> pd.Series:
    """After pretraining on pictures: that on noise has data of the same names, on squares of noise."""
    return seeds_of("invariance-transfer", "sens", pretraining="pictures", relation=relation, data=data)


def untrained_sens(transform: str) -> str:
    table = pd.read_csv(GALLERY / "sens.csv")
    return said(table[table["untrained"] & (table["transform"] == transform)]["sens"].mean())


def of_1() -> list[str]:
    edits = [profile("none", edit) for edit in ("invert", "translate", "hue", "posterize")]
    alone = [profile("none", "translate", "pixels", CONDITIONAL[:1])]
    return edits + alone + [profile("untrained", edit, columns=CONDITIONAL[:1]) for edit in ("translate", "hue")]


def of_2() -> list[str]:
    cells = [("hue", "hue"), ("none", "hue"), ("rotate", "rotate"), ("none", "rotate")]
    found = [sens(*cell) for cell in cells] + [sens("rotate", "rotate", SENS[:1])]
    return found + [untrained_sens(name) for name in ("rotate", "hue")]


def of_3() -> list[str]:
    same, others = transfer("same", 50), transfer("disjoint", 500)
    return [over_seeds(each) for each in (same, others, same - others)]


def of_4() -> list[str]:
    hue, grey = "hue.shift", "grayscale.applied"
    pairs = [skill(model, factor) for factor in (hue, grey) for model in ("none", "hue")]
    table = pd.read_csv(GALLERY / "factors.csv").query("objects == 'known' and factor == 'scale.factor'")
    scale = table.set_index("model")["skill"]
    places = [skill(model, "translate.x", ("skill",)) for model in ("none", "translate")]
    return [*pairs, said(scale["none"] - scale["hue"]), *places]


def of_5() -> list[str]:
    cells = [over_seeds(named(learnt, "co_c")) for learnt in ("co_c", "co_o")]
    others = (("co_o", "c"), ("co_c", "co_o"), ("c", "co_o"))
    return [*cells, "0.10", *(said(named(learnt, probed).mean()) for learnt, probed in others)]


def of_6() -> list[str]:
    places = ("same-pictures", "new-pictures", "new-noise")
    scores = [over_seeds(kept(relation, data)) for data in places for relation in ("same", "none")]
    gaps = [kept("none", data) - kept("same", data) for data in places]
    first = said(kept("untrained", "new-pictures").mean())
    return [*scores, said(gaps[0].mean()), over_seeds(gaps[1]), first, over_seeds(gaps[2])]


def of_7() -> list[str]:
    ends, alone = (0.4, 0.31667), ("distance",)
    both = [moved("scale", size) for size in ends] + [moved("none", size, alone) for size in ends]
    return [*both, "0.55", moved("scale", 0.55, alone), moved("untrained", 0.4, alone)]


def of_8() -> list[str]:
    matched, other = "matched-transfer", "disjoint-transfer"
    own = [mass(other, "mean", "low", "high"), mass(other, "null")]
    left = [mass(model, "difference", "difference_low", "difference_high") for model in (other, matched)]
    return own + left + [mass(other, "area")]


RECOMPUTED: tuple[Callable[[], list[str]], ...] = (of_1, of_2, of_3, of_4, of_5, of_6, of_7, of_8)


@pytest.mark.parametrize(
    ("lesson", "recompute"), list(zip(LESSONS.values(), RECOMPUTED, strict=True)), ids=list(LESSONS)
)
def test_every_number_of_a_lesson_stands_in_its_table(lesson: Lesson, recompute: Callable[[], list[str]]) -> None:
    answer = answer_of(lesson)
    assert NUMBER.findall(f"{answer.outcome} {answer.caution}") == recompute()


@pytest.mark.parametrize("lesson", list(LESSONS.values()), ids=list(LESSONS))
def test_what_a_lesson_says_in_words_holds_of_its_numbers(lesson: Lesson) -> None:
    answer = answer_of(lesson)
    assert lesson.holds
    assert [claim for claim in lesson.holds if not answer.holds(claim)] == []
    low, high = lesson.range
    drawn = [one.name for one in lesson.series if one.drawn]
    assert all(low <= answer.at(name, place).estimate <= high for name in drawn for place in answer.places)


def test_a_claim_that_no_longer_holds_is_noticed() -> None:
    answer = answer_of(LESSONS["2-the-training-data-decides"])
    assert not answer.holds("value('trained on hue', 'hue') > value('trained on plain objects', 'hue')")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": "senses"}, "table 'senses': there are sens, factors, profiles"),
        ({"value": "sense"}, "has no column sense"),
        ({"outcome": "{{ at('someone', 'hue') }}"}, "no 'someone' at 'hue'; it has trained on plain objects, rotate"),
        ({"outcome": "{{ at( }}"}, "lesson 2-the-training-data-decides: "),
        ({"outcome": "{{ ''.__class__.__mro__ }}"}, "unsafe"),
    ],
)
def test_a_lesson_that_does_not_fit_its_table_is_refused_in_one_line(change: dict[str, str], words: str) -> None:
    lesson = replace(LESSONS["2-the-training-data-decides"], **change)
    with pytest.raises(SpecError) as caught:
        answer_of(lesson).outcome  # noqa: B018
    assert words in str(caught.value) and "\n" not in str(caught.value)

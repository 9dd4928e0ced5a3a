"""The judgement of a what-if: both ways round, on both scales, and never of more than it rests on."""

from __future__ import annotations

import math

import numpy as np
import pytest

from invariance.statistics import t_interval
from invariance.studies.two_by_two import Matching, TwoByTwo, judge, points
from invariance.studies.what_if import what_if
from invariance.studies.what_if_report import CELL_KEYS, FinishedCell, what_if_report
from invariance.training.answers import Answers

P, Q = ("hue",), ("rotate",)
NUM = 800
NUM_OBJECTS, NUM_BACKGROUNDS = 10, 20


def answers(accuracy: float, seed: int = 0) -> Answers:
    """Of a network that is right on a random share of the images, which are the same for all."""
    drawn = np.arange(NUM)
    labels, backgrounds = drawn % NUM_OBJECTS, drawn // NUM_OBJECTS % NUM_BACKGROUNDS
    wrong = np.random.default_rng(seed).random(NUM) >= accuracy
    return Answers(labels, backgrounds, np.where(wrong, labels + 1, labels))


def table(pp: float, qp: float, pq: float, qq: float, seed: int = 0):
    places = {(P, P): pp, (Q, P): qp, (P, Q): pq, (Q, Q): qq}
    return {place: answers(accuracy, 10 * seed + number) for number, (place, accuracy) in enumerate(places.items())}


def accuracy_of(said: Answers) -> float:
    return float(np.mean([np.mean(said.predicted[said.labels == k] == k) for k in range(NUM_OBJECTS)]))


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ((0.8, 0.4, 0.3, 0.7), Matching.HELPS),
        ((0.4, 0.8, 0.7, 0.3), Matching.HARMS),
        ((0.5, 0.5, 0.5, 0.5), Matching.UNDECIDED),
        # P's network is better on both targets, by as much: a better source is no match.
        ((0.8, 0.5, 0.8, 0.5), Matching.UNDECIDED),
        # It is better on both, and more so on its own: whether that is a match depends on the scale.
        ((0.9, 0.2, 0.6, 0.5), Matching.SCALE),
        # As many points nearer to 1 are more in logits.
        ((0.99, 0.9, 0.6, 0.51), Matching.SCALE),
    ],
)
def test_verdicts(accuracies: tuple[float, float, float, float], expected: Matching) -> None:
    assert judge(P, Q, [table(*accuracies)]).matching == expected


def test_numbers_are_those_of_the_accuracies() -> None:
    cells = table(0.8, 0.4, 0.3, 0.7)
    pp, qp, pq, qq = (accuracy_of(said) for said in cells.values())
    found = judge(P, Q, [cells])
    assert [effect.estimate for effect in found.simple_effects] == pytest.approx([pp - qp, qq - pq])
    assert found.interaction.estimate == pytest.approx((pp - qp + qq - pq) / 2)
    logits = [math.log((NUM * each + 0.5) / (NUM - NUM * each + 0.5)) for each in (pp, qp, pq, qq)]
    assert found.interaction_logits.estimate == pytest.approx((logits[0] - logits[1] - logits[2] + logits[3]) / 2)
    for interval in (*found.simple_effects, found.interaction, found.interaction_logits):
        assert interval.low < interval.estimate < interval.high
    assert (found.num_images, found.num_objects, found.num_backgrounds, found.num_seeds) == (NUM, 10, 20, 1)


def test_several_seeds_are_judged_over_seeds() -> None:
    seeds = [table(0.8, 0.4, 0.3, 0.7, seed) for seed in range(3)]
    found, alone = judge(P, Q, seeds), [judge(P, Q, [cells]) for cells in seeds]
    assert found.interaction == t_interval([one.interaction.estimate for one in alone])
    assert found.simple_effects[1] == t_interval([one.simple_effects[1].estimate for one in alone])
    assert found.num_seeds == 3 and found.matching == Matching.HELPS
    said = found.statement(("hue", "rotate"))
    assert said.startswith("Over these 3 seeds, preliminary, matching helps, both ways round")
    assert "n = 3 seeds with 800 test images each" in said
    two = judge(P, Q, seeds[:2])
    assert two.matching == Matching.UNDECIDED and {one.side for one in two.simple_effects} == {1}
    assert two.statement(("hue", "rotate")).startswith("Over these 2 seeds, too few for a verdict, it is undecided")
    six = judge(P, Q, [table(0.8, 0.4, 0.3, 0.7, seed) for seed in range(6)])
    assert six.statement(("hue", "rotate")).startswith("Over these 6 seeds matching helps, both ways round")


def test_the_words_have_the_numbers_and_what_they_rest_on() -> None:
    found = judge(P, Q, [table(0.8, 0.4, 0.3, 0.7)])
    said = found.statement(("hue", "rotate"))
    assert said.startswith("On this run matching helps, both ways round: ")
    first, second = found.simple_effects
    assert f"{points(first)} on hue and {points(second)} on rotate" in said
    assert f"is {points(found.interaction)}, or {found.interaction_logits} in logits." in said
    assert "n = 800 test images of 10 objects; other transformations and other seeds give other numbers." in said
    assert f"{100 * first.estimate:.1f} points [{100 * first.low:.1f}, {100 * first.high:.1f}]" == points(first)


@pytest.mark.parametrize(
    ("accuracies", "said"),
    [
        ((0.4, 0.8, 0.7, 0.3), "On this run matching harms, both ways round"),
        ((0.5, 0.5, 0.5, 0.5), "On this run it is undecided whether matching helps"),
        ((0.9, 0.2, 0.6, 0.5), "On this run whether matching helps depends on the scale"),
    ],
)
def test_what_is_not_shown_is_not_said(accuracies: tuple[float, float, float, float], said: str) -> None:
    found: TwoByTwo = judge(P, Q, [table(*accuracies)])
    assert found.statement(("hue", "rotate")).startswith(said)


def finished(seed: int, classes: int | None = None) -> list[FinishedCell]:
    study = what_if(P, Q, objects="noise", seed=seed, num_classes=classes)
    return [FinishedCell(cell, 0.75, answers(0.5, 10 * seed + number)) for number, cell in enumerate(study.cells)]


def test_the_report_has_a_row_a_cell_and_seed() -> None:
    cells = [finished(0), finished(3)]
    found = what_if_report(cells)
    rows = found["cells"]
    assert all(tuple(row) == CELL_KEYS for row in rows) and len(rows) == 12
    assert [(row["source"], row["target"], row["relation"]) for row in rows[:3]] == [
        ("hue", "hue", "same"),
        ("rotate", "hue", "disjoint"),
        ("none", "hue", "none"),
    ]
    assert [row["seed"] for row in rows] == [0] * 6 + [3] * 6
    assert {(row["model"], row["objective"], row["method"]) for row in rows} == {
        ("small", "supervised", "linear-probe")
    }
    for row, cell in zip(rows, [*cells[0], *cells[1]], strict=True):
        assert (
            row["transfer_accuracy"] == pytest.approx(accuracy_of(cell.answers)) and row["pretraining_accuracy"] == 0.75
        )
        assert 0 <= row["low"] < row["transfer_accuracy"] < row["high"] <= 1
    assert (found["P"], found["Q"]) == ("hue", "rotate")
    assert [effect["contrast"] for effect in found["simple_effects"]] == ["PP - QP", "QQ - PQ"]
    assert found["interaction"]["estimate"] == pytest.approx(
        np.mean([effect["estimate"] for effect in found["simple_effects"]])
    )
    assert {"estimate", "low", "high"} == set(found["interaction"]["logits"])
    assert found["verdict"] in set(Matching) and found["statement"].startswith("Over these 2 seeds")

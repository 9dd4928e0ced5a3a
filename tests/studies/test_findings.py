"""The rule of agreement, and what is said of it."""

from __future__ import annotations

import math

import pytest

from invariance.studies.findings import finding, lies_above, rests_on


def test_few_seeds_agree_one_by_one_and_more_by_their_interval() -> None:
    assert lies_above([0.1, 0.2, 0.9], 0.0)
    assert not lies_above([0.1, 0.2, -0.01], 0.0)
    many = [0.1, 0.2, 0.3, 0.2, -0.01]  # mean .158, standard error .053, t 2.78: above .01
    assert lies_above(many, 0.0) and not lies_above(many, 0.05)
    assert not lies_above([], 0.0) and not lies_above([math.nan], 0.0)


@pytest.mark.parametrize(
    ("nums", "sentence"),
    [
        ([3, 3, 0], "From 3 seeds, so the intervals are wide."),
        ([2, 3], "From 2 to 3 seeds, so the intervals are wide."),
        ([1, 1], "From 1 seed, so there are no intervals."),
        ([5, 10], "From 5 to 10 seeds."),
        ([0], ""),
    ],
)
def test_seeds_are_said_once_for_all_findings(nums: list[int], sentence: str) -> None:
    assert rests_on(nums) == sentence


def test_a_finding_knows_how_many_seeds_it_rests_on() -> None:
    two = finding("gap", [0.1, 0.2], lambda measured: f"a gap of {measured}")
    assert two.statement == "a gap of 0.15 [−0.49, 0.79]." and two.num_seeds == 2
    assert two.agrees and two.effect == pytest.approx(0.15)
    none = finding("gap", [], lambda measured: "never said")
    assert not none.agrees and math.isnan(none.effect) and "no seed" in none.statement

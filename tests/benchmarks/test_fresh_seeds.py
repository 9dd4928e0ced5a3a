"""Shipped findings beside those of other seeds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.fresh_seeds import compare
from invariance.runs.shipped_studies import StudyResult, shipped_results
from invariance.studies.registry import make_study

CORNER = "furthest_mismatch"


def halves(study: str) -> list[StudyResult]:
    [own] = shipped_results(study)
    return [
        replace(own, seeds=seeds, table=own.table[own.table["seed"].isin(seeds)].copy())
        for seeds in (tuple(range(6)), tuple(range(6, 12)))
    ]


@pytest.mark.parametrize("study", ["mismatch", "invariance-transfer"])
def test_the_effects_are_those_of_the_seeds_of_each_and_their_difference(study: str) -> None:
    found = compare(*halves(study))
    assert found["seeds"] == [6, 7, 8, 9, 10, 11]
    for one in found["findings"]:
        away = one["difference"]
        assert away["effect"] == pytest.approx(one["fresh"]["effect"] - one["shipped"]["effect"], abs=2e-4)
        assert away["low"] <= away["effect"] <= away["high"] and one["fresh"]["n"] == one["shipped"]["n"] == 6
        assert one["confirmatory"] is ("no verdict" not in one["fresh"]["verdict"])
    assert sum(one["holds"] for one in found["findings"]) >= len(found["findings"]) - 2, "both are the same study"


def test_a_shift_of_an_effect_does_not_hold_and_neither_does_the_other_side() -> None:
    first, second = halves("mismatch")
    same = {one["name"]: one for one in compare(first, second)["findings"]}[CORNER]
    moved = second.table.copy()
    moved.loc[moved["num_pretraining_transforms"] < moved["num_transfer_transforms"], "accuracy"] += 0.5
    other = {one["name"]: one for one in compare(first, replace(second, table=moved))["findings"]}[CORNER]
    assert same["holds"] and not other["holds"]
    assert other["difference"]["effect"] == pytest.approx(same["difference"]["effect"] - 0.5, abs=2e-4)


def test_the_spread_of_a_ratio_is_that_of_its_linearisation() -> None:
    first, second = halves("mismatch")
    name = "superset_suffices"
    one = {one["name"]: one for one in compare(first, second)["findings"]}[name]
    draws, ratios = np.random.default_rng(0), []
    parts = []
    for half in (first, second):
        study = make_study("mismatch", seeds=half.seeds)
        finding = next(each for each in study.conclude(half.table) if each.name == name)
        assert finding.denominators is not None
        parts.append(np.array([[finding.per_seed[seed], finding.denominators[seed]] for seed in half.seeds]))
    for _ in range(2_000):  # the bootstrap's spread of the difference, which six seeds make a tenth too small
        means = [part[draws.integers(0, 6, 6)].mean(axis=0) for part in parts]
        ratios.append(means[1][0] / means[1][1] - means[0][0] / means[0][1])
    half_width = (one["difference"]["high"] - one["difference"]["low"]) / 2
    assert half_width == pytest.approx(2.4 * np.std(ratios), rel=0.25)

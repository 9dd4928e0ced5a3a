"""Findings with and without shared backgrounds stand beside one another, and differ within seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.shared_backgrounds import compare
from invariance.runs.shipped_studies import shipped_results
from invariance.statistics import t_interval


def test_a_shift_of_every_seed_is_the_difference_of_the_seeds_that_both_have() -> None:
    [own] = shipped_results("mismatch")
    table = own.table[own.table["seed"] < 3].copy()
    table.loc[table["num_pretraining_transforms"] == table["num_transfer_transforms"], "accuracy"] += 0.01
    found = compare(own, replace(own, seeds=(0, 1, 2), table=table))
    assert found["seeds"] == [0, 1, 2]
    by_name = {one["name"]: one for one in found["findings"]}
    first = by_name["first_missing_costs"]
    assert first["difference"] == pytest.approx(0.01) == first["low"] == first["high"]
    assert first["shared"] == pytest.approx(first["own"] + 0.01, abs=1e-4)
    assert by_name["exact_stays"]["difference"] == pytest.approx(0, abs=1e-4)
    share = by_name["superset_suffices"]
    assert share["shared"] < share["own"] and share["difference"] is None, "of a ratio there is none within a seed"


def test_the_interval_is_students_within_seeds() -> None:
    [own] = shipped_results("mismatch")
    shared = own.table.copy()
    shared["accuracy"] += 0.01 * shared["seed"] * (shared["num_pretraining_transforms"] == 1)
    [corner] = [
        one for one in compare(own, replace(own, table=shared))["findings"] if one["name"] == "furthest_mismatch"
    ]
    expected = t_interval([-0.01 * seed for seed in own.seeds])
    assert [corner[name] for name in ("difference", "low", "high")] == pytest.approx(
        [expected.estimate, expected.low, expected.high], abs=1e-4
    )

"""Study D: its matrix, and what tables that agree and that contradict say."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from invariance.spec import PretrainSpec, TransferSpec
from invariance.studies.mismatch import conclude, with_relative_accuracy
from invariance.studies.registry import make_study
from invariance.vocabulary.verdicts import Verdict
from tests.studies.fabricated import outcomes_of

QUICK = make_study("mismatch", seeds=(7,))


def test_each_pretraining_has_the_first_transformations_of_one_order() -> None:
    sets = [spec.data.transforms for spec in QUICK.runs if isinstance(spec, PretrainSpec)]
    assert [len(names) for names in sets] == list(range(1, 9))
    assert all(names == sets[-1][: len(names)] for names in sets)
    probes = [spec for spec in QUICK.runs if isinstance(spec, TransferSpec)]
    assert len(probes) == 64 and {spec.data.transforms for spec in probes} == set(sets)


def test_the_matrix_is_read_from_the_runs() -> None:
    outcomes = outcomes_of(
        QUICK, accuracy=lambda source, task: len(source.data.transforms) / 10 + len(task.data.transforms) / 100
    )
    table = QUICK.tabulate(outcomes)
    assert len(table) == 64
    assert table["accuracy"].to_numpy() == pytest.approx(
        (table["num_pretraining_transforms"] / 10 + table["num_transfer_transforms"] / 100).to_numpy()
    )
    assert set(table["seed"]) == {7}


JITTER = 0.01 * np.array([-1.0, -0.6, -0.2, 0.2, 0.6, 1.0])
"""By seed; in another order in every cell, as the noise of real seeds."""


def matrix(
    accuracy: dict[int, float], *, worst: float | None = None, exact: dict[int, float] | None = None
) -> pd.DataFrame:
    """Six seeds of four counts.

    Args:
        accuracy: by the number missing; supersets are as the diagonal.
        worst: of the cell with 4 for 1.
        exact: factors by the number in the task.
    """
    rows = []
    for own, task, seed in product(range(1, 5), range(1, 5), range(len(JITTER))):
        value = worst if worst is not None and (own, task) == (4, 1) else accuracy[max(0, task - own)]
        value *= (exact or {}).get(task, 1.0)
        rows.append((own, task, seed, value + JITTER[(seed + 5 * own + 2 * task) % len(JITTER)]))
    table = pd.DataFrame(rows, columns=["num_pretraining_transforms", "num_transfer_transforms", "seed", "accuracy"])
    return table.assign(num_classes=30)


def verdicts(table: pd.DataFrame) -> dict[str, Verdict | None]:
    return {finding.name: finding.verdict for finding in conclude(table)}


AS_PUBLISHED = {0: 0.99, 1: 0.91, 2: 0.7, 3: 0.33}


def test_relative_accuracy_is_over_the_diagonal_of_the_same_task() -> None:
    table = matrix({0: 0.8, 1: 0.6, 2: 0.4, 3: 0.2})
    table["accuracy"] = table["accuracy"].round(1)
    table = with_relative_accuracy(table)
    corner = table[(table["num_pretraining_transforms"] == 1) & (table["num_transfer_transforms"] == 4)]
    assert set(corner["missing"]) == {3} and corner["relative"].to_numpy() == pytest.approx(0.25)
    without = table[~((table["num_pretraining_transforms"] == 4) & (table["num_transfer_transforms"] == 4))]
    again = with_relative_accuracy(without)
    assert math.isnan(again[again["num_transfer_transforms"] == 4]["relative"].iloc[0])


def test_a_matrix_as_published_is_as_published() -> None:
    found = {finding.name: finding for finding in conclude(matrix(AS_PUBLISHED))}
    # Nothing is published of the size of later steps.
    assert {name for name, one in found.items() if one.verdict is not Verdict.AS_PUBLISHED} == {
        "missing_costs",
        "furthest_keeps",
    }
    assert found["furthest_keeps"].words == "exploratory: no verdict", "of the same cells as the finding before it"
    assert found["missing_costs"].words == "same direction"
    assert [part.passes for part in found["missing_costs"].parts] == [True] * 3
    assert found["superset_suffices"].effect == pytest.approx(1.0, abs=0.01)
    assert found["furthest_keeps"].effect == pytest.approx(0.31, abs=0.01)
    assert "above guessing (0.03); published: 0.31 with 30 classes" in found["furthest_keeps"].statement
    few = {finding.name: finding for finding in conclude(matrix(AS_PUBLISHED).assign(num_classes=5))}
    assert few["furthest_keeps"].effect == pytest.approx(0.13 / 0.79, abs=0.01), "guessing is not kept"
    assert "accuracy is 0.33 where exact pretraining has 0.99" in found["furthest_mismatch"].statement


def test_a_falling_diagonal_is_told_although_relative_accuracies_are_as_published() -> None:
    found = verdicts(matrix(AS_PUBLISHED, exact={1: 1.0, 2: 0.9, 3: 0.8, 4: 0.6}))
    assert found["exact_stays"] is Verdict.OPPOSITE
    assert found["superset_as_exact"] is found["superset_suffices"] is Verdict.AS_PUBLISHED


def test_supersets_have_to_suffice_in_every_cell() -> None:
    found = {finding.name: finding for finding in conclude(matrix(AS_PUBLISHED, worst=0.8))}
    covered = found["superset_suffices"]
    assert covered.verdict is Verdict.UNDECIDED and covered.effect > 0.96
    assert [part.name for part in covered.parts if not part.passes] == ["4 for 1"]
    assert "0.90: 5 of 6, each tested by itself, and 5 by intervals that hold for all; on average 1 keep less." in (
        covered.statement
    )
    assert "The weakest (4 for 1) is off that by −0.09 [" in covered.statement
    assert "0.19 [0.17, 0.21] with 4 for 1, the most;" in found["superset_as_exact"].statement
    # Six cells: intervals at 1 - .05 / 6.
    table = matrix(AS_PUBLISHED, worst=0.8).set_index(["num_pretraining_transforms", "num_transfer_transforms"])
    away = (table.loc[(4, 1)]["accuracy"].to_numpy() - 0.9 * table.loc[(1, 1)]["accuracy"].to_numpy()).astype(float)
    half = stats.t.ppf(1 - 0.025 / 6, 5) * away.std(ddof=1) / np.sqrt(6)
    (part,) = (part for part in covered.parts if part.name == "4 for 1")
    assert (part.low, part.high) == pytest.approx((away.mean() - half, away.mean() + half))


def test_missing_transformations_without_a_price() -> None:
    found = verdicts(matrix(dict.fromkeys(range(4), 0.9)))
    assert found["first_missing_costs"] is found["furthest_mismatch"] is Verdict.NO_DIFFERENCE
    assert found["missing_costs"] is Verdict.UNDECIDED
    # One step upwards is enough, though the line falls.
    assert verdicts(matrix({0: 0.9, 1: 0.5, 2: 0.6, 3: 0.3}))["missing_costs"] is Verdict.UNDECIDED


def test_partial_tables_say_what_they_can() -> None:
    table = matrix(AS_PUBLISHED)
    lacking = table[~((table["num_pretraining_transforms"] == 3) & (table["num_transfer_transforms"] == 2))]
    found = {finding.name: finding.n for finding in conclude(lacking)}
    assert found["superset_suffices"] == found["superset_as_exact"] == 0
    assert found["exact_stays"] == found["furthest_mismatch"] == found["missing_costs"] == 6
    assert {finding.n for finding in conclude(table[table["seed"] == 0])} == {1}
    assert "cells" not in conclude(table[table["seed"] == 0])[2].statement

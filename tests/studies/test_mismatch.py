"""Study D: its matrix, and what tables that agree and that contradict say."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from invariance.spec import PretrainSpec, TransferSpec
from invariance.studies.mismatch import conclude, with_relative_accuracy
from invariance.studies.registry import make_study
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


def matrix(accuracy: dict[int, float], num_seeds: int = 3, worst: float | None = None) -> pd.DataFrame:
    """Accuracy by the number missing; of supersets 0.9, but for one cell where ``worst`` is given."""
    rows = [
        (own, target, seed, accuracy.get(target - own, 0.9) if worst is None or (own, target) != (4, 1) else worst)
        for seed in range(num_seeds)
        for own in range(1, 5)
        for target in range(1, 5)
    ]
    return pd.DataFrame(rows, columns=["num_pretraining_transforms", "num_transfer_transforms", "seed", "accuracy"])


def test_relative_accuracy_is_over_the_diagonal_of_the_same_task() -> None:
    table = with_relative_accuracy(matrix({0: 0.8, 1: 0.6, 2: 0.4, 3: 0.2}))
    corner = table[(table["num_pretraining_transforms"] == 1) & (table["num_transfer_transforms"] == 4)]
    assert set(corner["missing"]) == {3} and corner["relative"].to_numpy() == pytest.approx(0.25)
    without = table[~((table["num_pretraining_transforms"] == 4) & (table["num_transfer_transforms"] == 4))]
    again = with_relative_accuracy(without)
    assert math.isnan(again[again["num_transfer_transforms"] == 4]["relative"].iloc[0])


def test_a_matrix_as_published_agrees() -> None:
    covered, falling, furthest = conclude(matrix({0: 0.9, 1: 0.8, 2: 0.6, 3: 0.3}))
    assert covered.agrees and covered.effect == pytest.approx(1.0)
    assert falling.agrees and "falls at every step" in falling.statement
    assert furthest.agrees and furthest.effect == pytest.approx(2 / 3) and "accuracy is 0.30" in furthest.statement


def test_supersets_that_hurt_contradict_even_in_one_cell() -> None:
    covered, *_ = conclude(matrix({0: 0.9, 1: 0.8, 2: 0.6, 3: 0.3}, worst=0.7))
    assert not covered.agrees and "worst cell 0.78" in covered.statement


def test_missing_transformations_without_a_price_contradict() -> None:
    _, falling, furthest = conclude(matrix({0: 0.9, 1: 0.9, 2: 0.9, 3: 0.9}))
    assert not falling.agrees and not furthest.agrees
    _, bumpy, _ = conclude(matrix({0: 0.9, 1: 0.5, 2: 0.6, 3: 0.3}))
    assert not bumpy.agrees and "does not fall at every step" in bumpy.statement

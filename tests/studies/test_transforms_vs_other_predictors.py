"""What tells transfer accuracy: known answers, and that a seed is predicted from the others alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from invariance.studies.transforms_vs_other_predictors import adjusted_gaps, explained, networks, predictions
from tests.studies.fabricated import squares_table

VALUES = {"a": (0.9, 0.5), "b": (0.8, 0.6)}


@pytest.fixture
def table() -> pd.DataFrame:
    """Accuracies without anything of the seeds' own; sens = 1 - accuracy."""
    made = squares_table(VALUES, num_seeds=3, spread=0)
    return made.assign(transfer_accuracy=made["transfer_accuracy"] - 0.01 * made["seed"], sens=1 - made["sens"])


def test_a_sens_score_that_tells_all_explains_what_the_label_leaves(table: pd.DataFrame) -> None:
    exact = explained(table.assign(sens=1 - table["transfer_accuracy"]))
    # Accuracies .9, .8, .5, .6, the mean .7: squares .1; from the labels' means .85 and .55: .01.
    assert exact["label"].to_list() == pytest.approx([0.9] * 3)
    assert exact["sens"].to_list() == pytest.approx([1.0] * 3) and exact["both"].to_list() == pytest.approx([1.0] * 3)


def test_a_sens_score_that_tells_nothing_gains_nothing(table: pd.DataFrame) -> None:
    noise = np.random.default_rng(0).normal(size=len(table))
    found = explained(table.assign(sens=noise))
    assert (found["sens"] < 0.1).all()
    assert (found["both"] - found["label"]).mean() < 0.05


def test_a_seed_is_predicted_from_the_others(table: pd.DataFrame) -> None:
    moved = table.assign(transfer_accuracy=table["transfer_accuracy"] + 10.0 * (table["seed"] == 2))
    first, second = predictions(table), predictions(moved)
    of_last = table["seed"] == 2
    for name in ("label", "sens", "both", "mean"):
        assert second.loc[of_last, name].to_list() == pytest.approx(first.loc[of_last, name].to_list())
        assert (second.loc[~of_last, name] > first.loc[~of_last, name] + 1).all()


def test_one_seed_predicts_nothing(table: pd.DataFrame) -> None:
    assert explained(table[table["seed"] == 0]).isna().all(axis=None)
    assert explained(table.assign(sens=float("nan"))).empty and predictions(table.iloc[:0]).empty


def test_each_network_counts_once_a_target_and_only_on_the_usual_task(table: pd.DataFrame) -> None:
    twice = pd.concat([table, table.assign(factor="pretraining_samples"), table.assign(factor="transfer_samples")])
    assert len(networks(twice)) == len(table)
    assert networks(table.assign(factor="beyond_2d")).empty


def test_what_differs_in_pretraining_is_taken_out_of_each_target() -> None:
    draws = np.random.default_rng(1)
    made = squares_table(dict.fromkeys("abcdef", (0.0, 0.0)), num_seeds=2, spread=0)
    learnt = pd.Series(draws.uniform(0.6, 1.0, len(made)))
    same = (made["relation"] == "same").astype(float)
    table = made.assign(pretraining_accuracy=learnt, transfer_accuracy=0.1 + 0.2 * same + 0.5 * learnt)
    gaps, slopes = adjusted_gaps(table)
    assert gaps == pytest.approx({0: 0.2, 1: 0.2}) and slopes == pytest.approx([0.5] * 4)


def test_without_differences_in_pretraining_nothing_is_adjusted_and_without_a_slope_nothing_is_told() -> None:
    table = squares_table(VALUES, num_seeds=1, spread=0)
    gaps, slopes = adjusted_gaps(table)
    assert gaps == pytest.approx({0: 0.3}) and len(slopes) == 0
    alone = squares_table({"a": (0.9, 0.5)}, num_seeds=1, spread=0)
    alone = alone.assign(pretraining_accuracy=alone["source"].map({"P": 0.9, "Q": 0.7}))
    assert np.isnan(adjusted_gaps(alone)[0][0])

"""Curves of training, as figures."""

from __future__ import annotations

import pandas as pd
import pytest

from invariance.figures.curves import MAX_POINTS, training_curves, values_table

COLOURS = ["#111111", "#222222"]


def table(values: list[float], name: str = "train_accuracy") -> pd.DataFrame:
    steps = range(1, len(values) + 1)
    return pd.DataFrame({"step": steps, "name": name, "value": values, "seconds": 0.0})


def test_one_curve_for_each_run_in_its_colour() -> None:
    figure = training_curves(
        {"a": table([0.1, 0.5]), "b": table([0.2])}, "train_accuracy", colours=COLOURS, dashed=frozenset({"b"})
    )
    assert [trace.name for trace in figure.data] == ["a", "b"]
    assert list(figure.data[0].x) == [1, 2]
    assert list(figure.data[0].y) == pytest.approx([0.1, 0.5])
    assert [trace.line.color for trace in figure.data] == COLOURS
    assert [trace.line.dash for trace in figure.data] == ["solid", "dash"]
    assert figure.layout.yaxis.tickformat == ".0%"


def test_only_the_metric_asked_for_is_drawn_and_losses_are_no_percentages() -> None:
    mixed = pd.concat([table([0.5]), table([2.0, 1.0], "train_loss")])
    figure = training_curves({"a": mixed}, "train_loss", colours=COLOURS[:1])
    assert list(figure.data[0].y) == [2.0, 1.0]
    assert figure.layout.yaxis.tickformat is None
    assert figure.layout.yaxis.title.text == "training loss (nats)"


def test_many_values_are_averaged_in_groups() -> None:
    figure = training_curves({"a": table([0.0, 1.0] * MAX_POINTS)}, "train_accuracy", colours=COLOURS[:1])
    assert list(figure.data[0].y) == [0.5] * MAX_POINTS
    assert list(figure.data[0].x) == [2 * (number + 1) for number in range(MAX_POINTS)]


def test_a_run_without_values_yet_is_in_the_legend() -> None:
    figure = training_curves({"a": table([]), "b": table([0.3])}, "train_accuracy", colours=COLOURS)
    assert len(figure.data[0].x) == 0 and figure.data[0].name == "a"


def test_the_numbers_of_all_runs_are_kept_unsmoothed() -> None:
    mixed = pd.concat([table([0.25] * (2 * MAX_POINTS)), table([2.0], "train_loss")])
    found = values_table({"a": mixed, "b": table([0.5])}, "train_accuracy")
    assert list(found.columns) == ["run", "step", "train_accuracy"] and len(found) == 2 * MAX_POINTS + 1
    assert found.iloc[-1].tolist() == ["b", 1, 0.5]

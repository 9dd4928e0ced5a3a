"""Accuracy bars as a figure."""

from __future__ import annotations

import pytest

from invariance.figures.bars import accuracy_bars
from invariance.figures.palette import MATCHED, MISMATCHED


def test_bars_carry_values_units_and_chance() -> None:
    figure = accuracy_bars({"matched": 0.974, "mismatched": 0.81}, axis_title="accuracy on the target", chance=1 / 30)
    (bars,) = figure.data
    assert list(bars.x) == pytest.approx([97.4, 81.0])
    assert list(bars.text) == ["97.4%", "81.0%"]
    assert list(bars.marker.color) == [MATCHED, MISMATCHED]
    assert figure.layout.xaxis.title.text == "accuracy on the target (%)"
    assert figure.layout.shapes[0].x0 == pytest.approx(100 / 30)


def test_without_chance_there_is_no_line() -> None:
    assert not accuracy_bars({"a": 0.5}, axis_title="accuracy").layout.shapes

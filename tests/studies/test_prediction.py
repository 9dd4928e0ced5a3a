"""Leave-one-out against fits that really leave one out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from invariance.studies.prediction import leave_one_out


def test_the_short_cut_equals_refitting() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=9)
    y = 2 * x + generator.normal(size=9)
    expected = [np.polyval(np.polyfit(np.delete(x, left), np.delete(y, left), 1), x[left]) for left in range(9)]
    found = leave_one_out(x, y)
    assert found.predicted == pytest.approx(np.array(expected))
    means = np.array([np.delete(y, left).mean() for left in range(9)])
    assert found.error == pytest.approx(np.abs(y - expected).mean())
    assert found.error_of_mean == pytest.approx(np.abs(y - means).mean())
    assert found.explained == pytest.approx(1 - ((y - expected) ** 2).sum() / ((y - means) ** 2).sum())


def test_what_predicts_nothing_is_worse_than_the_mean() -> None:
    assert leave_one_out([0, 1, 0, 1], [0, 0, 1, 1]).explained < 0


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([1, 1, 1, 1], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [1] * 4),
        ([0, 0, 0, 1], [1, 2, 3, 4]),
        ([], []),
    ],
)
def test_too_little_to_say_anything(x: list[float], y: list[float]) -> None:
    assert math.isnan(leave_one_out(x, y).explained)

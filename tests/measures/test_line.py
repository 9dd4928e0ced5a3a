"""Least squares and its intervals, against scipy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from invariance.measures.line import fit_line, student_quantile

X = np.array([0.1, 0.2, 0.35, 0.5, 0.8, 0.9])
Y = np.array([0.9, 0.85, 0.7, 0.72, 0.4, 0.35])


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 10, 57, 1000])
def test_student_s_quantile_is_scipy_s(degrees: int) -> None:
    assert student_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-9)


def test_the_line_is_scipy_s_with_its_intervals() -> None:
    line, expected = fit_line(X, Y), stats.linregress(X, Y)
    assert line is not None and line.num == 6
    assert (line.slope, line.intercept) == pytest.approx((expected.slope, expected.intercept))
    half = stats.t.ppf(0.975, 4) * expected.stderr
    assert line.slope_interval == pytest.approx((expected.slope - half, expected.slope + half))
    assert line.correlation == pytest.approx(expected.rvalue)
    assert line.correlation_interval == pytest.approx(tuple(stats.pearsonr(X, Y).confidence_interval(0.95)))


def test_the_band_at_zero_is_the_interval_of_the_intercept() -> None:
    line, expected = fit_line(X, Y), stats.linregress(X, Y)
    assert line is not None
    half = stats.t.ppf(0.975, 4) * expected.intercept_stderr
    low, high = line.band(np.array([0.0]))
    assert (low[0], high[0]) == pytest.approx((expected.intercept - half, expected.intercept + half))
    middle = line.band(np.array([X.mean()]))
    assert middle[1] - middle[0] < high - low, "the line is surest in the middle of the points"


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draws = np.random.default_rng(0)
    x, hits = np.linspace(0, 1, 8), 0
    for _ in range(1000):
        line = fit_line(x, 2.0 - x + draws.normal(0, 0.3, 8))
        assert line is not None
        low, high = line.band(np.array([0.25]))
        hits += low[0] <= 1.75 <= high[0]
    assert abs(hits / 1000 - 0.95) < 0.025


def test_points_on_a_line_leave_no_doubt() -> None:
    line = fit_line(np.array([0.0, 1.0, 2.0]), np.array([1.0, 0.5, 0.0]))
    assert line is not None and line.slope == pytest.approx(-0.5) and line.correlation == pytest.approx(-1)
    assert line.residual_sd == pytest.approx(0, abs=1e-12) and math.isnan(line.correlation_interval[0])


def test_equal_values_have_a_line_and_no_correlation() -> None:
    line = fit_line(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5, 0.5]))
    assert line is not None and line.slope == 0 and math.isnan(line.correlation)


@pytest.mark.parametrize("x", [[], [0.1], [0.1, 0.2], [0.3, 0.3, 0.3]])
def test_without_enough_points_there_is_no_line(x: list[float]) -> None:
    assert fit_line(np.array(x), np.arange(len(x), dtype=float)) is None

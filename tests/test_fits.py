"""Lines against scipy's, and predictions of points left out against refitting."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from invariance.fits import fit_line, leave_one_out, pearson, slope

X = np.array([0.1, 0.2, 0.35, 0.5, 0.8, 0.9])
Y = np.array([0.9, 0.85, 0.7, 0.72, 0.4, 0.35])


def test_correlation_and_slope() -> None:
    assert pearson(X, Y) == pytest.approx(stats.pearsonr(X, Y).statistic)
    assert slope(X, Y) == pytest.approx(stats.linregress(X, Y).slope) and slope([0.0, 2.0], [1.0, 2.0]) == 0.5
    for x, y in (([1.0, 2.0], [1.0, 2.0]), ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]), ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])):
        assert math.isnan(pearson(x, y))
    assert math.isnan(slope([], [])) and math.isnan(slope([1.0, 1.0], [1.0, 2.0]))


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


def test_leaving_one_out_by_a_short_cut_equals_refitting() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=9)
    y = 2 * x + generator.normal(size=9)
    expected = [np.polyval(np.polyfit(np.delete(x, left), np.delete(y, left), 1), x[left]) for left in range(9)]
    found = leave_one_out(x, y)
    assert found.predicted == pytest.approx(np.array(expected))
    means = np.array([np.delete(y, left).mean() for left in range(9)])
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
def test_too_little_to_predict_from(x: list[float], y: list[float]) -> None:
    assert math.isnan(leave_one_out(x, y).explained)

"""Intervals, fits and tests: known values, properties, and how often intervals hold the truth in simulations."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from invariance.fits import fit_line
from invariance.statistics import (
    Interval,
    accuracy_interval,
    benjamini_hochberg,
    block_bootstrap_means,
    holm,
    normal_interval,
    normal_quantile,
    paired_interval,
    percentile_interval,
    ratio_interval,
    share_interval,
    t_interval,
    t_quantile,
    two_way_bootstrap_means,
    welch_interval,
)

NUM_TRIALS = 1_000
TOLERANCE = 0.025
"""Of a share near 0.95 in so many trials: 3.6 standard errors."""


@pytest.mark.parametrize(
    ("degrees", "expected"), [(1, 12.7062), (9, 2.2622), (20, 2.0860), (30, 2.0423), (120, 1.9799)]
)
def test_quantiles_of_students_t_as_in_printed_tables(degrees: int, expected: float) -> None:
    assert t_quantile(degrees) == pytest.approx(expected, abs=5e-5)
    assert t_quantile(degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-9)


def test_the_quantile_of_the_normal_distribution() -> None:
    assert normal_quantile() == pytest.approx(1.959963984540054, rel=1e-12)
    assert normal_quantile() < t_quantile(10_000) < normal_quantile() + 1e-3


def test_an_interval_worked_out_by_hand() -> None:
    # Mean 2, standard deviation 1, standard error 1 / sqrt(3), t with 2 degrees of freedom 4.3027.
    found = t_interval([1.0, 2.0, 3.0])
    assert found.estimate == 2.0 and found.num == 3
    half = 4.302653 / math.sqrt(3)
    assert (found.low, found.high) == pytest.approx((2 - half, 2 + half), rel=1e-6)
    assert str(found) == "2.00 [−0.48, 4.48]"
    normal = normal_interval([1.0, 2.0, 3.0])
    assert normal.high - 2.0 == pytest.approx(1.959964 / math.sqrt(3), rel=1e-6)


def test_values_that_are_not_there_do_not_count() -> None:
    assert t_interval([1.0, math.nan, 3.0]).num == 2
    assert t_interval([1.0, math.nan]).estimate == 1.0 and math.isnan(t_interval([1.0]).low)
    assert str(t_interval([1.0])) == "1.00"
    assert math.isnan(t_interval([]).estimate)


def test_accuracies_of_two_seeds_are_told_between_0_and_1() -> None:
    found = accuracy_interval([0.9, 0.8])
    assert found.estimate == pytest.approx(0.85) and found.low == pytest.approx(0.85 - 12.7062 * 0.05, abs=1e-4)
    assert found.high == 1.0 and accuracy_interval([0.0, 0.1]).low == 0.0
    assert math.isnan(accuracy_interval([0.5]).high) and accuracy_interval([0.5, 0.5]).low == 0.5


def test_pairs_cancel_what_they_share() -> None:
    # Student's sleep data (1908), gain of hours under two drugs: mean difference 1.58, 95 % interval 0.70 to 2.46.
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = paired_interval(second, first)
    assert (found.estimate, found.low, found.high) == pytest.approx((1.58, 0.7001142, 2.4598858), abs=1e-6)
    assert found.num == 10 and paired_interval([1.0, math.nan, 2.0], [0.5, 0.5, 0.5]).num == 2


def test_two_independent_sets_are_compared_as_by_welch() -> None:
    draws = np.random.default_rng(3)
    first, second = draws.normal(1.0, 0.2, 12), draws.normal(0.7, 0.6, 6)
    found = welch_interval(first, [*second, math.nan])
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high)) and found.num == 6
    assert found.estimate == pytest.approx(first.mean() - second.mean())
    assert math.isnan(welch_interval([1.0], [1.0, 2.0]).low) and welch_interval([1.0, 1.0], [0.0, 0.0]).low == 1.0


def test_fiellers_ends_are_the_ratios_that_the_pairs_do_not_exclude() -> None:
    draws = np.random.default_rng(0)
    denominators = draws.normal(2.0, 0.5, 12)
    numerators = 0.7 * denominators + draws.normal(0, 0.2, 12)
    found = ratio_interval(numerators, denominators)
    assert found.estimate == pytest.approx(numerators.mean() / denominators.mean()) and found.num == 12
    assert t_interval(numerators - found.low * denominators).low == pytest.approx(0, abs=1e-12)
    assert t_interval(numerators - found.high * denominators).high == pytest.approx(0, abs=1e-12)
    assert found.low < found.estimate < found.high


def test_a_ratio_to_a_certain_number_is_a_mean_over_it() -> None:
    found, mean = ratio_interval([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]), t_interval([0.5, 1.0, 1.5])
    assert (found.low, found.estimate, found.high) == pytest.approx((mean.low, mean.estimate, mean.high))


def test_a_ratio_to_what_may_be_zero_has_no_ends() -> None:
    found = ratio_interval([1.0, 2.0, 3.0], [-1.0, 0.5, 1.0])
    assert (found.low, found.high) == (-math.inf, math.inf)
    assert math.isnan(ratio_interval([1.0], [2.0]).low) and math.isnan(ratio_interval([], []).estimate)


def test_wilsons_interval_against_scipy() -> None:
    for successes, num in ((0, 10), (3, 10), (10, 10), (81, 263)):
        expected = stats.binomtest(successes, num).proportion_ci(0.95, method="wilson")
        found = share_interval(successes, num)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    # Ten in ten: n / (n + z^2) = 10 / 13.8415.
    assert share_interval(10, 10).low == pytest.approx(10 / 13.841459, rel=1e-6)
    assert math.isnan(share_interval(0, 0).estimate)


def test_holms_correction_by_hand() -> None:
    # Sorted .005, .01, .03, .04 times 4, 3, 2, 1: .02, .03, .06, .04, which must not fall.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0] and holm([0.2]) == [0.2] and holm([]) == []


def test_holm_errs_in_one_family_of_twenty() -> None:
    draws = np.random.default_rng(0)
    families = draws.uniform(size=(NUM_TRIALS, 8))
    wrong = np.mean([min(holm(family)) <= 0.05 for family in families.tolist()])
    assert wrong == pytest.approx(0.05, abs=TOLERANCE)
    assert np.mean(families.min(axis=1) <= 0.05) > 0.3, "without it, every third"


def test_the_correction_of_benjamini_and_hochberg_by_hand() -> None:
    # Sorted .005, .01, .03, .04 times 4/1, 4/2, 4/3, 4/4: .02, .02, .04, .04.
    assert benjamini_hochberg([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    # Sorted .02, .024, .9 times 3, 3/2, 1: .06, .036, .9, of which the first must not be above the second.
    assert benjamini_hochberg([0.9, 0.02, 0.024]) == pytest.approx([0.9, 0.036, 0.036])
    with_gap = benjamini_hochberg([0.02, math.nan, 0.03])
    assert with_gap[::2] == pytest.approx([0.03, 0.03]) and math.isnan(with_gap[1])
    assert benjamini_hochberg([]) == [] and benjamini_hochberg([0.2]) == [0.2]
    drawn = np.random.default_rng(1).uniform(size=50)
    assert benjamini_hochberg(drawn.tolist()) == pytest.approx(stats.false_discovery_control(drawn))


def test_one_discovery_of_twenty_is_false() -> None:
    # Of 40 tests 10 have an effect of 3 standard errors: the share of false ones among those found is below .05 * 3/4.
    draws = np.random.default_rng(0)
    shares = []
    for _ in range(NUM_TRIALS):
        z = draws.normal(size=40) + np.repeat([3.0, 0.0], [10, 30])
        found = np.array(benjamini_hochberg((2 * stats.norm.sf(np.abs(z))).tolist())) < 0.05
        shares.append(found[10:].sum() / max(1, found.sum()))
    assert np.mean(shares) == pytest.approx(0.05 * 30 / 40, abs=0.01)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    draws = np.random.default_rng(0)
    x = np.linspace(0, 1, 8)
    hits = dict.fromkeys(("mean", "pairs", "ratio", "line", "share"), 0)

    def holds(found: Interval, truth: float) -> bool:
        return found.low <= truth <= found.high

    for _ in range(NUM_TRIALS):
        first, second = draws.multivariate_normal([1.0, 2.0], [[0.09, 0.06], [0.06, 0.16]], 5).T
        hits["mean"] += holds(t_interval(first), 1.0)
        hits["pairs"] += holds(paired_interval(first, second), -1.0)
        hits["ratio"] += holds(ratio_interval(first, second), 0.5)
        line = fit_line(x, 2.0 - x + draws.normal(0, 0.3, 8))
        assert line is not None
        low, high = line.band(np.array([0.25]))
        hits["line"] += bool(low[0] <= 1.75 <= high[0])
        hits["share"] += holds(share_interval(int(draws.binomial(100, 0.3)), 100), 0.3)
    assert {name: hit / NUM_TRIALS for name, hit in hits.items()} == pytest.approx(
        dict.fromkeys(hits, 0.95), abs=TOLERANCE
    )


def test_blocks_begin_where_they_are_told_and_go_round() -> None:
    series = torch.tensor([[1.0, 2.0, 4.0, 8.0], [0.0, 0.0, 0.0, 1.0]], dtype=torch.float64)
    found = block_bootstrap_means(series, torch.tensor([[0, 3], [1, 1]]), length=2)
    assert found.tolist() == [[(1 + 2 + 8 + 1) / 4, 1 / 4], [(2 + 4) / 2, 0.0]]


def test_a_two_way_resample_by_hand() -> None:
    totals = torch.tensor([[[1.0, 4.0], [3.0, 0.0]], [[0.0, 2.0], [1.0, 0.0]]])
    counts = torch.tensor([[1, 2], [1, 0]])  # one object was seen twice on one background, the other never on that
    rows = torch.tensor([[0, 1], [0, 0], [1, 1], [1, 1], [0, 1]])
    columns = torch.tensor([[0, 1], [1, 1], [1, 1], [0, 1], [0, 0]])
    means = two_way_bootstrap_means(totals, counts, rows, columns)
    assert means[:2].tolist() == [[pytest.approx((5 / 3 + 3) / 2), pytest.approx((2 / 3 + 1) / 2)], [2.0, 1.0]]
    assert means[2].isnan().all(), "nothing was measured"
    assert means[3:].tolist() == [[3.0, 1.0], [2.0, 0.5]]
    assert two_way_bootstrap_means(totals, counts, torch.tensor([[0, 1]]), torch.tensor([[1, 1]])).tolist() == [[2, 1]]


def test_two_way_intervals_hold_the_truth_where_one_way_ones_do_not() -> None:
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    num_rows, num_columns, num_resamples, num_trials = 24, 16, 300, 300
    both, cells = 0, 0
    for _ in range(num_trials):
        values = normal(num_rows, 1) + normal(1, num_columns) + 0.5 * normal(num_rows, num_columns)
        rows = torch.randint(num_rows, (num_resamples, num_rows), generator=generator)
        columns = torch.randint(num_columns, (num_resamples, num_columns), generator=generator)
        means = two_way_bootstrap_means(values[None], torch.ones(num_rows, num_columns), rows, columns)
        low, high = percentile_interval(means[:, 0])
        both += low <= 0.0 <= high
        starts = torch.randint(values.numel(), (num_resamples, values.numel()), generator=generator)
        low, high = percentile_interval(block_bootstrap_means(values.reshape(1, -1), starts, length=1)[:, 0])
        cells += low <= 0.0 <= high
    assert both / num_trials == pytest.approx(0.94, abs=0.035)
    assert cells / num_trials < 0.6, "cells of one row or column are no independent samples"


def test_the_interval_is_the_middle_of_the_values() -> None:
    values = torch.arange(1001, dtype=torch.float64)
    assert percentile_interval(values) == pytest.approx((25.0, 975.0))
    assert percentile_interval(torch.cat((values, torch.full((9,), math.nan))), level=0.5) == (250.0, 750.0)
    assert all(math.isnan(end) for end in percentile_interval(torch.full((9,), math.nan)))


def test_neither_rendering_nor_a_page_of_figures_loads_scipy() -> None:
    code = (
        "import sys\n"
        "import invariance.statistics, invariance.studies.registry, invariance.runs.worker\n"
        "import invariance.measures.transform_table\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'scipy']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])

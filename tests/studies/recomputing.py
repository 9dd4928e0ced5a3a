"""Findings once more, from plain arrays and textbook formulas."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from invariance.statistics import Interval
from invariance.studies.verdicts import Finding, told

Values = tuple[np.ndarray, np.ndarray | None]
"""Effects by seed, and the denominators of a ratio."""


def assert_recomputed(findings: list[Finding], recomputed: Mapping[str, Values]) -> None:
    """Every finding has its numbers from the given values, and says them.

    Args:
        findings: of a study.
        recomputed: name to values; all findings are to be there.
    """
    assert [finding.name for finding in findings] == list(recomputed)
    for finding in findings:
        values, below = recomputed[finding.name]
        _assert_numbers(finding, values, below)
        if finding.n:
            assert told(Interval(finding.effect, finding.low, finding.high, finding.n)) in finding.statement


def _assert_numbers(finding: Finding, values: np.ndarray, below: np.ndarray | None) -> None:
    num = len(values)
    assert finding.n == num, finding.name
    assert list(finding.per_seed.values()) == pytest.approx(values), finding.name
    if num == 0:
        return
    assert finding.effect == pytest.approx(values.mean() / (1 if below is None else below.mean())), finding.name
    if num == 1:
        assert np.isnan([finding.low, finding.high]).all()
        return
    quantile = stats.t.ppf(0.975, num - 1)
    if below is None:
        half = quantile * values.std(ddof=1) / np.sqrt(num)
        assert (finding.low, finding.high) == pytest.approx((values.mean() - half, values.mean() + half)), finding.name
        return
    for end, side in ((finding.low, 1), (finding.high, -1)):
        # Fieller's ends: the ratios at which numerators less ratio times denominators are just significant.
        away = values - end * below
        assert away.mean() / (away.std(ddof=1) / np.sqrt(num)) == pytest.approx(side * quantile), finding.name

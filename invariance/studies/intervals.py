"""What results say over seeds: means, their intervals, and when they count as agreeing with the paper.

Everything is paired: what is compared is compared within a seed, that is on the same objects, transformations and
initial weights, and only the differences are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from invariance.numbers import format_number
from invariance.studies.study import Finding

_T_975: Final = (
    12.7062,
    4.3027,
    3.1824,
    2.7764,
    2.5706,
    2.4469,
    2.3646,
    2.3060,
    2.2622,
    2.2281,
    2.2010,
    2.1788,
    2.1604,
    2.1448,
    2.1314,
    2.1199,
    2.1098,
    2.1009,
    2.0930,
    2.0860,
)
"""0.975 quantiles of Student's t for 1, 2, ... degrees of freedom."""
_Z_975: Final = 1.959964

NOT_IN_THE_PAPER: Final = "not in the paper"
"""Said in the statement of a finding whose question the paper does not ask."""

FEW_SEEDS: Final = 5
"""With fewer seeds an interval is too wide to decide anything: with three it is 4.3 standard errors to each side."""


@dataclass(frozen=True)
class Interval:
    """A mean over seeds and its 95 % interval.

    Attributes:
        mean: NaN without seeds.
        low: lower end of Student's t interval; NaN with fewer than two seeds.
        high: upper end.
        num: seeds.
    """

    mean: float
    low: float
    high: float
    num: int

    def __str__(self) -> str:
        ends = f" [{format_number(self.low)}, {format_number(self.high)}]" if self.num > 1 else ""
        return f"{format_number(self.mean)}{ends}"


def interval(values: Iterable[float]) -> Interval:
    """Mean and 95 % t interval of one value a seed; NaNs, seeds that are not finished, are left out."""
    known = np.array([value for value in values if not math.isnan(value)], dtype=np.float64)
    num = len(known)
    if num < 2:
        return Interval(float(known[0]) if num else math.nan, math.nan, math.nan, num)
    half = t_quantile(num - 1) * float(known.std(ddof=1)) / math.sqrt(num)
    mean = float(known.mean())
    return Interval(mean, mean - half, mean + half, num)


def t_quantile(degrees: int) -> float:
    """0.975 quantile of Student's t; above the table by the expansion of Cornish and Fisher, good to 2e-4."""
    if degrees <= len(_T_975):
        return _T_975[degrees - 1]
    z = _Z_975
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def lies_above(values: Sequence[float], threshold: float) -> bool:
    """The rule by which results agree: of few seeds every one lies above, of :data:`FEW_SEEDS` or more the interval."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return False
    return interval(known).low > threshold if len(known) >= FEW_SEEDS else min(known) > threshold


def finding(name: str, values: Sequence[float], say: Callable[[Interval], str], *, above: float = 0.0) -> Finding:
    """A finding that holds where one number a seed lies above a threshold.

    Args:
        name: of the finding.
        values: one number a seed.
        say: the sentence, from the mean and its interval.
        above: the threshold.
    """
    measured = interval(values)
    if measured.num == 0:
        return Finding(name, f"{name}: no seed has finished what this needs.", math.nan, math.nan, math.nan, False)
    agrees = lies_above(values, above)
    return Finding(name, f"{say(measured)}.", measured.mean, measured.low, measured.high, agrees, measured.num)


def rests_on(nums: Iterable[int]) -> str:
    """How many seeds findings rest on and what that makes of their intervals: a sentence, said once for all of them.

    Args:
        nums: seeds of each finding; those without any do not count.

    Returns:
        An empty text where there are none.
    """
    known = sorted({num for num in nums if num > 0})
    if not known:
        return ""
    fewest, most = known[0], known[-1]
    seeds = f"{fewest} to {most} seeds" if fewest < most else "1 seed" if most == 1 else f"{most} seeds"
    wide = ", so the intervals are wide" if fewest < FEW_SEEDS else ""
    return f"From {seeds}{', so there are no intervals' if most == 1 else wide}."

"""What results say over seeds, and when they count as agreeing with the paper.

Everything is paired: what is compared is compared within a seed, that is on the same objects, transformations and
initial weights, and only the differences are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from invariance.statistics import Interval, t_interval
from invariance.studies.verdicts import Finding

NOT_IN_THE_PAPER: Final = "not in the paper"
"""Said in the statement of a finding whose question the paper does not ask."""

FEW_SEEDS: Final = 5
"""With fewer seeds an interval is too wide to decide anything: with three it is 4.3 standard errors to each side."""


def lies_above(values: Sequence[float], threshold: float) -> bool:
    """The rule by which results agree: of few seeds every one lies above, of :data:`FEW_SEEDS` or more the interval."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return False
    return t_interval(known).low > threshold if len(known) >= FEW_SEEDS else min(known) > threshold


def finding(name: str, values: Sequence[float], say: Callable[[Interval], str], *, above: float = 0.0) -> Finding:
    """A finding that holds where one number a seed lies above a threshold.

    Args:
        name: of the finding.
        values: one number a seed.
        say: the sentence, from the estimate and its interval.
        above: the threshold.
    """
    measured = t_interval(values)
    if measured.num == 0:
        return Finding(name, f"{name}: no seed has finished what this needs.", math.nan, math.nan, math.nan, False)
    agrees = lies_above(values, above)
    return Finding(name, f"{say(measured)}.", measured.estimate, measured.low, measured.high, agrees, measured.num)


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

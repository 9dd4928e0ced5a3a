"""Statistics and verdicts once more, by scipy's distributions and the words of the rule alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]
READ = 0.005
"""What numbers with two decimals, or off a plot, can be read to."""


@dataclass(frozen=True, kw_only=True)
class Again:
    """A finding as it is computed here.

    Attributes:
        numbers: all that its sentence holds, in their order.
        values: what is averaged, one a seed; of a ratio the numerators.
        below: the denominators of a ratio.
        above: what a ratio has to exceed.
        parts: of a conjunction, each with whether it is to be within 0.05.
        published: the published effect.
        error: what it can be read to, or its standard error.
        known: whether it is a standard error.
        retention: whether a retained share.
        equivalence: whether no difference was published.
        confirmatory: whether it is judged.
        is_share: whether it is the mean of shares, of which there are none below 0 or above 1.
    """

    numbers: Sequence[float]
    values: Values
    below: Values | None = None
    above: float = 0.0
    parts: Sequence[tuple[Values, bool]] = ()
    published: float | None = None
    error: float = 2 * READ
    known: bool = False
    retention: bool = False
    equivalence: bool = False
    confirmatory: bool = True
    is_share: bool = False

    @property
    def estimate(self) -> float:
        return float(np.mean(self.values) / (1.0 if self.below is None else np.mean(self.below)))

    @property
    def margin(self) -> float | None:
        if self.equivalence:
            return 0.05
        if self.published is None:
            return None
        return 0.15 if self.retention else max(0.05, self.published / 2)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        low, high = student(self.values, level) if self.below is None else fieller(self.values, self.below, level)
        return (max(low, 0.0), min(high, 1.0)) if self.is_share and not np.isnan(low) else (low, high)

    def p_values(self) -> list[float]:
        """Of being other than nothing; and, where no difference was published, of being none."""
        tested = self.values if self.below is None else self.values - self.above * self.below
        sides = [values for values, equivalent in self.parts if not equivalent] or [tested]
        less, more = ([stats.ttest_1samp(one, 0, alternative=side).pvalue for one in sides] for side in SIDES)
        found = [max(min(1.0, 2 * min(max(less), max(more))), *(none(one) for one, same in self.parts if same), 0.0)]
        return [*found, none(self.values)] if self.equivalence else found


SIDES = ("less", "greater")


def student(values: Values, level: float = 0.95) -> tuple[float, float]:
    if len(values) < 2:
        return np.nan, np.nan
    low, high = stats.t.interval(level, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    return float(low), float(high)


def fieller(top: Values, bottom: Values, level: float = 0.95) -> tuple[float, float]:
    """Where the mean of top - r bottom is as far from 0 as its Student's interval is wide, by the roots of that."""
    num = len(top)
    if num < 2:
        return np.nan, np.nan
    t2 = stats.t.ppf((1 + level) / 2, num - 1) ** 2 / num
    (var_top, both), (_, var_bottom) = np.cov(top, bottom)
    squared = np.mean(bottom) ** 2 - t2 * var_bottom
    if squared <= 0:
        return np.nan, np.nan
    ends = np.roots([squared, -2 * (np.mean(top) * np.mean(bottom) - t2 * both), np.mean(top) ** 2 - t2 * var_top])
    low, high = sorted(np.real(ends))
    return float(low), float(high)


def told(values: Values, below: Values | None = None) -> list[float]:
    """The numbers of an estimate, its interval and its seeds."""
    estimate = float(np.mean(values) / (1.0 if below is None else np.mean(below)))
    low, high = student(values) if below is None else fieller(values, below)
    return [estimate, len(values)] if np.isnan(low) else [estimate, low, high, len(values)]


def none(values: Values) -> float:
    """Two one-sided tests within 0.05."""
    upper = stats.ttest_1samp(values, 0.05, alternative="less").pvalue
    return float(max(upper, stats.ttest_1samp(values, -0.05, alternative="greater").pvalue))


def corrected(found: dict[str, Again]) -> dict[str, list[float]]:
    """Holm's p-values over a study's confirmatory findings of at least three seeds."""
    family = [
        (p, name, place)
        for name, one in found.items()
        if one.confirmatory and len(one.values) >= 3
        for place, p in enumerate(one.p_values())
    ]
    result: dict[str, list[float]] = {name: [0.0] * sum(of == name for _, of, _ in family) for _, name, _ in family}
    highest = 0.0
    for rank, (p, name, place) in enumerate(sorted(family)):
        highest = max(highest, min(1.0, p * (len(family) - rank)))
        result[name][place] = highest
    return result


def words(one: Again, p: Sequence[float]) -> str:
    """The verdict by the rule, in words, from corrected p-values; of three seeds or more."""
    verdict = _verdict(one, p)
    return verdict if len(one.values) >= 6 else f"preliminary: {verdict}"


def decisive(one: Again, p: Sequence[float], verdict: str) -> float:
    """The p-value by which the verdict was reached."""
    return p[1] if one.equivalence and "opposite" not in verdict else p[0]


def _verdict(one: Again, p: Sequence[float]) -> str:
    low, high = one.interval(0.90)
    if one.equivalence:
        none = "as published" if len(one.values) >= 6 else "no difference"
        return none if p[1] < 0.05 else "opposite" if p[0] < 0.05 else "undecided"
    tested = np.mean(one.values if one.below is None else one.values - one.above * one.below)
    sides = {np.sign(tested)} | {np.sign(np.mean(values)) for values, equivalent in one.parts if not equivalent}
    if p[0] >= 0.05 or len(sides) > 1:
        is_none = low > -0.05 and high < 0.05 and not one.parts and not one.above
        return "no difference" if is_none else "undecided"
    return _size(one, low, high) if sides == {1.0} else "opposite"


def _size(one: Again, low: float, high: float) -> str:
    if one.published is None or one.margin is None:
        return "same direction"
    least, most = one.interval()
    outside = ", smaller" if one.published > most else ", larger" if one.published < least else ""
    theirs = one.error * (stats.norm.ppf(0.95) if one.known else 1.0)
    if (
        len(one.values) >= 6
        and one.published - one.margin <= one.estimate - np.hypot(one.estimate - low, theirs)
        and one.estimate + np.hypot(high - one.estimate, theirs) <= one.published + one.margin
    ):
        return f"as published{outside}"
    return f"same direction{outside or ', size undecided'}"

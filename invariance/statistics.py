"""Estimates with their 95 % intervals and tests: the one place where they are computed.

Textbook formulas with their assumptions beside them; quantiles are scipy's, which is imported where one is asked for,
so that who only renders or trains never loads it. The bootstraps work on tensors, as measures have them, and are given
the positions that they draw: randomness is an argument here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from invariance.numbers import format_number

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]

LEVEL: Final = 0.95
"""Of every interval here, unless another is asked for: how often it holds the true value."""


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % interval.

    Attributes:
        estimate: a mean, a share or a ratio; NaN without values.
        low: lower end; NaN where the values are too few for an interval.
        high: upper end.
        num: values that it rests on.
    """

    estimate: float
    low: float
    high: float
    num: int

    @property
    def side(self) -> int:
        """1 where all of the interval lies above 0, -1 where all lies below; 0 where it holds 0, or there is none."""
        return int(self.low > 0) - int(self.high < 0)

    def __neg__(self) -> Interval:
        """Of the same difference the other way round."""
        return Interval(-self.estimate, -self.high, -self.low, self.num)

    def within(self, low: float, high: float) -> Interval:
        """The part that a number between two bounds can have: cut there, it holds the true value as often as before."""
        return replace(self, low=min(max(self.low, low), high), high=min(max(self.high, low), high))

    def __str__(self) -> str:
        ends = f" [{format_number(self.low)}, {format_number(self.high)}]" if self.num > 1 else ""
        return f"{format_number(self.estimate)}{ends}"


def t_quantile(degrees: float, level: float = LEVEL) -> float:
    """Student's t for an interval: of 95 % its 0.975 quantile, for at least one degree of freedom."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


def normal_quantile(level: float = LEVEL) -> float:
    """The normal distribution's share of the same: of 95 % 1.96 standard errors to each side."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def t_interval(values: Iterable[float], level: float = LEVEL) -> Interval:
    """Mean and Student's interval of independent values, exact for normal ones; NaNs are left out."""
    known = _known(values)
    return _interval_of_mean(known, t_quantile(len(known) - 1, level) if len(known) > 1 else math.nan)


def accuracy_interval(values: Iterable[float]) -> Interval:
    """The same of accuracies, cut at 0 and 1: that of two or three seeds is wider than accuracies can be."""
    return t_interval(values).within(0.0, 1.0)


def t_test(values: Iterable[float], mean: float = 0.0) -> tuple[float, float]:
    """Student's one-sided tests of independent values against a mean.

    Args:
        values: NaNs are left out.
        mean: that they have if the null hypothesis holds.

    Returns:
        p-values that their mean lies below it, and above it; the smaller one twice is the two-sided one. Both NaN for
        fewer than two values; values without spread are certain.
    """
    from scipy.special import stdtr

    known = _known(values)
    if len(known) < 2:
        return math.nan, math.nan
    away, spread = float(known.mean()) - mean, float(known.std(ddof=1))
    if spread == 0:
        return (0.5, 0.5) if away == 0 else (float(away > 0), float(away < 0))
    t = away / spread * math.sqrt(len(known))
    return float(stdtr(len(known) - 1, t)), float(stdtr(len(known) - 1, -t))


def two_sided_p(estimate: float, error: float, degrees: int) -> float:
    """Student's two-sided p-value that what was estimated is 0, from its standard error; without an error certain."""
    from scipy.special import stdtr

    if error == 0:
        return float(estimate == 0)
    return float(2 * stdtr(degrees, -abs(estimate) / error))


def normal_interval(values: Iterable[float]) -> Interval:
    """Mean and the interval of the central limit theorem, for many values; NaNs are left out."""
    return _interval_of_mean(_known(values), normal_quantile())


def paired_interval(first: ArrayLike, second: ArrayLike) -> Interval:
    """Mean and Student's interval of first - second, within pairs: what both members share cancels.

    Args:
        first: (N,); a pair with a NaN is left out.
        second: (N,) in the same order.
    """
    return t_interval(np.asarray(first, np.float64) - np.asarray(second, np.float64))


def welch_interval(first: ArrayLike, second: ArrayLike) -> Interval:
    """Mean of first less mean of second and Welch's interval (1947), of two independent sets of unequal spread.

    Args:
        first: (N,); NaNs are left out.
        second: (M,).

    Returns:
        ``num`` is that of the smaller set; no ends where it has fewer than two.
    """
    both = [_known(np.asarray(values, np.float64).ravel()) for values in (first, second)]
    fewest = min(map(len, both))
    estimate = float(both[0].mean() - both[1].mean()) if fewest else math.nan
    if fewest < 2:
        return Interval(estimate, math.nan, math.nan, fewest)
    squares = [float(known.var(ddof=1)) / len(known) for known in both]
    if not sum(squares):
        return Interval(estimate, estimate, estimate, fewest)
    degrees = sum(squares) ** 2 / sum(each**2 / (len(known) - 1) for each, known in zip(squares, both, strict=True))
    half = t_quantile(degrees) * math.sqrt(sum(squares))
    return Interval(estimate, estimate - half, estimate + half, fewest)


def ratio_interval(numerators: ArrayLike, denominators: ArrayLike, level: float = LEVEL) -> Interval:
    """Mean of the numerators over mean of the denominators, with Fieller's interval (1954).

    It holds every ratio r for which numerator - r denominator, whose mean is 0 at the true one, has 0 inside its
    Student's interval. Where the denominators' own interval holds 0 no end can be told: -inf to inf.

    Args:
        numerators: (N,); a pair with a NaN is left out.
        denominators: (N,) in the same order.
        level: how often the interval holds the true ratio.
    """
    pairs = np.stack([np.asarray(numerators, np.float64), np.asarray(denominators, np.float64)])
    pairs = pairs[:, ~np.isnan(pairs).any(axis=0)]
    num = pairs.shape[1]
    if num == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    top, bottom = (float(mean) for mean in pairs.mean(axis=1))
    estimate = top / bottom if bottom else math.nan
    if num < 2:
        return Interval(estimate, math.nan, math.nan, num)
    squared = t_quantile(num - 1, level) ** 2 / num
    covariance = np.cov(pairs)
    # The ends solve a r^2 - 2 b r + c = 0.
    a = bottom**2 - squared * float(covariance[1, 1])
    b = top * bottom - squared * float(covariance[0, 1])
    c = top**2 - squared * float(covariance[0, 0])
    if a <= 0:
        return Interval(estimate, -math.inf, math.inf, num)
    root = math.sqrt(max(0.0, b**2 - a * c))
    return Interval(estimate, (b - root) / a, (b + root) / a, num)


def share_interval(successes: int, num: int) -> Interval:
    """A share and Wilson's interval (1927), which has a width at 0 and 1 too and stays between them."""
    if num == 0:
        return Interval(math.nan, math.nan, math.nan, 0)
    z, share = normal_quantile(), successes / num
    centre = (share + z**2 / (2 * num)) / (1 + z**2 / num)
    half = z / (1 + z**2 / num) * math.sqrt(share * (1 - share) / num + z**2 / (4 * num**2))
    return Interval(share, centre - half, centre + half, num)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several tests, adjusted so that all together err as rarely as one (Holm 1979), in their order."""
    num, highest = len(p_values), 0.0
    adjusted = [0.0] * num
    for rank, position in enumerate(sorted(range(num), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (num - rank) * p_values[position]))
        adjusted[position] = highest
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """p-values of many tests, adjusted for the share of false discoveries (Benjamini, Hochberg 1995), in their order.

    Of the effects that are claimed because their adjusted p-value is below a level, at most that share is expected not
    to be there, if the tests are independent or positively dependent. NaN stays NaN, and is no test.
    """
    tested = [position for position, p_value in enumerate(p_values) if not math.isnan(p_value)]
    tested.sort(key=lambda position: p_values[position])
    adjusted, lowest = [math.nan] * len(p_values), 1.0
    for rank in range(len(tested), 0, -1):
        position = tested[rank - 1]
        lowest = min(lowest, p_values[position] * len(tested) / rank)
        adjusted[position] = lowest
    return adjusted


def block_bootstrap_means(series: Tensor, starts: Tensor, *, length: int) -> Tensor:
    """Means of several series over the same resamples of their samples: the circular block bootstrap.

    Blocks of neighbours are drawn, not single samples (Politis and Romano 1992), where neighbours are correlated. A
    block's sum is a difference of running sums, so that few numbers are read.

    Args:
        series: (S, N) float64, values of one sample in one column; the last sample is a neighbour of the first.
        starts: (R, B) int64 in [0, N), where each block of each resample begins.
        length: samples of a block, at most N; 1 is the usual bootstrap.

    Returns:
        (R, S) float64, on the CPU.
    """
    import torch

    wrapped = torch.cat((series.cpu(), series[:, : length - 1].cpu()), dim=1)
    running = torch.nn.functional.pad(wrapped.cumsum(dim=1), (1, 0))
    blocks = running[:, length:] - running[:, :-length]
    return blocks.T[starts].mean(dim=1) / length


def two_way_bootstrap_means(totals: Tensor, counts: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Means over the rows of tables whose rows and columns are both samples, such as objects and backgrounds.

    Both are resampled, independently of each other (the pigeonhole bootstrap: McCullagh 2000, Owen 2007), since cells
    of one row share their object and those of one column their background. It errs on the side of wide intervals. A
    row's mean is that of all that was measured in it; each row that was drawn counts alike.

    Args:
        totals: (K, O, B), sums over what was measured in each cell, of K tables of the same cells.
        counts: (O, B), how much was measured in each cell.
        rows: (R, O) int64, positions of the rows of each resample.
        columns: (R, B) int64, positions of its columns.

    Returns:
        (R, K) float64; NaN where a resample has no measured cell.
    """
    import torch

    times_row, times_column = (
        torch.zeros(len(drawn), num, dtype=torch.float64).scatter_add_(
            1, drawn, torch.ones(drawn.shape, dtype=torch.float64)
        )
        for drawn, num in zip((rows, columns), counts.shape, strict=True)
    )
    measured = times_column @ counts.double().T  # (R, O)
    weights = times_row * (measured > 0)
    sums = times_column @ totals.double().mT  # (K, R, O)
    return ((sums / measured.clamp(min=1) * weights).sum(dim=-1) / weights.sum(dim=-1)).T


def percentile_interval(values: Tensor, *, level: float = LEVEL) -> tuple[float, float]:
    """The middle ``level`` of resampled values, without those that are NaN; two NaN where all are."""
    import torch

    tail = (1 - level) / 2
    low, high = torch.nanquantile(values, torch.tensor([tail, 1 - tail], dtype=values.dtype)).tolist()
    return low, high


def _known(values: Iterable[float]) -> Floats:
    found = np.fromiter(values, np.float64)
    return found[~np.isnan(found)]


def _interval_of_mean(known: Floats, quantile: float) -> Interval:
    num = len(known)
    if num < 2:
        return Interval(float(known[0]) if num else math.nan, math.nan, math.nan, num)
    mean, half = float(known.mean()), quantile * float(known.std(ddof=1)) / math.sqrt(num)
    return Interval(mean, mean - half, mean + half, num)

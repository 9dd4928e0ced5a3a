"""Lines through points: how steep, how sure, how strong the relation, and how well it predicts points left out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from invariance.statistics import Floats, normal_quantile, t_quantile

MIN_POINTS: Final = 3
"""Of a line with intervals; two points leave no residual to tell how sure it is."""

MIN_LEFT_OUT: Final = 4
"""Of predictions that leave a point out: with fewer, the line through the others leaves nothing to check."""


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation; NaN of fewer than three points, or where one of both does not vary."""
    values = np.stack([np.asarray(x, np.float64), np.asarray(y, np.float64)])
    if values.shape[1] < MIN_POINTS or bool((values.std(axis=1) == 0).any()):
        return math.nan
    return float(np.asarray(np.corrcoef(values))[0, 1])


def slope(x: ArrayLike, y: ArrayLike) -> float:
    """Of the least-squares line through points without NaNs; NaN where all x are equal."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(x) == 0:
        return math.nan
    away = x - x.mean()
    spread = float((away**2).sum())
    return float((away * (y - y.mean())).sum()) / spread if spread > 0 else math.nan


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x by least squares, with how sure it is and how strong the relation.

    For independent points with errors of one variance (Draper, Smith: Applied Regression Analysis, chapters 1 and 2).

    Attributes:
        slope: of the line.
        intercept: its value at x = 0.
        slope_interval: 95 % interval of the slope, by Student's t with n - 2 degrees of freedom.
        correlation: Pearson's r; NaN where all y are equal.
        correlation_interval: 95 % interval of r by Fisher's z (1921); NaN for n < 4 and |r| = 1.
        num: n.
        mean_x: of the points.
        spread_x: sum of (x - mean)^2.
        residual_sd: standard deviation of the residuals, with n - 2 degrees of freedom.
    """

    slope: float
    intercept: float
    slope_interval: tuple[float, float]
    correlation: float
    correlation_interval: tuple[float, float]
    num: int
    mean_x: float
    spread_x: float
    residual_sd: float

    def at(self, x: Floats) -> Floats:
        """The line's y at some x."""
        return self.intercept + self.slope * x

    def band(self, x: Floats) -> tuple[Floats, Floats]:
        """Lower and upper end of the 95 % interval of the line (of the mean of y, not of a single point) at some x."""
        half = t_quantile(self.num - 2) * self.residual_sd
        half_width = half * np.sqrt(1 / self.num + (x - self.mean_x) ** 2 / self.spread_x)
        return self.at(x) - half_width, self.at(x) + half_width


def fit_line(x: ArrayLike, y: ArrayLike) -> Line | None:
    """The least-squares line through points.

    Args:
        x: (n,) finite.
        y: (n,) finite.

    Returns:
        None for fewer than :data:`MIN_POINTS` points, or where all x are equal.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    num = len(x)
    spread_x = float(((x - x.mean()) ** 2).sum()) if num else 0.0
    if num < MIN_POINTS or spread_x <= 1e-24:
        return None
    steepness, mean_x = slope(x, y), float(x.mean())
    intercept = float(y.mean()) - steepness * mean_x
    residual_sd = math.sqrt(float(((y - intercept - steepness * x) ** 2).sum()) / (num - 2))
    half = t_quantile(num - 2) * residual_sd / math.sqrt(spread_x)
    correlation = pearson(x, y)
    return Line(
        slope=steepness,
        intercept=intercept,
        slope_interval=(steepness - half, steepness + half),
        correlation=correlation,
        correlation_interval=_fisher(correlation, num),
        num=num,
        mean_x=mean_x,
        spread_x=spread_x,
        residual_sd=residual_sd,
    )


@dataclass(frozen=True)
class Prediction:
    """How well one number predicts another for a point that was not used to fit.

    Attributes:
        predicted: (N,) of each point, by the line through all others.
        explained: R² of prediction, 1 - sum of squared errors / that of the mean of the others, which knows nothing of
            the predictor; below 0 the predictor is worse than none.
    """

    predicted: Floats
    explained: float


def leave_one_out(predictor: ArrayLike, target: ArrayLike) -> Prediction:
    """Predicts each point from a least-squares line through the others.

    Args:
        predictor: (N,) finite.
        target: (N,) finite.

    Returns:
        NaN throughout with fewer than :data:`MIN_LEFT_OUT` points or without spread.
    """
    x, y = np.asarray(predictor, np.float64), np.asarray(target, np.float64)
    num = len(x)
    squares = float(((x - x.mean()) ** 2).sum()) if num else 0.0
    nothing = Prediction(np.full(num, math.nan), math.nan)
    if num < MIN_LEFT_OUT or squares == 0.0 or float(np.ptp(y)) == 0.0:
        return nothing
    leverage = 1 / num + (x - x.mean()) ** 2 / squares
    if float(leverage.max()) > 1 - 1e-9:  # without that point the others have no spread
        return nothing
    # The leave-one-out residual of a linear fit is its residual over 1 - leverage (Allen 1974), of a mean likewise.
    left = (y - y.mean() - slope(x, y) * (x - x.mean())) / (1 - leverage)
    left_by_mean = (y - y.mean()) / (1 - 1 / num)
    explained = 1 - float((left**2).sum() / (left_by_mean**2).sum())
    return Prediction(y - left, explained)


def _fisher(correlation: float, num: int) -> tuple[float, float]:
    if num < 4 or not abs(correlation) < 1:
        return math.nan, math.nan
    centre, half = math.atanh(correlation), normal_quantile() / math.sqrt(num - 3)
    return math.tanh(centre - half), math.tanh(centre + half)

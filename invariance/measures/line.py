"""A straight line through points, how sure it is, and how strong the relation: least squares and Pearson's r.

Textbook formulas (Draper, Smith: Applied Regression Analysis, chapters 1 and 2; Fisher 1921 for the interval of r),
with their assumptions: independent points, errors of one variance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.95
MIN_POINTS: Final = 3
_Z: Final = 1.959963984540054
"""0.975 quantile of the normal distribution."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x, fitted to n points.

    Attributes:
        slope: of the least-squares line.
        intercept: its value at x = 0.
        slope_interval: 95 % interval of the slope, by Student's t with n - 2 degrees of freedom.
        correlation: Pearson's r; NaN where all y are equal.
        correlation_interval: 95 % interval of r by Fisher's z; NaN for n < 4 and |r| = 1.
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
        half = student_quantile(self.num - 2) * self.residual_sd
        half_width = half * np.sqrt(1 / self.num + (x - self.mean_x) ** 2 / self.spread_x)
        return self.at(x) - half_width, self.at(x) + half_width


def fit_line(x: Floats, y: Floats) -> Line | None:
    """The least-squares line through points.

    Args:
        x: (n,) finite.
        y: (n,) finite.

    Returns:
        None for fewer than 3 points, or where all x are equal.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    num, mean_x, mean_y = len(x), float(x.mean()) if len(x) else 0.0, float(y.mean()) if len(y) else 0.0
    spread_x, spread_y = float(((x - mean_x) ** 2).sum()), float(((y - mean_y) ** 2).sum())
    if num < MIN_POINTS or spread_x <= 1e-24:
        return None
    shared = float(((x - mean_x) * (y - mean_y)).sum())
    slope = shared / spread_x
    intercept = mean_y - slope * mean_x
    residual_sd = math.sqrt(float(((y - intercept - slope * x) ** 2).sum()) / (num - 2))
    half = student_quantile(num - 2) * residual_sd / math.sqrt(spread_x)
    correlation = shared / math.sqrt(spread_x * spread_y) if spread_y > 0 else math.nan
    return Line(
        slope,
        intercept,
        (slope - half, slope + half),
        correlation,
        _fisher(correlation, num),
        num,
        mean_x,
        spread_x,
        residual_sd,
    )


def student_quantile(degrees: int, probability: float = (1 + LEVEL) / 2) -> float:
    """Quantile of Student's t, above the median, for a whole number of degrees of freedom >= 1.

    With t = sqrt(degrees) tan(a) the density is proportional to cos(a)^(degrees - 1), smooth on a bounded interval, so
    that a Gauss-Legendre rule integrates it to rounding error, and halving the interval finds the angle.
    """
    nodes, weights = np.polynomial.legendre.leggauss(64)
    scale = math.exp(math.lgamma((degrees + 1) / 2) - math.lgamma(degrees / 2)) / math.sqrt(math.pi)

    def above_median(angle: float) -> float:
        values = np.cos(angle / 2 * (nodes + 1)) ** (degrees - 1)
        return scale * angle / 2 * float(weights @ values)

    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if above_median(middle) < probability - 0.5 else (low, middle)
    return math.sqrt(degrees) * math.tan((low + high) / 2)


def _fisher(correlation: float, num: int) -> tuple[float, float]:
    if num < 4 or not abs(correlation) < 1:
        return math.nan, math.nan
    centre, half = math.atanh(correlation), _Z / math.sqrt(num - 3)
    return math.tanh(centre - half), math.tanh(centre + half)

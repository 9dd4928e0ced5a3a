"""How well one number predicts another for a model that was not used to fit: leave one out, ordinary least squares."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

SMALLEST_NUM = 4
"""With fewer points a line leaves nothing to check it against."""


@dataclass(frozen=True)
class Prediction:
    """Leave-one-out predictions.

    Attributes:
        predicted: (N,) of each point, by the line through all others.
        error: mean absolute error.
        error_of_mean: the same of the mean of all others, which knows nothing of the predictor.
        explained: 1 - sum of squared errors / that of the mean of the others; below 0 the predictor is worse than none.
    """

    predicted: np.ndarray
    error: float
    error_of_mean: float
    explained: float


def leave_one_out(predictor: ArrayLike, target: ArrayLike) -> Prediction:
    """Predicts each point from a line fitted to the others.

    Args:
        predictor: (N,) finite.
        target: (N,) finite.

    Returns:
        NaN throughout with fewer than :data:`SMALLEST_NUM` points or without spread.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in (predictor, target))
    num = len(x)
    squares = float(((x - x.mean()) ** 2).sum()) if num else 0.0
    nothing = Prediction(np.full(num, math.nan), math.nan, math.nan, math.nan)
    if num < SMALLEST_NUM or squares == 0.0 or float(np.ptp(y)) == 0.0:
        return nothing
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / squares
    leverage = 1 / num + (x - x.mean()) ** 2 / squares
    if float(leverage.max()) > 1 - 1e-9:  # without that point the others have no spread
        return nothing
    # The leave-one-out residual of a linear fit is its residual over 1 - leverage (Allen 1974), of a mean likewise.
    left = (y - y.mean() - slope * (x - x.mean())) / (1 - leverage)
    left_by_mean = (y - y.mean()) / (1 - 1 / num)
    explained = 1 - float((left**2).sum() / (left_by_mean**2).sum())
    return Prediction(y - left, float(np.abs(left).mean()), float(np.abs(left_by_mean).mean()), explained)

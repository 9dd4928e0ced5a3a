"""Normalised variance: the share of a representation's variance that a transformation makes."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from invariance.measures.collapse import is_collapsed


def normalised_variance(features_a: Tensor, features_b: Tensor) -> float:
    """Variance over draws of the transformation, divided by the variance over images.

    The measure of Quiroga et al., "Invariance measures for neural networks" (Applied Soft Computing 132, 2023, arXiv
    2310.17404), for two draws and a whole layer. With two draws the unbiased variance of one image is half the squared
    distance of its twins; its mean is divided by the unbiased variance over images, averaged over the two views:

        mean_i ||f(x1_i) - f(x2_i)||^2 / 2  /  (tr Cov f(x1) + tr Cov f(x2)) / 2

    Variances are summed over units before they are divided, so that units which hardly vary weigh little; the paper
    divides unit by unit (its library ``tmeasures``: standard deviations) and averages the quotients.

    Args:
        features_a: (N, F) float, representation of the first twins, N >= 2.
        features_b: (N, F) float, of the second ones, in the same order.

    Returns:
        0 is invariant; 1: twins differ as independent images do, all variance is the transformation's. It is one minus
        the intraclass correlation. NaN for a collapsed representation. Computed in float64.

    Raises:
        ValueError: there are fewer than two pairs.
    """
    if len(features_a) < 2:
        raise ValueError(f"{len(features_a)} pairs of twins: at least 2 are needed for a variance over images")
    first, second = features_a.to(torch.float64), features_b.to(torch.float64)
    if is_collapsed(first):
        return math.nan
    over_draws = (first - second).square().sum(dim=1).mean() / 2
    over_images = (first.var(dim=0).sum() + second.var(dim=0).sum()) / 2
    return float(over_draws / over_images)

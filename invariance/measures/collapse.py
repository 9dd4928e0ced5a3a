"""When a representation is the same for all images, and so has no scale to measure invariance on."""

from __future__ import annotations

from torch import Tensor

COLLAPSE_TOLERANCE = 1e-6
"""Distances below this share of the features' mean length are rounding: a constant network in float32 shows 1e-7."""


def is_collapsed(features: Tensor) -> bool:
    """Whether features differ between images by no more than rounding.

    A constant representation is invariant to everything and worth nothing; all measures are 0 / 0 for it.

    Args:
        features: (N, F) float64, representations of N images.
    """
    spread = float((features - features.mean(dim=0)).square().sum(dim=1).mean().sqrt())
    length = float(features.square().sum(dim=1).sqrt().mean())
    return not spread > COLLAPSE_TOLERANCE * length

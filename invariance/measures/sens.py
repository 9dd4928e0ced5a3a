"""The sens-score: how far a transformation moves a representation, against how far another image does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from invariance.data.random import permutation

_COLLAPSE_TOLERANCE = 1e-6
"""Distances below this share of the features' mean length are rounding: a constant network in float32 shows 1e-7."""


@dataclass(frozen=True)
class SensScore:
    """Invariance of one representation to one transformation (paper, section 4).

    Attributes:
        raw: mean distance of twins / mean distance of random pairs. 0 is invariant; 1 moves the representation as
            much as another image would. NaN for a collapsed representation.
        conditional: the same over those twins that differ as images. A transformation applied with p = 0.5 leaves a
            quarter of the twins identical, or more, which lowers ``raw`` and not this. NaN if no twins differ.
        twin_distance: mean Euclidean distance of all twins, the numerator of ``raw``.
        pair_distance: mean Euclidean distance of random pairs, the denominator of both.
        num_pairs: number of twins, and of random pairs.
        num_differing: number of twins that differ as images.
    """

    raw: float
    conditional: float
    twin_distance: float
    pair_distance: float
    num_pairs: int
    num_differing: int

    @property
    def collapsed(self) -> bool:
        """Whether the representation is the same for all images, which is no invariance worth having."""
        return math.isnan(self.raw)


def sens_scores(features_a: Tensor, features_b: Tensor, differs: Tensor, *, seed: int) -> SensScore:
    """Sens-score of the features of twins.

    Args:
        features_a: (N, F) float, representation of the first twins, N >= 2.
        features_b: (N, F) float, of the second ones, in the same order.
        differs: (N,) bool, whether the two images of a pair differ.
        seed: of the random pairs; each image is paired with another one, never with itself.

    Returns:
        The scores; sums run over all samples at once, in float64.

    Raises:
        ValueError: there are fewer than two pairs.
    """
    num_pairs = len(features_a)
    if num_pairs < 2:
        raise ValueError(f"{num_pairs} pairs of twins: at least 2 are needed to form random pairs")
    first, second = features_a.to(torch.float64), features_b.to(torch.float64)
    partners = derangement(num_pairs, seed=seed).to(first.device)
    twin_distances = torch.linalg.vector_norm(first - second, dim=1)
    pair_distance = float(torch.linalg.vector_norm(first - first[partners], dim=1).mean())
    length = float(torch.linalg.vector_norm(first, dim=1).mean())
    num_differing = int(differs.sum())
    twin_distance = float(twin_distances.mean())
    differing_distance = float(twin_distances[differs].mean()) if num_differing else math.nan
    has_scale = pair_distance > _COLLAPSE_TOLERANCE * length
    return SensScore(
        raw=twin_distance / pair_distance if has_scale else math.nan,
        conditional=differing_distance / pair_distance if has_scale else math.nan,
        twin_distance=twin_distance,
        pair_distance=pair_distance,
        num_pairs=num_pairs,
        num_differing=num_differing,
    )


def derangement(num: int, *, seed: int) -> Tensor:
    """A random partner for each of ``num`` samples, never itself: (num,) int64, a permutation that is one cycle.

    A random permutation instead would leave one sample with itself on average, at distance zero.
    """
    assert num >= 2, "one sample has no other"
    circle = permutation(num, seed=seed)
    partners = torch.empty_like(circle)
    partners[circle] = circle.roll(1)
    return partners

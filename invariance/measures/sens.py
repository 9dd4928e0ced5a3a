"""The sens-score: how far a transformation moves a representation, against how far another image does."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from invariance.data.random import permutation
from invariance.measures.bootstrap import resampled_means
from invariance.measures.collapse import COLLAPSE_TOLERANCE
from invariance.statistics import percentile_interval

Interval = tuple[float, float]


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
        raw_interval: 95 % bootstrap interval of ``raw`` over twins: what other images would have given, not other
            networks. NaN where the score is.
        conditional_interval: of ``conditional``.
    """

    raw: float
    conditional: float
    twin_distance: float
    pair_distance: float
    num_pairs: int
    num_differing: int
    raw_interval: Interval
    conditional_interval: Interval

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
        seed: of the random pairs, in which no image is paired with itself, and of the bootstrap.

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
    pair_distances = torch.linalg.vector_norm(first - first[partners], dim=1)
    pair_distance = float(pair_distances.mean())
    length = float(torch.linalg.vector_norm(first, dim=1).mean())
    num_differing = int(differs.sum())
    twin_distance = float(twin_distances.mean())
    differing_distance = float(twin_distances[differs].mean()) if num_differing else math.nan
    has_scale = pair_distance > COLLAPSE_TOLERANCE * length
    nowhere = (math.nan, math.nan)
    intervals = _intervals(twin_distances, pair_distances, differs, seed=seed) if has_scale else (nowhere, nowhere)
    return SensScore(
        raw=twin_distance / pair_distance if has_scale else math.nan,
        conditional=differing_distance / pair_distance if has_scale else math.nan,
        twin_distance=twin_distance,
        pair_distance=pair_distance,
        num_pairs=num_pairs,
        num_differing=num_differing,
        raw_interval=intervals[0],
        conditional_interval=intervals[1],
    )


def _intervals(
    twin_distances: Tensor, pair_distances: Tensor, differs: Tensor, *, seed: int
) -> tuple[Interval, Interval]:
    """Intervals of both scores; distances are resampled in the order of the circle of random pairs."""
    differing = differs.to(twin_distances)
    series = torch.stack((twin_distances, twin_distances * differing, differing, pair_distances))
    circle = permutation(len(twin_distances), seed=seed).to(series.device)
    twins, differing_twins, share_differing, pairs = resampled_means(series[:, circle], seed=seed).unbind(dim=1)
    return percentile_interval(twins / pairs), percentile_interval(differing_twins / share_differing / pairs)


def derangement(num: int, *, seed: int) -> Tensor:
    """A random partner for each of ``num`` samples, never itself: (num,) int64, a permutation that is one cycle.

    A random permutation instead would leave one sample with itself on average, at distance zero.
    """
    assert num >= 2, "one sample has no other"
    circle = permutation(num, seed=seed)
    partners = torch.empty_like(circle)
    partners[circle] = circle.roll(1)
    return partners

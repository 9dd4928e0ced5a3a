"""Cosine distance of twins: the direction of a representation, whatever its length."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from invariance.measures.collapse import is_collapsed
from invariance.measures.sens import derangement


@dataclass(frozen=True)
class CosineScore:
    """How far a transformation turns a representation.

    Attributes:
        score: (1 - ``twin_cosine``) / (1 - ``pair_cosine``). 0 is invariant, 1 is no more alike than other images are.
            NaN for a collapsed representation, like the two means.
        twin_cosine: mean cosine of twins, in [-1, 1].
        pair_cosine: mean cosine of random pairs; about 0, since the features are centred.
    """

    score: float
    twin_cosine: float
    pair_cosine: float

    def row(self) -> dict[str, float]:
        """The numbers by their columns (:mod:`invariance.vocabulary.measures`)."""
        return {"cosine": self.score, "twin_cosine": self.twin_cosine, "pair_cosine": self.pair_cosine}


def cosine_scores(features_a: Tensor, features_b: Tensor, *, seed: int) -> CosineScore:
    """Centred cosine of the features of twins, normalised by that of random pairs.

    The mean representation (of both views) is subtracted first: features after a ReLU share a large mean, which would
    make all images look alike. Dividing the cosine *distances* of twins and of random pairs puts the score on the scale
    of the sens-score; a ratio of the similarities themselves, as in the authors' code, has a denominator near zero.

    Args:
        features_a: (N, F) float, representation of the first twins, N >= 2.
        features_b: (N, F) float, of the second ones, in the same order.
        seed: of the random pairs, which are those of the sens-score.

    Returns:
        The score and its two means, computed in float64. A representation that is the mean exactly has no direction:
        it is at cosine 1 to its like and 1/2 to others.

    Raises:
        ValueError: there are fewer than two pairs.
    """
    num_pairs = len(features_a)
    if num_pairs < 2:
        raise ValueError(f"{num_pairs} pairs of twins: at least 2 are needed to form random pairs")
    first, second = features_a.to(torch.float64), features_b.to(torch.float64)
    if is_collapsed(first):
        return CosineScore(math.nan, math.nan, math.nan)
    mean = (first.mean(dim=0) + second.mean(dim=0)) / 2
    first, second = functional.normalize(first - mean, dim=1), functional.normalize(second - mean, dim=1)
    partners = derangement(num_pairs, seed=seed).to(first.device)
    twins, pairs = _mean_cosine_distance(first, second), _mean_cosine_distance(first, first[partners])
    return CosineScore(score=twins / pairs, twin_cosine=1 - twins, pair_cosine=1 - pairs)


def _mean_cosine_distance(first: Tensor, second: Tensor) -> float:
    """Mean of 1 - cosine of unit vectors; as half a squared distance it is exactly 0 for equal ones."""
    return float((first - second).square().sum(dim=1).mean() / 2)

"""All measures of one network for one transformation, taken from the same features."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from invariance.measures.cka import linear_cka
from invariance.measures.cosine import CosineScore, cosine_scores
from invariance.measures.sens import SensScore, sens_scores
from invariance.measures.variance import normalised_variance


@dataclass(frozen=True)
class Cell:
    """One cell of a table, or one layer of a profile."""

    sens: SensScore
    cosine: CosineScore
    variance: float
    cka: float

    def row(self) -> dict[str, float]:
        """The numbers under the names of :data:`~invariance.measures.columns.COLUMNS`."""
        sens, cosine = self.sens, self.cosine
        return {
            "sens": sens.raw,
            "sens_conditional": sens.conditional,
            "twin_distance": sens.twin_distance,
            "pair_distance": sens.pair_distance,
            "num_pairs": sens.num_pairs,
            "num_differing": sens.num_differing,
            "sens_low": sens.raw_interval[0],
            "sens_high": sens.raw_interval[1],
            "sens_conditional_low": sens.conditional_interval[0],
            "sens_conditional_high": sens.conditional_interval[1],
            "cosine": cosine.score,
            "twin_cosine": cosine.twin_cosine,
            "pair_cosine": cosine.pair_cosine,
            "variance": self.variance,
            "cka": self.cka,
            "collapsed": sens.collapsed,
        }


def measure_features(first: Tensor, second: Tensor, differs: Tensor, *, seed: int) -> Cell:
    """Every measure of the features of twins.

    Args:
        first: (N, F) float, of the first twins, N >= 2.
        second: (N, F) float, of the second ones, in the same order.
        differs: (N,) bool, whether the two images of a pair differ.
        seed: of the random pairs and of the bootstrap.
    """
    return Cell(
        sens=sens_scores(first, second, differs, seed=seed),
        cosine=cosine_scores(first, second, seed=seed),
        variance=normalised_variance(first, second),
        cka=linear_cka(first, second),
    )

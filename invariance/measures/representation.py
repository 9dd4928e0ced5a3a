"""All measures of one representation for one transformation, taken from the same features of twins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from torch import Tensor

from invariance.measures.cka import linear_cka
from invariance.measures.cosine import cosine_scores
from invariance.measures.sens import sens_scores
from invariance.measures.variance import normalised_variance
from invariance.spec.checks import require
from invariance.vocabulary.attach import attach
from invariance.vocabulary.measures import FORMULAS, MEASURED_COLUMNS

Formula = Callable[[Tensor, Tensor, Tensor, int], dict[str, float]]
"""Features of the first and of the second twins, (N, F) each, (N,) whether they differ as images, and the seed of what
is drawn, to numbers by column."""

_FORMULAS: Final[dict[str, Formula]] = attach(
    "formula",
    FORMULAS,
    {
        "sens": lambda first, second, differs, seed: sens_scores(first, second, differs, seed=seed).row(),
        "cosine": lambda first, second, differs, seed: cosine_scores(first, second, seed=seed).row(),
        "variance": lambda first, second, differs, seed: {"variance": normalised_variance(first, second)},
        "cka": lambda first, second, differs, seed: {"cka": linear_cka(first, second)},
    },
)


def measure_representation(first: Tensor, second: Tensor, differs: Tensor, *, seed: int) -> dict[str, float]:
    """Every measure of the features of twins.

    Args:
        first: (N, F) float, of the first twins, N >= 2.
        second: (N, F) float, of the second ones, in the same order.
        differs: (N,) bool, whether the two images of a pair differ.
        seed: of the random pairs and of the bootstrap.

    Returns:
        The numbers by :data:`~invariance.vocabulary.measures.MEASURED_COLUMNS`.
    """
    alike = first.shape == second.shape and first.dim() == 2 and differs.shape == first.shape[:1]
    shapes = tuple(tuple(one.shape) for one in (first, second, differs))
    require(alike, "first, second, differs", shapes, "(N, F), (N, F) and (N,)")
    row: dict[str, float] = {}
    for formula in _FORMULAS.values():
        row |= formula(first, second, differs, seed)
    assert row.keys() == set(MEASURED_COLUMNS), f"declared or filled alone: {row.keys() ^ set(MEASURED_COLUMNS)}"
    return row

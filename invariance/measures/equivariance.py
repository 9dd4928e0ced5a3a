"""Whether what a transformation does to a representation can be foreseen: invariant, equivariant, or scrambled.

A sens-score says how far twins are apart, and not whether their difference follows from the transformation. Here the
difference is predicted, on objects that the prediction was not fitted to, by linear models that know more and more: that
nothing changes, the first view, the parameters of the transformation, and both with their products, which is what an
equivariant representation takes (Cohen and Welling 2015; Lenc and Vedaldi 2015, arXiv 1411.5908, fit such maps).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.random import STREAMS, Draws, permutation
from invariance.measures.collapse import is_collapsed
from invariance.measures.factor_probe import group_folds
from invariance.measures.grouped_ridge import grouped_ridge
from invariance.statistics import percentile_interval

NUM_COMPONENTS: Final = 32
"""Of the first views of the training folds, which stand for them as inputs."""
NUM_FOLDS: Final = 6
NUM_SHUFFLES: Final = 2
_NUM_RESAMPLES: Final = 1_000
_MODELS: Final = ("unchanged", "linear", "parameter", "told", *(f"shuffled {number}" for number in range(NUM_SHUFFLES)))

Interval = tuple[float, float]


@dataclass(frozen=True)
class Equivariance:
    """How well the change of one representation under one transformation is foreseen.

    The ``r2`` are 1 - (squared error) / (variance of the representation over images), all on held-out objects: 1 is
    exact, and ``r2_unchanged`` is 1 - 2 times the normalised variance of the pairs that differ.

    Attributes:
        r2_unchanged: of predicting that nothing changes.
        r2_linear: of a linear map of the first view, which is not told the parameters.
        r2_parameter: of what follows from the parameters alone.
        r2_told: of the first view, the parameters, and their products.
        equivariance: 1 - (squared error told) / (that of the better of linear and parameter alone). Where all pairs
            differ by the same element (a flip), the linear map is told already, and the comparison is with the change
            unforeseen and with the mean change.
        interval: 95 %, bootstrapped over objects.
        control: the same with the parameters shuffled among the pairs, mean of :data:`NUM_SHUFFLES`.
        control_high: the upper end of its interval.
        num_pairs: pairs that differ.
        num_objects: among them.
    """

    r2_unchanged: float
    r2_linear: float
    r2_parameter: float
    r2_told: float
    equivariance: float
    interval: Interval
    control: float
    control_high: float
    num_pairs: int
    num_objects: int

    def row(self) -> dict[str, float]:
        """The numbers by their columns (:mod:`invariance.vocabulary.equivariance`)."""
        return {
            "r2_unchanged": self.r2_unchanged,
            "r2_linear": self.r2_linear,
            "r2_parameter": self.r2_parameter,
            "r2_told": self.r2_told,
            "equivariance": self.equivariance,
            "equivariance_low": self.interval[0],
            "equivariance_high": self.interval[1],
            "control": self.control,
            "control_high": self.control_high,
            "num_pairs": self.num_pairs,
            "num_objects": self.num_objects,
        }


def equivariance_scores(first: Tensor, second: Tensor, told: Tensor, objects: Tensor, *, seed: int) -> Equivariance:
    """Equivariance of the features of pairs that differ as images.

    Args:
        first: (N, F) float, of the first views.
        second: (N, F) float, of the second ones, in the same order.
        told: (N, H) float, the harmonics of what is told of each pair; no columns where nothing can be told, or where
            it is the same for all.
        objects: (N,) int64; pairs of one object are in the same fold, and resampled together.
        seed: of folds, shuffles and resamples.

    Returns:
        The scores, NaN where the representation is the same for all images. Computed in float64.

    Raises:
        ValueError: there are fewer than two objects.
    """
    before = first.cpu().to(torch.float64)
    change = second.cpu().to(torch.float64) - before
    errors = _squared_errors(before, change, told.cpu().to(torch.float64), objects.cpu(), seed)
    if is_collapsed(first):
        nowhere = (math.nan, math.nan)
        return Equivariance(*(math.nan,) * 5, nowhere, math.nan, math.nan, len(before), len(objects.unique()))
    return _scores(before, change, errors, told.shape[1] > 0, objects.cpu(), seed)


def _squared_errors(before: Tensor, change: Tensor, told: Tensor, objects: Tensor, seed: int) -> Tensor:
    """Squared error of every pair under each of :data:`_MODELS`: (models, N) float64."""
    num_folds = min(NUM_FOLDS, len(objects.unique()))
    folds = group_folds(objects, num_folds=num_folds, seed=seed)
    orders = [permutation(len(before), seed=seed + 1 + number) for number in range(NUM_SHUFFLES)]
    errors = before.new_zeros(len(_MODELS), len(before))
    errors[0] = change.square().sum(dim=1)
    for fold in range(num_folds):
        held = folds == fold
        shown = _components(before[~held], before)
        inputs = [shown, told, _products(shown, told), *(_products(shown, told[order]) for order in orders)]
        for number, known in enumerate(inputs, start=1):
            predicted = grouped_ridge(known[~held], change[~held], objects[~held], known[held])
            errors[number, held] = (change[held] - predicted).square().sum(dim=1)
    return errors


def _components(training: Tensor, features: Tensor) -> Tensor:
    """Features (N, F) as at most 32 principal components of some of them, of unit variance there: (N, C)."""
    centre = training.mean(dim=0)
    _, spread, directions = torch.linalg.svd(training - centre, full_matrices=False)
    kept = (spread > 1e-6 * spread[:1])[:NUM_COMPONENTS]
    scale = spread[:NUM_COMPONENTS][kept] / math.sqrt(len(training))
    components: Tensor = (features - centre) @ directions[:NUM_COMPONENTS][kept].T / scale
    return components


def _products(shown: Tensor, told: Tensor) -> Tensor:
    """The view (N, C), the harmonics (N, H), and each times each: (N, C + H + C H)."""
    return torch.cat((shown, told, (shown[:, :, None] * told[:, None, :]).flatten(1)), dim=1)


def _scores(
    before: Tensor, change: Tensor, errors: Tensor, is_told: bool, objects: Tensor, seed: int
) -> Equivariance:
    after = before + change
    variance = (before.var(dim=0).sum() + after.var(dim=0).sum()) / 2
    r2 = (1.0 - errors.mean(dim=1) / variance).tolist()
    distinct, members = torch.unique(objects, return_inverse=True)
    by_object = errors.new_zeros(len(errors), len(distinct)).index_add_(1, members, errors)
    words = Draws(seed, torch.arange(_NUM_RESAMPLES), STREAMS["bootstrap"]).words(len(distinct))
    counts = errors.new_zeros(_NUM_RESAMPLES, len(distinct))
    drawn = (words.cpu() * len(distinct)) >> 32
    counts.scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float64))
    sums, resampled = by_object.sum(dim=1), by_object @ counts.T
    control, controls = _skills(sums, is_told)[1:].mean(), _skills(resampled, is_told)[1:].mean(dim=0)
    return Equivariance(
        *r2[:4],
        equivariance=float(_skills(sums, is_told)[0]),
        interval=percentile_interval(_skills(resampled, is_told)[0]),
        control=float(control),
        control_high=percentile_interval(controls)[1],
        num_pairs=len(before),
        num_objects=len(distinct),
    )


def _skills(sums: Tensor, is_told: bool) -> Tensor:
    """1 - told / untold of sums of squared errors (models, ...), with the true parameters and with shuffled ones."""
    unchanged, linear, parameter, *informed = sums
    if not is_told:  # every pair differs by the same element, so that the linear map has been told which
        best = torch.minimum(unchanged, parameter)
        return torch.stack([1.0 - linear / best, *(torch.zeros_like(linear) for _ in informed[1:])])
    best = torch.minimum(linear, parameter)
    return torch.stack([1.0 - error / best for error in informed])

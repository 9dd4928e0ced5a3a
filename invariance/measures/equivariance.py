"""Whether what a transformation does to a representation can be foreseen: invariant, equivariant, or scrambled.

A sens-score says how far twins are apart, and not whether their difference follows from the transformation. Here the
difference is predicted, on objects that the prediction was not fitted to, by linear models that know more and more:
that nothing changes, the first view, the parameters of the transformation, and both with their products, which is what
an equivariant representation takes (Lenc and Vedaldi 2015, arXiv 1411.5908, fit such maps).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

import torch
from torch import Tensor

from invariance.data.random import STREAMS, Draws, permutation
from invariance.measures.collapse import is_collapsed
from invariance.measures.factor_probe import group_folds
from invariance.measures.grouped_ridge import grouped_ridge, leading, places_of
from invariance.statistics import percentile_interval
from invariance.vocabulary.equivariance import (
    EQUIVARIANT,
    EQUIVARIANT_ABOVE,
    INVARIANT,
    INVARIANT_BELOW,
    PARTLY,
    R2_COLUMNS,
    SCRAMBLED,
)

NUM_COMPONENTS: Final = 32
"""Of the first views of the training folds, which stand for them as inputs."""
NUM_FOLDS: Final = 4
_SHARE_OF_TOLD: Final = 0.3
"""By which parameters and products are scaled: they are many, and are penalised about ten times as much as the view."""
_ERROR: Final = attrgetter("error")
_NUM_RESAMPLES: Final = 1_000
_MODELS: Final = ("unchanged", "linear", "parameter", "told", "shuffled")
_NOWHERE: Final = (math.nan, math.nan)

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
        r2_told: of the first view, the parameters and their products, or of the first view alone where leaving objects
            out says that it predicts better.
        r2_intervals: 95 % of those four, bootstrapped over objects like all that follow.
        equivariance: 1 - (squared error told) / (that of the better of linear and parameter alone). Where all pairs
            differ by the same element (a flip), the linear map is told already, and the comparison is with the change
            unforeseen and with the mean change.
        interval: of the equivariance.
        known: the same on those objects that were seen in pretraining; NaN where there is none.
        control: the same with the parameters shuffled among the pairs.
        control_high: the upper end of its interval.
        num_pairs: pairs that differ.
        num_objects: among them.
    """

    r2_unchanged: float
    r2_linear: float
    r2_parameter: float
    r2_told: float
    r2_intervals: tuple[Interval, ...]
    equivariance: float
    interval: Interval
    known: float
    control: float
    control_high: float
    num_pairs: int
    num_objects: int

    def row(self) -> dict[str, float]:
        """The numbers by their columns (:mod:`invariance.vocabulary.equivariance`)."""
        r2: dict[str, float] = {}
        for name, (low, high) in zip(R2_COLUMNS, self.r2_intervals, strict=True):
            r2 |= {name: getattr(self, name), f"{name}_low": low, f"{name}_high": high}
        return {
            **r2,
            "equivariance": self.equivariance,
            "equivariance_low": self.interval[0],
            "equivariance_high": self.interval[1],
            "equivariance_known": self.known,
            "control": self.control,
            "control_high": self.control_high,
            "num_pairs": self.num_pairs,
            "num_objects": self.num_objects,
        }


def equivariance_scores(
    first: Tensor,
    second: Tensor,
    told: Tensor,
    objects: Tensor,
    *,
    one_element: bool = False,
    known: Tensor | None = None,
    seed: int,
) -> Equivariance:
    """Equivariance of the features of pairs that differ as images.

    Args:
        first: (N, F) float, of the first views.
        second: (N, F) float, of the second ones, in the same order.
        told: (N, H) float, the harmonics of what is told of each pair; no columns where nothing can be told.
        objects: (N,) int64; pairs of one object are in the same fold, and resampled together.
        one_element: whether all pairs differ by the same element, such as a flip, so that nothing is left to tell.
        known: (objects,) bool, by the numbers in ``objects``, which of them were seen in pretraining; None for none.
        seed: of folds, shuffles and resamples.

    Returns:
        The scores, NaN where the representation is the same for all images. Computed in float64.

    Raises:
        ValueError: there are fewer than two objects.
    """
    distinct, members = torch.unique(objects.cpu(), return_inverse=True)
    if len(distinct) < 2:
        raise ValueError(f"{len(distinct)} objects: at least 2 are needed, since those that are predicted are held out")
    before = first.cpu().to(torch.float64)
    change = second.cpu().to(torch.float64) - before
    if is_collapsed(first):
        nan = math.nan
        r2 = (nan, nan, nan, nan, (_NOWHERE,) * len(R2_COLUMNS))
        return Equivariance(*r2, nan, _NOWHERE, nan, nan, nan, len(before), len(distinct))
    errors = _squared_errors(before, change, told.cpu().to(torch.float64), members, seed)
    is_known = torch.zeros(len(distinct), dtype=torch.bool) if known is None else known.cpu()[distinct]
    both = torch.cat((errors, _spread(before)[None] / 2 + _spread(before + change)[None] / 2))
    return _scores(sums_of(both, members), is_known, one_element, len(before), seed)


def verdict_of(sens_high: float, scores: Equivariance) -> str:
    """One of :data:`~invariance.vocabulary.equivariance.VERDICTS`.

    Args:
        sens_high: upper end of the interval of the conditional sens-score.
        scores: of the same pairs.
    """
    if sens_high < INVARIANT_BELOW:
        return INVARIANT
    if scores.interval[0] > EQUIVARIANT_ABOVE:
        return EQUIVARIANT
    return PARTLY if scores.interval[0] > max(0.0, scores.control_high) else SCRAMBLED


def _squared_errors(before: Tensor, change: Tensor, told: Tensor, objects: Tensor, seed: int) -> Tensor:
    """Squared error of every pair under each of :data:`_MODELS`: (models, N) float64."""
    num_folds = min(NUM_FOLDS, len(objects.unique()))
    folds = group_folds(objects, num_folds=num_folds, seed=seed)
    shuffled = told[permutation(len(before), seed=seed)]
    errors = before.new_zeros(len(_MODELS), len(before))
    errors[0] = change.square().sum(dim=1)
    for fold in range(num_folds):
        held = folds == fold
        shown = _components(before[~held], before)
        inputs = [shown, told]
        if told.shape[1]:
            inputs += [_products(shown, told), _products(shown, shuffled)]
        outputs, places = change[~held], places_of(objects[~held])
        compared = leading(outputs)
        fits = [grouped_ridge(known[~held], outputs, places, known[held], compared=compared) for known in inputs]
        linear, parameter, *informed = fits  # and what has been told of does not use it where that is no help
        told_of = [min(linear, one, key=_ERROR) for one in informed] or [linear, linear]
        for number, fit in enumerate((linear, parameter, *told_of), start=1):
            errors[number, held] = (change[held] - fit.predicted).square().sum(dim=1)
    return errors


def _components(training: Tensor, features: Tensor) -> Tensor:
    """Features (N, F) as at most 32 principal components of some of them, of mean square 1 there: (N, C).

    All have one scale. To give each its own would blow up, on objects that are held out, directions in which a network
    that knows the others' classes has drawn them to a point.
    """
    centre = training.mean(dim=0)
    _, spread, directions = torch.linalg.svd(training - centre, full_matrices=False)
    kept = spread[:NUM_COMPONENTS][spread[:NUM_COMPONENTS] > 1e-6 * spread[:1]]
    scale = kept.square().mean().sqrt() / math.sqrt(len(training))
    components: Tensor = (features - centre) @ directions[: len(kept)].T / scale
    return components


def _spread(features: Tensor) -> Tensor:
    """What each image (N,) adds to N times the variance over images."""
    num = len(features)
    return (features - features.mean(dim=0)).square().sum(dim=1) * (num / (num - 1))


def sums_of(values: Tensor, groups: Tensor) -> Tensor:
    """Sums (S, G) of values (S, N) over the members of each of G groups, (N,) int64 from 0 on."""
    return values.new_zeros(len(values), int(groups.max()) + 1).index_add_(1, groups, values)


def resampled(sums: Tensor, *, seed: int) -> Tensor:
    """Sums (S, G) over 1,000 resamples of the groups: (S, 1000)."""
    return sums @ _counts(sums.shape[1], seed).T


@lru_cache(maxsize=4)
def _counts(num: int, seed: int) -> Tensor:
    """How often each group is in each resample, (1000, groups) float64; all cells of a table share them."""
    words = Draws(seed, torch.arange(_NUM_RESAMPLES), STREAMS["bootstrap"]).words(num).cpu()
    counts = torch.zeros(_NUM_RESAMPLES, num, dtype=torch.float64)
    return counts.scatter_add_(1, (words * num) >> 32, torch.ones_like(counts))


def _products(shown: Tensor, told: Tensor) -> Tensor:
    """The view (N, C), the harmonics (N, H), and each times each: (N, C + H + C H)."""
    products = (shown[:, :, None] * told[:, None, :]).flatten(1)
    return torch.cat((shown, _SHARE_OF_TOLD * told, _SHARE_OF_TOLD * products), dim=1)


def _scores(by_object: Tensor, known: Tensor, one_element: bool, num_pairs: int, seed: int) -> Equivariance:
    """From the squared errors under each model, and last the variance, of every object: (models + 1, objects)."""
    sums, drawn = by_object.sum(dim=1), resampled(by_object, seed=seed)
    skills, drawn_skills = _skills(sums[:-1], one_element), _skills(drawn[:-1], one_element)
    num = len(R2_COLUMNS)
    r2, drawn_r2 = (1.0 - sums[:num] / sums[-1]).tolist(), 1.0 - drawn[:num] / drawn[-1]
    of_known = _skills(by_object[:-1, known].sum(dim=1), one_element)[0]
    return Equivariance(
        r2_unchanged=r2[0],
        r2_linear=r2[1],
        r2_parameter=r2[2],
        r2_told=r2[3],
        r2_intervals=tuple(percentile_interval(one) for one in drawn_r2),
        equivariance=float(skills[0]),
        interval=percentile_interval(drawn_skills[0]),
        known=float(of_known) if bool(known.any()) else math.nan,
        control=float(skills[1]),
        control_high=percentile_interval(drawn_skills[1])[1],
        num_pairs=num_pairs,
        num_objects=by_object.shape[1],
    )


def _skills(sums: Tensor, one_element: bool) -> Tensor:
    """1 - told / untold of sums of squared errors (models, ...), with the true parameters and with shuffled ones."""
    unchanged, linear, parameter, told, shuffled = sums
    if one_element:  # the linear map has been told which, and shuffling changes nothing
        return torch.stack((1.0 - linear / torch.minimum(unchanged, parameter), torch.zeros_like(linear)))
    best = torch.minimum(linear, parameter)
    return torch.stack((1.0 - told / best, 1.0 - shuffled / best))

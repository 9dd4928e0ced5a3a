"""How well a factor is decoded, on a scale on which 0 is guessing and 1 perfect, and what guessing looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.data.random import permutations
from invariance.measures.factor_probe import FoldProbe, Split, fold_probes, held_out_means
from invariance.measures.factors import Factor, Target
from invariance.statistics import Interval, ratio_interval, t_test

NUM_SHUFFLES: Final = 199
"""Shuffled labels that each factor is decoded from; the least p-value is one over one more."""
CONTROL_QUANTILE: Final = 0.95
_TIE: Final = 1e-9
"""Skills that are equal but for rounding."""
_COLUMNS_AT_ONCE: Final = 1_024
"""Of shuffled targets, which bounds the memory of factors with many classes."""


@dataclass(frozen=True)
class FactorScore:
    """How well one factor is decoded from one representation, on held-out samples.

    Attributes:
        score: R^2 for numbers and angles (of cosine and sine together), balanced accuracy for choices.
        chance: what ``score`` is for guessing: 0, or one over the number of classes.
        skill: (score - chance) / (1 - chance) with its 95 % interval over units, the probes being as they are; 0 is
            guessing, 1 perfect, below 0 worse than guessing. NaN where the factor does not vary.
        control: mean skill of probes that were fitted to shuffled labels.
        control_high: the skill that 5 % of them exceed.
        p_value: of the permutation test: the share of labellings, shuffled and true, that are decoded as well.
        angle_error_deg: for angles, mean distance of decoded from true on the circle, in degrees of the circle; 90 is
            guessing. NaN for other factors.
        num_images: samples that were decoded.
        penalty: the ridge penalty per sample, geometric mean over the folds.
        costs: (U,) of each unit, see :func:`losses`.
        guesses: (U,) likewise.
    """

    score: float
    chance: float
    skill: Interval
    control: float
    control_high: float
    p_value: float
    angle_error_deg: float
    num_images: int
    penalty: float
    costs: NDArray[np.float64]
    guesses: NDArray[np.float64]


def factor_scores(
    features: Tensor,
    factors: Sequence[Factor],
    targets: Sequence[Target],
    split: Split,
    *,
    seed: int,
    standardise: bool = True,
) -> list[FactorScore]:
    """Decodes all factors of some images from one representation of them.

    Parameters are drawn independently of everything else in an image. So if a representation says nothing of one, any
    order of its values was as likely, and comparing the skill with those of shuffled labels is an exact test (Fisher
    1935; for decoding Ojala and Garriga 2010). They are shuffled within folds, which leaves each fold its labels.

    Args:
        features: (N, F) float.
        factors: what is decoded.
        targets: what each factor is in the N samples.
        split: folds and units of the N samples.
        seed: of the shuffled labels.
        standardise: see :func:`~invariance.measures.factor_probe.fold_probes`.
    """
    features = features.cpu()
    scores: list[FactorScore | None] = [None] * len(factors)
    for given in dict.fromkeys(factor.given for factor in factors):
        members = [position for position, factor in enumerate(factors) if factor.given == given]
        defined = targets[members[0]].defined
        folds = split.folds[defined]
        orders = _orders_within(folds, seed)
        decodings = [_Decoding(factors[position], targets[position].columns[defined], folds) for position in members]
        for probe in fold_probes(features[defined], folds, standardise=standardise):
            for decoding in decodings:
                decoding.add(probe, orders)
        for position, decoding in zip(members, decodings, strict=True):
            scores[position] = decoding.score(split.units[defined])
    return [score for score in scores if score is not None]


def change(score: FactorScore, reference: FactorScore) -> tuple[Interval, float]:
    """How much better a factor is decoded from one representation than from another, on the same samples.

    Returns:
        The difference of skills with its 95 % interval over units, and the two-sided p-value that it is 0. Both guess
        alike, so that the difference is a ratio of sums, as each skill is, but one that can be above 1, where the
        reference is worse than guessing; NaN where the factor does not vary.
    """
    saved = reference.costs - score.costs
    return _share_of_guessing(score.guesses, saved), min(1.0, 2.0 * min(t_test(saved)))


def losses(factor: Factor, target: Tensor, predicted: Tensor, means: Tensor, sizes: Tensor) -> tuple[Tensor, Tensor]:
    """What each sample costs, decoded and guessed: two (...) float64, whose sums give the skill as 1 - ratio.

    Numbers and angles cost the squared error; guessed is the mean of the other folds, as for an R^2 on new samples.
    Choices cost 1 over the size of the class where the wrong class is named, so that all classes count alike; guessed,
    all but one of the K classes are wrong.

    Args:
        factor: what is decoded.
        target: (..., D) float64, see :class:`~invariance.measures.factors.Target`.
        predicted: (..., D) float64.
        means: (..., D) float64, what is predicted without any features.
        sizes: (D,) float64, members of each class.
    """
    if factor.kind != "choice":
        return (target - predicted).square().sum(dim=-1), (target - means).square().sum(dim=-1)
    weights = target @ (1.0 / sizes)
    wrong = chosen_class(predicted, means) != target.argmax(dim=-1)
    return weights * wrong, weights * (1.0 - 1.0 / target.shape[-1])


def chosen_class(predicted: Tensor, frequencies: Tensor) -> Tensor:
    """The class of which a regression on indicators says most, relative to its frequency: (N,) int64.

    That is the class under which the features are most likely if all were equally frequent, which is what balanced
    accuracy asks for. A class that the other folds lack is never chosen.
    """
    return torch.where(frequencies > 0, predicted / frequencies, -torch.inf).argmax(dim=-1)


def angle_errors_deg(target: Tensor, predicted: Tensor) -> Tensor:
    """Distances on the circle of angles given as (cosine, sine): (N, 2) twice to (N,) in [0, 180] degrees."""
    cross = target[:, 0] * predicted[:, 1] - target[:, 1] * predicted[:, 0]
    return torch.atan2(cross, (target * predicted).sum(dim=1)).abs().rad2deg()


class _Decoding:
    """A factor on its way through the folds: what its true and its shuffled labels cost so far."""

    def __init__(self, factor: Factor, target: Tensor, folds: Tensor) -> None:
        self._factor, self._target = factor, target
        self._means, self._sizes = held_out_means(target, folds), target.sum(dim=0)
        self._predicted = torch.zeros_like(target)
        self._shuffled = torch.zeros(NUM_SHUFFLES, dtype=torch.float64)
        self._penalties: list[Tensor] = []

    def add(self, probe: FoldProbe, orders: Tensor) -> None:
        """Decodes a fold.

        Args:
            probe: of the fold.
            orders: (NUM_SHUFFLES, N) int64, positions within the folds.
        """
        num_columns = self._target.shape[1]
        self._predicted[probe.held], penalty = probe.predict(self._target, torch.zeros(num_columns, dtype=torch.int64))
        self._penalties.append(penalty)
        means = self._means[probe.held][:, None]
        for chunk in torch.arange(NUM_SHUFFLES).split(max(1, _COLUMNS_AT_ONCE // num_columns)):
            shuffled = self._target[orders[chunk].T]
            owners = torch.arange(len(chunk)).repeat_interleave(num_columns)
            predicted = probe.predict(shuffled.flatten(1), owners)[0].unflatten(1, (len(chunk), num_columns))
            lost = losses(self._factor, shuffled[probe.held], predicted, means, self._sizes)[0]
            self._shuffled[chunk] += lost.sum(dim=0)

    def score(self, units: Tensor) -> FactorScore:
        """What comes out once all folds were added; ``units`` (N,) are independent of each other."""
        factor, target = self._factor, self._target
        by_unit = [
            sums_by_unit(loss, units) for loss in losses(factor, target, self._predicted, self._means, self._sizes)
        ]
        costs, guesses = by_unit
        skill, chance = skill_of(guesses, guesses - costs), 1.0 / target.shape[1] if factor.kind == "choice" else 0.0
        total = float(guesses.sum())
        control = 1.0 - self._shuffled / total if total > 0 else torch.full_like(self._shuffled, math.nan)
        as_good = int((control >= skill.estimate - _TIE).sum())
        is_circle = factor.kind == "circle"
        return FactorScore(
            score=chance + (1.0 - chance) * skill.estimate,
            chance=chance,
            skill=skill,
            control=float(control.mean()),
            control_high=float(control.quantile(CONTROL_QUANTILE)),
            p_value=(1 + as_good) / (1 + NUM_SHUFFLES) if total > 0 else math.nan,
            angle_error_deg=float(angle_errors_deg(target, self._predicted).mean()) if is_circle else math.nan,
            num_images=len(target),
            penalty=float(torch.cat(self._penalties).log().mean().exp()),
            costs=costs,
            guesses=guesses,
        )


def _orders_within(folds: Tensor, seed: int) -> Tensor:
    """Orders that leave every sample in its fold: (NUM_SHUFFLES, N) int64."""
    drawn = _orders(len(folds), seed)
    orders = torch.empty_like(drawn)
    orders[:, folds.argsort(stable=True)] = drawn.gather(1, folds[drawn].argsort(dim=1, stable=True))
    return orders


@lru_cache(maxsize=4)
def _orders(num: int, seed: int) -> Tensor:
    """Orders of all samples: (NUM_SHUFFLES, num) int64; all representations of the same samples share them."""
    return permutations(num, seed=seed, indices=1 + torch.arange(NUM_SHUFFLES))


def sums_by_unit(values: Tensor, units: Tensor) -> NDArray[np.float64]:
    """Sums over the samples of each unit: (N,) to (U,)."""
    members = torch.unique(units, return_inverse=True)[1]
    return np.bincount(members.numpy(), weights=values.numpy()).astype(np.float64)


def skill_of(guesses: NDArray[np.float64], saved: NDArray[np.float64]) -> Interval:
    """What is saved of the cost of guessing, at most all: a ratio of two sums over units.

    NaN where the factor does not vary.
    """
    return _share_of_guessing(guesses, saved).within(-math.inf, 1.0)


def _share_of_guessing(guesses: NDArray[np.float64], costs: NDArray[np.float64]) -> Interval:
    if not guesses.sum() > 0:
        return Interval(math.nan, math.nan, math.nan, len(guesses))
    return ratio_interval(costs, guesses)

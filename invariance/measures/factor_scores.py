"""How well a factor is decoded, on a scale on which 0 is guessing and 1 perfect, and what guessing looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from invariance.data.random import permutation
from invariance.measures.bootstrap import resampled_means
from invariance.measures.factor_probe import held_out, held_out_means
from invariance.measures.factors import Factor, Target
from invariance.statistics import percentile_interval

NUM_SHUFFLES = 8


@dataclass(frozen=True)
class FactorScore:
    """How well one factor is decoded from one representation, on held-out samples.

    Attributes:
        score: R^2 for numbers and angles (of cosine and sine together), balanced accuracy for choices.
        chance: what ``score`` is for guessing: 0, or one over the number of classes.
        skill: (score - chance) / (1 - chance); 0 is guessing, 1 perfect, below 0 worse than guessing. NaN where the
            factor does not vary.
        interval: 95 % bootstrap interval of ``skill`` over samples; what other images would have given, with the
            probes as they are.
        control: mean skill of probes that were fitted to shuffled labels, and the highest of them.
        control_high: see ``control``.
        angle_error_deg: for angles, mean distance of decoded from true on the circle, in degrees of the circle; 90 is
            guessing. NaN for other factors.
        num_images: samples that were decoded.
        penalty: the ridge penalty per sample, geometric mean over the folds.
    """

    score: float
    chance: float
    skill: float
    interval: tuple[float, float]
    control: float
    control_high: float
    angle_error_deg: float
    num_images: int
    penalty: float


def factor_scores(
    features: Tensor,
    factors: Sequence[Factor],
    targets: Sequence[Target],
    folds: Tensor,
    *,
    seed: int,
    standardise: bool = True,
) -> list[FactorScore]:
    """Decodes all factors of some images from one representation of them.

    Args:
        features: (N, F) float.
        factors: what is decoded.
        targets: what each factor is in the N samples.
        folds: (N,) int64, see :func:`~invariance.measures.factor_probe.group_folds`.
        seed: of the shuffled labels and the bootstrap.
        standardise: see :func:`~invariance.measures.factor_probe.held_out`.
    """
    features, folds = features.cpu(), folds.cpu()
    scores: list[FactorScore | None] = [None] * len(factors)
    for given in dict.fromkeys(factor.given for factor in factors):
        members = [position for position, factor in enumerate(factors) if factor.given == given]
        defined = targets[members[0]].defined
        columns = [targets[position].columns[defined] for position in members]
        orders = [permutation(int(defined.sum()), seed=seed, index=1 + number) for number in range(NUM_SHUFFLES)]
        asked = [version for own in columns for version in (own, *(own[order] for order in orders))]
        predictions, penalties = held_out(features[defined], asked, folds[defined], standardise=standardise)
        for number, position in enumerate(members):
            block = slice(number * (1 + NUM_SHUFFLES), (number + 1) * (1 + NUM_SHUFFLES))
            pairs = list(zip(asked[block], predictions[block], strict=True))
            penalty = float(penalties[:, block.start].log().mean().exp())
            scores[position] = _score(factors[position], pairs, folds[defined], penalty, seed)
    return [score for score in scores if score is not None]


def losses(factor: Factor, target: Tensor, predicted: Tensor, folds: Tensor) -> tuple[Tensor, Tensor]:
    """What each sample costs, decoded and guessed: two (N,) float64, whose sums give the skill as 1 - ratio.

    Numbers and angles cost the squared error; guessed is the mean of the other folds, as for an R^2 on new samples.
    Choices cost 1 over the size of the class where the wrong class is named, so that all classes count alike; guessed,
    all but one of the K classes are wrong.

    Args:
        factor: what is decoded.
        target: (N, D) float64, see :class:`~invariance.measures.factors.Target`.
        predicted: (N, D) float64.
        folds: (N,) int64.
    """
    means = held_out_means(target, folds)
    if factor.kind != "choice":
        return (target - predicted).square().sum(dim=1), (target - means).square().sum(dim=1)
    weights = target @ (1.0 / target.sum(dim=0))
    wrong = chosen_class(predicted, means) != target.argmax(dim=1)
    return weights * wrong, weights * (1.0 - 1.0 / target.shape[1])


def chosen_class(predicted: Tensor, frequencies: Tensor) -> Tensor:
    """The class of which a regression on indicators says most, relative to its frequency: (N,) int64.

    That is the class under which the features are most likely if all were equally frequent, which is what balanced
    accuracy asks for. A class that the other folds lack is never chosen.
    """
    return torch.where(frequencies > 0, predicted / frequencies, -torch.inf).argmax(dim=1)


def angle_errors_deg(target: Tensor, predicted: Tensor) -> Tensor:
    """Distances on the circle of angles given as (cosine, sine): (N, 2) twice to (N,) in [0, 180] degrees."""
    cross = target[:, 0] * predicted[:, 1] - target[:, 1] * predicted[:, 0]
    return torch.atan2(cross, (target * predicted).sum(dim=1)).abs().rad2deg()


def _score(
    factor: Factor, pairs: Sequence[tuple[Tensor, Tensor]], folds: Tensor, penalty: float, seed: int
) -> FactorScore:
    """The score of the first pair of (target, predicted); the others have shuffled targets."""
    target, predicted = pairs[0]
    cost, guessed = losses(factor, target, predicted, folds)
    varies = float(guessed.sum()) > 0
    resampled = resampled_means(torch.stack((cost, guessed)), seed=seed)
    skill = _skill(cost, guessed)
    chance = 1.0 / target.shape[1] if factor.kind == "choice" else 0.0
    shuffled = [_skill(*losses(factor, *pair, folds)) for pair in pairs[1:]]
    return FactorScore(
        score=chance + (1.0 - chance) * skill,
        chance=chance,
        skill=skill,
        interval=percentile_interval(1.0 - resampled[:, 0] / resampled[:, 1]) if varies else (math.nan, math.nan),
        control=sum(shuffled) / len(shuffled),
        control_high=max(shuffled),
        angle_error_deg=float(angle_errors_deg(target, predicted).mean()) if factor.kind == "circle" else math.nan,
        num_images=len(target),
        penalty=penalty,
    )


def _skill(cost: Tensor, guessed: Tensor) -> float:
    total = float(guessed.sum())
    return 1.0 - float(cost.sum()) / total if total > 0 else math.nan

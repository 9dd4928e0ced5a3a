"""Linear probes in closed form: many targets decoded from the same features, each on samples that were held out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.random import permutation

RIDGE_GRID: Final = torch.logspace(-6, 3, 19, dtype=torch.float64)
"""Penalties per sample, in half decades, for features of mean square 1."""
CONSTANT_TOLERANCE: Final = 1e-6
"""A feature that varies by less than this share of its size is constant up to rounding, and is left out."""


@dataclass(frozen=True)
class Split:
    """How images are shared out to the folds of a cross-validation.

    Attributes:
        folds: (N,) int64.
        units: (N,) int64, what is never on both sides: samples of one unit are in the same fold. They also share what
            was held out with it, so that units, not images, are independent of each other where an interval is made.
    """

    folds: Tensor
    units: Tensor


def split_units(units: Tensor, *, num_folds: int, seed: int) -> Split:
    """A split that leaves units whole, see :func:`group_folds`."""
    return Split(group_folds(units, num_folds=num_folds, seed=seed), units.cpu())


def group_folds(groups: Tensor, *, num_folds: int, seed: int) -> Tensor:
    """Shares samples out to folds, those of one group to the same fold.

    Args:
        groups: (N,) int64, equal for samples that must not be on both sides, such as one object on one background.
        num_folds: at least 2.
        seed: of the order in which groups are shared out.

    Returns:
        (N,) int64 in [0, num_folds); folds have equally many groups, to within one.

    Raises:
        ValueError: there are fewer groups than folds.
    """
    distinct, members = torch.unique(groups.cpu(), return_inverse=True)
    if len(distinct) < num_folds:
        raise ValueError(f"{len(distinct)} different pictures for {num_folds} folds: each fold needs one at least")
    places = torch.empty(len(distinct), dtype=torch.int64)
    places[permutation(len(distinct), seed=seed)] = torch.arange(len(distinct)) % num_folds
    return places[members]


def held_out(
    features: Tensor, targets: Sequence[Tensor], folds: Tensor, *, standardise: bool = True
) -> tuple[list[Tensor], Tensor]:
    """Predicts every sample by ridge regressions that were fitted to the other folds, see :func:`fold_probes`.

    Args:
        features: (N, F) float, finite.
        targets: G tensors (N, D_g) float64; the columns of one target share a penalty.
        folds: (N,) int64, see :func:`group_folds`.
        standardise: see :func:`fold_probes`.

    Returns:
        G tensors (N, D_g) float64 of predictions, and the chosen penalties per sample, (num_folds, G) float64.
    """
    widths, outputs = [target.shape[1] for target in targets], torch.cat(list(targets), dim=1).cpu()
    owners = torch.repeat_interleave(torch.arange(len(targets)), torch.tensor(widths))
    predictions, penalties = torch.empty_like(outputs), []
    for probe in fold_probes(features, folds, standardise=standardise):
        predictions[probe.held], chosen = probe.predict(outputs, owners)
        penalties.append(chosen)
    return list(predictions.split(widths, dim=1)), torch.stack(penalties)


def fold_probes(features: Tensor, folds: Tensor, *, standardise: bool = True) -> Iterator[FoldProbe]:
    """For each fold a probe on the features of the other folds, ready for any targets.

    The features of the other folds are centred and brought to unit variance, and their Gram matrix is decomposed once
    for all targets. So nothing of a held-out sample enters its own prediction. Computed in float64 on the CPU.

    Args:
        features: (N, F) float, finite.
        folds: (N,) int64, see :func:`group_folds`.
        standardise: whether each feature gets unit variance; otherwise all are divided by one number, as suits pixels,
            which have one unit already.
    """
    inputs, folds = features.cpu().to(torch.float64), folds.cpu()
    for fold in folds.unique().tolist():
        held = folds == fold
        centre, scale = _moments(inputs[~held], standardise)
        yield FoldProbe(held, (inputs[~held] - centre) / scale, (inputs[held] - centre) / scale)


def held_out_means(target: Tensor, folds: Tensor) -> Tensor:
    """What is predicted without any features: the mean of the other folds, (N, D) like the target."""
    means, folds = torch.empty_like(target), folds.to(target.device)
    for fold in folds.unique().tolist():
        held = folds == fold
        means[held] = target[~held].mean(dim=0)
    return means


class FoldProbe:
    """Ridge regressions fitted to all folds but one.

    With X^T X = V diag(d) V^T and a = V^T X^T (y - mean), the residual sum of squares under a penalty l is
    |y - mean|^2 - sum a^2 (d + 2 l) / (d + l)^2, and the effective number of parameters 1 + sum d / (d + l). All
    penalties of :data:`RIDGE_GRID` are tried on all targets from that; a target gets the one with the least generalised
    cross-validation error (Golub, Heath and Wahba 1979) on the samples that it is fitted to.

    Attributes:
        held: (N,) bool, the samples that are predicted.
    """

    def __init__(self, held: Tensor, inputs: Tensor, held_inputs: Tensor) -> None:
        """Decomposes the inputs.

        Args:
            held: (N,) bool.
            inputs: (N - H, F) float64, standardised, of the samples that are not held out.
            held_inputs: (H, F) float64, of those that are.
        """
        self.held = held
        self._inputs, self._held_inputs = inputs, held_inputs
        variances, self._directions = _spectrum(inputs)
        self._shrinkage = 1.0 / (variances[:, None] + len(inputs) * RIDGE_GRID)
        self._gains = self._shrinkage.square() * (variances[:, None] + 2 * len(inputs) * RIDGE_GRID)
        self._left_over = (len(inputs) - 1.0 - (variances[:, None] * self._shrinkage).sum(dim=0)).square()

    def predict(self, targets: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
        """Predicts the samples that were held out.

        Args:
            targets: (N, T) float64 of all samples, of which only the others are looked at.
            owners: (T,) int64, increasing; columns of one owner share a penalty.

        Returns:
            (H, T) float64, and the chosen penalty per sample of each owner, (G,) float64.
        """
        outputs = targets[~self.held]
        means = outputs.mean(dim=0)
        centred = outputs - means
        moments = self._directions.T @ (self._inputs.T @ centred)
        left = (centred.square().sum(dim=0)[:, None] - moments.square().T @ self._gains).clamp(min=0.0)
        by_owner = left.new_zeros(int(owners[-1]) + 1, len(RIDGE_GRID)).index_add_(0, owners, left)
        chosen = (by_owner / self._left_over).argmin(dim=1)
        weights = self._directions @ (moments * self._shrinkage[:, chosen[owners]])
        return self._held_inputs @ weights + means, RIDGE_GRID[chosen]


def _spectrum(inputs: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (R,) and orthonormal eigenvectors (F, R) of X^T X, by way of X X^T where that is the smaller one."""
    if inputs.shape[1] <= len(inputs):
        variances, directions = torch.linalg.eigh(inputs.T @ inputs)
        return variances.clamp(min=0.0), directions
    variances, samples = torch.linalg.eigh(inputs @ inputs.T)
    kept = variances > 1e-12 * variances[-1]
    variances = variances[kept]
    return variances, inputs.T @ samples[:, kept] / variances.sqrt()


def _moments(inputs: Tensor, standardise: bool) -> tuple[Tensor, Tensor]:
    """Mean (F,) of each feature and what to divide it by."""
    spread, centre = torch.std_mean(inputs, dim=0, correction=0)
    varies = spread > CONSTANT_TOLERANCE * inputs.abs().amax(dim=0)
    unit = spread if standardise else spread[varies].square().mean().sqrt().expand_as(spread)
    return centre, torch.where(varies, unit, torch.inf)

"""Linear probes in closed form: many targets decoded from the same features, each on samples that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from invariance.data.random import permutation

RIDGE_GRID: Final = torch.logspace(-6, 3, 19, dtype=torch.float64)
"""Penalties per sample, in half decades, for features of mean square 1."""
CONSTANT_TOLERANCE: Final = 1e-6
"""A feature that varies by less than this share of its size is constant up to rounding, and is left out."""


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
    """Predicts every sample by ridge regressions that were fitted to the other folds.

    For each fold the features of the other folds are centred and brought to unit variance, their Gram matrix is
    decomposed once, and all penalties of :data:`RIDGE_GRID` are tried on all targets from that; the penalty of a
    target is the one with the least generalised cross-validation error (Golub, Heath and Wahba 1979) on the same
    samples. So nothing of a held-out sample enters its own prediction. Computed in float64 on the CPU.

    Args:
        features: (N, F) float, finite.
        targets: G tensors (N, D_g) float64; the columns of one target share a penalty.
        folds: (N,) int64, see :func:`group_folds`.
        standardise: whether each feature gets unit variance; otherwise all are divided by one number, as suits pixels,
            which have one unit already.

    Returns:
        G tensors (N, D_g) float64 of predictions, and the chosen penalties per sample, (num_folds, G) float64.
    """
    inputs, outputs = features.cpu().to(torch.float64), torch.cat(list(targets), dim=1).cpu()
    widths = [target.shape[1] for target in targets]
    owners = torch.repeat_interleave(torch.arange(len(targets)), torch.tensor(widths))
    folds, predictions, penalties = folds.cpu(), torch.empty_like(outputs), []
    for fold in folds.unique().tolist():
        held = folds == fold
        centre, scale = _moments(inputs[~held], standardise)
        fitted = _Fit((inputs[~held] - centre) / scale, outputs[~held], owners)
        predictions[held] = fitted.predict((inputs[held] - centre) / scale)
        penalties.append(fitted.penalties)
    return list(predictions.split(widths, dim=1)), torch.stack(penalties)


def held_out_means(target: Tensor, folds: Tensor) -> Tensor:
    """What is predicted without any features: the mean of the other folds, (N, D) like the target."""
    means, folds = torch.empty_like(target), folds.to(target.device)
    for fold in folds.unique().tolist():
        held = folds == fold
        means[held] = target[~held].mean(dim=0)
    return means


class _Fit:
    """Ridge regressions of all targets on standardised inputs, each with its best penalty.

    With X^T X = V diag(d) V^T and a = V^T X^T (y - mean), the residual sum of squares under a penalty l is
    |y - mean|^2 - sum a^2 (d + 2 l) / (d + l)^2, and the effective number of parameters 1 + sum d / (d + l).
    """

    def __init__(self, inputs: Tensor, outputs: Tensor, owners: Tensor) -> None:
        num = len(inputs)
        self._means = outputs.mean(dim=0)
        centred = outputs - self._means
        variances, directions = _spectrum(inputs)
        moments = directions.T @ (inputs.T @ centred)
        shrinkage = 1.0 / (variances[:, None] + num * RIDGE_GRID)
        explained = moments.square().T @ (shrinkage.square() * (variances[:, None] + 2 * num * RIDGE_GRID))
        left = (centred.square().sum(dim=0)[:, None] - explained).clamp(min=0.0)
        by_target = left.new_zeros(int(owners.max()) + 1, len(RIDGE_GRID)).index_add_(0, owners, left)
        num_parameters = 1.0 + (variances[:, None] * shrinkage).sum(dim=0)
        chosen = (by_target / (num - num_parameters).square()).argmin(dim=1)
        self.penalties = RIDGE_GRID[chosen]
        self._weights = directions @ (moments * shrinkage[:, chosen[owners]])

    def predict(self, inputs: Tensor) -> Tensor:
        """(M, F) standardised inputs to (M, T)."""
        return inputs @ self._weights + self._means


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

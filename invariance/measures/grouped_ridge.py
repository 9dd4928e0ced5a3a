"""Ridge regression whose penalty is chosen by leaving out whole groups, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.threads import one_thread

PENALTIES: Final = torch.logspace(-5, 2, 8, dtype=torch.float64)
"""Per sample, for inputs of mean square 1; tried beside an infinite one."""
NUM_DIRECTIONS: Final = 32
"""Principal directions of the outputs on which penalties are compared."""


@dataclass(frozen=True)
class Fit:
    """A regression whose penalty has been chosen.

    Attributes:
        error: squared error where each group is predicted from the others, on the outputs' principal directions.
        predicted: (M, D) float64, for what was asked.
    """

    error: float
    predicted: Tensor


def grouped_ridge(
    inputs: Tensor, outputs: Tensor, places: Tensor, asked: Tensor, *, compared: Tensor | None = None
) -> Fit:
    """Predicts outputs linearly, with a penalty on all weights and on the constant too: an infinite one predicts zero.

    The penalty is the one with the least squared error where each group is predicted from the others. With the smoother
    S = X (X^T X + l)^-1 X^T, the residuals of a group g that was left out are (1 - S_gg)^-1 (y - S y)_g, exactly.

    Args:
        inputs: (N, C) float64.
        outputs: (N, D) float64.
        places: of the members of each group, see :func:`places_of`.
        asked: (M, C) float64.
        compared: :func:`leading` of the outputs, for who has them already.
    """
    design, wanted = _with_constant(inputs), _with_constant(asked)
    variances, directions = torch.linalg.eigh(design.T @ design)
    kept = variances > 1e-10 * variances[-1]
    variances, directions = variances[kept], directions[:, kept]
    basis = design @ directions / variances.sqrt()  # orthonormal
    shrinkages = variances / (variances + PENALTIES[:, None] * len(inputs))
    compared = leading(outputs) if compared is None else compared
    errors = _left_out_errors(basis, compared, basis.T @ compared, shrinkages, places)
    best, unchanged = int(errors.argmin()), float(compared.square().sum())
    if float(errors[best]) >= unchanged:
        return Fit(unchanged, outputs.new_zeros(len(asked), outputs.shape[1]))
    weights = (shrinkages[best] / variances.sqrt())[:, None] * (basis.T @ outputs)
    return Fit(float(errors[best]), wanted @ (directions @ weights))


def _with_constant(inputs: Tensor) -> Tensor:
    return torch.cat((inputs, inputs.new_ones(len(inputs), 1)), dim=1)


def leading(outputs: Tensor) -> Tensor:
    """Outputs (N, D) along the directions in which they are largest: (N, at most 32)."""
    num, width = outputs.shape
    if width <= NUM_DIRECTIONS:
        return outputs
    if width <= num:
        _, directions = torch.linalg.eigh(outputs.T @ outputs)
        along: Tensor = outputs @ directions[:, -NUM_DIRECTIONS:]
        return along
    squares, scores = torch.linalg.eigh(outputs @ outputs.T)  # of pixels, which are many
    along = scores[:, -NUM_DIRECTIONS:] * squares[-NUM_DIRECTIONS:].clamp(min=0.0).sqrt()
    return along


def _left_out_errors(basis: Tensor, outputs: Tensor, projected: Tensor, shrinkages: Tensor, places: Tensor) -> Tensor:
    """Squared error under each penalty where every group is left out in turn: (penalties,)."""
    there = (places >= 0).to(basis)[:, :, None]
    rows = basis[places.clamp(min=0)] * there  # (groups, most members, R); what is not there has zero rows
    targets = outputs[places.clamp(min=0)] * there
    identity = torch.eye(places.shape[1], dtype=basis.dtype)
    errors = []
    for shrinkage in shrinkages:
        residuals = targets - rows @ (shrinkage[:, None] * projected)
        own = (rows * shrinkage) @ rows.transpose(1, 2)
        with one_thread():  # with several, oneMKL's factorisation of batches of more than some 150 rows fails or hangs
            left_out = torch.linalg.solve(identity - own, residuals)
        errors.append(left_out.square().sum())
    return torch.stack(errors)


def places_of(groups: Tensor) -> Tensor:
    """Positions of the members of groups, (N,) int64, -1 where one has fewer than the largest: (groups, members)."""
    _, members, counts = torch.unique(groups, return_inverse=True, return_counts=True)
    order = members.argsort(stable=True)
    within = torch.arange(len(groups)) - (counts.cumsum(0) - counts)[members[order]]
    places = torch.full((len(counts), int(counts.max())), -1)
    places[members[order], within] = order
    return places

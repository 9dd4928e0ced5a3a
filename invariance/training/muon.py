"""Muon: the step of a convolution's filters, a matrix each, is their gradient with its singular values made alike.

``torch.optim.Muon`` takes parameters of two dimensions, of one network, computes in bfloat16 on any processor, leaves
their length alone, and loads torch's compiler. Here filters are matrices of outputs by all else, a stack of networks is
a batch of these, and all is float32, like Adam's means.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from invariance.vocabulary.optimizers import MUON_MOMENTUM, NEWTON_SCHULZ, NEWTON_SCHULZ_STEPS

_SMALLEST_NORM: Final = 1e-7
"""In place of a smaller one, so that a gradient of zeros moves nothing."""


def muon_step(filters: Tensor, gradient: Tensor, momentum: Tensor, *, learning_rate: float) -> None:
    """Moves the filters of a convolution by their orthogonalised, averaged gradient (Nesterov's look-ahead).

    Before it they are brought to the norm of an orthogonal matrix, the square root of the number of outputs: batch norm
    makes their length meaningless, and as they grew a step would turn them less and less (Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon; airbench, arXiv 2404.00498).

    Args:
        filters: (…, O, I, H, W) float32; changed.
        gradient: of the same shape.
        momentum: the sum of earlier gradients, each declined at every step; of the same shape; changed.
        learning_rate: about the share of its length by which a matrix is moved.
    """
    momentum.mul_(MUON_MOMENTUM).add_(gradient)
    update = orthogonalised(_matrices(gradient + MUON_MOMENTUM * momentum))
    weights = _matrices(filters)
    scale = weights.shape[1] ** 0.5 / _norm(weights)
    filters.copy_((weights * scale - learning_rate * update).view(filters.shape))


def orthogonalised(matrices: Tensor) -> Tensor:
    """Brings the singular values of matrices near to one and leaves their singular vectors (Newton-Schulz).

    An odd polynomial of a matrix acts on its singular values alone, and this one, applied a few times, is flat over all
    but the smallest. It is q(X X') X, so that all but the last product are of matrices whose side is X's shorter one.

    Args:
        matrices: (K, M, N) float32, each by itself.

    Returns:
        (K, M, N). Singular values that were at least a fiftieth of the root of the sum of all squares lie in
        [0.68, 1.21]; smaller ones were multiplied by up to 41 over that root.
    """
    if matrices.shape[1] > matrices.shape[2]:
        return orthogonalised(matrices.transpose(1, 2)).transpose(1, 2)
    wide = matrices / _norm(matrices)
    a, b, c = NEWTON_SCHULZ
    gram = torch.bmm(wide, wide.transpose(1, 2))
    whole: Tensor | None = None  # the product of the factors so far, by which X is multiplied once
    for number in range(NEWTON_SCHULZ_STEPS):
        factor = b * gram + c * torch.bmm(gram, gram)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        whole = factor if whole is None else torch.bmm(factor, whole)
        if number < NEWTON_SCHULZ_STEPS - 1:
            gram = torch.bmm(torch.bmm(factor, gram), factor)
    assert whole is not None
    return torch.bmm(whole, wide)


def _matrices(filters: Tensor) -> Tensor:
    """Filters (…, O, I, H, W) as matrices (K, O, I H W) in this order, whatever theirs is in memory."""
    rows = filters.flatten(-3)
    return rows.reshape(-1, *rows.shape[-2:])


def _norm(matrices: Tensor) -> Tensor:
    """Frobenius norms (K, 1, 1)."""
    return matrices.square().sum(dim=(1, 2), keepdim=True).sqrt().clamp(min=_SMALLEST_NORM)

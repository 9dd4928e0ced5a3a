"""Linear centred kernel alignment (CKA) of the two views of the twins."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from invariance.measures.collapse import COLLAPSE_TOLERANCE, is_collapsed
from invariance.spec.checks import require

CKA_BATCH_SIZE = 256
MIN_SAMPLES = 4
"""The unbiased estimator divides by n - 3."""


def linear_cka(features_a: Tensor, features_b: Tensor, *, batch_size: int = CKA_BATCH_SIZE) -> float:
    """Linear CKA of two representations of the same samples, debiased, over minibatches.

        CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)),    K = X X^T, L = Y Y^T

    (Kornblith et al. 2019, arXiv 1905.00414), with the unbiased HSIC of Song et al. ("Feature selection via dependence
    maximization", JMLR 13, 2012) averaged over minibatches before the ratio is taken (Nguyen et al. 2021, arXiv
    2010.15327). The plain estimator is large for independent features once they are as many as the samples.

    Args:
        features_a: (N, F) float, representation of the first twins.
        features_b: (N, G) float, of the second ones, in the same order.
        batch_size: at most this many samples are compared with each other at once; batches differ by one at most.

    Returns:
        1: the views are equal up to a rotation and a scale. 0: unrelated; independent views are 0 on average, so a
        little below 0 happens. Unlike the other measures, higher is more invariant. NaN for a collapsed representation
        and for fewer than 4 samples. Computed in float64.

    Raises:
        ValueError: a batch would have fewer than 4 samples.
    """
    if batch_size < 2 * MIN_SAMPLES:
        raise ValueError(f"batch_size = {batch_size}: at least {2 * MIN_SAMPLES}, so that no batch is below 4 samples")
    require(
        len(features_a) == len(features_b), "features_b", features_b, f"{len(features_a)} samples, as features_a has"
    )
    first, second = features_a.to(torch.float64), features_b.to(torch.float64)
    if len(first) < MIN_SAMPLES or is_collapsed(first) or is_collapsed(second):
        return math.nan
    first, second = _standardised(first), _standardised(second)
    num_batches = -(-len(first) // batch_size)
    cross, own_first, own_second = 0.0, 0.0, 0.0
    for x, y in zip(first.tensor_split(num_batches), second.tensor_split(num_batches), strict=True):
        gram_x, gram_y = _u_centred(x @ x.T), _u_centred(y @ y.T)
        cross += _hsic(gram_x, gram_y)
        own_first += _hsic(gram_x, gram_x)
        own_second += _hsic(gram_y, gram_y)
    # One image apart from all others, which are alike, has no unbiased HSIC: what is left of it is rounding.
    has_scale = min(own_first, own_second) > num_batches * COLLAPSE_TOLERANCE**2
    return cross / math.sqrt(own_first * own_second) if has_scale else math.nan


def _standardised(features: Tensor) -> Tensor:
    """Without its mean and at a mean square length of 1: CKA depends on neither, rounding does."""
    centred = features - features.mean(dim=0)
    return centred / centred.square().sum(dim=1).mean().sqrt()


def _u_centred(gram: Tensor) -> Tensor:
    """U-centring (Székely and Rizzo 2014): (n, n) with zero diagonal and rows that sum to zero."""
    num = len(gram)
    gram = gram.clone().fill_diagonal_(0.0)
    rows = gram.sum(dim=1) / (num - 2)
    centred = gram - rows[:, None] - rows[None, :] + rows.sum() / (num - 1)
    return centred.fill_diagonal_(0.0)


def _hsic(first: Tensor, second: Tensor) -> float:
    """The unbiased HSIC of U-centred Gram matrices; their inner product is the three terms of Song et al."""
    num = len(first)
    return float((first * second).sum()) / (num * (num - 3))

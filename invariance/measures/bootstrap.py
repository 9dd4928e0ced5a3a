"""Bootstrap over twins: what a score would have been on other images."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from invariance.data.random import STREAMS, Draws
from invariance.statistics import block_bootstrap_means

NUM_RESAMPLES = 1_000


def resampled_means(series: Tensor, *, seed: int, num_resamples: int = NUM_RESAMPLES) -> Tensor:
    """Means of several series over the same resamples of their samples.

    Blocks of neighbours are drawn, of length N^(1/3) (Künsch 1989), because neighbours in the circle of random pairs
    share an image: their distances are correlated, and single draws would miss that.

    Args:
        series: (S, N) float64, values of one sample in one column; the last sample is a neighbour of the first.
        seed: of the blocks, the same for the same N and ``num_resamples``.
        num_resamples: how often.

    Returns:
        (num_resamples, S) float64, on the CPU. All resamples have the same number of samples, N to within a block.
    """
    num = series.shape[1]
    length = max(1, round(num ** (1 / 3)))
    return block_bootstrap_means(series, _block_starts(num, round(num / length), num_resamples, seed), length=length)


@lru_cache(maxsize=4)
def _block_starts(num: int, num_blocks: int, num_resamples: int, seed: int) -> Tensor:
    """Start of each block of each resample: (num_resamples, num_blocks) int64; all cells of a table share them."""
    words = Draws(seed, torch.arange(num_resamples), STREAMS["bootstrap"]).words(num_blocks)
    return (words * num) >> 32

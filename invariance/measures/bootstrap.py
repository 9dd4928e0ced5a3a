"""Bootstrap over twins: what a score would have been on other images."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from invariance.data.random import STREAMS, Draws

NUM_RESAMPLES = 1_000
LEVEL = 0.95


def resampled_means(series: Tensor, *, seed: int, num_resamples: int = NUM_RESAMPLES) -> Tensor:
    """Means of several series over the same resamples of their samples: the circular block bootstrap.

    Blocks of neighbours are drawn, not single samples (Politis and Romano 1992; length N^(1/3), Künsch 1989), because
    neighbours in the circle of random pairs share an image: their distances are correlated, and single draws would
    miss that. A block's sum is a difference of running sums, so that few numbers are read.

    Args:
        series: (S, N) float64, values of one sample in one column; the last sample is a neighbour of the first.
        seed: of the blocks, the same for the same N and ``num_resamples``.
        num_resamples: how often.

    Returns:
        (num_resamples, S) float64, on the CPU. All resamples have the same number of samples, N to within a block.
    """
    num = series.shape[1]
    length = max(1, round(num ** (1 / 3)))
    wrapped = torch.cat((series.cpu(), series[:, : length - 1].cpu()), dim=1)
    running = torch.nn.functional.pad(wrapped.cumsum(dim=1), (1, 0))
    blocks = running[:, length:] - running[:, :-length]
    starts = _block_starts(num, round(num / length), num_resamples, seed)
    return blocks.T[starts].mean(dim=1) / length


def percentile_interval(values: Tensor, *, level: float = LEVEL) -> tuple[float, float]:
    """The middle ``level`` of resampled values, without those that are NaN; two NaN where all are."""
    tail = (1 - level) / 2
    low, high = torch.nanquantile(values, torch.tensor([tail, 1 - tail], dtype=values.dtype)).tolist()
    return low, high


@lru_cache(maxsize=4)
def _block_starts(num: int, num_blocks: int, num_resamples: int, seed: int) -> Tensor:
    """Start of each block of each resample: (num_resamples, num_blocks) int64; all cells of a table share them."""
    words = Draws(seed, torch.arange(num_resamples), STREAMS["bootstrap"]).words(num_blocks)
    return (words * num) >> 32

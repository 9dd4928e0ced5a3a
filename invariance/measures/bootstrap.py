"""Bootstraps over twins, and over objects and backgrounds: what a score would have been on other images."""

from __future__ import annotations

import math
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


@lru_cache(maxsize=4)
def two_way_positions(num_rows: int, num_columns: int, num_resamples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Which rows (R, O) and columns (R, B) each resample has, see :func:`~..statistics.two_way_bootstrap_means`."""
    words = Draws(seed, torch.arange(num_resamples), STREAMS["bootstrap"]).words(num_rows + num_columns)
    return (words[:, :num_rows] * num_rows) >> 32, (words[:, num_rows:] * num_columns) >> 32


def few_levels(*nums: int) -> tuple[int, float]:
    """Degrees of freedom of Student's t, and by what the spread of resamples is widened: (0, NaN) without any.

    Few objects or backgrounds are resampled with too little spread, and of an unknown one: Student's t of the fewer,
    and n / (n - 1) of the variance, make up for both (Hesterberg 2015, The American Statistician 69).

    Args:
        nums: levels of what is resampled; those of a single one are taken as given.
    """
    num = min((num for num in nums if num > 1), default=0)
    return (num - 1, math.sqrt(num / (num - 1))) if num else (0, math.nan)

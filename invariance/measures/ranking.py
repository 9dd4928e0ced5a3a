"""How well a score ranks networks for tasks: weighted Kendall tau, and the share of the best accuracy.

Networks and tasks are both samples, of all that might have been asked about, so intervals resample both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.measures.bootstrap import NUM_RESAMPLES, two_way_positions
from invariance.statistics import Interval, percentile_interval

Floats = NDArray[np.float64]

_SEED: Final = 0
"""Of the resamples, which all scores share."""


@dataclass(frozen=True)
class Ranking:
    """How well one score ranks.

    Attributes:
        tau: weighted Kendall tau over all networks, mean over tasks.
        tau_within: the same among the networks of one group, mean over groups.
        share_of_best: accuracy of the network with the highest score over that of the best one; mean over tasks.
        num_networks: those that have the score.
        num_tasks: those for which all of them have score and accuracy.
    """

    tau: Interval
    tau_within: Interval
    share_of_best: Interval
    num_networks: int
    num_tasks: int


def rank(scores: Floats, accuracies: Floats, groups: NDArray[np.str_]) -> Ranking:
    """Compares a score with the accuracies that it is to foresee.

    Networks without the score, and then tasks without an accuracy or a score of some network, are left out.

    Args:
        scores: (N, T) of N networks for T tasks; NaN where there is none.
        accuracies: (N, T) in [0, 1]; NaN where there is none.
        groups: (N,) such as the architecture of each network.
    """
    has_score = ~np.isnan(scores).all(axis=1)
    scores, accuracies, groups = scores[has_score], accuracies[has_score], groups[has_score]
    is_whole = ~(np.isnan(scores) | np.isnan(accuracies)).any(axis=0)
    scores, accuracies = scores[:, is_whole], accuracies[:, is_whole]
    num, num_tasks = scores.shape
    if num < 2 or not num_tasks:
        nothing = Interval(np.nan, np.nan, np.nan, num_tasks)
        return Ranking(nothing, nothing, nothing, num, num_tasks)
    drawn = two_way_positions(num, num_tasks, NUM_RESAMPLES, _SEED)
    times, times_task = (_counts(positions.numpy()) for positions in drawn)
    tasks = list(zip(scores.T, accuracies.T, strict=True))
    members = [groups == group for group in np.unique(groups)]
    within = [_mean([weighted_taus(one[own], other[own], times[:, own]) for own in members]) for one, other in tasks]
    return Ranking(
        _over_tasks([weighted_taus(*task, times) for task in tasks], times_task),
        _over_tasks(within, times_task),
        _over_tasks([shares_of_best(*task, times) for task in tasks], times_task),
        num,
        num_tasks,
    )


def weighted_taus(scores: Floats, accuracies: Floats, times: Floats) -> Floats:
    """Weighted Kendall tau with ties (Vigna 2015, arXiv 1404.3325), of some resamples at once.

    An exchange of networks with ranks r and s weighs 1 / (r + 1) + 1 / (s + 1), so that it matters most which networks
    are best; the mean is taken of the ranks by score and by accuracy. Weights of resamples are those of all networks.

    Args:
        scores: (N,) finite.
        accuracies: (N,) finite.
        times: (R, N) how often each network is in each resample.

    Returns:
        (R,) in [-1, 1]; NaN where all are equal in either.
    """
    one, other = (np.sign(values[:, None] - values) for values in (scores, accuracies))

    def sums(weights: Floats) -> Floats:
        total: Floats = ((times @ weights) * times).sum(axis=1)
        return total

    found = []
    for first, second in ((scores, accuracies), (accuracies, scores)):
        ranks = np.empty(len(first))
        ranks[np.lexsort((second, first))[::-1]] = np.arange(len(first))
        weights = 1 / (ranks[:, None] + 1) + 1 / (ranks + 1)
        norms = np.sqrt(sums(weights * one**2) * sums(weights * other**2))
        found.append(np.divide(sums(weights * one * other), norms, out=np.full(len(times), np.nan), where=norms > 0))
    return (found[0] + found[1]) / 2


def shares_of_best(scores: Floats, accuracies: Floats, times: Floats) -> Floats:
    """What the choice of the highest score costs, of some resamples at once; arguments as of :func:`weighted_taus`.

    Returns:
        (R,) accuracy of the network with the highest score (the mean of those that share it) over the best accuracy.
    """
    is_in = times > 0
    chosen = is_in & (scores == np.where(is_in, scores, -np.inf).max(axis=1, keepdims=True))
    weights = np.where(chosen, times, 0.0)
    found: Floats = weights @ accuracies / weights.sum(axis=1) / np.where(is_in, accuracies, -np.inf).max(axis=1)
    return found


def _counts(positions: NDArray[np.int64]) -> Floats:
    """How often each was drawn, (R + 1, N), from the positions (R, N); the first row has each once."""
    counts = np.zeros((len(positions) + 1, positions.shape[1]))
    counts[0] = 1
    np.add.at(counts[1:], (np.arange(len(positions))[:, None], positions), 1)
    return counts


def _mean(values: list[Floats], weights: Floats | None = None) -> Floats:
    """Mean over several of (R,), under weights (R, several) or equal ones, without what is NaN."""
    stacked = np.stack(values, axis=1)
    weights = np.where(np.isnan(stacked), 0.0, 1.0 if weights is None else weights)
    sums, total = (np.nan_to_num(stacked) * weights).sum(axis=1), weights.sum(axis=1)
    return np.divide(sums, total, out=np.full(len(sums), np.nan), where=total > 0)


def _over_tasks(values: list[Floats], times: Floats) -> Interval:
    """Mean over tasks with its interval; the first of each is of all networks, the others of resamples."""
    found = _mean(values, times)
    return Interval(float(found[0]), *percentile_interval(torch.from_numpy(found[1:])), len(values))

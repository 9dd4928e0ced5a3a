"""What tells the transfer accuracy of study A's networks: their relation to the target, sens-score, and pretraining."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd

from invariance.statistics import Floats
from invariance.studies.transforms_vs_other_grid import RELATIONS, TARGETS

PREDICTORS: Final = ("label", "sens", "both")
"""The relation label alone, the sens-score alone, and the sens-score within each relation."""


def networks(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of networks of our own whose sens-score is known, each once a target, with the usual transfer samples.

    Args:
        table: results; rows for other targets than P and Q are left out.
    """
    elsewhere = ("transfer_samples", "published", "beyond_2d")
    return table[~table["factor"].isin(elsewhere)].dropna(subset=["sens"]).drop_duplicates("run")


def predictions(table: pd.DataFrame) -> pd.DataFrame:
    """Transfer accuracies, and what one expects of them from the networks of the other seeds.

    Args:
        table: results, of which :func:`networks` count.

    Returns:
        Rows of the table with a column for each of :data:`PREDICTORS`, and ``mean``: that of the other seeds, which
        knows nothing of the network; NaN with a single seed.
    """
    rows = networks(table)
    found = rows.assign(**dict.fromkeys((*PREDICTORS, "mean"), math.nan))
    if rows.empty:
        return found
    labels = pd.get_dummies(rows["relation"]).to_numpy(np.float64)
    scores, ones = rows["sens"].to_numpy(np.float64)[:, None], np.ones((len(rows), 1))
    designs = {"label": labels, "sens": np.hstack([ones, scores]), "both": np.hstack([labels, scores]), "mean": ones}
    accuracies = rows["transfer_accuracy"].to_numpy(np.float64)
    for name, design in designs.items():
        column = found[name].to_numpy(np.float64, copy=True)
        for seed in rows["seed"].unique():
            held = (rows["seed"] == seed).to_numpy()
            if not held.all():
                column[held] = design[held] @ np.linalg.lstsq(design[~held], accuracies[~held], rcond=None)[0]
        found[name] = column
    return found


def explained(table: pd.DataFrame) -> pd.DataFrame:
    """Of each seed, the share of the variance of its accuracies that each predictor explains.

    Args:
        table: results, of which :func:`networks` count.

    Returns:
        Indexed by seed, a column for each of :data:`PREDICTORS`: R² of prediction, 1 less the squared errors over those
        of the other seeds' mean; NaN where there is nothing to explain or to learn from.
    """
    found = predictions(table)
    errors = found[[*PREDICTORS, "mean"]].rsub(found["transfer_accuracy"], axis=0) ** 2
    sums = errors.groupby(found["seed"]).sum(min_count=1)
    return pd.DataFrame({name: 1 - sums[name] / sums["mean"].where(sums["mean"] > 0) for name in PREDICTORS})


def adjusted_gaps(table: pd.DataFrame) -> tuple[dict[int, float], Floats]:
    """The gap between same and disjoint at equal accuracy in pretraining: an analysis of covariance within each seed.

    For each target of a seed the networks' transfer accuracies are put on lines over their accuracy in pretraining, of
    one slope for both relations; the gap is the distance of the lines, its mean over both targets.

    Args:
        table: results, of which :func:`networks` count.

    Returns:
        The gap of each seed, NaN where the lines have no slope to be told, and all slopes.
    """
    rows = networks(table)
    rows = rows[rows["relation"].isin(RELATIONS)]
    if rows.empty:
        return {}, np.empty(0)
    learnt, reached = "pretraining_accuracy", "transfer_accuracy"
    cells = rows.groupby(["seed", "target", "relation"])[[learnt, reached]]
    away = (rows[[learnt, reached]] - cells.transform("mean")).round(9)
    tasks = [rows["seed"], rows["target"]]
    spread = (away[learnt] ** 2).groupby(tasks).sum()
    slopes = (away[learnt] * away[reached]).groupby(tasks).sum() / spread.where(spread > 0)
    means = pd.DataFrame(cells.mean().unstack("relation"))
    means = means.reindex(columns=pd.MultiIndex.from_product([[learnt, reached], RELATIONS]))
    gained, gaps = (means[name, "same"] - means[name, "disjoint"] for name in (learnt, reached))
    # Where both learnt equally well there is nothing to adjust.
    adjusted = gaps - (slopes * gained).where(gained.abs() > 1e-9, 0.0)
    both = adjusted.unstack("target").reindex(columns=list(TARGETS)).mean(axis=1, skipna=False)
    return {int(str(seed)): float(gap) for seed, gap in both.items()}, slopes.dropna().to_numpy(np.float64)

"""Outcomes made up for a study's runs, so that its tables and findings can be tested without training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from invariance.spec import MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.study import RunOutcome, Study
from invariance.studies.transforms_vs_other_grid import COLUMNS
from invariance.vocabulary.measures import starting_network_name

OUTSIDE = (0.6, 0.5)
"""Transfer accuracy and sens-score of networks that no run of the study trains, also of untrained ones."""

AccuracyOf = Callable[[PretrainSpec, TransferSpec], float]
SensOf = Callable[[PretrainSpec, str, MeasureSpec], float]


def outcomes_of(
    study: Study, *, accuracy: AccuracyOf = lambda source, task: 0.5, sens: SensOf = lambda model, name, spec: 0.5
) -> dict[str, RunOutcome]:
    """An outcome for every run of a study.

    Args:
        study: whose runs.
        accuracy: of a transfer, from its source and itself.
        sens: of a network for a transformation or feature in a measurement.
    """
    by_id = {spec.run_id: spec for spec in study.runs}
    return {spec.run_id: _outcome(spec, by_id, accuracy, sens) for spec in study.runs}


def _outcome(spec: RunSpec, by_id: dict[str, RunSpec], accuracy: AccuracyOf, sens: SensOf) -> RunOutcome:
    if isinstance(spec, PretrainSpec):
        return RunOutcome({"test_accuracy": 0.75})
    if isinstance(spec, TransferSpec):
        is_own = spec.source in by_id
        return RunOutcome(
            {"transfer_accuracy": accuracy(pretraining(by_id, spec.source), spec) if is_own else OUTSIDE[0]}
        )
    column = "feature" if spec.measure == "features" else "transform"
    names = ("object", "background", "scene", "sticker") if spec.measure == "features" else spec.transforms

    def score(source: str, name: str) -> float:
        return sens(pretraining(by_id, source), name, spec) if source in by_id else OUTSIDE[1]

    models = (*spec.sources, *([starting_network_name("small", 0)] if spec.untrained else []))
    rows = [
        {"model": source, column: name, "sens": (value := score(source, name))} | {"sens_conditional": value + 0.01}
        for source in models
        for name in names
    ]
    return RunOutcome({"num_models": len(spec.sources)}, pd.DataFrame(rows))


def pretraining(by_id: dict[str, RunSpec], run_id: str) -> PretrainSpec:
    spec = by_id[run_id]
    assert isinstance(spec, PretrainSpec)
    return spec


def squares_table(
    values: Mapping[str, Sequence[float]], factor: str = "architecture", *, num_seeds: int = 6, spread: float = 0.01
) -> pd.DataFrame:
    """A table of study A with one factor; seeds move all accuracies alike, and each by a normal deviate.

    Args:
        values: of the factor, to the accuracies PP, PQ, QP, QQ, or to those of same and of disjoint.
        factor: which.
        num_seeds: from 0 on.
        spread: standard deviation of what is each accuracy's own.
    """
    draws = np.random.default_rng(0)
    cells = [(source, target) for source in "PQ" for target in "PQ"]
    rows = []
    for seed in range(num_seeds):
        for value, levels in values.items():
            four = levels if len(levels) == 4 else (levels[0], levels[1], levels[1], levels[0])
            for (source, target), level in zip(cells, four, strict=True):
                relation = "same" if source == target else "disjoint"
                accuracy = level + 0.01 * seed + spread * draws.normal()
                told = (0.9, accuracy, 1 - accuracy, source, target, source * 3, target * 3, 1_000)
                rows.append((factor, value, relation, seed, *told, f"{value}{source}{target}{seed}"))
    return pd.DataFrame(rows, columns=list(COLUMNS))

"""Outcomes made up for a study's runs, so that its tables and findings can be tested without training."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from invariance.spec import FactorSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.findings import Finding
from invariance.studies.registry import make_study
from invariance.studies.study import RunOutcome, Study
from invariance.studies.transforms_vs_other_grid import COLUMNS
from invariance.vocabulary.measures import starting_network_name

OUTSIDE = (0.6, 0.5)
"""Transfer accuracy and sens-score of networks that no run of the study trains, also of untrained ones."""

AccuracyOf = Callable[[PretrainSpec, TransferSpec], float]
SensOf = Callable[[Any, str, Any], float]


def outcomes_of(
    study: Study, *, accuracy: AccuracyOf = lambda source, task: 0.5, sens: SensOf = lambda model, name, spec: 0.5
) -> dict[str, RunOutcome]:
    """An outcome for every run of a study.

    Args:
        study: whose runs.
        accuracy: of a transfer, from its source and itself.
        sens: of a network, by the run that made it, for a transformation or feature in a measurement; of a factor, its
            skill.
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
    if isinstance(spec, FactorSpec):
        column, names = "factor", spec.factors
    elif spec.measure == "features":
        column, names = "feature", ("object", "background", "scene", "sticker")
    else:
        column, names = "transform", spec.transforms

    def score(source: str, name: str) -> float:
        return sens(by_id[source], name, spec) if source in by_id else OUTSIDE[1]

    if isinstance(spec, FactorSpec):
        rows = [
            {"model": source, column: name, "objects": objects, "skill": score(source, name) - away}
            for source in spec.sources
            for name in names
            for objects, away in (("known", 0.0), ("held_out", 0.5))
        ]
        return RunOutcome({"num_models": len(spec.sources)}, pd.DataFrame(rows))
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


def drawn_study(name: str) -> tuple[pd.DataFrame, list[Finding]]:
    """A study of six seeds whose numbers are drawn, so that sentences are seen that shipped results do not need.

    Returns:
        Its table as it is read from a file, and its findings.
    """
    study = make_study(name, seeds=tuple(range(6)))

    def drawn(low: float, high: float, *specs: RunSpec, name: str = "") -> float:
        seed = [int(spec.run_id, 16) for spec in specs]
        return float(np.random.default_rng([*seed, *name.encode()]).uniform(low, high))

    def accuracy(source: PretrainSpec, task: TransferSpec) -> float:
        matched = set(source.data.transforms) >= set(task.data.transforms)
        # Shares of a gap are told where there is one.
        low, high = (0.7 if name == "repair" else 0.4, 0.9) if matched else (0.4, 0.6)
        return drawn(low, high, source, task)

    outcomes = outcomes_of(study, accuracy=accuracy, sens=lambda own, name, spec: drawn(0.1, 0.9, own, spec, name=name))
    for spec in study.runs:
        if isinstance(spec, PretrainSpec):
            outcomes[spec.run_id] = RunOutcome({"test_accuracy": drawn(0.6, 1.0, spec)})
    table = study.tabulate(outcomes)
    return pd.read_csv(io.StringIO(table.to_csv(index=False))), study.conclude(table)


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

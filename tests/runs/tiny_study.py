"""A study small enough to be executed for real: two pretrainings, two transfers of each, one measurement of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from invariance.runs.store import Store
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.findings import Finding, Measured
from invariance.studies.study import Outcomes, Study
from invariance.studies.verdicts import judge
from tests.runs.tiny import tiny_pretrain

COLUMNS = ["source", "num_samples", "accuracy", "sens"]


def tiny_study(*, seeds: tuple[int, ...] = (0, 1), epochs: int = 1, objects: str = "noise") -> Study:
    """Its table has one row a transfer, with the sens-score of the transfer's source beside it once that is there."""
    images = replace(tiny_pretrain().data, objects=objects)
    pretrainings = [tiny_pretrain(data=images, seed=seed, epochs=epochs) for seed in seeds]
    transfers = [_transfer(source, num) for source in pretrainings for num in (24, 48)]
    data = DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01"), image_size=16)
    sources = tuple(spec.run_id for spec in pretrainings)
    measured = MeasureSpec(sources=sources, transforms=("hue",), data=data, num_pairs=16)
    runs: list[RunSpec] = [*pretrainings, *transfers, measured]

    seed_of = {spec.run_id: spec.seed for spec in pretrainings}

    def tabulate(outcomes: Outcomes) -> pd.DataFrame:
        rows = []
        for spec in transfers:
            if (outcome := outcomes.get(spec.run_id)) is None:
                continue
            table = outcomes[measured.run_id].table if measured.run_id in outcomes else None
            sens = np.nan if table is None else float(table.set_index("model")["sens"][spec.source])
            rows.append([spec.source, spec.data.num_samples, outcome.metrics["transfer_accuracy"], sens])
        return pd.DataFrame(rows, columns=COLUMNS)

    def conclude(table: pd.DataFrame) -> list[Finding]:
        means = table["accuracy"].groupby(table["source"].map(seed_of)).mean()
        return judge([Measured(name="mean", say=lambda found: f"The mean accuracy is {found}", per_seed=means)])

    return Study("transforms-vs-other", "quick", seeds, tuple(runs), tabulate, conclude)


def _transfer(source: PretrainSpec, num_samples: int) -> TransferSpec:
    data = DatasetSpec(
        objects="noise",
        backgrounds="noise",
        classes=("noise-02", "noise-03", "noise-04", "noise-05"),
        transforms=("rotate", "hue", "invert"),
        num_samples=num_samples,
        image_size=16,
        seed=7,
    )
    return TransferSpec(source=source.run_id, data=data, num_test_samples=64)


def assert_nothing_doubled(study: Study, store: Store) -> None:
    """One row a run, all of them done, and no measured value twice."""
    runs = store.list()
    assert sorted(run.id for run in runs) == sorted(spec.run_id for spec in study.runs)
    assert {run.state for run in runs} == {"done"}, [run.error for run in runs]
    for run in runs:
        assert not store.metrics(run.id).duplicated(["step", "name"]).any()

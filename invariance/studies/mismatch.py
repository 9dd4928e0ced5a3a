"""Study D: what if pretraining has fewer or more transformations than the target task (paper, section 4.3)?

Eight transformations in a random order; models pretrained under the first 1, 2, ... of them are probed on tasks with
the first 1, 2, ... of them: a matrix whose upper part, where pretraining covers the target, is expected to hold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import pandas as pd

from invariance.numbers import format_number
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec
from invariance.studies.choices import TARGET_SEED_OFFSET, shuffled_classes, shuffled_transforms
from invariance.studies.intervals import Interval, finding
from invariance.studies.published import MISMATCH as PUBLISHED
from invariance.studies.settings import pretraining
from invariance.studies.study import Finding, Outcomes, Study, each_once

NAME: Final = "mismatch"
NUM_TRANSFORMS: Final = 8
COVERED_SHARE: Final = 0.9
"""Of the diagonal's accuracy, that pretraining with more than the target's transformations is to keep."""
COLUMNS: Final = (
    "num_pretraining_transforms",
    "num_transfer_transforms",
    "seed",
    "accuracy",
    "pretraining_accuracy",
    "transforms",
    "run",
)


@dataclass(frozen=True)
class Scale:
    """How large the study is.

    Attributes:
        seeds: of the study.
        model: architecture.
        num_classes: of both tasks, which are the same.
        num_samples: to pretrain on; None for fresh images in every step.
        epochs: of pretraining.
        samples_per_epoch: with fresh images; otherwise without meaning.
        batch_size: of pretraining.
        learning_rate: of pretraining.
        transfer_samples: of the target tasks.
        num_test_samples: of every test split.
        regularisation: of the probe.
        counts: numbers of transformations, of pretraining and of tasks.
    """

    seeds: tuple[int, ...]
    model: str
    num_classes: int
    num_samples: int | None
    epochs: int
    batch_size: int
    learning_rate: float
    transfer_samples: int
    num_test_samples: int
    samples_per_epoch: int = 10_000
    regularisation: str = "prior"
    counts: tuple[int, ...] = tuple(range(1, NUM_TRANSFORMS + 1))


SCALES: Final[dict[str, Scale]] = {
    # Ten classes, since thirty under eight transformations take more images than a processor trains on in a minute.
    "quick": Scale(
        seeds=(0, 1, 2),
        model="small",
        num_classes=10,
        num_samples=None,
        epochs=5,
        samples_per_epoch=10_000,
        batch_size=128,
        learning_rate=2e-3,
        transfer_samples=2_000,
        num_test_samples=1_000,
    ),
    "standard": Scale(
        seeds=(0, 1, 2),
        model="resnet18",
        num_classes=30,
        num_samples=50_000,
        epochs=12,
        batch_size=256,
        learning_rate=1e-3,
        transfer_samples=5_000,
        num_test_samples=4_000,
    ),
    "paper": Scale(
        seeds=tuple(range(10)),
        model="resnet18",
        num_classes=30,
        num_samples=50_000,
        epochs=100,
        batch_size=256,
        learning_rate=1e-3,
        transfer_samples=50_000,
        num_test_samples=10_000,
        regularisation="validation",
    ),
}


@dataclass(frozen=True)
class _Cell:
    """One row of the table and the two runs it comes from."""

    pretraining: PretrainSpec
    transfer: TransferSpec
    seed: int

    @property
    def counts(self) -> tuple[int, int]:
        """Transformations of pretraining and of the task."""
        return len(self.pretraining.data.transforms), len(self.transfer.data.transforms)


def make(scale_name: str, scale: Scale, seeds: tuple[int, ...]) -> Study:
    """The study at a scale."""
    cells = tuple(cell for seed in seeds for cell in _cells(scale, seed))
    return Study(
        name=NAME,
        scale=scale_name,
        seeds=seeds,
        runs=each_once(spec for cell in cells for spec in (cell.pretraining, cell.transfer)),
        tabulate=partial(_tabulate, cells),
        conclude=conclude,
    )


def _cells(scale: Scale, seed: int) -> list[_Cell]:
    order = shuffled_transforms(NUM_TRANSFORMS, seed)
    base = DatasetSpec(
        classes=tuple(sorted(shuffled_classes("builtin", scale.num_classes, seed))),
        num_samples=scale.num_samples,
        seed=seed,
    )
    cells = []
    for num_pretraining in scale.counts:
        source = pretraining(scale, replace(base, transforms=order[:num_pretraining]), seed)
        for num_transfer in scale.counts:
            task = replace(
                base,
                transforms=order[:num_transfer],
                num_samples=scale.transfer_samples,
                seed=seed + TARGET_SEED_OFFSET,
            )
            transfer = TransferSpec(
                source=source.run_id,
                data=task,
                seed=seed,
                num_test_samples=scale.num_test_samples,
                regularisation=scale.regularisation,
            )
            cells.append(_Cell(source, transfer, seed))
    return cells


def _tabulate(cells: tuple[_Cell, ...], outcomes: Outcomes) -> pd.DataFrame:
    rows = [
        (
            *cell.counts,
            cell.seed,
            outcomes[cell.transfer.run_id].metrics["transfer_accuracy"],
            outcomes[cell.pretraining.run_id].metrics["test_accuracy"],
            ",".join(cell.transfer.data.transforms),
            cell.transfer.run_id,
        )
        for cell in cells
        if cell.pretraining.run_id in outcomes and cell.transfer.run_id in outcomes
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def with_relative_accuracy(table: pd.DataFrame) -> pd.DataFrame:
    """The table with two more columns.

    Returns:
        ``missing``: transformations of the task that pretraining lacked; negative where it had more. ``relative``:
        accuracy over that of pretraining with exactly the task's; NaN where that is not known yet.
    """
    exact = table[table["num_pretraining_transforms"] == table["num_transfer_transforms"]]
    reference = exact.set_index(["seed", "num_transfer_transforms"])["accuracy"]
    keys = pd.MultiIndex.from_frame(table[["seed", "num_transfer_transforms"]])
    return table.assign(
        missing=table["num_transfer_transforms"] - table["num_pretraining_transforms"],
        relative=table["accuracy"].to_numpy() / reference.reindex(keys).to_numpy(),
    )


def conclude(table: pd.DataFrame) -> list[Finding]:
    """Whether covering the target suffices, and whether every missing transformation costs accuracy."""
    full = with_relative_accuracy(table)
    return [_covered(full), _falling(full), _furthest(full)]


def _covered(full: pd.DataFrame) -> Finding:
    """Supersets: the worst cell over the diagonal's."""
    more = full[full["missing"] < 0]
    worst = more.groupby(["num_pretraining_transforms", "num_transfer_transforms"])["relative"].mean().min()

    def say(measured: Interval) -> str:
        return (
            f"Pretraining with more than the target's transformations keeps {measured} of the accuracy of exactly the "
            f"target's, in the worst cell {format_number(worst)}; published: accuracies of "
            f"{format_number(PUBLISHED['covered'])} "
            "to 1.00 wherever pretraining covers the target"
        )

    means = more.groupby("seed")["relative"].mean()
    result = finding("superset_suffices", tuple(means), say, above=COVERED_SHARE)
    # The worst cell has to hold as well.
    return replace(result, agrees=result.agrees and bool(worst > COVERED_SHARE))


def _falling(full: pd.DataFrame) -> Finding:
    """Subsets: what the first missing transformation costs, and whether each further one costs more."""
    lacking = full[full["missing"] >= 0]
    by_missing = lacking.groupby("missing")["relative"].mean()
    steps = by_missing.diff().dropna()
    falls = bool((steps < 0).all()) and len(steps) > 0
    listed = ", ".join(format_number(value) for value in by_missing)

    def say(measured: Interval) -> str:
        return (
            f"Each missing transformation costs {measured} of the diagonal's accuracy; with 0, 1, ... missing there "
            f"is {listed} of it left, which {'falls at every step' if falls else 'does not fall at every step'}; "
            "published: 0.05 to 0.1 for the first"
        )

    slopes = tuple(-_slope_of(rows) for _, rows in lacking.groupby("seed"))
    result = finding("missing_costs", slopes, say)
    return replace(result, agrees=result.agrees and falls)


def _slope_of(rows: pd.DataFrame) -> float:
    """Least-squares slope of relative accuracy over the number missing."""
    known = rows.dropna()
    spread = known["missing"] - known["missing"].mean()
    squares = float((spread**2).sum())
    return float((spread * known["relative"]).sum() / squares) if squares else math.nan


def _furthest(full: pd.DataFrame) -> Finding:
    """One transformation in pretraining, the most in the task."""
    few, many = full["num_pretraining_transforms"].min(), full["num_transfer_transforms"].max()
    corner = full[(full["num_pretraining_transforms"] == few) & (full["num_transfer_transforms"] == many)]
    losses = 1 - corner.set_index("seed")["relative"]
    accuracy = corner["accuracy"].mean()

    def say(measured: Interval) -> str:
        return (
            f"Pretrained with {few} and probed on a task with {many}, accuracy is {format_number(accuracy)}, a loss of "
            f"{measured} of the diagonal's; published: an accuracy of {format_number(PUBLISHED['from_1_to_8'])}"
        )

    return finding("furthest_mismatch", tuple(losses), say)

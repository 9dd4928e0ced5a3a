"""Study D: what if pretraining has fewer or more transformations than the target task (paper, section 4.3)?

Eight transformations in a random order; models pretrained under the first 1, 2, ... of them are probed on tasks with
the first 1, 2, ... of them: a matrix whose upper part, where pretraining covers the target, is expected to hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from invariance.numbers import format_number
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.statistics import Interval, slope
from invariance.studies.choices import shuffled_classes, shuffled_transforms
from invariance.studies.findings import finding
from invariance.studies.published import MISMATCH as PUBLISHED
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Design, Finding, Outcomes
from invariance.studies.what_if import TARGET_SEED_OFFSET

NUM_TRANSFORMS: Final = 8
COVERED_SHARE: Final = 0.9
"""Of the diagonal's accuracy, that pretraining with more than the target's transformations is to keep."""


@dataclass(frozen=True, kw_only=True)
class MismatchScale(StudyScale):
    """How large the study is.

    Attributes:
        num_classes: of both tasks, which are the same.
        counts: numbers of transformations, of pretraining and of tasks.
    """

    num_classes: int = 30
    counts: tuple[int, ...] = tuple(range(1, NUM_TRANSFORMS + 1))


SCALES: Final[dict[str, MismatchScale]] = {
    # Ten classes, since thirty under eight transformations take more images than a processor trains on in a minute.
    "quick": MismatchScale(budget=replace(QUICK, epochs=5), num_classes=10),
    "standard": MismatchScale(budget=replace(STANDARD, num_samples=50_000, epochs=12)),
    "paper": MismatchScale(budget=replace(PAPER, epochs=100, batch_size=256)),
}


@dataclass(frozen=True)
class _Cell:
    """One row of the table and the two runs it comes from."""

    pretraining: PretrainSpec
    transfer: TransferSpec
    seed: int

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """The network, then its probe."""
        return (self.pretraining, self.transfer)

    def rows(self, outcomes: Outcomes) -> Iterator[tuple[object, ...]]:
        """One, once both have finished."""
        if self.pretraining.run_id in outcomes and self.transfer.run_id in outcomes:
            yield (
                len(self.pretraining.data.transforms),
                len(self.transfer.data.transforms),
                self.seed,
                outcomes[self.transfer.run_id].metrics["transfer_accuracy"],
                outcomes[self.pretraining.run_id].metrics["test_accuracy"],
                ",".join(self.transfer.data.transforms),
                self.transfer.run_id,
            )


def _cells(scale: MismatchScale, seed: int) -> Iterator[_Cell]:
    order = shuffled_transforms(NUM_TRANSFORMS, seed)
    base = DatasetSpec(
        classes=tuple(sorted(shuffled_classes("builtin", scale.num_classes, seed))),
        num_samples=scale.budget.num_samples,
        shared_backgrounds=scale.budget.shared_backgrounds,
        seed=seed,
    )
    task = replace(base, num_samples=scale.budget.transfer_samples, seed=seed + TARGET_SEED_OFFSET)
    for num_pretraining in scale.counts:
        source = scale.budget.pretraining(replace(base, transforms=order[:num_pretraining]), seed)
        for num_transfer in scale.counts:
            target = replace(task, transforms=order[:num_transfer])
            yield _Cell(source, scale.budget.transfer(source.run_id, target, seed), seed)


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

    known = lacking.dropna(subset=["relative"])
    slopes = tuple(-slope(rows["missing"], rows["relative"]) for _, rows in known.groupby("seed"))
    result = finding("missing_costs", slopes, say)
    return replace(result, agrees=result.agrees and falls)


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


DESIGN: Final = Design(
    scales=SCALES,
    columns=(
        "num_pretraining_transforms",
        "num_transfer_transforms",
        "seed",
        "accuracy",
        "pretraining_accuracy",
        "transforms",
        "run",
    ),
    parts=_cells,
    conclude=conclude,
)

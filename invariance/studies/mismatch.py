"""Study D: what if pretraining has fewer or more transformations than the target task (paper, section 4.3)?

Eight transformations in a random order; models pretrained under the first 1, 2, ... of them are probed on tasks with
the first 1, 2, ... of them: a matrix whose upper part, where pretraining covers the target, is expected to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Final

import pandas as pd

from invariance.fits import slope
from invariance.numbers import format_number
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.statistics import Interval, t_interval
from invariance.studies.choices import shuffled_classes, shuffled_transforms
from invariance.studies.findings import Contrast, Finding, Measured, Published, told
from invariance.studies.own_data import Groups
from invariance.studies.published import MISMATCH_CLASSES as PUBLISHED_CLASSES
from invariance.studies.published import MISMATCH_COVERED as PUBLISHED_COVERED
from invariance.studies.published import MISMATCH_FROM_1_TO_8 as PUBLISHED_FROM_1_TO_8
from invariance.studies.published import MISMATCH_ONE_MISSING as PUBLISHED_ONE_MISSING
from invariance.studies.published import difference, ratio
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Design, Outcomes
from invariance.studies.verdicts import SIGNIFICANT, judge
from invariance.studies.what_if import TARGET_SEED_OFFSET

NUM_TRANSFORMS: Final = 8
COVERED_SHARE: Final = 0.9
"""Of the diagonal's accuracy, that pretraining with more than the target's transformations is to keep."""
COVERED_SHOWN: Final = " to ".join(
    format_number(PUBLISHED_COVERED.value + side * PUBLISHED_COVERED.error) for side in (-1, 1)
)
NO_LOSS: Final = Published(0.0, 2 * PUBLISHED_COVERED.error)
"""What is published of the loss wherever pretraining covers the target."""


@dataclass(frozen=True, kw_only=True)
class MismatchScale(StudyScale):
    """How large the study is.

    Attributes:
        counts: numbers of transformations, of pretraining and of tasks.
    """

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
                len(self.transfer.data.classes),
                ",".join(self.transfer.data.transforms),
                self.transfer.run_id,
            )


def _cells(scale: MismatchScale, seed: int) -> Iterator[_Cell]:
    order = shuffled_transforms(NUM_TRANSFORMS, seed)
    base = DatasetSpec(
        objects=scale.objects,
        backgrounds=scale.backgrounds,
        classes=tuple(sorted(shuffled_classes(scale.objects, scale.num_classes, seed))),
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


Cell = tuple[int, int]
"""How many transformations pretraining and the task have."""
Matrix = Mapping[Cell, pd.Series]
"""Accuracies by seed of every cell; NaN where one has not finished."""


def accuracies(table: pd.DataFrame) -> Matrix:
    """All cells of the counts that there are; of no results, the corners without any seed."""
    wide = table.pivot_table(
        index="seed", columns=["num_pretraining_transforms", "num_transfer_transforms"], values="accuracy"
    )
    counts = sorted({*table["num_pretraining_transforms"], *table["num_transfer_transforms"]}) or [1, NUM_TRANSFORMS]
    wide = wide.reindex(columns=pd.MultiIndex.from_product([counts, counts]))
    return {(int(own), int(task)): wide[own, task] for own, task in product(counts, counts)}


def conclude(table: pd.DataFrame) -> list[Finding]:
    """Whether exact pretraining and more than that suffice, and what every missing transformation costs."""
    matrix = accuracies(table)
    found = judge(
        [
            _exact_stays(matrix),
            _superset_as_exact(matrix),
            _superset_suffices(matrix),
            _first_missing(matrix),
            _each_missing(matrix),
            _furthest(matrix),
            _furthest_share(matrix, 1 / table.groupby("seed")["num_classes"].first()),
        ]
    )
    return [replace(one, statement=f"{one.statement}{_parts_in_words(one)}") for one in found]


def _counts(matrix: Matrix) -> list[int]:
    return sorted({own for own, _ in matrix})


def _mean(matrix: Matrix, cells: Iterable[Cell]) -> pd.Series:
    """Over cells, for each seed that has them all; empty where there are no cells."""
    columns = [matrix[cell] for cell in cells]
    return pd.concat(columns, axis=1).mean(axis=1, skipna=False) if columns else pd.Series(dtype=float)


def _supersets(matrix: Matrix) -> list[Cell]:
    """Cells where pretraining has more than the task."""
    return [(own, task) for own, task in matrix if own > task]


def _exact_stays(matrix: Matrix) -> Measured:
    """The diagonal: pretraining with exactly the task's transformations, from the fewest to the most of them."""
    few, many = _counts(matrix)[0], _counts(matrix)[-1]
    ends = pd.DataFrame({few: matrix[few, few], many: matrix[many, many]}).dropna()

    def say(measured: Interval) -> str:
        first, last = (format_number(ends[count].mean()) for count in (few, many))
        return (
            f"After pretraining with exactly the task's transformations accuracy is {first} for {few} and {last} for "
            f"{many}, a fall of {told(measured)}; published: {COVERED_SHOWN}, so none"
        )

    falls = ends[few] - ends[many]
    return Measured(name="exact_stays", say=say, per_seed=falls, published=NO_LOSS, equivalence=True)


def _superset_as_exact(matrix: Matrix) -> Measured:
    """What more than the task's transformations cost, in absolute accuracy."""
    cells = _supersets(matrix)
    exact, more = _mean(matrix, [(task, task) for _, task in cells]), _mean(matrix, cells)

    def say(measured: Interval) -> str:
        known = (exact - more).notna()
        costs = {cell: matrix[cell[1], cell[1]][known] - matrix[cell][known] for cell in cells}
        own, task = max(cells, key=lambda cell: costs[cell].mean())
        most = t_interval(costs[own, task], 1 - SIGNIFICANT / len(cells))
        worst = f", by {most} with {own} for {task}, the most" if measured.num > 1 else ""
        return (
            f"With more than the task's transformations accuracy is {format_number(more[known].mean())} on average "
            f"where exact pretraining has {format_number(exact[known].mean())}, {told(measured)} less{worst}; "
            f"published: {COVERED_SHOWN} both, so none"
        )

    return Measured(name="superset_as_exact", say=say, per_seed=exact - more, published=NO_LOSS, equivalence=True)


def _superset_suffices(matrix: Matrix) -> Measured:
    """Relative to exact pretraining, in every cell."""
    cells = _supersets(matrix)
    published = ratio(PUBLISHED_COVERED, PUBLISHED_COVERED)

    def say(measured: Interval) -> str:
        return (
            f"Pretraining with more than the task's transformations keeps {told(measured)} of the accuracy of exact "
            f"pretraining; published: {format_number(published.value)}"
        )

    return Measured(
        name="superset_suffices",
        say=say,
        per_seed=_mean(matrix, cells),
        denominators=_mean(matrix, [(task, task) for _, task in cells]),
        above=COVERED_SHARE,
        contrasts=[
            Contrast(f"{own} for {task}", matrix[own, task] - COVERED_SHARE * matrix[task, task]) for own, task in cells
        ],
        published=published,
        retention=True,
    )


def _parts_in_words(finding: Finding) -> str:
    """How many of several contrasts pass, and the weakest of them with an interval that holds for all."""
    if not finding.parts or finding.n < 2:
        return ""
    weakest = min(finding.parts, key=lambda part: part.effect)
    margin = Interval(weakest.effect, weakest.low, weakest.high, finding.n)
    alone, together = (sum(each) for each in zip(*((part.passes, part.low > 0) for part in finding.parts), strict=True))
    count = f"{alone} of {len(finding.parts)}, each tested by itself, and {together} by intervals that hold for all"
    if not finding.above:
        return f" Shown to cost something: {count}; least the {weakest.name}, {margin}."
    below = sum(part.effect < 0 for part in finding.parts)
    return (
        f" Shown to keep more than {format_number(finding.above)}: {count}; on average {below} keep less. The weakest "
        f"({weakest.name}) is off that by {margin} in accuracy."
    )


def _first_missing(matrix: Matrix) -> Measured:
    """The first missing transformation, over all tasks."""
    steps = list(pairwise(_counts(matrix)))
    exact = _mean(matrix, [(task, task) for _, task in steps])
    losses = exact - _mean(matrix, steps)
    published = PUBLISHED_ONE_MISSING

    def say(measured: Interval) -> str:
        return (
            f"One missing transformation costs {told(measured)} of accuracy, which is "
            f"{format_number(exact[losses.notna()].mean())} on average with none missing; published: "
            f"{format_number(published.value - published.error)} to {format_number(published.value + published.error)}"
        )

    return Measured(name="first_missing_costs", say=say, per_seed=losses, published=published)


def _each_missing(matrix: Matrix) -> Measured:
    """What a missing transformation costs on average, and whether each further one costs more within the same tasks."""
    counts = _counts(matrix)
    lacking = [(own, task) for own, task in matrix if own <= task]
    steps: dict[int, pd.Series] = {}
    for missing in range(1, len(counts)):
        further = list(zip(counts, counts[missing:], strict=False))
        before = list(zip(counts[1:], counts[missing:], strict=False))
        steps[missing] = _mean(matrix, before) - _mean(matrix, further)
    missed = [task - own for own, task in lacking]
    losses = pd.concat([matrix[task, task] - matrix[own, task] for own, task in lacking], axis=1).dropna()
    slopes = {seed: slope(missed, row) for seed, row in losses.iterrows()}

    def say(measured: Interval) -> str:
        listed = ", ".join(format_number(costs[losses.index].mean()) for costs in steps.values())
        return (
            f"Each missing transformation costs {told(measured)} of accuracy by a line through all losses; the first, "
            f"the second and so on {listed}; published: a fall, to {format_number(PUBLISHED_FROM_1_TO_8.value)} with "
            "seven missing"
        )

    return Measured(
        name="missing_costs",
        say=say,
        per_seed=slopes,
        contrasts=[Contrast(f"missing transformation {number}", costs) for number, costs in steps.items()],
    )


def _corner(matrix: Matrix) -> tuple[pd.DataFrame, str]:
    """The fewest transformations in pretraining, the most in the task, beside exact pretraining; and that in words."""
    few, many = _counts(matrix)[0], _counts(matrix)[-1]
    rows = pd.DataFrame({"left": matrix[few, many], "exact": matrix[many, many]}).dropna()
    return rows, f"Pretrained with {few} and probed on a task with {many}"


def _furthest(matrix: Matrix) -> Measured:
    """What is lost where most is missing."""
    rows, where = _corner(matrix)
    loss = difference(PUBLISHED_COVERED, PUBLISHED_FROM_1_TO_8)

    def say(measured: Interval) -> str:
        return (
            f"{where}, accuracy is {format_number(rows['left'].mean())} where exact pretraining has "
            f"{format_number(rows['exact'].mean())}, a loss of {told(measured)}; published: "
            f"{format_number(PUBLISHED_FROM_1_TO_8.value)}, a loss of {format_number(loss.value)}"
        )

    return Measured(name="furthest_mismatch", say=say, per_seed=rows["exact"] - rows["left"], published=loss)


def _furthest_share(matrix: Matrix, guessing: pd.Series) -> Measured:
    """Which share of it is kept: of the same two cells, so that it is told and not judged once more.

    Args:
        matrix: of accuracies.
        guessing: accuracy of guessing by seed; what it gives is not kept.
    """
    rows, where = _corner(matrix)
    guess = guessing.reindex(rows.index)
    by_chance = 1 / PUBLISHED_CLASSES
    published = (PUBLISHED_FROM_1_TO_8.value - by_chance) / (PUBLISHED_COVERED.value - by_chance)

    def say(measured: Interval) -> str:
        return (
            f"{where}, a network keeps {told(measured)} of what exact pretraining has above guessing "
            f"({format_number(guess.mean())}); published: {format_number(published)} with {PUBLISHED_CLASSES} classes"
        )

    return Measured(
        name="furthest_keeps",
        say=say,
        per_seed=rows["left"] - guess,
        denominators=rows["exact"] - guess,
        confirmatory=False,
    )


DESIGN: Final = Design(
    scales=SCALES,
    columns=(
        "num_pretraining_transforms",
        "num_transfer_transforms",
        "seed",
        "accuracy",
        "pretraining_accuracy",
        "num_classes",
        "transforms",
        "run",
    ),
    parts=_cells,
    conclude=conclude,
    groups=Groups(("of pretraining and target tasks",)),
)

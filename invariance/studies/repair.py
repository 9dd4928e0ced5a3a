"""What comes back: a mismatched network is trained further on images of the target task. A question of our own.

Two compositions, P and Q, one transformation of each category and none in common. A network pretrained on P (matched),
one on Q (mismatched) and one with its first weights (untrained) are trained on 10 to 5,000 images of a task that varies
P: the last block, or all weights, for as many steps each, at the learning rate that does best on the task's validation
split. After each, the accuracy on the task, the sens-score to P and how well the values of P can be decoded are taken.

The paper does not ask this, so nothing is published to compare with. The side of every finding was written down before
there were results, and so was what counts: half of the gap for a share, which is told of gaps above 0.1 alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
import pandas as pd

from invariance.numbers import format_number
from invariance.spec import TRAINABLE, DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.statistics import Interval, ratio_interval, slope, t_interval
from invariance.studies.choices import one_per_category, shuffled_classes
from invariance.studies.own_data import Groups
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Design, Outcomes, measured_table
from invariance.studies.verdicts import NOT_IN_THE_PAPER, Contrast, Finding, Measured, judge, told
from invariance.studies.what_if import TARGET_SEED_OFFSET
from invariance.vocabulary.factors import KNOWN

MATCHED, MISMATCHED, UNTRAINED = "matched", "mismatched", "untrained"
"""What a network was pretrained on: the task's transformations, others, or nothing."""
ALL, LAST_BLOCK = TRAINABLE
FROZEN: Final = "nothing"
"""In place of what is trained further: a linear probe of the network as it is, which the mismatched one alone gets."""
LEAST_GAP: Final = 0.1
"""Of which a share is told: above it with all of its interval."""
MOST_OF_THE_GAP: Final = 0.5
"""A share that is to be exceeded."""


@dataclass(frozen=True, kw_only=True)
class RepairScale(StudyScale):
    """How large the study is.

    Attributes:
        nums_images: of the target task, that networks are trained on further; the smaller are among the larger.
        num_steps: of every such training, up to the end of an epoch.
        batch_size: of these.
        learning_rates: of these, of which the validation split chooses.
        num_factor_images: of each set from which values are decoded.
    """

    nums_images: tuple[int, ...]
    num_steps: int
    batch_size: int
    learning_rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    num_factor_images: int

    def epochs(self, num_images: int) -> int:
        """Passes over so many images that take as many steps."""
        return -(-self.num_steps // -(-num_images // self.batch_size))


_MANY: Final = (10, 30, 100, 300, 1_000, 3_000, 5_000)

SCALES: Final[dict[str, RepairScale]] = {
    "quick": RepairScale(
        budget=QUICK,
        num_classes=10,
        nums_images=(10, 100, 1_000, 5_000),
        num_steps=150,
        batch_size=64,
        num_factor_images=500,
    ),
    "standard": RepairScale(budget=STANDARD, nums_images=_MANY, num_steps=500, batch_size=128, num_factor_images=2_000),
    "paper": RepairScale(budget=PAPER, nums_images=_MANY, num_steps=1_000, batch_size=256, num_factor_images=2_000),
}


@dataclass(frozen=True)
class _Cell:
    """One row of the table.

    Attributes:
        source: matched, mismatched or untrained.
        trained: what is trained further.
        pretraining: of the network.
        transfer: on images of the task.
    """

    source: str
    trained: str
    pretraining: PretrainSpec
    transfer: TransferSpec

    @property
    def network(self) -> str:
        """The run whose network is measured; a probe leaves that of the pretraining as it is."""
        return self.pretraining.run_id if self.trained == FROZEN else self.transfer.run_id


@dataclass(frozen=True)
class _OneSeed:
    """All of one seed: the networks, what was made of them, and two measurements of all."""

    seed: int
    cells: tuple[_Cell, ...]
    sens: MeasureSpec
    factors: FactorSpec

    @property
    def runs(self) -> Iterator[RunSpec]:
        """Networks with what is made of them, then the measurements."""
        for cell in self.cells:
            yield from (cell.pretraining, cell.transfer)
        yield from (self.sens, self.factors)

    def rows(self, outcomes: Outcomes) -> Iterator[tuple[object, ...]]:
        """One for each network and way to train it; scores are NaN while they are not measured."""
        sens, skill = self._means(outcomes, self.sens, "sens"), self._means(outcomes, self.factors, "skill")
        for cell in self.cells:
            spec, transfer = cell.pretraining, cell.transfer
            if spec.run_id in outcomes and transfer.run_id in outcomes:
                yield (
                    cell.source,
                    cell.trained,
                    transfer.data.num_samples,
                    self.seed,
                    outcomes[transfer.run_id].metrics["transfer_accuracy"],
                    sens.get(cell.network, math.nan),
                    skill.get(cell.network, math.nan),
                    outcomes[transfer.run_id].metrics.get("learning_rate", math.nan),
                    outcomes[spec.run_id].metrics["test_accuracy"],
                    ",".join(spec.data.transforms),
                    ",".join(transfer.data.transforms),
                    transfer.run_id,
                )

    def _means(self, outcomes: Outcomes, spec: MeasureSpec | FactorSpec, column: str) -> dict[str, float]:
        """Of each network over the task's transformations, or over their values; worse than guessing is guessing."""
        if (table := measured_table(outcomes, spec.run_id)) is None:
            return {}
        if isinstance(spec, FactorSpec):
            table = table[table["objects"] == KNOWN].assign(skill=lambda rows: rows["skill"].clip(lower=0.0))
        return {str(model): float(mean) for model, mean in table.groupby("model")[column].mean().items()}


def _one_seed(scale: RepairScale, seed: int) -> Iterator[_OneSeed]:
    own, others = one_per_category(2, seed)
    classes = shuffled_classes(scale.objects, 2 * scale.num_classes, seed)
    base = DatasetSpec(
        objects=scale.objects,
        backgrounds=scale.backgrounds,
        classes=tuple(sorted(classes[: scale.num_classes])),
        num_samples=scale.budget.num_samples,
        shared_backgrounds=scale.budget.shared_backgrounds,
        seed=seed,
    )
    pretrainings = {
        MATCHED: scale.budget.pretraining(replace(base, transforms=own), seed),
        MISMATCHED: scale.budget.pretraining(replace(base, transforms=others), seed),
        UNTRAINED: scale.budget.pretraining(replace(base, num_samples=None), seed, epochs=0),
    }
    plain = replace(
        base,
        classes=tuple(sorted(classes[scale.num_classes :])),
        num_samples=None,
        seed=seed + TARGET_SEED_OFFSET,
    )
    cells = tuple(
        _Cell(source, trained, spec, transfer)
        for source, spec in pretrainings.items()
        for num in scale.nums_images
        for trained, transfer in _transfers(scale, spec, replace(plain, transforms=own, num_samples=num), seed)
        if trained != FROZEN or source == MISMATCHED
    )
    networks = tuple(dict.fromkeys(cell.network for cell in cells))
    yield _OneSeed(
        seed,
        cells,
        MeasureSpec(sources=networks, transforms=own, data=plain, num_pairs=scale.budget.num_pairs),
        FactorSpec(sources=networks, factors=own, data=plain, num_images=scale.num_factor_images),
    )


def _transfers(
    scale: RepairScale, source: PretrainSpec, task: DatasetSpec, seed: int
) -> Iterator[tuple[str, TransferSpec]]:
    """What is done with a network on a number of images: by what is trained further."""
    assert task.num_samples is not None, "the task is finite"
    probe = scale.budget.transfer(source.run_id, task, seed)
    yield FROZEN, probe
    for trained in TRAINABLE:
        yield (
            trained,
            replace(
                probe,
                method="fine-tune",
                trainable=trained,
                learning_rates=scale.learning_rates,
                epochs=scale.epochs(task.num_samples),
                batch_size=scale.batch_size,
            ),
        )


@dataclass(frozen=True)
class Repairs:
    """A table of the study, asked for one column by seed.

    Attributes:
        table: whole or partial.
    """

    table: pd.DataFrame

    @cached_property
    def nums_images(self) -> list[int]:
        """Numbers of images, from the fewest to the most; of no results, those of the quick scale."""
        return sorted({int(num) for num in self.table["num_images"]}) or list(SCALES["quick"].nums_images)

    @cached_property
    def _cells(self) -> dict[tuple[str, str, int], pd.DataFrame]:
        """Rows by network, what was trained of it and on how many images; in each one a seed."""
        groups: dict[Any, pd.DataFrame] = dict(iter(self.table.groupby(["source", "trained", "num_images"])))
        return {(one, way, int(num)): rows.set_index("seed") for (one, way, num), rows in groups.items()}

    def of(self, source: str, trained: str, num_images: int, column: str = "accuracy") -> pd.Series:
        """A column by seed; empty where there is nothing yet."""
        found = self._cells.get((source, trained, num_images))
        return pd.Series(dtype=float) if found is None else found[column].astype(float).dropna()

    def gap(self, trained: str, num_images: int) -> pd.Series:
        """By seed: what there is to make good, the matched network trained further less the mismatched one as it is."""
        return self.of(MATCHED, trained, num_images) - self.of(MISMATCHED, FROZEN, num_images)

    def gain(self, trained: str, num_images: int) -> pd.Series:
        """By seed: what training the mismatched network further adds to its accuracy as it is."""
        return self.of(MISMATCHED, trained, num_images) - self.of(MISMATCHED, FROZEN, num_images)

    def share(self, trained: str, num_images: int) -> Interval | None:
        """Of the gap that is made good, with Fieller's interval; None where the gap is too small to tell one."""
        parts = {"gain": self.gain(trained, num_images), "gap": self.gap(trained, num_images)}
        both = pd.concat(parts, axis=1).dropna()
        if not t_interval(both["gap"]).low > LEAST_GAP:  # NaN with one seed
            return None
        return ratio_interval(both["gain"], both["gap"])


def conclude(table: pd.DataFrame) -> list[Finding]:
    """How much of the gap is made good by what, whether invariance returns, and what the mismatched start is worth."""
    repairs = Repairs(table)
    return judge(
        [
            _gap(repairs),
            _gain(repairs, repairs.nums_images[-1], "repair_helps"),
            _gain(repairs, repairs.nums_images[0], "few_images_help"),
            *_shares(repairs),
            _all_beat_last_block(repairs),
            _gap_closes(repairs),
            _beats_untrained(repairs),
            _invariance_returns(repairs),
            _values_fade(repairs),
        ]
    )


def _mean(values: pd.Series, effects: pd.Series) -> str:
    """Over the seeds that an effect has."""
    return format_number(float(values.reindex(effects.dropna().index).mean()))


def _gap(repairs: Repairs) -> Measured:
    most = repairs.nums_images[-1]
    matched, mismatched = repairs.of(MATCHED, ALL, most), repairs.of(MISMATCHED, FROZEN, most)
    gaps, of_last_block = repairs.gap(ALL, most), repairs.gap(LAST_BLOCK, most)

    def say(measured: Interval) -> str:
        return (
            f"On {most:,} target images the matched network gets {_mean(matched, gaps)} with all weights trained, the "
            f"mismatched one as it is {_mean(mismatched, gaps)}: a gap of {told(measured)}, or of "
            f"{told(t_interval(of_last_block.dropna()))} with the last block trained; a share is told of one that "
            f"exceeds {format_number(LEAST_GAP)} with its interval; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="gap", say=say, per_seed=gaps)


def _gain(repairs: Repairs, num: int, name: str) -> Measured:
    before, after = repairs.of(MISMATCHED, FROZEN, num), repairs.of(MISMATCHED, ALL, num)
    gains = repairs.gain(ALL, num)

    def say(measured: Interval) -> str:
        return (
            f"All weights of the mismatched network trained on {num:,} target images bring it from "
            f"{_mean(before, gains)} to {_mean(after, gains)}, a gain of {told(measured)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name=name, say=say, per_seed=gains)


def _shares(repairs: Repairs) -> Iterator[Measured]:
    """Of the gap, by what is trained; those that cannot be told are no findings, and the gap says why."""
    most = repairs.nums_images[-1]
    for trained, name, what in (
        (ALL, "all_weights_make_good", "All weights"),
        (LAST_BLOCK, "last_block_makes_good", "The last block"),
    ):
        if repairs.share(trained, most) is not None:
            yield Measured(
                name=name,
                say=partial(_say_share, f"{what} trained on {most:,} target images"),
                per_seed=repairs.gain(trained, most),
                denominators=repairs.gap(trained, most),
                above=MOST_OF_THE_GAP,
            )


def _say_share(how: str, measured: Interval) -> str:
    return (
        f"{how}: the share of the gap made good is {told(measured)}, stated beforehand: above "
        f"{format_number(MOST_OF_THE_GAP)}; {NOT_IN_THE_PAPER}"
    )


def _all_beat_last_block(repairs: Repairs) -> Measured:
    most = repairs.nums_images[-1]
    every, last = (repairs.of(MISMATCHED, trained, most) for trained in (ALL, LAST_BLOCK))
    gains = every - last

    def say(measured: Interval) -> str:
        return (
            f"On {most:,} target images the mismatched network gets {_mean(every, gains)} with all weights trained and "
            f"{_mean(last, gains)} with the last block alone, a difference of {told(measured)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="all_weights_beat_last_block", say=say, per_seed=gains)


def _gap_closes(repairs: Repairs) -> Measured:
    """What is left of the gap after both networks were treated alike, over the logarithm of the number of images."""
    nums = repairs.nums_images
    left = pd.concat(
        [repairs.of(MATCHED, ALL, num) - repairs.of(MISMATCHED, ALL, num) for num in nums], axis=1
    ).dropna()
    falls = {seed: -slope(np.log10(nums), row) for seed, row in left.iterrows()} if len(nums) > 1 else {}

    def say(measured: Interval) -> str:
        fewest, most = (format_number(float(left.iloc[:, place].mean())) for place in (0, -1))
        return (
            f"With all weights of both trained, matched and mismatched network are {fewest} apart on {nums[0]:,} "
            f"target images and {most} on {nums[-1]:,}: {told(measured)} less for ten times as many; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="gap_closes", say=say, per_seed=falls)


def _beats_untrained(repairs: Repairs) -> Measured:
    """What a mismatched pretraining is still worth, on every number of images."""
    nums = repairs.nums_images
    ahead = {num: repairs.of(MISMATCHED, ALL, num) - repairs.of(UNTRAINED, ALL, num) for num in nums}
    over_all = pd.concat(list(ahead.values()), axis=1).mean(axis=1, skipna=False)

    def say(measured: Interval) -> str:
        known = over_all.dropna().index
        listed = ", ".join(f"{format_number(float(one[known].mean()))} on {num:,}" for num, one in ahead.items())
        return (
            f"With all weights trained on the same target images the mismatched network is {told(measured)} ahead of "
            f"an untrained one: {listed}; {NOT_IN_THE_PAPER}"
        )

    contrasts = [Contrast(f"{num:,} images", one) for num, one in ahead.items()]
    return Measured(name="beats_untrained", say=say, per_seed=over_all, contrasts=contrasts)


def _before_and_after(repairs: Repairs, column: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """A score of the mismatched network as it is, with all weights trained, and of the matched one so trained."""
    most = repairs.nums_images[-1]
    of = partial(repairs.of, num_images=most, column=column)
    return of(MISMATCHED, FROZEN), of(MISMATCHED, ALL), of(MATCHED, ALL)


def _invariance_returns(repairs: Repairs) -> Measured:
    most = repairs.nums_images[-1]
    before, after, matched = _before_and_after(repairs, "sens")
    falls = before - after

    def say(measured: Interval) -> str:
        return (
            f"All weights trained on {most:,} target images, the mismatched network's sens-score to the target's "
            f"transformations goes from {_mean(before, falls)} to {_mean(after, falls)}, the matched one's to "
            f"{_mean(matched, falls)}: a fall of {told(measured)}; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="invariance_returns", say=say, per_seed=falls)


def _values_fade(repairs: Repairs) -> Measured:
    """Exploratory, since both ways could be argued: better features say more, invariance says less."""
    most = repairs.nums_images[-1]
    before, after, matched = _before_and_after(repairs, "skill")
    falls = before - after

    def say(measured: Interval) -> str:
        return (
            f"All weights trained on {most:,} target images, values of the target's transformations are decoded from "
            f"the mismatched network with {_mean(after, falls)} where it had {_mean(before, falls)} (matched "
            f"{_mean(matched, falls)}): {told(measured)} less; {NOT_IN_THE_PAPER}"
        )

    return Measured(name="values_fade", say=say, per_seed=falls, confirmatory=False)


DESIGN: Final = Design(
    scales=SCALES,
    columns=(
        "source",
        "trained",
        "num_images",
        "seed",
        "accuracy",
        "sens",
        "skill",
        "learning_rate",
        "pretraining_accuracy",
        "pretraining_transforms",
        "transforms",
        "run",
    ),
    parts=_one_seed,
    conclude=conclude,
    groups=Groups(("to pretrain on", "of the target task")),
)

"""The runs of the study of what comes back: what is trained further on how many images, at which sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from invariance.spec import TRAINABLE, DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.choices import one_per_category, shuffled_classes
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Outcomes, measured_table
from invariance.studies.what_if import TARGET_SEED_OFFSET
from invariance.vocabulary.factors import KNOWN

MATCHED, MISMATCHED, UNTRAINED = "matched", "mismatched", "untrained"
"""What a network was pretrained on: the task's transformations, others, or nothing."""
ALL, LAST_BLOCK = TRAINABLE
FROZEN: Final = "nothing"
"""In place of what is trained further: a linear probe of the network as it is, which the mismatched one alone gets."""
COLUMNS: Final = (
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
)


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


def one_seed(scale: RepairScale, seed: int) -> Iterator[_OneSeed]:
    """All that a seed needs, as one part of the study."""
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

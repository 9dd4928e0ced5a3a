"""The smallest experiment of the paper: does it matter that pretraining varied what the target task varies?

Two compositions P and Q, each once what a network is pretrained on and once what a target task varies; a third network
is pretrained without any. Each is transferred to both tasks. One task alone could not tell a matching source from one
that is better anyway; both together can, see :mod:`invariance.studies.two_by_two`. Study A of the paper (section 4),
with the classes of pretraining disjoint from the targets'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from invariance.spec import PretrainSpec, QuestionSpec, RunSpec, SpecError, TransferSpec, transforms_text
from invariance.studies.question_grid import (
    TARGET_SEED_OFFSET,
    grid,
    published_transfer,
    split_classes,
    words_of_classes,
)
from invariance.studies.relations import relation
from invariance.vocabulary.objectives import OBJECTIVES

__all__ = [
    "TARGET_SEED_OFFSET",
    "Cell",
    "WhatIf",
    "arranged",
    "published_transfer",
    "split_classes",
    "transferred",
    "what_if",
]


@dataclass(frozen=True)
class Cell:
    """One network on one target task.

    Attributes:
        pretraining: of the network.
        transfer: of it to the task.
    """

    pretraining: PretrainSpec
    transfer: TransferSpec

    @property
    def source(self) -> tuple[str, ...]:
        """Transformations of the pretraining."""
        return self.pretraining.data.transforms

    @property
    def target(self) -> tuple[str, ...]:
        """Transformations of the task."""
        return self.transfer.data.transforms

    @property
    def relation(self) -> str:
        """One of :data:`~invariance.studies.relations.RELATIONS`."""
        return relation(self.source, self.target)


@dataclass(frozen=True)
class WhatIf:
    """The networks on the tasks: P, Q and none on P, then the same on Q.

    There are two a task where P or Q has no transformation, and where the objective learns from transformations alone.
    """

    cells: tuple[Cell, ...]

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """All, each once, after what it builds on; first those that the question as it is asked needs."""
        return tuple(dict.fromkeys(spec for cell in self.cells for spec in (cell.pretraining, cell.transfer)))

    @property
    def pretrainings(self) -> tuple[PretrainSpec, ...]:
        """Two or three, each once."""
        return tuple(dict.fromkeys(cell.pretraining for cell in self.cells))

    @property
    def matched_pretraining(self) -> PretrainSpec:
        """On P."""
        return self.cells[0].pretraining

    @property
    def mismatched_pretraining(self) -> PretrainSpec:
        """On Q."""
        return self.cells[1].pretraining

    @property
    def matched(self) -> TransferSpec:
        """From P to P."""
        return self.cells[0].transfer

    @property
    def mismatched(self) -> TransferSpec:
        """From Q to P."""
        return self.cells[1].transfer

    @property
    def words_of_classes(self) -> str:
        """How many classes each task has, and whether those of pretraining come again: a sentence."""
        return words_of_classes(self.matched_pretraining.data.classes, self.matched.data.classes)


def what_if(
    target: tuple[str, ...],
    mismatch: tuple[str, ...],
    *,
    seed: int = 0,
    objects: str = "builtin",
    backgrounds: str = "builtin",
    num_classes: int | None = None,
    num_prototypes: int = 1,
    model: str = "small",
    epochs: int | None = None,
    samples_per_epoch: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    objective: str = "supervised",
    method: str = "linear-probe",
    num_transfer_samples: int = 2_000,
    precision: str = "auto",
    optimizer: str | None = None,
) -> WhatIf:
    """The runs of one what-if.

    Args:
        target: P, transformations of the target task and of the matched pretraining.
        mismatch: Q, transformations of the mismatched pretraining and of the second task.
        seed: picks the classes, the samples and the initial weights.
        objects: source of the objects.
        backgrounds: source of the backgrounds.
        num_classes: of each task, see :func:`split_classes`.
        num_prototypes: pictures used of each class.
        model: architecture.
        epochs: of pretraining, on an endless stream; None, here and below: as the usual budget of the network has it
            (:func:`~invariance.vocabulary.budgets.usual_budget`), or that of the optimizer.
        samples_per_epoch: images in one of them.
        batch_size: of pretraining.
        learning_rate: of pretraining.
        objective: of pretraining.
        method: of transfer.
        num_transfer_samples: training samples of the target task.
        precision: of the networks' products, one of ``PRECISIONS``.
        optimizer: of pretraining: ``adam`` with the budget *Quick*, ``muon`` with *Instant*; None: the network's.

    Raises:
        SpecError: a value cannot be used.
    """
    if set(target) == set(mismatch):
        raise SpecError(f"target and mismatch are both {transforms_text(target)}: name different transformations")
    sources = [target, mismatch]
    if () not in sources and not OBJECTIVES[objective].needs_transforms:
        sources.append(())
    question = QuestionSpec(
        sources=tuple(map(transforms_text, sources)),
        targets=(transforms_text(target), transforms_text(mismatch)),
        models=(model,),
        objectives=(objective,),
        methods=(method,),
        num_images=(num_transfer_samples,),
        seeds=(seed,),
        objects=objects,
        backgrounds=backgrounds,
        num_classes=num_classes,
        num_prototypes=num_prototypes,
        epochs=epochs,
        samples_per_epoch=samples_per_epoch,
        batch_size=batch_size,
        learning_rate=learning_rate,
        precision=precision,
        optimizer=optimizer,
    )
    return WhatIf(tuple(Cell(one.pretraining, one.transfer) for one in grid(question) if one.pretraining is not None))


def transferred(pretraining: PretrainSpec, transfer: TransferSpec) -> Cell:
    """A network put to the task of a transfer."""
    return Cell(pretraining, replace(transfer, source=pretraining.run_id))


def arranged(cells: Sequence[Cell]) -> WhatIf | None:
    """The what-if that some cells are together, in its order.

    Args:
        cells: in any order; the target of the first is P.

    Returns:
        None unless P and another composition are sources and targets of one task, by networks pretrained alike.
    """
    alike = {
        (
            replace(cell.pretraining, data=replace(cell.pretraining.data, transforms=("hue",))),
            replace(cell.transfer, source="any", data=replace(cell.transfer.data, transforms=())),
        )
        for cell in cells
    }
    targets = list(dict.fromkeys(cell.target for cell in cells))
    sources = list(dict.fromkeys([*targets, *(cell.source for cell in cells)]))
    places = {(cell.source, cell.target): cell for cell in cells}
    wanted = [(source, target) for target in targets for source in sources]
    if len(alike) != 1 or len(targets) != 2 or set(wanted) != places.keys():
        return None
    return WhatIf(tuple(places[place] for place in wanted))

"""The smallest experiment of the paper: does it matter that pretraining varied what the target task varies?

Two compositions P and Q, each once what a network is pretrained on and once what a target task varies; a third network
is pretrained without any. Each is transferred to both tasks. One task alone could not tell a matching source from one
that is better anyway; both together can, see :mod:`invariance.studies.two_by_two`. Study A of the paper (section 4),
with the classes of pretraining disjoint from the targets'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from invariance.data.catalogue import choose_classes, class_names
from invariance.models import PUBLISHED_PREFIX, batch_size_at, published_facts
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, SpecError, TransferSpec, transforms_text
from invariance.studies.relations import relation
from invariance.vocabulary.objectives import OBJECTIVES

MAX_CLASSES: Final = 30
PUBLISHED_BATCH_SIZE: Final = 32
PUBLISHED_LEARNING_RATE: Final = 1e-4
"""Of fine-tuning a published network: fewer images fit into memory, and Adam's usual rate would undo what it knows."""
USUAL_INPUT_SIZE: Final = 224
TARGET_SEED_OFFSET: Final = 2**32
"""Added to the seed for the target task, so that pretraining and transfer draw under different keys."""


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
        pretrained, target = self.matched_pretraining.data.classes, self.matched.data.classes
        if set(pretrained) & set(target):
            return f"{len(target)} classes, the same to pretrain on and of the target tasks."
        return f"{len(pretrained)} classes to pretrain on and {len(target)} others of the target tasks."


def split_classes(objects: str, num_classes: int | None, seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Classes to pretrain on and classes of the target task, disjoint where the source has enough.

    Args:
        objects: source of the objects.
        num_classes: of each task; None means 30, or half of the source's if that is less.
        seed: picks them.

    Returns:
        Two tuples of names. A source of fewer than 8 classes, or of fewer than twice ``num_classes``, gives the
        same classes to both.
    """
    available = len(class_names(objects))
    if num_classes is None:
        num_classes = available if available < 8 else min(MAX_CLASSES, available // 2)
    if 2 * num_classes > available:
        classes = choose_classes(objects, num_classes, seed)
        return classes, classes
    target = choose_classes(objects, num_classes, seed)
    both = choose_classes(objects, 2 * num_classes, seed)
    return tuple(name for name in both if name not in target), target


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
    epochs: int = 4,
    samples_per_epoch: int = 10_000,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    objective: str = "supervised",
    method: str = "linear-probe",
    num_transfer_samples: int = 2_000,
    precision: str = "auto",
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
        epochs: of pretraining, on an endless stream.
        samples_per_epoch: images in one of them.
        batch_size: of pretraining.
        learning_rate: of pretraining. Small batches and this rate learn most in the seconds that a laptop has.
        objective: of pretraining.
        method: of transfer.
        num_transfer_samples: training samples of the target task.
        precision: of the networks' products, one of ``PRECISIONS``.

    Raises:
        SpecError: a value cannot be used.
    """
    if set(target) == set(mismatch):
        raise SpecError(f"target and mismatch are both {transforms_text(target)}: name different transformations")
    pretraining_classes, target_classes = split_classes(objects, num_classes, seed)
    base = DatasetSpec(
        objects=objects,
        backgrounds=backgrounds,
        classes=pretraining_classes,
        num_prototypes=num_prototypes,
        num_samples=None,
        seed=seed,
    )
    matched = PretrainSpec(
        data=replace(base, transforms=target),
        model=model,
        epochs=epochs,
        samples_per_epoch=samples_per_epoch,
        batch_size=batch_size,
        learning_rate=learning_rate,
        objective=objective,
        precision=precision,
        seed=seed,
    )
    sources = [target, mismatch]
    if () not in sources and not OBJECTIVES[objective].needs_transforms:
        sources.append(())
    task = replace(base, classes=target_classes, num_samples=num_transfer_samples, seed=seed + TARGET_SEED_OFFSET)
    return WhatIf(
        tuple(
            transferred(
                replace(matched, data=replace(base, transforms=source)),
                TransferSpec(
                    source=matched.run_id,
                    data=replace(task, transforms=varied),
                    method=method,
                    precision=precision,
                    seed=seed,
                ),
            )
            for varied in (target, mismatch)
            for source in sources
        )
    )


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


def published_transfer(transfer: TransferSpec, name: str) -> TransferSpec:
    """The same task put to a network that others published, as suits a large network.

    The penalty of its probe is chosen on the validation split, since the prior's is that of small networks; it is
    fine-tuned in smaller steps. All its images are brought to its own size by the network itself.

    Args:
        transfer: the task and the method.
        name: reference of a network from outside; its weights need not be here yet.

    Raises:
        SpecError: there is no such network.
    """
    # Of what others than torchvision made the size is known once it is here, and is this one nearly always.
    input_size = published_facts(name).input_size if name.startswith(PUBLISHED_PREFIX) else USUAL_INPUT_SIZE
    spec = replace(transfer, source=name, regularisation="validation")
    if spec.method == "linear-probe":
        return spec
    batch_size = max(2, min(PUBLISHED_BATCH_SIZE, batch_size_at(input_size)))
    return replace(spec, batch_size=batch_size, learning_rate=PUBLISHED_LEARNING_RATE)

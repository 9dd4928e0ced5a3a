"""The smallest experiment of the paper: does it matter that pretraining varied what the target task varies?

One target task; two models pretrained alike but for their transformations, the target's own (matched) and others
(mismatched); a transfer of each to the target task. Study A of the paper (section 4), with the classes of
pretraining disjoint from the target's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from invariance.data.catalogue import choose_classes, class_names
from invariance.models import batch_size_at, published_facts
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, SpecError, TransferSpec

MAX_CLASSES: Final = 30
PUBLISHED_BATCH_SIZE: Final = 32
PUBLISHED_LEARNING_RATE: Final = 1e-4
"""Of fine-tuning a published network: fewer images fit into memory, and Adam's usual rate would undo what it knows."""
TARGET_SEED_OFFSET: Final = 2**32
"""Added to the seed for the target task, so that pretraining and transfer draw under different keys."""


@dataclass(frozen=True)
class WhatIf:
    """The four runs, and those of them that answer the question."""

    matched_pretraining: PretrainSpec
    mismatched_pretraining: PretrainSpec
    matched: TransferSpec
    mismatched: TransferSpec

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """All four in an order in which each comes after what it builds on."""
        return (self.matched_pretraining, self.matched, self.mismatched_pretraining, self.mismatched)


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
        target: transformations of the target task and of the matched pretraining.
        mismatch: transformations of the mismatched pretraining.
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
        raise SpecError(f"target and mismatch are both {','.join(target) or 'none'}: name different transformations")
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
    mismatched = replace(matched, data=replace(base, transforms=mismatch))
    task = replace(
        base,
        classes=target_classes,
        transforms=target,
        num_samples=num_transfer_samples,
        seed=seed + TARGET_SEED_OFFSET,
    )
    transfer = TransferSpec(source=matched.run_id, data=task, method=method, precision=precision, seed=seed)
    return WhatIf(matched, mismatched, transfer, replace(transfer, source=mismatched.run_id))


def published_transfer(transfer: TransferSpec, name: str) -> TransferSpec:
    """The same task put to a network that others published, as suits a large network.

    The penalty of its probe is chosen on the validation split, since the prior's is that of small networks; it is
    fine-tuned in smaller steps. All its images are brought to its own size by the network itself.

    Args:
        transfer: the task and the method.
        name: ``torchvision:<name>``; its weights need not be here yet.

    Raises:
        SpecError: there is no such network.
    """
    facts = published_facts(name)
    spec = replace(transfer, source=name, regularisation="validation")
    if spec.method == "linear-probe":
        return spec
    batch_size = max(2, min(PUBLISHED_BATCH_SIZE, batch_size_at(facts.input_size)))
    return replace(spec, batch_size=batch_size, learning_rate=PUBLISHED_LEARNING_RATE)

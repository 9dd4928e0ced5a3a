"""The grid of a question: which network is pretrained how, and put to which task.

Every cell is two runs that can also be asked for singly, under the same identities: a pretraining and the transfer of
its network, or the transfer of a network that is there already. Study A of the paper (section 4), with the classes of
pretraining disjoint from the targets': what that study varies beyond is told in its module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from invariance.data.catalogue import choose_classes, class_names
from invariance.models import PUBLISHED_PREFIX, batch_size_at, published_facts
from invariance.spec import DatasetSpec, PretrainSpec, QuestionSpec, RunSpec, SpecError, TransferSpec, parse_transforms
from invariance.spec.question import UNTRAINED
from invariance.studies.relations import UNKNOWN, relation
from invariance.vocabulary.architectures import OUTSIDE_PREFIXES
from invariance.vocabulary.objectives import OBJECTIVES

MAX_CLASSES: Final = 30
PUBLISHED_BATCH_SIZE: Final = 32
PUBLISHED_LEARNING_RATE: Final = 1e-4
"""Of fine-tuning a published network: fewer images fit into memory, and Adam's usual rate would undo what it knows."""
USUAL_INPUT_SIZE: Final = 224
TARGET_SEED_OFFSET: Final = 2**32
"""Added to the seed for the target task, so that pretraining and transfer draw under different keys."""


@dataclass(frozen=True)
class NamedNetwork:
    """A network that is there already, as what is recorded of it says.

    Attributes:
        reference: its identity, as specs hold it: a run id, or the reference of one from outside.
        title: what it is called in tables.
        model: its architecture.
        objective: of its pretraining; None where that is not known.
        transforms: what it was pretrained on; None where that is not known.
        accuracy: on its own pretraining task, in [0, 1]; None where that is not known.
    """

    reference: str
    title: str
    model: str
    objective: str | None = None
    transforms: tuple[str, ...] | None = None
    accuracy: float | None = None


@dataclass(frozen=True)
class GridCell:
    """One network on one target task, and where it stands in its question.

    Attributes:
        source: as in the question; of a named network its title.
        target: transformations of the task.
        relation: one of :data:`~invariance.studies.relations.RELATIONS`, ``untrained`` or ``unknown``.
        seed: of the question.
        pretraining: of the network; None where it is there already.
        transfer: of it to the task.
        network: what is known of one that is there already.
    """

    source: str
    target: tuple[str, ...]
    relation: str
    seed: int
    pretraining: PretrainSpec | None
    transfer: TransferSpec
    network: NamedNetwork | None = None

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """The network, unless it is there already, and its transfer."""
        return (self.transfer,) if self.pretraining is None else (self.pretraining, self.transfer)

    @property
    def model(self) -> str:
        """Architecture of the network."""
        if self.pretraining is not None:
            return self.pretraining.model
        assert self.network is not None, "a network that is not pretrained here is there already"
        return self.network.model

    @property
    def objective(self) -> str | None:
        """Of its pretraining; None of first weights, and where it is not known."""
        if self.relation == UNTRAINED:
            return None
        known = self.network if self.pretraining is None else self.pretraining
        return None if known is None else known.objective


def grid(question: QuestionSpec, networks: Mapping[str, NamedNetwork] | None = None) -> tuple[GridCell, ...]:
    """The cells of a question, seed by seed; within one, setting by setting, then target by target.

    Args:
        question: what is asked.
        networks: what is known of each of its networks that is there already, by its name in the question.

    Raises:
        SpecError: a value cannot be used, or there is nothing to run.
    """
    for objective in question.objectives:
        if OBJECTIVES[objective].needs_transforms and not any(question.compositions.values()):
            raise SpecError(
                f"objective = {objective}: it learns from transformations alone; name a source that has some"
            )
    return tuple(cell for seed in question.seeds for cell in _of_seed(question, seed, networks or {}))


def _of_seed(question: QuestionSpec, seed: int, networks: Mapping[str, NamedNetwork]) -> Iterator[GridCell]:
    pretraining_classes, target_classes = split_classes(question.objects, question.num_classes, seed)
    base = DatasetSpec(
        objects=question.objects,
        backgrounds=question.backgrounds,
        classes=pretraining_classes,
        num_prototypes=question.num_prototypes,
        num_samples=question.num_samples,
        shared_backgrounds=question.shared_backgrounds,
        seed=seed,
    )
    tasks = tuple(_tasks(question, replace(base, classes=target_classes), seed))
    for model in question.models:
        for objective in question.objectives:
            pretrained = {
                source: _pretraining(question, replace(base, transforms=composition), model, objective, seed)
                for source, composition in question.compositions.items()
                if composition or not OBJECTIVES[objective].needs_transforms
            }
            for task in tasks:
                for source, spec in pretrained.items():
                    yield _own(source, spec, task)
        if UNTRAINED in question.sources:  # the same whatever would have been learnt
            unseen = replace(base, num_samples=None)
            first_weights = replace(_pretraining(question, unseen, model, "supervised", seed), epochs=0)
            for task in tasks:
                yield _own(UNTRAINED, first_weights, task)
    for source in question.networks:
        for task in tasks:
            yield _named(networks[source], task)


def _pretraining(question: QuestionSpec, data: DatasetSpec, model: str, objective: str, seed: int) -> PretrainSpec:
    return PretrainSpec(
        data=data,
        model=model,
        objective=objective,
        precision=question.precision,
        num_test_samples=question.num_test_samples,
        seed=seed,
        **question.training,
    )


def _tasks(question: QuestionSpec, base: DatasetSpec, seed: int) -> Iterator[TransferSpec]:
    """What every network of a seed is put to; whose weights it starts from is still to be said."""
    for method in question.methods:
        for num_images in question.num_images:
            for target in question.targets:
                data = replace(
                    base,
                    transforms=parse_transforms(target),
                    num_samples=num_images,
                    seed=seed + TARGET_SEED_OFFSET,
                )
                yield TransferSpec(
                    source="any",
                    data=data,
                    method=method,
                    precision=question.precision,
                    num_test_samples=question.num_test_samples,
                    regularisation=question.regularisation,
                    seed=seed,
                )


def _own(source: str, pretraining: PretrainSpec, task: TransferSpec) -> GridCell:
    target = task.data.transforms
    how = UNTRAINED if source == UNTRAINED else relation(pretraining.data.transforms, target)
    return GridCell(source, target, how, task.seed, pretraining, replace(task, source=pretraining.run_id))


def _named(network: NamedNetwork, task: TransferSpec) -> GridCell:
    target, known = task.data.transforms, network.transforms
    is_outside = network.reference.startswith(OUTSIDE_PREFIXES)
    transfer = (published_transfer if is_outside else _put)(task, network.reference)
    how = UNKNOWN if known is None else relation(known, target)
    return GridCell(network.title, target, how, task.seed, None, transfer, network)


def _put(task: TransferSpec, reference: str) -> TransferSpec:
    return replace(task, source=reference)


def words_of_classes(pretrained: Sequence[str], target: Sequence[str]) -> str:
    """How many classes each task has, and whether those of pretraining come again: a sentence."""
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

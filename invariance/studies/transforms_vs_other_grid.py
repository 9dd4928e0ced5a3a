"""The runs of study A: what is varied, at which sizes, and the two runs behind each row of its table.

Every value of a factor is a 2 x 2: two compositions, P and Q, each as a source and as a target. Every network is then
once one with the target's own transformations and once one with others, so that neither a source that learnt better nor
a target that is easier counts as a gain from matching.

That 2 x 2 is a question (:mod:`invariance.spec.question`) with sources ``P;Q``, or ``P;Q;none`` at the usual setting,
and targets ``P;Q``, with Adam and the scale's ``num_samples``, ``epochs``, ``batch_size``, ``learning_rate``,
``num_test_samples``, ``regularisation``, ``shared_backgrounds``; its runs are this study's, by the same identities.
Architecture (but for the vision transformer's own schedule and weight decay), objective, and number of pretraining
samples are one such question for each value; published networks are sources of their own. No question has classes of
pretraining that are the target's own, some of them or all and more, which two factors here vary: to make this grid of
questions there would have to be two ways to make a cell, and so there is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from invariance.models import PUBLISHED_PREFIX, has_published
from invariance.spec import (
    CATEGORIES,
    OBJECTIVES,
    DatasetSpec,
    MeasureSpec,
    PretrainSpec,
    RunSpec,
    SpecError,
    TransferSpec,
)
from invariance.studies.choices import one_per_category, shuffled_classes
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Outcomes, measured_table
from invariance.studies.what_if import TARGET_SEED_OFFSET

RELATIONS: Final = ("same", "disjoint")
NONE: Final = "none"
"""Relation and source of a network that was pretrained without transformations."""
ELSEWHERE: Final = "published"
"""Relation and source of a network that others trained: its images had other transformations, and other objects."""
TARGETS: Final = ("P", "Q")
"""Compositions of three transformations, one of each category, that share none: as targets, and as sources."""
CLASS_RELATIONSHIPS: Final = ("subset", "disjoint", "same", "superset")
USUAL: Final = "usual"
FACTORS: Final[dict[str, str]] = {
    USUAL: "usual setting",
    "class_relationship": "relationship of the classes",
    "architecture": "architecture",
    "pretraining_samples": "number of pretraining samples",
    "transfer_samples": "number of transfer samples",
    "objective": "objective",
    "published": "published networks",
    "beyond_2d": "transformations beyond 2-D",
}
"""Factors of the table and what to call them; the first is the setting from which each of the others departs."""
PAPER_FACTORS: Final = tuple(FACTORS)[1:5]
DIMENSIONS: Final = ("2-D", "beyond 2-D")
"""Values of ``beyond_2d``: the usual composition P, and one with pose and occlude."""
PUBLISHED_NETWORKS: Final = tuple(
    PUBLISHED_PREFIX + name for name in ("resnet18", "resnet50", "densenet121", "vgg11_bn", "vit_b_16")
)
"""What the architectures are on ImageNet, of which those are taken whose files are on this machine."""


@dataclass(frozen=True, kw_only=True)
class TransformsVsOtherScale(StudyScale):
    """How large the study is; what the budget says holds where another factor varies.

    Attributes:
        models: architectures compared.
        model_settings: fields of ``PretrainSpec`` that an architecture has otherwise.
        pretraining_samples: sizes of the pretraining set, each with its epochs; the budget's is among them.
        transfer_samples: sizes of the target task.
    """

    models: tuple[str, ...]
    pretraining_samples: Mapping[int, int]
    transfer_samples: tuple[int, ...]
    model_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    factors: tuple[str, ...] = tuple(FACTORS)

    def __post_init__(self) -> None:
        usual = (self.budget.num_samples, self.budget.epochs)
        assert usual in self.pretraining_samples.items(), usual

    @property
    def num_subset(self) -> int:
        """Of the target's classes, those of the subset: a third."""
        return max(2, self.num_classes // 3)


_VIT: Final = {"vit": {"weight_decay": 5e-5, "schedule": "cosine"}}

SCALES: Final[dict[str, TransformsVsOtherScale]] = {
    # Every training sees 40,000 images, so that more samples mean more variety and not more steps.
    "quick": TransformsVsOtherScale(
        budget=replace(QUICK, num_samples=10_000),
        models=("small", "small_resnet", "small_vgg", "small_vit"),
        pretraining_samples={1_000: 40, 5_000: 8, 10_000: 4, 40_000: 1},
        transfer_samples=(50, 200, 500, 2_000),
        factors=(USUAL, *PAPER_FACTORS),
    ),
    "standard": TransformsVsOtherScale(
        budget=replace(STANDARD, regularisation="validation"),
        models=("resnet18", "densenet", "vgg11_bn", "vit"),
        model_settings=_VIT,
        pretraining_samples={1_000: 200, 10_000: 20, 20_000: 10, 50_000: 4},
        transfer_samples=(50, 200, 500, 2_000, 5_000),
    ),
    "paper": TransformsVsOtherScale(
        budget=PAPER,
        models=("resnet18", "resnet50", "densenet", "vgg11_bn", "vit"),
        model_settings=_VIT,
        pretraining_samples={1_000: 50, 10_000: 50, 50_000: 50, 100_000: 50, 500_000: 50},
        transfer_samples=(50, 200, 500, 2_000, 5_000),
    ),
}


@dataclass(frozen=True)
class Cell:
    """One row of the table and the runs it comes from.

    Attributes:
        factor: one of :data:`FACTORS`.
        value: of the factor.
        source: one of :data:`TARGETS`, :data:`NONE` or :data:`ELSEWHERE`.
        target: one of :data:`TARGETS`.
        seed: of the study.
        pretraining: of the network; None where others trained it.
        transfer: of the network to the target task.
    """

    factor: str
    value: str
    source: str
    target: str
    seed: int
    pretraining: PretrainSpec | None
    transfer: TransferSpec

    @property
    def relation(self) -> str:
        """One of :data:`RELATIONS`, :data:`NONE` or :data:`ELSEWHERE`."""
        if self.source not in TARGETS:
            return self.source
        return "same" if self.source == self.target else "disjoint"

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """The network, unless others trained it, and its transfer."""
        return (self.transfer,) if self.pretraining is None else (self.pretraining, self.transfer)

    def row(self, outcomes: Outcomes, sens: float) -> tuple[object, ...]:
        """Values in the order of :data:`COLUMNS`; the runs have finished."""
        own = self.pretraining
        return (
            self.factor,
            self.value,
            self.relation,
            self.seed,
            math.nan if own is None else outcomes[own.run_id].metrics["test_accuracy"],
            outcomes[self.transfer.run_id].metrics["transfer_accuracy"],
            sens,
            self.source,
            self.target,
            self.source if own is None else ",".join(own.data.transforms) or NONE,
            ",".join(self.transfer.data.transforms),
            self.transfer.num_test_samples,
            self.transfer.run_id,
        )


COLUMNS: Final = (
    "factor",
    "value",
    "relation",
    "seed",
    "pretraining_accuracy",
    "transfer_accuracy",
    "sens",
    "source",
    "target",
    "source_transforms",
    "target_transforms",
    "num_test_samples",
    "run",
)


@dataclass(frozen=True)
class OneSeed:
    """All of one seed.

    Attributes:
        cells: the rows.
        measurements: how invariant the networks are to the transformations of their target tasks: one for each
            composition that a task has.
    """

    cells: tuple[Cell, ...]
    measurements: tuple[MeasureSpec, ...]

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """Networks with their transfers, then the measurements."""
        return (*(spec for cell in self.cells for spec in cell.runs), *self.measurements)

    def rows(self, outcomes: Outcomes) -> Iterator[tuple[object, ...]]:
        """One for each cell; the sens-score is NaN while it is not measured."""
        sens = self._mean_sens(outcomes)
        for cell in self.cells:
            if all(spec.run_id in outcomes for spec in cell.runs):
                yield cell.row(outcomes, sens.get((cell.transfer.source, cell.transfer.data.transforms), math.nan))

    def _mean_sens(self, outcomes: Outcomes) -> dict[tuple[str, tuple[str, ...]], float]:
        """Of each network and composition, the mean sens-score to it; without those that are not measured yet."""
        found = {}
        for measurement in self.measurements:
            table = measured_table(outcomes, measurement.run_id)
            if table is not None:
                for model, scores in table.groupby("model")["sens"]:
                    found[str(model), measurement.transforms] = float(scores.mean())
        return found


Compositions = Mapping[str, tuple[str, ...]]
"""Transformations of each source or target, by its name."""


def one_seed(scale: TransformsVsOtherScale, seed: int, *, sources: Compositions | None = None) -> Iterator[OneSeed]:
    """What is run under a seed, as one part.

    Args:
        scale: how large, and which factors are varied; ``published`` gives nothing where no published network is on
            this machine.
        seed: picks classes and transformations.
        sources: what the networks called P and Q are pretrained on; None for the targets' own, and for a network
            without any.

    Raises:
        SpecError: there is nothing to run, since ``published`` alone is varied.
    """
    grid = _Grid(scale, seed, sources)
    cells = tuple(cell for factor in FACTORS if factor in scale.factors for cell in grid.cells(factor))
    if not cells:
        raise SpecError(
            f"factors = published: none of {', '.join(PUBLISHED_NETWORKS)} is on this machine; get one with "
            f"python -m invariance download {PUBLISHED_NETWORKS[0]}"
        )
    measured: dict[tuple[str, ...], list[str]] = {}
    for cell in cells:
        measured.setdefault(cell.transfer.data.transforms, []).append(cell.transfer.source)
    measurements = tuple(
        MeasureSpec(
            sources=tuple(dict.fromkeys(networks)),
            transforms=transforms,
            data=replace(grid.task, transforms=()),
            num_pairs=scale.budget.num_pairs,
        )
        for transforms, networks in measured.items()
    )
    yield OneSeed(cells, measurements)


class _Grid:
    """The cells of one seed; what is not varied is as usual."""

    def __init__(self, scale: TransformsVsOtherScale, seed: int, sources: Compositions | None) -> None:
        both = shuffled_classes(scale.objects, 2 * scale.num_classes, seed)
        target, others = both[: scale.num_classes], both[scale.num_classes :]
        self.scale, self.seed = scale, seed
        self.classes = {"subset": target[: scale.num_subset], "disjoint": others, "same": target, "superset": both}
        self.targets: Compositions = dict(zip(TARGETS, one_per_category(len(TARGETS), seed), strict=True))
        self.sources: Compositions = {**self.targets, NONE: ()} if sources is None else sources
        self.task = DatasetSpec(
            objects=scale.objects,
            backgrounds=scale.backgrounds,
            classes=tuple(sorted(target)),
            num_samples=scale.budget.transfer_samples,
            shared_backgrounds=scale.budget.shared_backgrounds,
            seed=seed + TARGET_SEED_OFFSET,
        )

    def cells(self, factor: str) -> Iterator[Cell]:
        """All rows of a factor."""
        match factor:
            case "usual":
                for source in self.sources:
                    for target in TARGETS:
                        yield self._cell(factor, factor, source, target)
            case "class_relationship":
                for relationship in CLASS_RELATIONSHIPS:
                    yield from self._square(factor, relationship, relationship=relationship)
            case "architecture":
                for model in self.scale.models:
                    yield from self._square(factor, model, model=model, **self.scale.model_settings.get(model, {}))
            case "pretraining_samples":
                for samples in self.scale.pretraining_samples:
                    yield from self._square(factor, samples, samples=samples)
            case "transfer_samples":
                for num in self.scale.transfer_samples:
                    task = replace(self.task, num_samples=num)
                    yield from self._square(factor, num, relationship="same", task=task)
            case "objective":
                for objective in OBJECTIVES:
                    yield from self._square(factor, objective, objective=objective)
            case "published":
                yield from self._published()
            case "beyond_2d":
                yield from self._beyond_2d()

    def _square(self, factor: str, value: str | int, **varied: Any) -> Iterator[Cell]:
        """A value of a factor with both compositions as sources and as targets."""
        for source in TARGETS:
            for target in TARGETS:
                yield self._cell(factor, value, source, target, **varied)

    def _cell(
        self,
        factor: str,
        value: str | int,
        source: str,
        target: str,
        *,
        relationship: str = "disjoint",
        replaced: Compositions | None = None,
        samples: int | None = None,
        task: DatasetSpec | None = None,
        **settings: Any,
    ) -> Cell:
        budget, replaced = self.scale.budget, replaced or {}
        num = samples or budget.num_samples
        assert num is not None, "this study's sets are finite"
        data = DatasetSpec(
            objects=self.scale.objects,
            backgrounds=self.scale.backgrounds,
            classes=tuple(sorted(self.classes[relationship])),
            transforms={**self.sources, **replaced}[source],
            num_samples=num,
            shared_backgrounds=budget.shared_backgrounds,
            seed=self.seed,
        )
        of_size = {"epochs": self.scale.pretraining_samples[num], "batch_size": min(budget.batch_size, num)}
        pretraining = budget.pretraining(data, self.seed, **of_size, **settings)
        put = replace(task or self.task, transforms={**self.targets, **replaced}[target])
        transfer = budget.transfer(pretraining.run_id, put, self.seed)
        return Cell(factor, str(value), source, target, self.seed, pretraining, transfer)

    def _published(self) -> Iterator[Cell]:
        """The published networks that are here, beside our own usual ones; nothing without any."""
        here = [name for name in PUBLISHED_NETWORKS if has_published(name)]
        if here:
            yield from self._square("published", self.scale.budget.model)
        for name in here:
            for target in TARGETS:
                task = replace(self.task, transforms=self.targets[target])
                transfer = self.scale.budget.transfer(name, task, self.seed)
                yield Cell("published", name, ELSEWHERE, target, self.seed, None, transfer)

    def _beyond_2d(self) -> Iterator[Cell]:
        """The usual P, and one with pose, occlude and the usual photometric transformation; Q is the same for both."""
        photometric = next(name for name in self.targets["P"] if name in CATEGORIES["photometric"])
        plain, beyond = DIMENSIONS
        yield from self._square("beyond_2d", plain)
        yield from self._square("beyond_2d", beyond, replaced={"P": ("pose", photometric, "occlude")})

"""The runs of study B: four trainings on C, O or both, each probed on all four tasks, and their sens-scores."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from invariance.data.catalogue import is_picture_source
from invariance.data.sources.cifar import has_files
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.choices import shuffled_classes
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Outcomes, measured_table
from invariance.studies.what_if import TARGET_SEED_OFFSET

TASKS: Final[dict[str, str]] = {
    "c": "C → C",
    "co_c": "C + O → C",
    "co_o": "C + O → O",
    "o": "O → O",
}
"""What is in the images and what is predicted, with what to call it."""
NUM_CLASSES: Final = 10
"""Of each feature: as many as CIFAR-10 has."""
COLUMNS: Final = (
    "trained_on",
    "probed_on",
    "seed",
    "accuracy",
    "sens_c",
    "sens_o",
    "label",
    "correlation",
    "availability",
    "pretraining_accuracy",
    "run",
)
"""Of the table of results."""


@dataclass(frozen=True, kw_only=True)
class RelevantFeaturesScale(StudyScale):
    """How large the study is.

    Attributes:
        correlations: of O with C, in trainings of C and O to predict C, beyond none.
        availabilities: of O, likewise, beyond always.
        transforms: of the built-in form of C, so that its classes vary within.
    """

    num_classes: int = NUM_CLASSES
    correlations: tuple[float, ...]
    availabilities: tuple[float, ...]
    transforms: tuple[str, ...] = ("translate", "rotate", "scale", "hue")


_NUM_CIFAR: Final = 45_000
"""CIFAR-10's training images without those for validation."""

SCALES: Final[dict[str, RelevantFeaturesScale]] = {
    "quick": RelevantFeaturesScale(budget=QUICK, correlations=(0.2, 0.4, 1.0), availabilities=(0.5,)),
    "standard": RelevantFeaturesScale(
        budget=replace(STANDARD, num_samples=_NUM_CIFAR, epochs=6),
        correlations=(0.4, 0.8, 0.9, 1.0),
        availabilities=(0.0, 0.4),
    ),
    "paper": RelevantFeaturesScale(
        budget=replace(PAPER, num_samples=_NUM_CIFAR, epochs=200, transfer_samples=_NUM_CIFAR),
        correlations=(0.2, 0.4, 0.6, 0.8, 0.85, 0.9, 0.95, 1.0),
        availabilities=(0.0, 0.2, 0.4, 0.6, 0.8),
    ),
}


@dataclass(frozen=True)
class _Cell:
    """One row of the table.

    Attributes:
        trained_on: one of :data:`TASKS`, or what one of them becomes with correlation or another availability.
        probed_on: one of :data:`TASKS`.
        pretraining: of the network.
        transfer: its probe.
    """

    trained_on: str
    probed_on: str
    pretraining: PretrainSpec
    transfer: TransferSpec


@dataclass(frozen=True)
class OneSeed:
    """All of one seed: the rows' runs, and one measurement of all networks."""

    seed: int
    cells: tuple[_Cell, ...]
    measurement: MeasureSpec

    @property
    def runs(self) -> Iterator[RunSpec]:
        """Networks with their probes, then the measurement."""
        for cell in self.cells:
            yield from (cell.pretraining, cell.transfer)
        yield self.measurement

    def rows(self, outcomes: Outcomes) -> Iterator[tuple[object, ...]]:
        """One for each network and probe; the sens-scores are NaN while they are not measured."""
        table = measured_table(outcomes, self.measurement.run_id)
        sens = {} if table is None else table.set_index(["model", "feature"])["sens"].to_dict()
        for cell in self.cells:
            spec, data = cell.pretraining, cell.pretraining.data
            if spec.run_id in outcomes and cell.transfer.run_id in outcomes:
                yield (
                    cell.trained_on,
                    cell.probed_on,
                    self.seed,
                    outcomes[cell.transfer.run_id].metrics["transfer_accuracy"],
                    sens.get((spec.run_id, "scene"), math.nan),
                    sens.get((spec.run_id, "sticker"), math.nan),
                    "o" if data.label == "sticker" else "c",
                    data.sticker_correlation,
                    data.sticker_availability if data.stickers else 0.0,
                    outcomes[spec.run_id].metrics["test_accuracy"],
                    cell.transfer.run_id,
                )


def tasks(scale: RelevantFeaturesScale, seed: int) -> dict[str, DatasetSpec]:
    """The four data sets of a seed, by the names of :data:`TASKS`."""
    num, pasted = scale.num_classes, "builtin" if is_picture_source(scale.objects) else scale.objects
    both = shuffled_classes(pasted, 2 * num, seed)
    large, small = tuple(sorted(both[:num])), tuple(sorted(both[num:]))
    stickers: dict[str, Any] = {"stickers": pasted, "sticker_classes": small}
    if scale.objects == scale.backgrounds == "builtin" and num == NUM_CLASSES and has_files("cifar10"):
        c = DatasetSpec(objects="cifar10", num_samples=scale.budget.num_samples, seed=seed)
    elif pasted != scale.objects:
        classes = tuple(sorted(shuffled_classes(scale.objects, num, seed)))
        c = DatasetSpec(objects=scale.objects, classes=classes, num_samples=scale.budget.num_samples, seed=seed)
    else:
        c = DatasetSpec(
            objects=scale.objects,
            backgrounds=scale.backgrounds,
            classes=large,
            transforms=scale.transforms,
            num_samples=scale.budget.num_samples,
            shared_backgrounds=scale.budget.shared_backgrounds,
            seed=seed,
        )
    co_c = replace(c, **stickers)
    # O alone: the large object is never pasted, on black.
    o = DatasetSpec(
        objects=pasted,
        classes=large,
        backgrounds="#000000",
        fg_availability=0.0,
        label="sticker",
        num_samples=scale.budget.num_samples,
        seed=seed,
        **stickers,
    )
    return {"c": c, "co_c": co_c, "co_o": replace(co_c, label="sticker"), "o": o}


def one_seed(scale: RelevantFeaturesScale, seed: int) -> Iterator[OneSeed]:
    """All runs of one seed."""
    data = tasks(scale, seed)
    probes = {
        name: replace(task, num_samples=scale.budget.transfer_samples, seed=seed + TARGET_SEED_OFFSET)
        for name, task in data.items()
    }
    trained_on = dict(data)
    for correlation in scale.correlations:
        trained_on[f"co_c, correlation {correlation:g}"] = replace(data["co_c"], sticker_correlation=correlation)
    for availability in scale.availabilities:
        trained_on[f"co_c, availability {availability:g}"] = replace(data["co_c"], sticker_availability=availability)
    trainings = {name: scale.budget.pretraining(task, seed) for name, task in trained_on.items()}
    cells = tuple(
        _Cell(name, probed_on, spec, scale.budget.transfer(spec.run_id, probe, seed))
        for name, spec in trainings.items()
        for probed_on, probe in probes.items()
    )
    measurement = MeasureSpec(
        sources=tuple(dict.fromkeys(spec.run_id for spec in trainings.values())),
        data=probes["co_c"],
        measure="features",
        num_pairs=scale.budget.num_pairs,
    )
    yield OneSeed(seed, cells, measurement)

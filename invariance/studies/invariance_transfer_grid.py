"""The runs of study C: networks for each transformation and for none, each measured on several types of data."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from invariance.data.catalogue import class_names
from invariance.measures.shifts import available_shifts
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec
from invariance.studies.choices import per_category, shuffled_classes
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Outcomes, measured_table

PRETRAININGS: Final = ("pictures", "noise")
"""The two kinds of pretraining: on the study's pictures, and on squares of noise on noise."""
RELATIONS: Final = ("same", "other", "none")
"""Of a network's transformation to the twins': the same, another one, or the network had none."""
UNTRAINED: Final = "untrained"
"""Model and relation of the network with its first weights, which is drawn apart from those that learnt."""
COLUMNS: Final = (
    "model",
    "transform",
    "data",
    "seed",
    "sens",
    "sens_conditional",
    "pretraining",
    "relation",
    "pretraining_accuracy",
    "run",
)
"""Of the table of results."""


@dataclass(frozen=True, kw_only=True)
class InvarianceTransferScale(StudyScale):
    """How large the study is.

    Attributes:
        num_per_category: transformations of each of the three categories; 6 are all.
    """

    num_per_category: int = 6


SCALES: Final[dict[str, InvarianceTransferScale]] = {
    "quick": InvarianceTransferScale(budget=QUICK, num_per_category=2),
    "standard": InvarianceTransferScale(budget=replace(STANDARD, seeds=(0, 1))),
    "paper": InvarianceTransferScale(budget=PAPER),
}


@dataclass(frozen=True)
class Sheet:
    """One measurement: all networks of a pretraining on one type of data.

    Attributes:
        pretraining: one of :data:`PRETRAININGS`.
        data: name of the type of data.
        seed: of the study.
        models: the networks by their transformation, ``none`` first.
        measurement: of all of them.
    """

    pretraining: str
    data: str
    seed: int
    models: dict[str, PretrainSpec]
    measurement: MeasureSpec

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """All that the rows come from."""
        return (*self.models.values(), self.measurement)

    def rows(self, outcomes: Outcomes) -> Iterator[tuple[object, ...]]:
        """One for each network and transformation, once they are measured."""
        table = measured_table(outcomes, self.measurement.run_id)
        names = {model.run_id: name for name, model in self.models.items()}
        for cell in table.to_dict("records") if table is not None else ():
            name, own = names.get(cell["model"], UNTRAINED), outcomes.get(cell["model"])
            yield (
                name,
                cell["transform"],
                self.data,
                self.seed,
                cell["sens"],
                cell["sens_conditional"],
                self.pretraining,
                name if name in ("none", UNTRAINED) else "same" if name == cell["transform"] else "other",
                own.metrics["test_accuracy"] if own else cell.get("accuracy", math.nan),
                self.measurement.run_id,
            )


def sheets(scale: InvarianceTransferScale, seed: int) -> Iterator[Sheet]:
    """All measurements of one seed."""
    transforms = per_category(scale.num_per_category, seed)
    for kind in PRETRAININGS:
        objects, backgrounds = (scale.objects, scale.backgrounds) if kind == "pictures" else ("noise", "noise")
        num_classes = min(scale.num_classes, len(class_names(objects)))
        base = DatasetSpec(
            objects=objects,
            backgrounds=backgrounds,
            classes=tuple(sorted(shuffled_classes(objects, num_classes, seed))),
            num_samples=scale.budget.num_samples,
            shared_backgrounds=scale.budget.shared_backgrounds,
            seed=seed,
        )
        varied = {"none": base, **{name: replace(base, transforms=(name,)) for name in transforms}}
        models = {name: scale.budget.pretraining(data, seed) for name, data in varied.items()}
        for name, data in available_shifts(base).items():
            measurement = MeasureSpec(
                sources=tuple(model.run_id for model in models.values()),
                transforms=transforms,
                data=data,
                num_pairs=scale.budget.num_pairs,
                untrained=True,
            )
            yield Sheet(kind, name, seed, models, measurement)

"""Study C: does an invariance hold on data that the network never saw (paper, section 4.2)?

One network for each transformation and one for none, pretrained on pictures, and again on squares of noise. Each is
measured for every transformation, on the objects of pretraining, on new ones, and on data of other types; beside them
the network that their trainings started from, since first weights may be invariant too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from invariance.measures.shifts import available_shifts
from invariance.numbers import format_number
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec
from invariance.statistics import Interval, paired_interval
from invariance.studies.choices import per_category, shuffled_classes
from invariance.studies.findings import finding
from invariance.studies.published import INVARIANCE_TRANSFER as PUBLISHED
from invariance.studies.scales import PAPER, QUICK, STANDARD, StudyScale
from invariance.studies.study import Design, Finding, Outcomes, measured_table

PRETRAININGS: Final = {"pictures": ("builtin", "builtin"), "noise": ("noise", "noise")}
"""Objects and backgrounds of the two kinds of pretraining."""
RELATIONS: Final = ("same", "other", "none")
"""Of a network's transformation to the twins': the same, another one, or the network had none."""
UNTRAINED: Final = "untrained"
"""Model and relation of the network with its first weights, which is drawn apart from those that learnt."""
OWN: Final = "same-pictures"
NEW: Final = "new-pictures"
FAR: Final = "noise-noise"
DRAWN: Final = "drawn-pictures"
PUBLISHED_NAMES: Final = {
    OWN: "same-objects",
    NEW: "new-objects",
    FAR: "noise-objects-on-noise",
    "cifar10": "cifar10",
    "cifar100": "cifar100",
}
"""Types of data that the paper's table has, and what they are called there."""
LITTLE: Final = 0.25
"""Share of the way from none to the same transformation that counts as none."""


@dataclass(frozen=True, kw_only=True)
class InvarianceTransferScale(StudyScale):
    """How large the study is.

    Attributes:
        num_per_category: transformations of each of the three categories; 6 are all.
        num_classes: of pretraining.
    """

    num_per_category: int = 6
    num_classes: int = 30


SCALES: Final[dict[str, InvarianceTransferScale]] = {
    "quick": InvarianceTransferScale(budget=QUICK, num_per_category=2),
    "standard": InvarianceTransferScale(budget=replace(STANDARD, seeds=(0, 1))),
    "paper": InvarianceTransferScale(budget=PAPER),
}


@dataclass(frozen=True)
class _Sheet:
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
                own.metrics["test_accuracy"] if own else float("nan"),
                self.measurement.run_id,
            )


def _sheets(scale: InvarianceTransferScale, seed: int) -> Iterator[_Sheet]:
    transforms = per_category(scale.num_per_category, seed)
    for kind, (objects, backgrounds) in PRETRAININGS.items():
        base = DatasetSpec(
            objects=objects,
            backgrounds=backgrounds,
            classes=tuple(sorted(shuffled_classes(objects, scale.num_classes, seed))),
            num_samples=scale.budget.num_samples,
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
            yield _Sheet(kind, name, seed, models, measurement)


def relation_means(table: pd.DataFrame, *, score: str = "sens") -> pd.DataFrame:
    """Mean scores by seed, pretraining and type of data, with a column for each of :data:`RELATIONS`.

    Args:
        table: results.
        score: column of it.
    """
    means = table.pivot_table(index=["pretraining", "data", "seed"], columns="relation", values=score)
    return means.reindex(columns=list(RELATIONS))


def conclude(table: pd.DataFrame) -> list[Finding]:
    """Whether a trained invariance is there, holds on new objects, and how far it goes beyond."""
    means = relation_means(table)
    return [
        _trained(means, "pictures", OWN, "trained_invariance", "on the objects of pretraining"),
        _trained(means, "pictures", NEW, "holds_on_new_objects", "on new objects"),
        _no_other(means),
        _weaker_far_away(means),
        _trained(means, "pictures", FAR, "holds_in_part_on_noise", "on squares of noise on noise"),
        _trained(means, "noise", DRAWN, "noise_teaches_pictures", "on drawn objects, after pretraining on noise"),
    ]


def _of(means: pd.DataFrame, pretraining: str, data: str) -> pd.DataFrame:
    """One row a seed."""
    chosen = means.reset_index()
    chosen = chosen[(chosen["pretraining"] == pretraining) & (chosen["data"] == data)]
    return chosen.set_index("seed")[list(RELATIONS)].astype(float)


def _trained(means: pd.DataFrame, pretraining: str, data: str, name: str, where: str) -> Finding:
    """Same below other and below none."""
    rows = _of(means, pretraining, data)
    margins = rows[["other", "none"]].min(axis=1) - rows["same"]
    published = "" if data not in PUBLISHED_NAMES else f"; published: {_published(data)}"

    def say(measured: Interval) -> str:
        return (
            f"{where[0].upper()}{where[1:]}, networks are more invariant to the transformation of their pretraining: "
            f"sens-score {_listed(rows)}, {measured} below the lower of the others{published}"
        )

    return finding(name, tuple(margins), say)


def _published(data: str) -> str:
    name = PUBLISHED_NAMES[data]
    return ", ".join(f"{relation} {format_number(PUBLISHED[relation][name][0])}" for relation in RELATIONS)


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(f"{relation} {format_number(float(rows[relation].mean()))}" for relation in RELATIONS)


def _no_other(means: pd.DataFrame) -> Finding:
    """Other close to none: an invariance is to its own transformation."""
    rows = pd.concat([_of(means, "pictures", data) for data in (OWN, NEW)]).groupby(level=0).mean()
    share = (rows["none"] - rows["other"]) / (rows["none"] - rows["same"])
    below = paired_interval(rows["none"], rows["other"])

    def say(measured: Interval) -> str:
        return (
            f"Pretraining with another transformation lowers the sens-score by {below}, {measured} of what the same "
            "one does; published: 0.00 (−0.01 on the objects of pretraining, 0.01 on new ones)"
        )

    result = finding("other_is_like_none", tuple(LITTLE - share), say)
    return replace(result, effect=LITTLE - result.effect, low=LITTLE - result.high, high=LITTLE - result.low)


def _weaker_far_away(means: pd.DataFrame) -> Finding:
    """Same on noise above same on the objects of pretraining."""
    own, new, far = (_of(means, "pictures", data)["same"] for data in (OWN, NEW, FAR))

    def say(measured: Interval) -> str:
        return (
            f"The further the data, the weaker the invariance: sens-score "
            f"{format_number(float(own.mean()))} on the objects "
            f"of pretraining, {format_number(float(new.mean()))} on new ones, "
            f"{format_number(float(far.mean()))} on squares of "
            f"noise, {measured} above the first; published: 0.12, 0.21, 0.56"
        )

    return finding("weaker_far_away", tuple(far - own), say)


DESIGN: Final = Design(
    scales=SCALES,
    columns=(
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
    ),
    parts=_sheets,
    conclude=conclude,
)

"""Study C: does an invariance hold on data that the network never saw (paper, section 4.2)?

One network for each transformation and one for none, pretrained on pictures, and again on squares of noise. Each is
measured for every transformation, on the objects of pretraining, on new ones, and on data of other types.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import pandas as pd

from invariance.measures.shifts import available_shifts
from invariance.numbers import format_number
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec
from invariance.studies.choices import per_category, shuffled_classes
from invariance.studies.intervals import Interval, finding, interval
from invariance.studies.published import INVARIANCE_TRANSFER as PUBLISHED
from invariance.studies.settings import pretraining
from invariance.studies.study import Finding, Outcomes, Study, each_once

NAME: Final = "invariance-transfer"
PRETRAININGS: Final = {"pictures": ("builtin", "builtin"), "noise": ("noise", "noise")}
"""Objects and backgrounds of the two kinds of pretraining."""
RELATIONS: Final = ("same", "other", "none")
"""Of a network's transformation to the twins': the same, another one, or the network had none."""
OWN: Final = "same-pictures"
NEW: Final = "new-pictures"
FAR: Final = "noise-noise"
DRAWN: Final = "drawn-pictures"
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
LITTLE: Final = 0.25
"""Share of the way from none to the same transformation that counts as none."""


@dataclass(frozen=True)
class Scale:
    """How large the study is.

    Attributes:
        seeds: of the study.
        model: architecture.
        num_per_category: transformations of each of the three categories; 6 are all.
        num_samples: to pretrain on; None for fresh images in every step.
        epochs: of pretraining.
        samples_per_epoch: with fresh images; otherwise without meaning.
        batch_size: of pretraining.
        learning_rate: of pretraining.
        num_pairs: twins of each score.
        num_test_samples: of pretraining.
        num_classes: of pretraining.
    """

    seeds: tuple[int, ...]
    model: str
    num_per_category: int
    num_samples: int | None
    epochs: int
    batch_size: int
    learning_rate: float
    num_pairs: int
    num_test_samples: int
    samples_per_epoch: int = 10_000
    num_classes: int = 30


SCALES: Final[dict[str, Scale]] = {
    "quick": Scale(
        seeds=(0, 1, 2),
        model="small",
        num_per_category=2,
        num_samples=None,
        epochs=4,
        samples_per_epoch=10_000,
        batch_size=128,
        learning_rate=2e-3,
        num_pairs=500,
        num_test_samples=1_000,
    ),
    "standard": Scale(
        seeds=(0, 1),
        model="resnet18",
        num_per_category=6,
        num_samples=20_000,
        epochs=10,
        batch_size=256,
        learning_rate=1e-3,
        num_pairs=2_000,
        num_test_samples=4_000,
    ),
    "paper": Scale(
        seeds=tuple(range(10)),
        model="resnet18",
        num_per_category=6,
        num_samples=50_000,
        epochs=50,
        batch_size=512,
        learning_rate=1e-3,
        num_pairs=10_000,
        num_test_samples=10_000,
    ),
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


def make(scale_name: str, scale: Scale, seeds: tuple[int, ...]) -> Study:
    """The study at a scale, on the types of data that are on this machine."""
    sheets = tuple(sheet for seed in seeds for sheet in _sheets(scale, seed))
    return Study(
        name=NAME,
        scale=scale_name,
        seeds=seeds,
        runs=each_once(spec for sheet in sheets for spec in sheet.runs),
        tabulate=partial(_tabulate, sheets),
        conclude=conclude,
    )


def _sheets(scale: Scale, seed: int) -> Iterator[_Sheet]:
    transforms = per_category(scale.num_per_category, seed)
    for kind, (objects, backgrounds) in PRETRAININGS.items():
        base = DatasetSpec(
            objects=objects,
            backgrounds=backgrounds,
            classes=tuple(sorted(shuffled_classes(objects, scale.num_classes, seed))),
            num_samples=scale.num_samples,
            seed=seed,
        )
        varied = {"none": base, **{name: replace(base, transforms=(name,)) for name in transforms}}
        models = {name: pretraining(scale, data, seed) for name, data in varied.items()}
        for name, data in available_shifts(base).items():
            measurement = MeasureSpec(
                sources=tuple(model.run_id for model in models.values()),
                transforms=transforms,
                data=data,
                num_pairs=scale.num_pairs,
            )
            yield _Sheet(kind, name, seed, models, measurement)


def _tabulate(sheets: tuple[_Sheet, ...], outcomes: Outcomes) -> pd.DataFrame:
    rows = [row for sheet in sheets if sheet.measurement.run_id in outcomes for row in _rows(sheet, outcomes)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(sheet: _Sheet, outcomes: Outcomes) -> Iterator[tuple[object, ...]]:
    table = outcomes[sheet.measurement.run_id].table
    assert table is not None, "a measurement has a table"
    names = {model.run_id: name for name, model in sheet.models.items()}
    for cell in table.to_dict("records"):
        name = names[cell["model"]]
        own = outcomes.get(cell["model"])
        yield (
            name,
            cell["transform"],
            sheet.data,
            sheet.seed,
            cell["sens"],
            cell["sens_conditional"],
            sheet.pretraining,
            "none" if name == "none" else "same" if name == cell["transform"] else "other",
            own.metrics["test_accuracy"] if own else float("nan"),
            sheet.measurement.run_id,
        )


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
    published = "" if data not in _PUBLISHED_DATA else f"; published: {_published(data)}"

    def say(measured: Interval) -> str:
        return (
            f"{where[0].upper()}{where[1:]}, networks are more invariant to the transformation of their pretraining: "
            f"sens-score {_listed(rows)}, {measured} below the lower of the others{published}"
        )

    return finding(name, tuple(margins), say)


_PUBLISHED_DATA: Final = {OWN: "same-objects", NEW: "new-objects", FAR: "noise-objects-on-noise"}


def _published(data: str) -> str:
    return ", ".join(
        f"{relation} {format_number(PUBLISHED[relation][_PUBLISHED_DATA[data]][0])}" for relation in RELATIONS
    )


def _listed(rows: pd.DataFrame) -> str:
    return ", ".join(f"{relation} {format_number(float(rows[relation].mean()))}" for relation in RELATIONS)


def _no_other(means: pd.DataFrame) -> Finding:
    """Other close to none: an invariance is to its own transformation."""
    rows = pd.concat([_of(means, "pictures", data) for data in (OWN, NEW)]).groupby(level=0).mean()
    share = (rows["none"] - rows["other"]) / (rows["none"] - rows["same"])
    below = interval(rows["none"] - rows["other"])

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

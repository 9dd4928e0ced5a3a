"""Study B: what does a network keep of features that its task does not need (paper, section 4.4)?

Images have two features: C, a large object with its scene (CIFAR-10 where it is on this machine, else ten built-in
objects on built-in backgrounds), and O, a small sticker of ten other classes. Four trainings, C to predict C, C and O
to predict C, C and O to predict O, O to predict O; each network is probed on all four tasks, and its sens-scores to
changing C alone and O alone are taken. Beyond that, O is made to correlate with C, or to be there less often.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from invariance.data.sources.cifar import has_files
from invariance.numbers import format_number
from invariance.spec import DatasetSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.choices import TARGET_SEED_OFFSET, shuffled_classes
from invariance.studies.intervals import Interval, finding, interval
from invariance.studies.published import RELEVANT_FEATURES as PUBLISHED
from invariance.studies.published import RELEVANT_FEATURES_SENS as PUBLISHED_SENS
from invariance.studies.settings import pretraining
from invariance.studies.study import Finding, Outcomes, Study, each_once

NAME: Final = "relevant-features"
TASKS: Final[dict[str, str]] = {
    "c": "C → C",
    "co_c": "C + O → C",
    "co_o": "C + O → O",
    "o": "O → O",
}
"""What is in the images and what is predicted, with what to call it."""
NUM_CLASSES: Final = 10
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


@dataclass(frozen=True)
class Scale:
    """How large the study is.

    Attributes:
        seeds: of the study.
        model: architecture.
        num_samples: to pretrain on; None for fresh images in every step.
        epochs: of pretraining.
        samples_per_epoch: with fresh images; otherwise without meaning.
        batch_size: of pretraining.
        learning_rate: of pretraining.
        transfer_samples: of the probes.
        num_test_samples: of every test split.
        num_pairs: twins of a sens-score.
        regularisation: of the probe.
        correlations: of O with C, in trainings of C and O to predict C, beyond none.
        availabilities: of O, likewise, beyond always.
        transforms: of the built-in form of C, so that its classes vary within.
    """

    seeds: tuple[int, ...]
    model: str
    num_samples: int | None
    epochs: int
    batch_size: int
    learning_rate: float
    transfer_samples: int
    num_test_samples: int
    num_pairs: int
    samples_per_epoch: int = 10_000
    regularisation: str = "prior"
    correlations: tuple[float, ...] = ()
    availabilities: tuple[float, ...] = ()
    transforms: tuple[str, ...] = ("translate", "rotate", "scale", "hue")


_ALL_CORRELATIONS: Final = (0.2, 0.4, 0.6, 0.8, 0.85, 0.9, 0.95, 1.0)
_ALL_AVAILABILITIES: Final = (0.0, 0.2, 0.4, 0.6, 0.8)

SCALES: Final[dict[str, Scale]] = {
    "quick": Scale(
        seeds=(0, 1, 2),
        model="small",
        num_samples=None,
        epochs=4,
        samples_per_epoch=10_000,
        batch_size=128,
        learning_rate=2e-3,
        transfer_samples=2_000,
        num_test_samples=1_000,
        num_pairs=500,
        correlations=(0.4, 1.0),
        availabilities=(0.5,),
    ),
    "standard": Scale(
        seeds=(0, 1, 2),
        model="resnet18",
        num_samples=45_000,
        epochs=6,
        batch_size=256,
        learning_rate=1e-3,
        transfer_samples=5_000,
        num_test_samples=4_000,
        num_pairs=2_000,
        correlations=(0.4, 0.8, 0.9, 1.0),
        availabilities=(0.0, 0.4),
    ),
    "paper": Scale(
        seeds=tuple(range(10)),
        model="resnet18",
        num_samples=45_000,
        epochs=200,
        batch_size=512,
        learning_rate=1e-3,
        transfer_samples=45_000,
        num_test_samples=10_000,
        num_pairs=10_000,
        regularisation="validation",
        correlations=_ALL_CORRELATIONS,
        availabilities=_ALL_AVAILABILITIES,
    ),
}
"""45,000 samples are CIFAR-10's training images without those for validation."""


@dataclass(frozen=True)
class _Training:
    """A network of the study.

    Attributes:
        name: one of :data:`TASKS`, or what one of them becomes with correlation or another availability.
        spec: its pretraining.
    """

    name: str
    spec: PretrainSpec


@dataclass(frozen=True)
class _Cell:
    """One row of the table and the runs it comes from."""

    training: _Training
    probed_on: str
    seed: int
    transfer: TransferSpec
    measurement: MeasureSpec


def make(scale_name: str, scale: Scale, seeds: tuple[int, ...]) -> Study:
    """The study at a scale; C is CIFAR-10 if its files are on this machine."""
    by_seed = [tuple(_cells(scale, seed)) for seed in seeds]
    return Study(
        name=NAME,
        scale=scale_name,
        seeds=seeds,
        runs=each_once(spec for cells in by_seed for spec in _runs(cells)),
        tabulate=partial(_tabulate, tuple(cell for cells in by_seed for cell in cells)),
        conclude=conclude,
    )


def _runs(cells: tuple[_Cell, ...]) -> Iterator[RunSpec]:
    """Of one seed: networks with their probes, then the measurement of all of them."""
    for cell in cells:
        yield from (cell.training.spec, cell.transfer)
    yield from (cell.measurement for cell in cells)


def tasks(scale: Scale, seed: int) -> dict[str, DatasetSpec]:
    """The four data sets of a seed, by the names of :data:`TASKS`."""
    both = shuffled_classes("builtin", 2 * NUM_CLASSES, seed)
    stickers: dict[str, Any] = {"stickers": "builtin", "sticker_classes": tuple(sorted(both[NUM_CLASSES:]))}
    if has_files("cifar10"):
        c = DatasetSpec(objects="cifar10", num_samples=scale.num_samples, seed=seed)
    else:
        classes = tuple(sorted(both[:NUM_CLASSES]))
        c = DatasetSpec(classes=classes, transforms=scale.transforms, num_samples=scale.num_samples, seed=seed)
    co_c = replace(c, **stickers)
    # O alone: the large object is never pasted, on black.
    o = DatasetSpec(
        classes=tuple(sorted(both[:NUM_CLASSES])),
        backgrounds="#000000",
        fg_availability=0.0,
        label="sticker",
        num_samples=scale.num_samples,
        seed=seed,
        **stickers,
    )
    return {"c": c, "co_c": co_c, "co_o": replace(co_c, label="sticker"), "o": o}


def _cells(scale: Scale, seed: int) -> Iterator[_Cell]:
    data = tasks(scale, seed)
    trainings = [_Training(name, pretraining(scale, spec, seed)) for name, spec in data.items()]
    for correlation in scale.correlations:
        changed = replace(data["co_c"], sticker_correlation=correlation)
        trainings.append(_Training(f"co_c, correlation {correlation:g}", pretraining(scale, changed, seed)))
    for availability in scale.availabilities:
        changed = replace(data["co_c"], sticker_availability=availability)
        trainings.append(_Training(f"co_c, availability {availability:g}", pretraining(scale, changed, seed)))
    measurement = MeasureSpec(
        sources=tuple(dict.fromkeys(training.spec.run_id for training in trainings)),
        data=replace(data["co_c"], num_samples=scale.transfer_samples, seed=seed + TARGET_SEED_OFFSET),
        measure="features",
        num_pairs=scale.num_pairs,
    )
    for training in trainings:
        for probed_on, task in data.items():
            transfer = TransferSpec(
                source=training.spec.run_id,
                data=replace(task, num_samples=scale.transfer_samples, seed=seed + TARGET_SEED_OFFSET),
                seed=seed,
                num_test_samples=scale.num_test_samples,
                regularisation=scale.regularisation,
            )
            yield _Cell(training, probed_on, seed, transfer, measurement)


def _tabulate(cells: tuple[_Cell, ...], outcomes: Outcomes) -> pd.DataFrame:
    rows = []
    for cell in cells:
        spec = cell.training.spec
        if spec.run_id not in outcomes or cell.transfer.run_id not in outcomes:
            continue
        sens = _sens(cell, outcomes)
        rows.append(
            (
                cell.training.name,
                cell.probed_on,
                cell.seed,
                outcomes[cell.transfer.run_id].metrics["transfer_accuracy"],
                sens["scene"],
                sens["sticker"],
                "o" if spec.data.label == "sticker" else "c",
                spec.data.sticker_correlation,
                spec.data.sticker_availability if spec.data.stickers else 0.0,
                outcomes[spec.run_id].metrics["test_accuracy"],
                cell.transfer.run_id,
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _sens(cell: _Cell, outcomes: Outcomes) -> dict[str, float]:
    """Sens-scores to changing only the scene and only the sticker; NaN while they are not measured."""
    if cell.measurement.run_id not in outcomes:
        return {"scene": float("nan"), "sticker": float("nan")}
    table = outcomes[cell.measurement.run_id].table
    assert table is not None, "a measurement has a table"
    own = table[table["model"] == cell.training.spec.run_id].set_index("feature")["sens"]
    return {name: float(own[name]) for name in ("scene", "sticker")}


def accuracies(table: pd.DataFrame) -> pd.DataFrame:
    """One row a seed, columns (trained_on, probed_on) for the four tasks; NaN where a run is missing."""
    wide = table.pivot_table(index="seed", columns=["trained_on", "probed_on"], values="accuracy")
    return wide.reindex(columns=pd.MultiIndex.from_product([TASKS, TASKS], names=["trained_on", "probed_on"]))


def sens_scores(table: pd.DataFrame) -> pd.DataFrame:
    """One row a seed, columns (score, trained_on) with the scores ``sens_c`` and ``sens_o``."""
    wide = table.pivot_table(index="seed", columns="trained_on", values=["sens_c", "sens_o"])
    return wide.reindex(columns=pd.MultiIndex.from_product([["sens_c", "sens_o"], TASKS]))


def accuracy_and_sens(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs to correlate: how well a network's features give C or O, and how sensitive they are to it.

    Returns:
        Columns trained_on, seed, feature (``c`` or ``o``, probed with both in the images), accuracy, sens.
    """
    four = table[table["trained_on"].isin(TASKS)]
    parts = []
    for feature in ("c", "o"):
        probed = four[four["probed_on"] == f"co_{feature}"]
        parts.append(probed.assign(feature=feature, sens=probed[f"sens_{feature}"]))
    return pd.concat(parts, ignore_index=True)[["trained_on", "seed", "feature", "accuracy", "sens"]]


def conclude(table: pd.DataFrame) -> list[Finding]:
    """What is kept and what is lost, by probes and by sens-scores, and whether the two agree."""
    wide, sens = accuracies(table), sens_scores(table)
    return [
        _lost(wide, "c", "irrelevant_c_is_lost"),
        _lost(wide, "o", "irrelevant_o_is_lost"),
        _worse_than_unseen(wide),
        _sensitive_to_relevant(sens),
        _agreement(table),
        *_extended(table),
    ]


def _lost(wide: pd.DataFrame, feature: str, name: str) -> Finding:
    """A feature that was there and not needed, against the network that was trained for it."""
    other = "o" if feature == "c" else "c"
    trained, without, probe = f"co_{feature}", f"co_{other}", f"co_{feature}"
    losses = wide[trained, probe] - wide[without, probe]
    figures = (float(wide[row, probe].mean()) for row in (trained, without))
    published = (PUBLISHED[row][probe] for row in (trained, without))

    def say(measured: Interval) -> str:
        (high, low), (high_then, low_then) = figures, published
        return (
            f"Trained on both features to predict {other.upper()}, a network gives {feature.upper()} with "
            f"{format_number(low)} where one trained for it has "
            f"{format_number(high)}, a loss of {measured}; published: "
            f"{format_number(low_then)} and {format_number(high_then)}"
        )

    return finding(name, tuple(losses), say)


def _worse_than_unseen(wide: pd.DataFrame) -> Finding:
    """O for a network that never saw it, against one that saw it and did not need it."""
    losses = wide["c", "co_o"] - wide["co_c", "co_o"]

    def say(measured: Interval) -> str:
        return (
            "A network that never saw O gives it with "
            f"{format_number(float(wide['c', 'co_o'].mean()))}, one that saw it and "
            f"did not need it with {format_number(float(wide['co_c', 'co_o'].mean()))}, {measured} less: it learns to "
            f"ignore; published: {format_number(PUBLISHED['c']['co_o'])} and {format_number(PUBLISHED['co_c']['co_o'])}"
        )

    return finding("unneeded_is_worse_than_unseen", tuple(losses), say)


def _sensitive_to_relevant(sens: pd.DataFrame) -> Finding:
    """The needed feature moves the representation more than the other one, in both trainings on both."""
    margins = pd.concat(
        [sens["sens_c", "co_c"] - sens["sens_o", "co_c"], sens["sens_o", "co_o"] - sens["sens_c", "co_o"]], axis=1
    ).min(axis=1, skipna=False)
    shown = "; ".join(
        f"{TASKS[name]}: {format_number(float(sens['sens_c', name].mean()))} to C, "
        f""
        f"{format_number(float(sens['sens_o', name].mean()))} to O (published {format_number(then[0])}, "
        f"{format_number(then[1])})"
        for name, then in PUBLISHED_SENS.items()
        if name.startswith("co_")
    )

    def say(measured: Interval) -> str:
        return f"Networks are sensitive to the feature that they need, by {measured} more than to the other; {shown}"

    return finding("sensitive_to_the_needed", tuple(margins), say)


def _agreement(table: pd.DataFrame) -> Finding:
    """Correlation of accuracy and sens-score within each seed, over both features of the two networks that saw both.

    A feature that a network never saw may move it strongly without being told apart, in the paper as here (O → O: 0.98
    to changing C, whose probe has 0.36), so the networks that saw one alone are named, and do not decide.
    """
    pairs = accuracy_and_sens(table).dropna()
    seen = pairs[pairs["trained_on"].isin(["co_c", "co_o"])]
    correlations = [_correlation(rows) for _, rows in seen.groupby("seed")]
    over_all = interval(_correlation(rows) for _, rows in pairs.groupby("seed"))

    def say(measured: Interval) -> str:
        return (
            "Where a network that saw both features is sensitive to one, its probe finds it: correlation of accuracy "
            f"and sens-score {measured}; with the networks that saw one alone {format_number(over_all.mean)}"
        )

    return finding("probe_and_sens_agree", correlations, say)


def _correlation(rows: pd.DataFrame) -> float:
    """Pearson's; NaN where one of both does not vary."""
    values = rows[["accuracy", "sens"]].to_numpy(dtype=np.float64)
    if len(values) < 3 or bool((values.std(axis=0) == 0).any()):
        return float("nan")
    return float(np.corrcoef(values.T)[0, 1])


def _extended(table: pd.DataFrame) -> Iterator[Finding]:
    """What a correlation of O with C does to how well O is kept by networks that predict C."""
    chosen = table[(table["label"] == "c") & (table["probed_on"] == "co_o") & (table["availability"] == 1.0)]
    wide = chosen.pivot_table(index="seed", columns="correlation", values="accuracy")
    if wide.shape[1] < 2:
        return
    means = wide.mean(axis=0)
    listed = ", ".join(f"{format_number(float(value))} at {key:g}" for key, value in means.items())
    gains = wide[wide.columns.max()] - wide[wide.columns.min()]

    def say(measured: Interval) -> str:
        return (
            f"The more O correlates with C, the better it is kept by a network that predicts C: {listed}, a gain of "
            f"{measured} from end to end"
        )

    yield finding("correlated_is_kept", tuple(gains), say)

"""Models against transformations: every model is measured on the same twins."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.cka import linear_cka
from invariance.measures.columns import COLUMNS
from invariance.measures.cosine import CosineScore, cosine_scores
from invariance.measures.sens import SensScore, sens_scores
from invariance.measures.variance import normalised_variance
from invariance.models import Classifier
from invariance.spec import MeasureSpec
from invariance.training.atomic import sweep_temporaries, write_atomically
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.events import CancelFlag, Cancelled, Event, Finished, Progress, never
from invariance.training.feed import Rendered

TABLE = "table.csv"
TWIN_SEEDS = (1, 2)
"""Of the transformations' draws of the two views, which are independent of each other."""
_CHUNK = 1024


@dataclasses.dataclass(frozen=True)
class _Twins:
    """Twins of one transformation as bytes: two (N, 3, H, W) uint8 and whether they differ, (N,) bool."""

    first: Tensor
    second: Tensor
    differs: Tensor


@dataclasses.dataclass(frozen=True)
class _Cell:
    """All measures of one model for one transformation, taken from the same features."""

    sens: SensScore
    cosine: CosineScore
    variance: float
    cka: float


def measure(
    spec: MeasureSpec,
    sources: dict[str, Path],
    directory: Path,
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
) -> Iterator[Event]:
    """Measures models on transformations, one at a time, on samples of the test split that none was trained on.

    Args:
        spec: which transformations, on which objects and backgrounds.
        sources: name of each model, as it appears in the table, and its weights.
        directory: of the run; receives ``table.csv``.
        device: a torch device.
        cancelled: asked before every batch; nothing is kept, the run is short.

    Yields:
        Progress after each model and transformation; then Finished with the path of the table, which has the columns
        :data:`~invariance.measures.columns.COLUMNS` and a row for each model and transformation, in the order given.
        All measures of a row are taken from the same twins and features. ``accuracy`` is the model's on the
        untransformed images of the classes it knows, empty if it knows none of them.

    Raises:
        Cancelled: the flag was set.
        SpecError: a model or the data set cannot be used.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(directory)
    started = time.monotonic()
    engine = Engine(spec.data, device)
    models = {name: load_weights(path, device) for name, path in sources.items()}
    clean = Rendered(*engine.render(engine.indices("test", spec.num_pairs)))
    accuracies = {
        name: known_class_accuracy(model, clean, engine.class_names, cancelled=cancelled)
        for name, model in models.items()
    }
    scores: dict[tuple[str, str], _Cell] = {}
    num_steps = len(models) * len(spec.transforms)
    for transform in spec.transforms:
        twins = _render_twins(engine, transform, spec.num_pairs, cancelled)
        for name, model in models.items():
            scores[name, transform] = _score(model, twins, spec.data.seed, cancelled)
            seconds = time.monotonic() - started
            yield Progress(
                step=len(scores),
                num_steps=num_steps,
                epoch=len(scores) // num_steps,
                images_per_second=2 * spec.num_pairs * len(scores) / seconds,
                eta_seconds=seconds / len(scores) * (num_steps - len(scores)),
                seconds=seconds,
            )
    table = _tabulate(scores, accuracies, list(models), spec.transforms)
    path = directory / TABLE
    write_atomically(path, lambda stream: stream.write(table.to_csv(index=False).encode()))
    yield Finished(
        metrics={"num_models": len(models), "num_transforms": len(spec.transforms), "num_pairs": spec.num_pairs},
        checkpoint=None,
        sha256=None,
        seconds=time.monotonic() - started,
        device=device,
        table=str(path),
    )


def known_class_accuracy(
    model: Classifier, samples: Rendered, class_names: tuple[str, ...], *, cancelled: CancelFlag = never
) -> float:
    """Accuracy on the samples whose class the model has an output for; NaN if there are none.

    Args:
        model: its ``class_names`` name its outputs.
        samples: labelled by position in ``class_names``.
        class_names: of the samples.
        cancelled: asked before every batch.
    """
    outputs = {name: position for position, name in enumerate(model.class_names)}
    to_output = torch.tensor([outputs.get(name, -1) for name in class_names], device=samples.labels.device)
    labels = to_output[samples.labels]
    known = labels >= 0
    if not bool(known.any()):
        return math.nan
    logits = in_batches(model, samples.images[known], cancelled=cancelled)
    return mean_class_accuracy(logits.argmax(dim=1), labels[known])


def _render_twins(engine: Engine, transform: str, num_pairs: int, cancelled: CancelFlag) -> _Twins:
    indices = engine.indices("test", num_pairs)
    one, other = (
        _render(engine.with_spec_changes(transforms=(transform,), transform_seed=seed), indices, cancelled)
        for seed in TWIN_SEEDS
    )
    return _Twins(one, other, (one != other).flatten(1).any(dim=1))


def _render(engine: Engine, indices: Tensor, cancelled: CancelFlag) -> Tensor:
    parts = []
    for start in range(0, len(indices), _CHUNK):
        if cancelled():
            raise Cancelled
        parts.append(engine.render(indices[start : start + _CHUNK])[0])
    return torch.cat(parts)


def _score(model: Classifier, twins: _Twins, seed: int, cancelled: CancelFlag) -> _Cell:
    first = in_batches(model.representation, twins.first, cancelled=cancelled)
    second = in_batches(model.representation, twins.second, cancelled=cancelled)
    return _Cell(
        sens=sens_scores(first, second, twins.differs, seed=seed),
        cosine=cosine_scores(first, second, seed=seed),
        variance=normalised_variance(first, second),
        cka=linear_cka(first, second),
    )


def _tabulate(
    scores: dict[tuple[str, str], _Cell],
    accuracies: dict[str, float],
    models: list[str],
    transforms: tuple[str, ...],
) -> pd.DataFrame:
    rows = []
    for model in models:
        for transform in transforms:
            row = {"model": model, "transform": transform, "accuracy": accuracies[model]}
            rows.append(row | _row(scores[model, transform]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(cell: _Cell) -> dict[str, float]:
    sens, cosine = cell.sens, cell.cosine
    return {
        "sens": sens.raw,
        "sens_conditional": sens.conditional,
        "twin_distance": sens.twin_distance,
        "pair_distance": sens.pair_distance,
        "num_pairs": sens.num_pairs,
        "num_differing": sens.num_differing,
        "sens_low": sens.raw_interval[0],
        "sens_high": sens.raw_interval[1],
        "sens_conditional_low": sens.conditional_interval[0],
        "sens_conditional_high": sens.conditional_interval[1],
        "cosine": cosine.score,
        "twin_cosine": cosine.twin_cosine,
        "pair_cosine": cosine.pair_cosine,
        "variance": cell.variance,
        "cka": cell.cka,
        "collapsed": sens.collapsed,
    }

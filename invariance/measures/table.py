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
from invariance.measures.sens import SensScore, sens_scores
from invariance.models import Classifier
from invariance.spec import MeasureSpec
from invariance.training.atomic import sweep_temporaries, write_atomically
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.events import CancelFlag, Cancelled, Event, Finished, Progress, never
from invariance.training.feed import Rendered

TABLE = "table.csv"
COLUMNS = (
    "model",
    "transform",
    "sens",
    "sens_conditional",
    "twin_distance",
    "pair_distance",
    "num_pairs",
    "num_differing",
    "accuracy",
)
TWIN_SEEDS = (1, 2)
"""Of the transformations' draws of the two views, which are independent of each other."""
_CHUNK = 1024


@dataclasses.dataclass(frozen=True)
class _Twins:
    """Twins of one transformation as bytes: two (N, 3, H, W) uint8 and whether they differ, (N,) bool."""

    first: Tensor
    second: Tensor
    differs: Tensor


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
        :data:`COLUMNS` and a row for each model and transformation, in the order given. ``accuracy`` is the model's
        on the untransformed images of the classes it knows, empty if it knows none of them.

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
    scores: dict[tuple[str, str], SensScore] = {}
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


def _score(model: Classifier, twins: _Twins, seed: int, cancelled: CancelFlag) -> SensScore:
    first = in_batches(model.representation, twins.first, cancelled=cancelled)
    second = in_batches(model.representation, twins.second, cancelled=cancelled)
    return sens_scores(first, second, twins.differs, seed=seed)


def _tabulate(
    scores: dict[tuple[str, str], SensScore],
    accuracies: dict[str, float],
    models: list[str],
    transforms: tuple[str, ...],
) -> pd.DataFrame:
    rows = []
    for model in models:
        for transform in transforms:
            score = scores[model, transform]
            values = dataclasses.asdict(score)
            sens = {"sens": values.pop("raw"), "sens_conditional": values.pop("conditional")}
            rows.append({"model": model, "transform": transform, **sens, **values, "accuracy": accuracies[model]})
    return pd.DataFrame(rows, columns=list(COLUMNS))

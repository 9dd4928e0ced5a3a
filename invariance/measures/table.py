"""Models against transformations: every model is measured on the same twins."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Event, Progress, never
from invariance.files import sweep_temporaries
from invariance.measures.cell import Cell, measure_features
from invariance.measures.columns import COLUMNS, untrained_name
from invariance.measures.result import finish
from invariance.measures.twin_set import twin_set, untransformed
from invariance.models import Classifier, has_untrained_twin, untrained_twin
from invariance.spec import MeasureSpec
from invariance.training.checkpoint import load_weights, weights_spec
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.feed import Rendered


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
        :data:`~invariance.measures.columns.COLUMNS` and a row for each model and transformation, in the order given,
        then those of the untrained networks if they are asked for.
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
    untrained = untrained_networks(models, sources) if spec.untrained else {}
    models = {**models, **untrained}
    clean = Rendered(*untransformed(engine, spec.num_pairs))
    facts: dict[str, dict[str, float]] = {
        name: {
            "accuracy": known_class_accuracy(model, clean, engine.class_names, cancelled=cancelled),
            "untrained": name in untrained,
        }
        for name, model in models.items()
    }
    of_clean = {
        name: in_batches(model.representation, clean.images, cancelled=cancelled) for name, model in models.items()
    }
    scores: dict[tuple[str, str], Cell] = {}
    num_steps = len(models) * len(spec.transforms)
    for transform in spec.transforms:
        twins = twin_set(engine, transform, clean.images, cancelled=cancelled)
        for name, model in models.items():
            first, second = twins.features(model.representation, of_clean[name], cancelled=cancelled)
            scores[name, transform] = measure_features(first, second, twins.differs, seed=spec.data.seed)
            seconds = time.monotonic() - started
            yield Progress(
                step=len(scores),
                num_steps=num_steps,
                epoch=len(scores) // num_steps,
                images_per_second=2 * spec.num_pairs * len(scores) / seconds,
                eta_seconds=seconds / len(scores) * (num_steps - len(scores)),
                seconds=seconds,
            )
    table = _tabulate(scores, facts)
    metrics = {"num_models": len(models), "num_transforms": len(spec.transforms), "num_pairs": spec.num_pairs}
    yield finish(table, directory, metrics, started=started, device=device)


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


def untrained_networks(models: dict[str, Classifier], sources: dict[str, Path]) -> dict[str, Classifier]:
    """The networks that the trainings started from, each once; published networks have none.

    Args:
        models: name to loaded network.
        sources: name to its file of weights, whose run says the seed.

    Returns:
        :func:`~invariance.measures.columns.untrained_name` to network.
    """
    found: dict[str, Classifier] = {}
    for name, model in models.items():
        if has_untrained_twin(model.name):
            seed = int(getattr(weights_spec(sources[name]), "seed", 0))
            row = untrained_name(model.name, seed)
            found[row] = found.get(row) or untrained_twin(model, seed=seed)
    return found


def _tabulate(scores: dict[tuple[str, str], Cell], facts: dict[str, dict[str, float]]) -> pd.DataFrame:
    rows = [
        {"model": model, "transform": transform, **facts[model], **cell.row()}
        for (model, transform), cell in sorted(scores.items(), key=lambda score: list(facts).index(score[0][0]))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))

"""Sens-scores and the other measures of models by transformations: every model is measured on the same twins."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from invariance.events import CancelFlag, never
from invariance.measures.representation import measure_representation
from invariance.measures.task import TableWork, Task
from invariance.measures.twin_set import TwinSet, twin_set, untransformed
from invariance.models import Classifier, has_untrained_twin, untrained_twin
from invariance.spec import MeasureSpec
from invariance.training.checkpoint import weights_spec
from invariance.training.evaluation import in_batches, mean_class_accuracy
from invariance.training.feed import Rendered
from invariance.vocabulary.measures import TRANSFORM_COLUMNS, starting_network_name


def measure_transforms(spec: MeasureSpec, task: Task) -> TableWork:
    """Measures models on transformations, one at a time: a row for each model and transformation.

    All measures of a row are taken from the same twins and features. The models come in the order given, then the
    networks that their trainings started from, if they are asked for. ``accuracy`` is a model's on the untransformed
    images of the classes that it knows, empty if it knows none of them.
    """
    engine = task.engine
    untrained = starting_networks(task.models, task.sources) if spec.untrained else {}
    clean = Rendered(*untransformed(engine, spec.num_pairs))
    twins = {name: partial(twin_set, engine, name, clean.images, cancelled=task.cancelled) for name in spec.transforms}
    return (yield from measure_twins(replace(task, models={**task.models, **untrained}), clean, twins, untrained))


def measure_twins(
    task: Task, clean: Rendered, twins: Mapping[str, Callable[[], TwinSet]], untrained: Collection[str] = ()
) -> TableWork:
    """The same of twins that are given.

    Args:
        task: its models have the rows, its engine the names of classes and the seed.
        clean: the untransformed images.
        twins: by the name of what they differ in, each made when it is its turn.
        untrained: names of those models that have their first weights.
    """
    models, engine, cancelled, num_pairs = task.models, task.engine, task.cancelled, len(clean)
    facts: dict[str, dict[str, float]] = {
        name: {
            "accuracy": known_class_accuracy(model, clean, engine.class_names, cancelled=cancelled),
            "untrained": name in untrained,
        }
        for name, model in models.items()
    }
    of_clean = {name: task.features(model, clean.images) for name, model in models.items()}
    found: dict[tuple[str, str], dict[str, float]] = {}
    num_steps = len(models) * len(twins)
    for transform, make in twins.items():
        pairs = make()
        for name, model in models.items():
            first, second = pairs.features(model.representation, of_clean[name], cancelled=cancelled)
            found[name, transform] = measure_representation(first, second, pairs.differs, seed=engine.spec.seed)
            yield task.progress(len(found), num_steps, images_per_step=2 * num_pairs)
    rows = [
        {"model": name, "transform": transform, **facts[name], **found[name, transform]}
        for name in models
        for transform in twins
    ]
    metrics = {"num_models": len(models), "num_transforms": len(twins), "num_pairs": num_pairs}
    return pd.DataFrame(rows, columns=list(TRANSFORM_COLUMNS)), metrics


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


def starting_networks(models: dict[str, Classifier], sources: dict[str, Path]) -> dict[str, Classifier]:
    """The networks that the trainings started from, each once; published networks have none.

    Args:
        models: name to loaded network.
        sources: name to its file of weights, whose run says the seed.

    Returns:
        :func:`starting_network_name` to network.
    """
    found: dict[str, Classifier] = {}
    for name, model in models.items():
        if has_untrained_twin(model.architecture):
            if (spec := weights_spec(sources[name])) is None:
                continue  # a file of somebody's own training
            seed = int(getattr(spec, "seed", 0))
            row = starting_network_name(model.architecture, seed)
            found[row] = found.get(row) or untrained_twin(model, seed=seed)
    return found

"""A table of equivariance: every model is judged on the same pairs, in its representation or in every layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final

import pandas as pd
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.threads import begin
from invariance.events import never
from invariance.measures.equivariance import equivariance_scores, verdict_of
from invariance.measures.equivariance_pairs import ToldPairs, equally_often, told_pairs, untransformed_views
from invariance.measures.lie_derivative import NOT_CONTINUOUS, Enlarged, Nudged, is_continuous, local_error
from invariance.measures.profile import PIXEL_LAYER, features_of_layers
from invariance.measures.sens import sens_scores
from invariance.measures.task import TableWork, Task
from invariance.measures.transform_table import starting_networks
from invariance.measures.twin_set import TwinSet, told_apart
from invariance.models import Classifier, to_unit_range
from invariance.spec import MeasureSpec
from invariance.training.evaluation import in_batches
from invariance.vocabulary.equivariance import equivariance_columns

_NUM_NUDGED: Final = 72
"""Images of small steps, at least."""

Layers = dict[str, Tensor]
"""Name of each layer to (N, F) float; the representation alone has no name."""


@dataclass(frozen=True)
class Shown:
    """What is shown of one transformation.

    Attributes:
        pairs: the pairs.
        twins: the same as positions among images that are told apart.
        nudged: images and what they are a small step away; None of a transformation that has no small step.
    """

    pairs: ToldPairs
    twins: TwinSet
    nudged: Nudged | None


def measure_equivariance(spec: MeasureSpec, task: Task) -> TableWork:
    """Measures models on transformations: a row for each model and transformation, or for each of their layers.

    The spec's ``num_pairs`` are shared out equally to the objects, at least two to each. Scores are computed by the
    threads that make samples, each alone, while this one shows the next network its images.
    """
    engine = task.engine
    untrained = starting_networks(task.models, task.sources) if spec.untrained else {}
    models = {**task.models, **untrained}
    num_views = max(2, spec.num_pairs // len(engine.object_names))
    clean = untransformed_views(engine, num_views)
    of_clean = {name: _features(task, model, clean, layers=spec.layers) for name, model in models.items()}
    enlarged = Enlarged(engine)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    num_steps = len(models) * len(spec.transforms)
    for transform in spec.transforms:
        shown = _shown(task, enlarged, transform, clean, num_views)
        of_pixels = {PIXEL_LAYER: begin(_pixel_row, shown, clean, seed=spec.data.seed)} if spec.layers else {}
        jobs: dict[str, dict[str, Future[dict[str, Any]]]] = {}
        for name, model in models.items():
            known = torch.tensor([one in model.class_names for one in engine.object_names])
            jobs[name] = dict(of_pixels)
            for layer, seen in _seen(task, model, shown, of_clean[name], layers=spec.layers).items():
                jobs[name][layer] = begin(equivariance_row, shown, *seen, known=known, seed=spec.data.seed)
        for name, of_layers in jobs.items():
            about = {"model": name, "transform": transform, "untrained": name in untrained}
            found[name, transform] = [
                {**about, "layer": layer, "depth": depth, **job.result()}
                for depth, (layer, job) in enumerate(of_layers.items())
            ]
            yield task.progress(len(found), num_steps, images_per_step=2 * len(clean))
    rows = [row for name in models for transform in spec.transforms for row in found[name, transform]]
    metrics = {"num_models": len(models), "num_transforms": len(spec.transforms), "num_pairs": len(clean)}
    return pd.DataFrame(rows, columns=[column.name for column in equivariance_columns(spec.layers)]), metrics


def layer_equivariance(
    models: Mapping[str, Classifier], engine: Engine, transform: str, *, num_pairs: int
) -> pd.DataFrame:
    """The same in every layer of some networks, for one transformation.

    Args:
        models: name to loaded network on the engine's device, in eval mode.
        engine: objects and backgrounds; its own transformations are left out.
        transform: name of the transformation.
        num_pairs: shared out equally to the objects, at least two to each.
    """
    data = replace(engine.spec, transforms=())
    spec = MeasureSpec(
        sources=tuple(models),
        transforms=(transform,),
        data=data,
        measure="equivariance",
        num_pairs=num_pairs,
        layers=True,
    )
    work = measure_equivariance(spec, Task(engine, dict(models), {}, never, monotonic()))
    while True:
        try:
            next(work)
        except StopIteration as end:
            table: pd.DataFrame = end.value[0]
            return table


def equivariance_row(
    shown: Shown, first: Tensor, second: Tensor, nudged: Tensor | None, *, known: Tensor | None = None, seed: int
) -> dict[str, Any]:
    """All that is told of one representation and one transformation.

    Args:
        shown: whose features they are.
        first: (N, F) float, features of the first views.
        second: (N, F) float, of the second ones.
        nudged: (M, F) float, of ``shown.nudged.images``; None without these.
        known: (objects,) bool, whether an object was seen in pretraining; None for none.
        seed: of what is drawn.
    """
    pairs, differs = shown.pairs, shown.twins.differs
    sens = sens_scores(first, second, differs, seed=seed)
    differs = differs.cpu()
    scores = equivariance_scores(
        first.cpu()[differs],
        second.cpu()[differs],
        pairs.told[differs],
        pairs.objects[differs],
        one_element=pairs.one_element,
        known=known,
        seed=seed,
    )
    local = NOT_CONTINUOUS
    if shown.nudged is not None and nudged is not None:
        local = local_error(shown.nudged, nudged, seed=seed)
    low, high = sens.conditional_interval
    return {
        **scores.row(),
        **local.row(),
        "sens_conditional": sens.conditional,
        "sens_conditional_low": low,
        "sens_conditional_high": high,
        "verdict": "" if math.isnan(scores.r2_told) else verdict_of(high, scores),
    }


def _shown(task: Task, enlarged: Enlarged, transform: str, clean: Tensor, num_views: int) -> Shown:
    engine = task.engine
    pairs = told_pairs(engine, transform, num_views=num_views, cancelled=task.cancelled)
    nudged = None
    if is_continuous(transform):
        views = -(-_NUM_NUDGED // len(engine.object_names))
        nudged = enlarged.nudged(transform, equally_often(engine, min(num_views, views)))
    return Shown(pairs, told_apart(clean, pairs.first, pairs.second), nudged)


Seen = tuple[Tensor, Tensor, Tensor | None]
"""Features (N, F) of first and second views, and (M, F) of the images of small steps."""


def _seen(task: Task, model: Classifier, shown: Shown, of_clean: Layers, *, layers: bool) -> dict[str, Seen]:
    """What each layer makes of the images."""
    twins, nudged = shown.twins, None
    of_new = _features(task, model, twins.images, layers=layers) if len(twins.images) else {}
    if shown.nudged is not None:
        nudged = _features(task, model, shown.nudged.images, layers=layers)
    found: dict[str, Seen] = {}
    for layer, clean in of_clean.items():
        both = torch.cat((clean, of_new[layer])) if of_new else clean
        found[layer] = both[twins.first], both[twins.second], None if nudged is None else nudged[layer]
    return found


def _features(task: Task, model: Classifier, images: Tensor, *, layers: bool) -> Layers:
    if layers:
        return features_of_layers(model, images)
    return {"": in_batches(model.representation, images, cancelled=task.cancelled)}


def _pixel_row(shown: Shown, clean: Tensor, *, seed: int) -> dict[str, Any]:
    """Of the images themselves, which are the same for all networks."""
    pixels = to_unit_range(torch.cat((clean, shown.twins.images))).flatten(1)
    nudged = None if shown.nudged is None else shown.nudged.images.flatten(1)
    return equivariance_row(shown, pixels[shown.twins.first], pixels[shown.twins.second], nudged, seed=seed)

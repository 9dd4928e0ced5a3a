"""A table of equivariance: every model is judged on the same pairs."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from invariance.measures.equivariance import equivariance_scores, verdict_of
from invariance.measures.equivariance_pairs import ToldPairs, told_pairs
from invariance.measures.sens import sens_scores
from invariance.measures.task import TableWork, Task
from invariance.measures.transform_table import starting_networks
from invariance.spec import MeasureSpec
from invariance.vocabulary.equivariance import EQUIVARIANCE_TABLE


def measure_equivariance(spec: MeasureSpec, task: Task) -> TableWork:
    """Measures models on transformations: a row for each model and transformation.

    The spec's ``num_pairs`` are shared out equally to the objects, at least two to each.
    """
    engine = task.engine
    untrained = starting_networks(task.models, task.sources) if spec.untrained else {}
    models = {**task.models, **untrained}
    num_views = max(2, spec.num_pairs // len(engine.object_names))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    num_steps = len(models) * len(spec.transforms)
    for transform in spec.transforms:
        pairs = told_pairs(engine, transform, num_views=num_views, cancelled=task.cancelled)
        for name, model in models.items():
            first, second = task.features(model, pairs.first), task.features(model, pairs.second)
            known = torch.tensor([one in model.class_names for one in engine.object_names])
            row = equivariance_row(first, second, pairs, known, seed=spec.data.seed)
            found[name, transform] = {**row, "untrained": name in untrained}
            yield task.progress(len(found), num_steps, images_per_step=2 * len(pairs.objects))
    rows = [
        {"model": name, "transform": transform, **found[name, transform]}
        for name in models
        for transform in spec.transforms
    ]
    metrics = {"num_models": len(models), "num_transforms": len(spec.transforms), "num_pairs": len(pairs.objects)}
    return pd.DataFrame(rows, columns=[column.name for column in EQUIVARIANCE_TABLE]), metrics


def equivariance_row(first: Tensor, second: Tensor, pairs: ToldPairs, known: Tensor, *, seed: int) -> dict[str, Any]:
    """All that is told of one representation and one transformation.

    Args:
        first: (N, F) float, features of the first views.
        second: (N, F) float, of the second ones.
        pairs: whose features they are.
        known: (objects,) bool, whether an object was seen in pretraining.
        seed: of what is drawn.
    """
    differs = pairs.differs.cpu()
    sens = sens_scores(first, second, differs.to(first.device), seed=seed)
    scores = equivariance_scores(
        first.cpu()[differs],
        second.cpu()[differs],
        pairs.told[differs],
        pairs.objects[differs],
        one_element=pairs.one_element,
        known=known,
        seed=seed,
    )
    low, high = sens.conditional_interval
    return {
        **scores.row(),
        "sens_conditional": sens.conditional,
        "sens_conditional_low": low,
        "sens_conditional_high": high,
        "verdict": "" if math.isnan(scores.r2_told) else verdict_of(high, scores),
    }

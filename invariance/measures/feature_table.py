"""Sens-score to the features of an image: how far a representation moves when one of them changes and the rest stays.

After the study of relevant and irrelevant features in arXiv 2407.04325, whose two scores are those of ``scene`` (there
a CIFAR image) and ``sticker`` (there "the object").
"""

from __future__ import annotations

from typing import Final

import pandas as pd
import torch
from torch import Tensor

from invariance.data.engine import Engine, to_bytes
from invariance.events import CancelFlag, Cancelled
from invariance.measures.feature_twins import feature_twins, features_of
from invariance.measures.sens import sens_scores
from invariance.measures.task import TableWork, Task
from invariance.measures.transform_table import known_class_accuracy
from invariance.spec import MeasureSpec
from invariance.training.feed import Rendered
from invariance.vocabulary.measures import FEATURE_COLUMNS

_CHUNK: Final = 1024


def measure_features(spec: MeasureSpec, task: Task) -> TableWork:
    """Measures models on every feature of a data set: a row for each model and feature.

    ``accuracy`` is the model's on the images as they are (with their correlations), of the classes it knows.
    """
    engine, cancelled = task.engine, task.cancelled
    samples = Rendered(*engine.render(engine.indices("test", spec.num_pairs)))
    features = features_of(engine)
    num_steps = len(task.models) * len(features)
    found: dict[tuple[str, str], dict[str, float]] = {}
    for feature in features:
        first, second = _render_twins(engine, feature, spec.num_pairs, cancelled)
        differs = (first != second).flatten(1).any(dim=1)
        for name, model in task.models.items():
            one, other = task.features(model, first), task.features(model, second)
            found[name, feature] = sens_scores(one, other, differs, seed=spec.data.seed).row()
            yield task.progress(len(found), num_steps, images_per_step=2 * spec.num_pairs)
    rows = []
    for name, model in task.models.items():
        accuracy = known_class_accuracy(model, samples, engine.class_names, cancelled=cancelled)
        rows += [{"model": name, "feature": one, "accuracy": accuracy, **found[name, one]} for one in features]
    metrics = {"num_models": len(task.models), "num_features": len(features), "num_pairs": spec.num_pairs}
    return pd.DataFrame(rows, columns=list(FEATURE_COLUMNS)), metrics


def _render_twins(engine: Engine, feature: str, num: int, cancelled: CancelFlag) -> tuple[Tensor, Tensor]:
    """Twins of the test split as bytes: two (N, 3, S, S) uint8."""
    first, second = [], []
    for chunk in engine.parts(engine.indices("test", num), _CHUNK):
        if cancelled():
            raise Cancelled
        one, other = feature_twins(engine, feature, chunk)
        first.append(to_bytes(one))
        second.append(to_bytes(other))
    return torch.cat(first), torch.cat(second)

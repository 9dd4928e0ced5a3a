"""What networks make of one image as a transformation grows: how far they see it move, and what they call it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import torch

from invariance.data.engine import Engine, to_bytes
from invariance.data.example import example_frames, example_index, example_neutral, example_values
from invariance.measures.pairs import mean_pair_distance
from invariance.models import Classifier

EXAMPLE_COLUMNS: Final = ("model", "transform", "step", "magnitude", "distance", "says", "probability", "true")


@torch.no_grad()
def example_table(models: Mapping[str, Classifier], engine: Engine, transform: str) -> pd.DataFrame:
    """The example of :mod:`invariance.data.example` as networks see it: one image, so of no other nothing is said.

    Args:
        models: name to loaded network on the engine's device, in eval mode.
        engine: objects and backgrounds; its own transformations are left out.
        transform: that is applied.

    Returns:
        A row for each model and magnitude, with the columns :data:`EXAMPLE_COLUMNS`: ``distance`` is
        ||f(x) - f(t(x))|| over the mean distance of random pairs of untransformed images; ``says`` the class of the
        highest ``probability``, ``true`` that of the object.
    """
    plain = engine.with_spec_changes(transforms=())
    frames, values = to_bytes(example_frames(plain, transform)), example_values(transform)
    (label,) = plain.labels(example_index(plain)).tolist()
    rows = []
    for name, model in models.items():
        features = model.representation(frames)
        distances = torch.linalg.vector_norm(features - features[example_neutral(transform)], dim=1)
        distances = distances / mean_pair_distance(model, plain)
        probabilities, labels = model.head(features).softmax(dim=1).max(dim=1)
        for step, value in enumerate(values):
            said = plain.class_names[int(labels[step])]
            seen = {"distance": float(distances[step]), "says": said, "probability": float(probabilities[step])}
            rows.append({"model": name, "step": step, "magnitude": value, **seen})
    table = pd.DataFrame(rows).assign(transform=transform, true=plain.class_names[label])
    return table[list(EXAMPLE_COLUMNS)]

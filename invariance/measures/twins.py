"""The images behind one cell of a table of sens-scores: a few twins, and how far apart a model sees each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.data.engine import Engine
from invariance.data.foreground import indices_of
from invariance.data.preview import Samples, to_samples
from invariance.measures.pairs import NUM_REFERENCE, mean_pair_distance
from invariance.measures.twin_set import TWIN_SEEDS
from invariance.models import Classifier
from invariance.models.checks import require_network


@dataclass(frozen=True)
class TwinDistances:
    """Twins and their distance in a model's representation.

    Attributes:
        first: N samples.
        second: the same objects and backgrounds under other draws of the transformation.
        distances: (N,) float32, ||f(x1) - f(x2)|| over the mean distance of two different images: 0 is the same to
            the model, 1 as different as another image. NaN where all images are the same to the model.
        pair_distance: that mean distance, in the representation's own units.
        num_reference: images it was taken from.
    """

    first: Samples
    second: Samples
    distances: NDArray[np.float32]
    pair_distance: float
    num_reference: int


def twin_distances(
    model: Classifier,
    engine: Engine,
    transform: str,
    *,
    num: int = 8,
    start: int = 0,
    num_reference: int = NUM_REFERENCE,
) -> TwinDistances:
    """Twins of the test split, the same ones that :func:`~invariance.measures.transform_table.measure_transforms` uses.

    Args:
        model: loaded network on the engine's device, in eval mode.
        engine: objects and backgrounds; its own transformations are left out.
        transform: name of the transformation that makes the twins.
        num: pairs to show.
        start: position of the first one in the test split.
        num_reference: images whose random pairs give the unit of distance, at least 2.
    """
    require_network(model)
    single = engine.with_spec_changes(transforms=(transform,), transform_seed=TWIN_SEEDS[0])
    shown = indices_of("test", num, start)
    first, second = single.twins(shown, transform_seeds=TWIN_SEEDS)
    with torch.no_grad():
        feature_a, feature_b = model.representation(first.images), model.representation(second.images)
    unit = mean_pair_distance(model, single, num=num_reference)
    distances = torch.linalg.vector_norm(feature_a - feature_b, dim=1)
    relative = distances / unit if unit > 0 else torch.full_like(distances, torch.nan)
    return TwinDistances(
        to_samples(first, engine), to_samples(second, engine), relative.cpu().numpy(), unit, num_reference
    )

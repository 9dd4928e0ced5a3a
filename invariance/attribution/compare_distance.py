"""Several networks on one image and its transformed one: how far it moves them, and which pixels do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from invariance.attribution.compare import shared_limit
from invariance.attribution.distance import NUM_POINTS, NUM_STEPS, WAYS, along_cross_fade, along_path
from invariance.data.engine import Engine
from invariance.data.magnitude_way import magnitude_way
from invariance.data.preview import to_pictures
from invariance.models import Classifier
from invariance.spec.checks import require


@dataclass(frozen=True)
class DistanceView:
    """What one network still feels of a transformation.

    Attributes:
        relevance: (S, S) float32, signed, in squared units of random pairs; its sum is ``distance`` squared.
        distance: of the two images in the representation; 0 is invariant, 1 as far as another image.
        completeness_error: relative; 0 is exact, NaN where nothing was moved.
    """

    relevance: NDArray[np.float32]
    distance: float
    completeness_error: float


@dataclass(frozen=True)
class DistanceComparison:
    """Several networks on one image and its transformed one.

    Attributes:
        image: (S, S, 3) uint8, untransformed.
        changed: (S, S, 3) uint8, transformed.
        class_name: of the object.
        views: one for each network.
        limit: largest |relevance| of the common colour scale.
    """

    image: NDArray[np.uint8]
    changed: NDArray[np.uint8]
    class_name: str
    views: tuple[DistanceView, ...]
    limit: float

    def scores(self) -> list[dict[str, float]]:
        """One record a network, plain values, as written to ``scores.json``."""
        return [{"distance": view.distance, "completeness_error": view.completeness_error} for view in self.views]


def compare_distance(
    models: Sequence[Classifier],
    engine: Engine,
    transform: str,
    values: Mapping[str, float],
    *,
    units: Sequence[float],
    position: int = 0,
    split: str = "test",
    draw: int = 0,
    way: str = "magnitude",
    num_points: int = NUM_POINTS,
) -> DistanceComparison:
    """Attributes the distance between an image and its transformed one to pixels, for several networks.

    Args:
        models: in eval mode, on the engine's device.
        engine: the data set; its own transformations are left out.
        transform: the one that is applied.
        values: its magnitudes, see :func:`~invariance.data.magnitude_way.magnitude_way`.
        units: for each network its mean distance of random pairs.
        position: of the image in the split, from 0.
        split: ``train``, ``validation`` or ``test``.
        draw: number of the sample whose draws fill the gaps, fields of noise above all.
        way: one of ``WAYS``; a flip has nothing in between, and both are the same.
        num_points: gradients that are taken for each network, about.

    Raises:
        SpecError: a name, a value or the position cannot be used, or a network represents all images as the same.
    """
    require(way in WAYS, "way", way, ", ".join(WAYS))
    require(position >= 0, "position", position, "0 or more")
    path = magnitude_way(engine, transform, values, position=position, split=split, draw=draw, num_steps=NUM_STEPS)
    views = []
    for model, unit in zip(models, units, strict=True):
        if way == "cross-fade":
            found = along_cross_fade(model.representation, path[:1], path[-1:], unit=unit, num_points=num_points)
        else:
            found = along_path(model.representation, path, unit=unit, num_points=num_points)
        views.append(DistanceView(found.relevance.float().cpu().numpy(), found.distance, found.completeness_error))
    image, changed = to_pictures(path[[0, -1]])
    label = int(engine.draw_objects(engine.indices(split, 1) + position).labels)
    limit = shared_limit([view.relevance for view in views])
    return DistanceComparison(image, changed, engine.object_names[label], tuple(views), limit)

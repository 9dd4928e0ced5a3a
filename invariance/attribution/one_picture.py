"""A picture and its transformed one in several networks: predictions, distance and a map, at the speed of a slider."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.attribution.attribute import attribute
from invariance.attribution.compare import shared_limit
from invariance.attribution.distance import along_path
from invariance.data.preview import to_pictures
from invariance.models import Classifier
from invariance.spec.checks import require

MAPS: Final[dict[str, str]] = {
    "distance": "what moves it",
    "class": "what it decides by",
}
"""Name and title of the maps, the default first."""

CLASS_STEPS: Final = 16
DISTANCE_POINTS: Final = 48
"""Fewer gradients than elsewhere, so that the maps follow a slider."""

Top = list[tuple[str, float]]


@dataclass(frozen=True)
class PictureView:
    """One network's view of a picture and its transformed one.

    Attributes:
        before: the most probable classes of the picture and their probabilities, the first one first.
        after: of the transformed one.
        distance: of the two in the representation, in random pairs; NaN where all images are the same to the network.
        relevance: (S, S) float32, signed, on the transformed one.
        completeness_error: of the map, relative; NaN where there is nothing to share out.
    """

    before: Top
    after: Top
    distance: float
    relevance: NDArray[np.float32]
    completeness_error: float


@dataclass(frozen=True)
class Followed:
    """What one network makes of a picture as it is, then at N magnitudes.

    Attributes:
        says: 1 + N names of the most probable class; empty for a network without classes.
        probability: 1 + N, of that class.
        distance: N, from the picture as it is, as in :class:`PictureView`.
    """

    says: tuple[str, ...]
    probability: tuple[float, ...]
    distance: tuple[float, ...]


@dataclass(frozen=True)
class PictureComparison:
    """Several networks on one picture.

    Attributes:
        image: (S, S, 3) uint8.
        changed: (S, S, 3) uint8, transformed.
        views: one for each network.
        limit: largest |relevance| of the common colour scale.
    """

    image: NDArray[np.uint8]
    changed: NDArray[np.uint8]
    views: tuple[PictureView, ...]
    limit: float


def look_at(models: Sequence[Classifier], path: Tensor, *, units: Sequence[float], shown: str) -> PictureComparison:
    """What several networks make of a picture and of its transformed one.

    Args:
        models: in eval mode, on the path's device.
        path: (N + 1, 3, S, S) float in [0, 1], from the picture to the transformed one.
        units: for each network its mean distance of random pairs; 0 for one that sees no difference anywhere.
        shown: one of :data:`MAPS`.

    Raises:
        SpecError: there is no such map.
    """
    require(shown in MAPS, "map", shown, ", ".join(MAPS))
    views = tuple(_view(model, path, unit, shown) for model, unit in zip(models, units, strict=True))
    image, changed = to_pictures(path[[0, -1]])
    return PictureComparison(image, changed, views, shared_limit([view.relevance for view in views]))


@torch.no_grad()
def followed(model: Classifier, frames: Tensor, unit: float) -> Followed:
    """What a network makes of a picture at each of several magnitudes: quick enough to be at hand while one drags.

    Args:
        model: in eval mode, on the frames' device.
        frames: (1 + N, 3, S, S) float in [0, 1], first the picture as it is.
        unit: mean distance of its random pairs; 0 for a network that sees no difference anywhere.
    """
    features = model.representation(frames)
    tops = [_top(model, row, num=1) for row in model.head(features).softmax(dim=1).cpu()]
    says, probability = zip(*(top[0] if top else ("", 0.0) for top in tops), strict=True)
    moved = torch.linalg.vector_norm(features[1:] - features[0], dim=1).tolist()
    return Followed(says, probability, tuple(each / unit if unit > 0 else math.nan for each in moved))


def _view(model: Classifier, path: Tensor, unit: float, shown: str) -> PictureView:
    ends = path[[0, -1]]
    with torch.no_grad():
        features = model.representation(ends)
        probabilities = model.head(features).softmax(dim=1).cpu()
    moved = float(torch.linalg.vector_norm(features[1] - features[0]))
    distance = moved / unit if unit > 0 else math.nan
    before, after = (_top(model, row) for row in probabilities)
    if shown == "class":
        found = attribute(model, ends[1:], baseline="blurred", steps=CLASS_STEPS)
        return PictureView(before, after, distance, _numbers(found.relevance[0]), float(found.completeness_error[0]))
    if unit <= 0:
        return PictureView(before, after, distance, np.zeros(path.shape[-2:], np.float32), math.nan)
    felt = along_path(model.representation, path, unit=unit, num_points=DISTANCE_POINTS)
    return PictureView(before, after, distance, _numbers(felt.relevance), felt.completeness_error)


def _top(model: Classifier, probabilities: Tensor, num: int = 3) -> Top:
    values, labels = probabilities.topk(min(num, len(probabilities)))
    return [(model.class_names[label], value) for label, value in zip(labels.tolist(), values.tolist(), strict=True)]


def _numbers(relevance: Tensor) -> NDArray[np.float32]:
    numbers: NDArray[np.float32] = relevance.float().cpu().numpy()
    return numbers

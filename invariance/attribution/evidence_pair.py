"""Whether one network's decisions rest more on the object than another's, beyond what other images' objects get."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from invariance.attribution.map_set import MapSet, Progress
from invariance.attribution.over_images import shared_parts
from invariance.attribution.scores import against_others, share_on_object
from invariance.data.engine import Engine
from invariance.models import Classifier
from invariance.statistics import Interval, normal_quantile, two_sided_p

STEPS = 16
"""Of integrated gradients, as the Attribution page takes for many images."""


@dataclass(frozen=True)
class EvidencePair:
    """Shares of the evidence on the object less those on other images' objects, of two networks on the same images.

    Attributes:
        shares: of the first and the second, over the images where each is defined.
        difference: second less first within images, over objects and backgrounds.
        p: two-sided, that it is 0, from the interval's width.
    """

    shares: tuple[Interval, Interval]
    difference: Interval
    p: float


def evidence_pair(models: Sequence[Classifier], engine: Engine, *, num: int) -> EvidencePair:
    """Scores the maps of two networks, each explained for its own prediction.

    Args:
        models: two, in eval mode, with a last layer.
        engine: the task; the first images of its test split are shown.
        num: images.

    Raises:
        SpecError: num is out of range, or Captum is not installed.
    """
    images = MapSet(engine, num=num, parameters={"steps": STEPS})
    parts, progress = shared_parts(engine, images.indices), Progress(2 * num)
    first, second = (
        against_others(share_on_object, images.maps(model, progress)[0].detach(), images.masks).excess
        for model in models
    )
    difference = parts.interval(second - first)
    error = (difference.high - difference.low) / (2 * normal_quantile())
    p = math.nan if math.isnan(error) else two_sided_p(difference.estimate, error, difference.num - 1)
    return EvidencePair((parts.interval(first), parts.interval(second)), difference, p)

"""Scores of maps over many images, beside what the same maps get on other images' objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor

from invariance.attribution.map_set import MapSet, Progress
from invariance.attribution.over_images import SharedParts, direction, shared_parts
from invariance.attribution.scores import MaskScore, against_others, pointing_game, rank_accuracy, share_on_object
from invariance.data.engine import Engine
from invariance.models import Classifier
from invariance.spec import SpecError
from invariance.statistics import Interval, share_interval
from invariance.vocabulary.attach import attach
from invariance.vocabulary.attribution import MASK_SCORES

_SCORES: Final[dict[str, MaskScore]] = attach(
    "mask score", MASK_SCORES, {"mass": share_on_object, "rank": rank_accuracy, "pointing": pointing_game}
)


@dataclass(frozen=True)
class ScoreMean:
    """One score of one network over a set of images.

    Attributes:
        score: one of :data:`~invariance.vocabulary.attribution.MASK_SCORES`.
        mean: over the images where it is defined.
        low: lower end of the 95 % interval of the mean, over images; of the pointing game not above Wilson's, which has
            a width at 0 and 1 too.
        high: its upper end.
        null: mean score of the same maps against the masks of all other images.
        difference: mean less null.
        difference_low: lower end of its 95 % interval over images.
        difference_high: its upper end.
        verdict: ``higher`` or ``lower`` than the null where that interval leaves out 0, else ``undecided``.
        area: mean share of the image that the object covers: no level of chance.
        num: images where it is defined.
    """

    score: str
    mean: float
    low: float
    high: float
    null: float
    difference: float
    difference_low: float
    difference_high: float
    verdict: str
    area: float
    num: int


def score_set(
    models: Sequence[Classifier],
    engine: Engine,
    *,
    num: int = 100,
    baseline: str = "blurred",
    on_progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> list[list[ScoreMean]]:
    """Scores of several networks on the same images, each explained for its own prediction.

    Args:
        models: in eval mode, on the engine's device.
        engine: the data set.
        num: images, from the start of the split.
        baseline: ``blurred``, ``black`` or ``mean``; where there are stickers, which then have a share too, also
            ``background``.
        on_progress: told (maps done, in all), after a few images of a network that enlarges them, after all of another;
            what it raises ends the work.
        **options: ``split``, ``method``, ``parameters`` and ``batch_size``, as for
            :class:`~invariance.attribution.map_set.MapSet`.

    Returns:
        For each model one record a score, in the order of ``MASK_SCORES``.

    Raises:
        SpecError: num is out of range, a name is not known, or the baseline is the clean background and nothing but
            the object is on it.
    """
    if baseline == "background" and not engine.sticker_names:
        raise SpecError(
            "baseline = 'background': all relevance lies on the object by construction, so its share says nothing; "
            "choose blurred, black or mean"
        )
    images = MapSet(engine, num=num, baseline=baseline, **options)
    parts, progress = shared_parts(engine, images.indices), Progress(num * len(models), on_progress)
    masks, found = images.masks, []
    for model in models:
        relevance, _ = images.maps(model, progress)
        found.append([score_mean(name, score, relevance, masks, parts) for name, score in _SCORES.items()])
    return found


def score_mean(name: str, score: MaskScore, relevance: Tensor, masks: Tensor, parts: SharedParts) -> ScoreMean:
    """One score of maps over the images where it is defined, and of the same maps on the other images' objects.

    Args:
        name: of the score.
        score: of maps against masks.
        relevance: (N, H, W) signed.
        masks: (N, H, W) in [0, 1], of the same images.
        parts: what the images have in common.
    """
    found = against_others(score, relevance, masks)
    known = found.own.isfinite()
    own, beyond = parts.share_interval(found.own), parts.interval(found.excess)
    if name == "pointing":
        own = _no_narrower(own, share_interval(int(found.own[known].sum()), int(known.sum())))
    return ScoreMean(
        score=name,
        mean=own.estimate,
        low=own.low,
        high=own.high,
        null=float(found.null[known].mean()),
        difference=beyond.estimate,
        difference_low=beyond.low,
        difference_high=beyond.high,
        verdict=direction(beyond.low, beyond.high),
        area=float(masks.flatten(1).mean(dim=1)[known].double().mean()),  # NaN of nothing
        num=own.num,
    )


def _no_narrower(found: Interval, other: Interval) -> Interval:
    """An interval widened to hold another of the same estimate; NaN where that one has no ends."""
    return Interval(found.estimate, min(found.low, other.low), max(found.high, other.high), found.num)

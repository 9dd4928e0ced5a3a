"""Scores of maps over many images, with their chance level and how sure they are."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from invariance.attribution.attribute import attribute
from invariance.attribution.methods import find_method
from invariance.attribution.passes import passes_of_map
from invariance.attribution.scores import pointing_game, rank_accuracy, share_on_object
from invariance.data.engine import SPLIT_START, Engine
from invariance.data.preview import clean_backgrounds
from invariance.models import BATCH_SIZE, Classifier
from invariance.spec import SpecError
from invariance.statistics import normal_interval, share_interval

SCORES: Final[dict[str, str]] = {
    "mass": "share of the positive relevance on the object",
    "rank": "share of the most relevant pixels (as many as the object has) on the object",
    "pointing": "the most relevant pixel is on the object",
}
"""Name and meaning."""

MAX_IMAGES: Final = 10_000


@dataclass(frozen=True)
class ScoreMean:
    """One score of one network over a set of images.

    Attributes:
        score: one of :data:`SCORES`.
        mean: over the images where it is defined.
        low: lower end of the 95 % interval of the mean; Wilson's for the pointing game, normal for the others.
        high: its upper end.
        chance: mean chance level of the same images: the object's share of the area.
        num: images where it is defined.
    """

    score: str
    mean: float
    low: float
    high: float
    chance: float
    num: int


def score_set(
    models: Sequence[Classifier],
    engine: Engine,
    *,
    num: int = 100,
    split: str = "test",
    method: str = "integrated-gradients",
    baseline: str = "blurred",
    batch_size: int = 256,
    parameters: Mapping[str, float] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[list[ScoreMean]]:
    """Scores of several networks on the same images, each explained for its own prediction.

    Args:
        models: in eval mode, on the engine's device.
        engine: the data set.
        num: images, from the start of the split.
        split: of the data set.
        method: name of one of :data:`~invariance.attribution.methods.METHODS`.
        baseline: ``blurred``, ``black`` or ``mean``; where there are stickers, which then have a share too, also
            ``background``.
        batch_size: images that pass through a network at once.
        parameters: of the method; what is not given keeps its default.
        on_progress: told (maps done, in all), after a few images of a network that enlarges them, after all of another;
            what it raises ends the work.

    Returns:
        For each model one record a score, in the order of :data:`SCORES`.

    Raises:
        SpecError: num is out of range, a name is not known, or the baseline is the clean background and nothing but
            the object is on it.
    """
    if not 1 <= num <= MAX_IMAGES:
        raise SpecError(f"num = {num}: expected a whole number from 1 to {MAX_IMAGES}")
    if baseline == "background" and not engine.sticker_names:
        raise SpecError(
            "baseline = 'background': all relevance lies on the object by construction, so its share says nothing; "
            "choose blurred, black or mean"
        )
    indices = torch.arange(num) + SPLIT_START[split]
    batch = engine.batch(indices)
    start = clean_backgrounds(engine, indices) if baseline == "background" else baseline
    options: dict[str, Any] = dict(parameters or {})
    passes = passes_of_map(find_method(method), options, batch.images.shape[-1])
    starts = start.split if isinstance(start, Tensor) else lambda size: [start] * math.ceil(num / size)
    found, done = [], 0
    for model in models:
        # A network that enlarges images gets few at once anyway: as many as fill a batch with all their versions.
        size = num if model.batch_size == BATCH_SIZE else max(1, int(model.batch_size // passes))
        parts = []
        for images, beside in zip(batch.images.split(size), starts(size), strict=True):
            maps = attribute(model, images, method=method, baseline=beside, batch_size=batch_size, **options)
            parts.append(maps.relevance)
            done += len(images)
            if on_progress is not None:
                on_progress(done, num * len(models))
        found.append(_summaries(torch.cat(parts), batch.masks))
    return found


def _summaries(relevance: Tensor, masks: Tensor) -> list[ScoreMean]:
    share = share_on_object(relevance, masks)
    return [
        summary("mass", share.mass, share.chance),
        summary("rank", *rank_accuracy(relevance, masks)),
        summary("pointing", *pointing_game(relevance, masks), is_proportion=True),
    ]


def summary(score: str, values: Tensor, chance: Tensor, *, is_proportion: bool = False) -> ScoreMean:
    """Mean and 95 % interval of what is defined.

    Args:
        score: name.
        values: (B,), NaN where the score is undefined.
        chance: (B,) chance levels.
        is_proportion: values are 0 or 1, so that the interval is Wilson's (1927), which has a width at 0 and 1 too.
    """
    defined = values.isfinite()
    kept = values[defined].double()
    found = share_interval(int(kept.sum()), len(kept)) if is_proportion else normal_interval(kept.tolist())
    level = float(chance[defined].double().mean())  # NaN of nothing
    return ScoreMean(score, found.estimate, found.low, found.high, level, found.num)

"""Twins that differ in one feature of an image, while every bit of the rest stays.

A feature is changed by its seed: the object, the background and the sticker have addresses of their own, so that every
pixel that a feature does not show in is the same in both twins.
"""

from __future__ import annotations

from typing import Final

from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.random import later_seed
from invariance.spec import SpecError
from invariance.vocabulary.measures import FEATURES

TWIN_SEED_OFFSET: Final = 1_000_003
"""Added to the seed of what changes, for the second twins; far from the seeds that people give to their data sets."""


def features_of(engine: Engine) -> tuple[str, ...]:
    """The features that a data set has: without stickers, ``object`` and ``background``."""
    return tuple(FEATURES) if engine.sticker_names else ("object", "background")


def independent(engine: Engine) -> Engine:
    """The same data set with features that are drawn independently of each other.

    Where the sticker follows the object, or the object the background, neither could change alone.
    """
    return engine.with_spec_changes(fg_bg_correlation=0.0, sticker_correlation=0.0)


def feature_twins(engine: Engine, feature: str, indices: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs of images that differ in one feature.

    Args:
        engine: a data set; correlations between its features are left out, see :func:`independent`.
        feature: one of :data:`FEATURES`.
        indices: (B,) int64.

    Returns:
        Two (B, 3, S, S) float32 in [0, 1]. The feature is drawn anew, so it may be the same again by chance.

    Raises:
        SpecError: the data set has no such feature.
    """
    engine = independent(engine)
    if feature not in features_of(engine):
        remedy = "; give it stickers" if feature in FEATURES else ""
        raise SpecError(f"feature = {feature!r}: this data set has {', '.join(features_of(engine))}{remedy}")
    spec = engine.spec
    sticker_seed = spec.drawn_sticker_seed
    first = engine.batch(indices).images
    if feature == "sticker":
        another = later_seed(sticker_seed, TWIN_SEED_OFFSET)
        return first, engine.with_spec_changes(sticker_seed=another).batch(indices).images
    changes: dict[str, int] = {"seed": later_seed(spec.seed, TWIN_SEED_OFFSET)}
    if engine.sticker_names:
        changes["sticker_seed"] = sticker_seed
    if spec.transform_seed is not None:
        changes["transform_seed"] = later_seed(spec.transform_seed, TWIN_SEED_OFFSET)
    other = engine.with_spec_changes(**changes)
    match feature:
        case "object":
            second = other.batch(indices, behind=engine.draw_backgrounds(indices)[1])
        case "background":
            second = engine.batch(indices, behind=other.draw_backgrounds(indices)[1])
        case _:
            second = other.batch(indices)
    return first, second.images

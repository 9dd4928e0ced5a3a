"""Sens-score to the features of an image: how far a representation moves when one of them changes and the rest stays.

A feature is changed by its seed: the object, the background and the sticker have addresses of their own, so that every
pixel that a feature does not show in is the same in both twins. After the study of relevant and irrelevant features in
arXiv 2407.04325, whose two scores are those of ``scene`` (there a CIFAR image) and ``sticker`` (there "the object").
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pandas as pd
import torch
from torch import Tensor

from invariance.data.engine import Engine, to_bytes
from invariance.data.random import later_seed
from invariance.events import CancelFlag, Cancelled, Event, Progress, never
from invariance.files import sweep_temporaries
from invariance.measures.result import finish
from invariance.measures.sens import SensScore, sens_scores
from invariance.measures.table import known_class_accuracy
from invariance.spec import MeasureSpec, SpecError
from invariance.training.checkpoint import load_weights
from invariance.training.evaluation import in_batches
from invariance.training.feed import Rendered

FEATURES: Final[dict[str, str]] = {
    "object": "the object, with its transformations",
    "background": "the background",
    "scene": "object and background, all but the sticker",
    "sticker": "the sticker",
}
"""What twins may differ in."""

COLUMNS: Final = (
    "model",
    "feature",
    "sens",
    "sens_low",
    "sens_high",
    "sens_conditional",
    "sens_conditional_low",
    "sens_conditional_high",
    "twin_distance",
    "pair_distance",
    "num_pairs",
    "num_differing",
    "accuracy",
    "collapsed",
)
"""Of the table, named as in the table of transformations (:mod:`invariance.measures.columns`)."""

TWIN_SEED_OFFSET: Final = 1_000_003
"""Added to the seed of what changes, for the second twins; far from the seeds that people give to their data sets."""

_CHUNK: Final = 1024


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
    sticker_seed = spec.seed if spec.sticker_seed is None else spec.sticker_seed
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


def measure_features(
    spec: MeasureSpec,
    sources: dict[str, Path],
    directory: Path,
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
) -> Iterator[Event]:
    """Measures models on every feature of a data set, on samples of the test split that none was trained on.

    Args:
        spec: which images, and how many.
        sources: name of each model, as it appears in the table, and its weights.
        directory: of the run; receives ``table.csv``.
        device: a torch device.
        cancelled: asked before every batch; nothing is kept, the run is short.

    Yields:
        Progress after each model and feature; then Finished with the path of the table, which has the columns
        :data:`COLUMNS` and a row for each model and feature. ``accuracy`` is the model's on the images as they are
        (with their correlations), of the classes it knows.

    Raises:
        Cancelled: the flag was set.
        SpecError: a model or the data set cannot be used.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(directory)
    started = time.monotonic()
    engine = Engine(spec.data, device)
    models = {name: load_weights(path, device) for name, path in sources.items()}
    samples = Rendered(*engine.render(engine.indices("test", spec.num_pairs)))
    features = features_of(engine)
    num_steps, step, rows = len(models) * len(features), 0, {}
    for feature in features:
        first, second = _render_twins(engine, feature, spec.num_pairs, cancelled)
        differs = (first != second).flatten(1).any(dim=1)
        for name, model in models.items():
            one, other = (in_batches(model.representation, view, cancelled=cancelled) for view in (first, second))
            rows[name, feature] = _row(sens_scores(one, other, differs, seed=spec.data.seed))
            step, seconds = step + 1, time.monotonic() - started
            yield Progress(
                step=step,
                num_steps=num_steps,
                epoch=step // num_steps,
                images_per_second=2 * spec.num_pairs * step / seconds,
                eta_seconds=seconds / step * (num_steps - step),
                seconds=seconds,
            )
    table = []
    for name, model in models.items():
        accuracy = known_class_accuracy(model, samples, engine.class_names, cancelled=cancelled)
        head = {"model": name, "accuracy": accuracy}
        table += [{**head, "feature": feature, **rows[name, feature]} for feature in features]
    metrics = {"num_models": len(models), "num_features": len(features), "num_pairs": spec.num_pairs}
    yield finish(pd.DataFrame(table, columns=list(COLUMNS)), directory, metrics, started=started, device=device)


def _render_twins(engine: Engine, feature: str, num: int, cancelled: CancelFlag) -> tuple[Tensor, Tensor]:
    """Twins of the test split as bytes: two (N, 3, S, S) uint8."""
    first, second = [], []
    for chunk in engine.indices("test", num).split(_CHUNK):
        if cancelled():
            raise Cancelled
        one, other = feature_twins(engine, feature, chunk)
        first.append(to_bytes(one))
        second.append(to_bytes(other))
    return torch.cat(first), torch.cat(second)


def _row(score: SensScore) -> dict[str, float]:
    return {
        "sens": score.raw,
        "sens_low": score.raw_interval[0],
        "sens_high": score.raw_interval[1],
        "sens_conditional": score.conditional,
        "sens_conditional_low": score.conditional_interval[0],
        "sens_conditional_high": score.conditional_interval[1],
        "twin_distance": score.twin_distance,
        "pair_distance": score.pair_distance,
        "num_pairs": score.num_pairs,
        "num_differing": score.num_differing,
        "collapsed": score.collapsed,
    }

"""Invariance against magnitude: how far it reaches, and where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import torch

from invariance.data.engine import Engine, to_bytes
from invariance.data.sweeps import sweep, swept
from invariance.measures.sens import sens_scores
from invariance.measures.twin_set import TWIN_SEEDS, told_apart, untransformed
from invariance.models import Classifier
from invariance.training.evaluation import in_batches

NUM_CURVE_PAIRS: Final = 200
CURVE_COLUMNS: Final = (
    "model",
    "transform",
    "parameter",
    "magnitude",
    "trained",
    "distance",
    "low",
    "high",
    "pair_distance",
    "num_pairs",
    "num_differing",
)


def magnitude_curve(
    models: Mapping[str, Classifier], engine: Engine, transform: str, *, num_pairs: int = NUM_CURVE_PAIRS
) -> pd.DataFrame:
    """Distance between an image and the same image at each magnitude of one transformation.

    The twins of a sens-score are two draws; here the first is untransformed and the second is given, so that the
    number belongs to one magnitude. It goes on beyond the range that the data set draws from where that is possible.

    Args:
        models: name to loaded network on the engine's device, in eval mode.
        engine: objects and backgrounds; its own transformations are left out.
        transform: name of the transformation.
        num_pairs: images, the first ones of the test split, at least 2.

    Returns:
        A row for each model and magnitude: ``distance`` is mean ||f(x) - f(t(x))|| over the mean distance of random
        pairs of untransformed images (``pair_distance``), with its 95 % bootstrap interval ``low`` to ``high``;
        ``magnitude`` in the parameter's own unit, ``trained`` whether the data set at full strength draws it. NaN for
        a representation that is the same for all images.
    """
    clean, _ = untransformed(engine, num_pairs)
    wanted = sweep(transform)
    own = engine.with_spec_changes(transforms=()) if transform != "pose" else engine
    shown = [
        to_bytes(images)
        for images in swept(own, transform, wanted, own.indices("test", num_pairs), draw_seed=TWIN_SEEDS[1])
    ]
    pairs = [told_apart(clean, clean, images) for images in shown]
    rows = []
    for name, model in models.items():
        of_clean = in_batches(model.representation, clean)
        of_new = in_batches(model.representation, torch.cat([twins.images for twins in pairs]))
        parts = of_new.split([len(twins.images) for twins in pairs])
        for value, twins, part in zip(wanted.values, pairs, parts, strict=True):
            second = torch.cat((of_clean, part))[twins.second]
            score = sens_scores(of_clean, second, twins.differs, seed=engine.spec.seed)
            rows.append(
                {
                    "model": name,
                    "transform": transform,
                    "parameter": wanted.law.name,
                    "magnitude": value,
                    "trained": wanted.is_trained(value),
                    "distance": score.raw,
                    "low": score.raw_interval[0],
                    "high": score.raw_interval[1],
                    "pair_distance": score.pair_distance,
                    "num_pairs": score.num_pairs,
                    "num_differing": score.num_differing,
                }
            )
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS))

"""Invariance layer by layer: where in a network it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.representation import measure_representation
from invariance.measures.twin_set import TwinSet, twin_set, untransformed
from invariance.models import Classifier, images_at_once, layer_features, to_unit_range
from invariance.models.checks import require_networks
from invariance.training.precision import FULL
from invariance.vocabulary.measures import MEASURED_COLUMNS

PIXEL_LAYER: Final = "pixels"
"""The layer before the first: the images themselves, every value of every pixel."""

NUM_PROFILE_PAIRS: Final = 256
_BATCH_SIZE: Final = 256


def layer_profile(
    models: Mapping[str, Classifier],
    engine: Engine,
    transform: str,
    *,
    num_pairs: int = NUM_PROFILE_PAIRS,
    flatten: bool = False,
) -> pd.DataFrame:
    """All measures in every named layer of some networks, from the same twins and one forward pass.

    Args:
        models: name to loaded network on the engine's device, in eval mode.
        engine: objects and backgrounds; its own transformations are left out.
        transform: name of the transformation that makes the twins.
        num_pairs: twins, the first ones of the test split, at least 4.
        flatten: whether maps are kept whole instead of averaged, see :func:`~invariance.models.layer_features`.

    Returns:
        Columns model, layer, depth (0 for the pixels, 1 for the first layer) and
        :data:`~invariance.vocabulary.measures.MEASURED_COLUMNS`; each model's rows begin with the pixels, which are the
        same for all. A layer in which all images are the same has no scores, as in a table.
    """
    require_networks(models.values())
    clean, _ = untransformed(engine, num_pairs)
    return profile_twins(models, clean, twin_set(engine, transform, clean), seed=engine.spec.seed, flatten=flatten)


def profile_twins(
    models: Mapping[str, Classifier], clean: Tensor, twins: TwinSet, *, seed: int, flatten: bool = False
) -> pd.DataFrame:
    """The same of twins that are given.

    Args:
        models: as for :func:`layer_profile`.
        clean: (N, 3, H, W) uint8, the untransformed images.
        twins: of those, N pairs.
        seed: of the random pairs.
        flatten: as for :func:`layer_profile`.
    """
    images = torch.cat((clean, twins.images))
    rows = []
    of_pixels = _row(twins, to_unit_range(images).flatten(1), seed)
    for name, model in models.items():
        rows.append({"model": name, "layer": PIXEL_LAYER, "depth": 0, **of_pixels})
        for depth, (layer, features) in enumerate(features_of_layers(model, images, flatten=flatten).items(), start=1):
            rows.append({"model": name, "layer": layer, "depth": depth, **_row(twins, features, seed)})
    return pd.DataFrame(rows, columns=["model", "layer", "depth", *MEASURED_COLUMNS])


def _row(twins: TwinSet, features: Tensor, seed: int) -> dict[str, float]:
    return measure_representation(features[twins.first], features[twins.second], twins.differs, seed=seed)


def features_of_layers(model: Classifier, images: Tensor, *, flatten: bool = False) -> dict[str, Tensor]:
    """Name of each layer to (M, F) float32, of all images."""
    size = images_at_once(model, images, _BATCH_SIZE)
    with torch.no_grad(), FULL.products(images.device), FULL.autocast(images.device):
        parts = [layer_features(model, part, flatten=flatten) for part in images.split(size)]
    return {layer: torch.cat([part[layer] for part in parts]).to(torch.float32) for layer in parts[0]}

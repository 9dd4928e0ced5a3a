"""How far apart a network sees two images that have nothing to do with each other: the unit of every distance here."""

from __future__ import annotations

import torch

from invariance.data.engine import Engine
from invariance.measures.sens import derangement
from invariance.models import Classifier, images_at_once
from invariance.models.checks import require_network

NUM_REFERENCE = 256


@torch.no_grad()
def mean_pair_distance(model: Classifier, engine: Engine, *, num: int = NUM_REFERENCE) -> float:
    """Mean Euclidean distance of random pairs of a data set's test images in a representation (C of the sens-score).

    Args:
        model: on the engine's device, in eval mode.
        engine: the data set, with its transformations.
        num: images, each in two pairs; at least 2.

    Returns:
        In the representation's own units; 0 where all images are the same to the network.
    """
    require_network(model)
    images = torch.cat([engine.batch(part).images for part in engine.parts(engine.indices("test", num), num)])
    others = torch.cat([model.representation(part) for part in images.split(images_at_once(model, images))])
    partners = derangement(num, seed=engine.spec.seed).to(others.device)
    return float(torch.linalg.vector_norm(others - others[partners], dim=1).mean())

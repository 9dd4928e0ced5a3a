"""Networks that have forgotten what they learnt, and how alike maps are: parts of the randomisation test."""

from __future__ import annotations

import copy
from typing import Final

import torch
from torch import Tensor

from invariance.data.random import later_seed
from invariance.models import Classifier, has_untrained_twin, untrained_twin
from invariance.models.initial import initialise_linear
from invariance.spec import SpecError
from invariance.spec.checks import require

REDRAWN: Final[dict[str, str]] = {"head": "the last layer", "all": "all layers"}
"""What can be drawn anew: name and meaning."""

FIRST_SEED: Final = 2**31
"""Added to seeds of fresh weights: with its own, a run's training began. torch reads 32 bits of a seed, so not more."""


def randomised(model: Classifier, *, weights: str = "all", seed: int = 0) -> Classifier:
    """A copy of a network with fresh first weights in its head or everywhere.

    Args:
        model: stays as it is.
        weights: one of :data:`REDRAWN`.
        seed: of the fresh weights, counted from :data:`FIRST_SEED`; no global generator is read or set.

    Returns:
        In eval mode, on the same device, with the same class names. Batch norm that is drawn anew is the identity.

    Raises:
        SpecError: another name, or all weights of a published network, whose first weights are not known here.
    """
    require(weights in REDRAWN, "weights", weights, " or ".join(REDRAWN))
    if weights == "all" and not has_untrained_twin(model.architecture):
        raise SpecError(f"weights = 'all': the first weights of {model.name} are not known; choose head")
    seed = later_seed(FIRST_SEED, seed)
    if weights == "all":
        return untrained_twin(model, seed=seed)
    twin = copy.deepcopy(model).cpu()
    with torch.no_grad():
        initialise_linear(twin.head, torch.Generator().manual_seed(seed))
    return twin.to(model.head.weight.device).eval()


def rank_correlations(maps: Tensor) -> Tensor:
    """Spearman's rank correlation of every two networks' maps of the same image, with mean ranks for equal values.

    Args:
        maps: (M, N, H, W) of M networks and N images.

    Returns:
        (N, M, M) float64 in [-1, 1], on the CPU; NaN where one of both maps is the same everywhere.
    """
    import pandas as pd  # here, since the first visitor's page has no use for it and waits a third of a second

    columns = pd.DataFrame(maps.flatten(0, 1).flatten(1).T.cpu().numpy())
    ranks = torch.from_numpy(columns.rank().to_numpy(copy=True)).T.unflatten(0, maps.shape[:2]).transpose(0, 1)
    away = ranks - ranks.mean(dim=2, keepdim=True)
    lengths = torch.linalg.vector_norm(away, dim=2, keepdim=True)
    return (away / lengths) @ (away / lengths).mT

"""Does a map depend on what the network learnt? The randomisation test (Adebayo et al. 2018, arXiv 1810.03292)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.models import Classifier, has_untrained_twin, untrained_twin
from invariance.models.initial import initialise_linear
from invariance.spec import SpecError
from invariance.spec.checks import require

REDRAWN: Final[dict[str, str]] = {"head": "the last layer", "all": "all layers"}
"""What can be drawn anew: name and meaning."""

UNCHANGED: Final = 0.5
"""From this rank correlation of the maps' strengths on, a map counts as unchanged: a convention, not a theorem."""


@dataclass(frozen=True)
class MapCorrelation:
    """Spearman's rank correlation of two maps.

    Attributes:
        signed: of the maps as they are, in [-1, 1]; NaN where one of them is the same everywhere.
        strength: of their absolute values: which pixels matter, whatever the sign.
    """

    signed: float
    strength: float

    @property
    def is_unchanged(self) -> bool:
        """Whether the map points to the same pixels without what was learnt, and so cannot be trusted."""
        return self.strength >= UNCHANGED or self.signed >= UNCHANGED


def randomised(model: Classifier, *, weights: str = "all", seed: int = 0) -> Classifier:
    """A copy of a network with fresh first weights in its head or everywhere.

    Args:
        model: stays as it is.
        weights: one of :data:`REDRAWN`.
        seed: of the fresh weights; no global generator is read or set.

    Returns:
        In eval mode, on the same device, with the same class names. Batch norm that is drawn anew is the identity.

    Raises:
        SpecError: another name, or all weights of a published network, whose first weights are not known here.
    """
    require(weights in REDRAWN, "weights", weights, " or ".join(REDRAWN))
    if weights == "all" and not has_untrained_twin(model.name):
        raise SpecError(f"weights = 'all': the first weights of {model.name} are not known; choose head")
    if weights == "all":
        return untrained_twin(model, seed=seed)
    twin = copy.deepcopy(model).cpu()
    with torch.no_grad():
        initialise_linear(twin.head, torch.Generator().manual_seed(seed))
    return twin.to(model.head.weight.device).eval()


def correlate(first: NDArray[np.floating], second: NDArray[np.floating]) -> MapCorrelation:
    """Spearman's rank correlation of two maps (H, W), with mean ranks for equal values."""
    return MapCorrelation(_spearman(first, second), _spearman(np.abs(first), np.abs(second)))


def _spearman(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    import pandas as pd  # here, since the first visitor's page has no use for it and waits a third of a second

    one, other = (pd.Series(values.ravel()).rank().to_numpy(dtype=np.float64) for values in (first, second))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])

"""How often an image goes through a network for an answer: what an answer costs, before it is asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping

from invariance.attribution.coalitions import NUM_REFERENCES
from invariance.attribution.methods import Method

_GRADIENT = 2.0  # a gradient at the pixels costs about two forward passes
_LOGITS = 2  # of the image and of the baseline, once each


def passes_of_map(method: Method, given: Mapping[str, float], image_size: int) -> float:
    """Forward passes, or what costs as much, for one network's map of one image.

    Args:
        method: of the map.
        given: its parameters; what is not given keeps its default.
        image_size: side in pixels.

    Raises:
        SpecError: a parameter is not one of the method's, or out of range.
    """
    values = method.values(given)
    match method.name:
        case "integrated-gradients":
            num = _GRADIENT * values["steps"]
        case "gradient-shap" | "smooth-grad":
            num = _GRADIENT * values["samples"]
        case "occlusion":
            places = 1 + max(0, math.ceil((image_size - values["window"]) / values["stride"]))
            num = places**2
        case "feature-ablation":
            num = values["patches"] ** 2
        case "deep-lift":
            num = 2 * _GRADIENT  # image and baseline side by side
        case _:
            num = _GRADIENT
    return num + _LOGITS


def passes_of_distance(num_points: int) -> float:
    """Forward passes for one network's map along a path with so many points, each with a gradient."""
    return _GRADIENT * num_points + _LOGITS


def passes_of_evidence(num_players: int, reference: str, num_references: int = NUM_REFERENCES) -> int:
    """Forward passes for one network's Shapley values of one image.

    Args:
        num_players: parts of the image; in half of their coalitions the background is absent.
        reference: what stands for it then, see :data:`~invariance.attribution.coalitions.REFERENCES`.
        num_references: how many others, if others do.
    """
    return 2 ** (num_players - 1) * (1 + (num_references if reference == "others" else 1))

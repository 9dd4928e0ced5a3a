"""How often an image goes through a network for an answer: what an answer costs, before it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from invariance.attribution.coalitions import NUM_REFERENCES
from invariance.attribution.methods import chosen_values
from invariance.vocabulary.methods import PASSES_OF_A_GRADIENT, Method

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
    return method.passes(chosen_values(method, given), image_size) + _LOGITS


def passes_of_distance(num_points: int) -> float:
    """Forward passes for one network's map along a path with so many points, each with a gradient."""
    return PASSES_OF_A_GRADIENT * num_points + _LOGITS


def passes_of_evidence(num_players: int, reference: str, num_references: int = NUM_REFERENCES) -> int:
    """Forward passes for one network's Shapley values of one image.

    Args:
        num_players: parts of the image; in half of their coalitions the background is absent.
        reference: what stands for it then, see :data:`~invariance.attribution.coalitions.REFERENCES`.
        num_references: how many others, if others do.
    """
    return 2 ** (num_players - 1) * (1 + (num_references if reference == "others" else 1))

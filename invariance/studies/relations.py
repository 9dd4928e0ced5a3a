"""How the transformations of a pretraining relate to those of its target task."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

RELATIONS: Final[dict[str, str]] = {
    "same": "the target's transformations and no others",
    "superset": "the target's transformations and more",
    "subset": "some of the target's transformations and no others",
    "overlapping": "some of the target's transformations and others",
    "disjoint": "none of the target's transformations, but others",
    "none": "no transformation at all",
}
"""By name, what the network was pretrained on. All but the first are mismatched, each in its own way."""
UNKNOWN: Final = "unknown"
"""Of a network of which is not known what it was pretrained on."""


def relation(source: Iterable[str], target: Iterable[str]) -> str:
    """The name of what a source has of its target's transformations, whatever the order of either.

    Args:
        source: transformations of the pretraining.
        target: transformations of the target task.

    Returns:
        One of :data:`RELATIONS`. Without a transformation on either side they are the same.
    """
    own, wanted = set(source), set(target)
    if own == wanted:
        return "same"
    if not own:
        return "none"
    if own > wanted:
        return "superset"
    if own < wanted:
        return "subset"
    return "overlapping" if own & wanted else "disjoint"

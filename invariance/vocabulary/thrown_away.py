"""What a card of two networks says: its columns, and the rule by which something counts as thrown away."""

from __future__ import annotations

from typing import Final

from invariance.vocabulary.columns import Column
from invariance.vocabulary.equivariance import EQUIVARIANT_ABOVE
from invariance.vocabulary.factors import FALSE_DISCOVERY_RATE, NO_DIFFERENCE, OBJECTS

FACTOR, EVIDENCE, EQUIVARIANCE = "factor", "evidence", "equivariance"
PARTS: Final[dict[str, str]] = {
    FACTOR: "skill of a linear probe on images that it was not fitted to: 0 is guessing, 1 perfect",
    EVIDENCE: "share of the positive relevance of integrated gradients on the object, less that on other images' "
    "objects",
    EQUIVARIANCE: "how well the change that a transformation makes is foreseen once its parameters are told",
}
"""What two networks are compared in, and the unit of each."""

LESS, MORE, SAME, UNDECIDED = "less", "more", "same", "undecided"
DIRECTIONS: Final[dict[str, str]] = {
    SAME: f"the whole interval of the difference lies within ±{NO_DIFFERENCE}",
    LESS: "otherwise, the second keeps less: the interval of the difference ends below 0, its p-value is below "
    f"{FALSE_DISCOVERY_RATE} after correction over the card, and the first has some (its own interval lies above 0; of "
    f"equivariance, above {EQUIVARIANT_ABOVE})",
    MORE: "the same with the networks exchanged",
    UNDECIDED: "none of these, and nothing is told",
}
"""What is said of the second network beside the first, in the order in which it is tried."""

NUM_ATTRIBUTED: Final = 200
"""Images of whose evidence shares are taken, unless asked otherwise."""
HARDLY: Final = 0.2
"""Of the first network's skill: with less than this share the second can hardly tell; with none, no longer."""
CLASS_IS_READ: Final = 0.95
"""Of a class decoded from both networks among known objects: from here on the card says what that is not."""

_SKILL: Final = "of the first and the second network, each with its 95 % interval"
_DIFFERENCE: Final = (
    "second less first, on the same images, with its 95 % interval: over objects and backgrounds, both resampled; of "
    "equivariance from end to end of the two intervals"
)

THROWN_AWAY_TABLE: Final = (
    Column(name="part", meaning="; ".join(f"{name}: {meaning}" for name, meaning in PARTS.items())),
    Column(name="name", meaning="factor, transformation, or object"),
    Column(name="title", meaning="the same in words"),
    Column(name="objects", meaning=f"of a factor: {'; '.join(f'{name}: {words}' for name, words in OBJECTS.items())}"),
    *(Column(name=name, meaning=_SKILL) for name in ("first", "first_low", "first_high")),
    *(Column(name=name, meaning=_SKILL) for name in ("second", "second_low", "second_high")),
    *(Column(name=name, meaning=_DIFFERENCE) for name in ("difference", "low", "high")),
    Column(name="p", meaning="two-sided, that the difference is 0; empty of equivariance"),
    Column(name="p_adjusted", meaning="the same over the card (Benjamini and Hochberg)"),
    Column(
        name="direction", meaning="less, more, same or undecided: what the second keeps beside the first, see below"
    ),
    Column(name="reliable", meaning="whether the direction is less or more, so that the card tells it"),
    Column(name="num_images", meaning="different images that both networks saw; of equivariance, pairs"),
)
"""The columns in order."""

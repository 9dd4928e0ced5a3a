"""The columns of a table of measurements: what each measure is called, and how it is read. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Measure:
    """How one column is read.

    Attributes:
        title: what it is called.
        meaning: its definition, a phrase.
        scale: what 0 and 1 say, one or two sentences.
        invariant: its value for an invariant network, 0 or 1.
        interval: the columns of its 95 % interval, None if it has none.
    """

    title: str
    meaning: str
    scale: str
    invariant: float = 0.0
    interval: tuple[str, str] | None = None


_LIKE_SENS: Final = (
    "0: twins are represented as the same, the network is invariant. 1: as different as two other images."
)

MEASURES: Final[dict[str, Measure]] = {
    "sens": Measure(
        "sens-score",
        "mean distance of twins over mean distance of random pairs of images",
        _LIKE_SENS,
        interval=("sens_low", "sens_high"),
    ),
    "sens_conditional": Measure(
        "conditional sens-score",
        "the sens-score of those twins that differ at all; a transformation that is applied with probability ½ leaves "
        "many twins alike, which lowers the plain score",
        _LIKE_SENS,
        interval=("sens_conditional_low", "sens_conditional_high"),
    ),
    "cosine": Measure(
        "cosine distance",
        "the angle between centred representations alone, whatever their length: 1 - cosine of twins over the same of "
        "random pairs",
        "0: twins point the same way, the network is invariant. 1: they are no more alike than two other images.",
    ),
    "variance": Measure(
        "normalised variance",
        "the variance over draws of the transformation, divided by the variance over images",
        "0: the transformation changes nothing, the network is invariant. 1: all variance is the transformation's. "
        "It squares distances, so its values are lower than the sens-score's.",
    ),
    "cka": Measure(
        "CKA",
        "linear centred kernel alignment: whether the two views arrange the images in the same way, up to a rotation "
        "and a scale",
        "Here high is invariant. 1: both views have the same arrangement. 0: the arrangements are unrelated.",
        invariant=1.0,
    ),
}
"""The measures of a table by the column that holds them; a table made by an earlier version has only the first two."""

SENS_COLUMNS: Final = (
    "model",
    "transform",
    "sens",
    "sens_conditional",
    "twin_distance",
    "pair_distance",
    "num_pairs",
    "num_differing",
    "accuracy",
)
COLUMNS: Final = (
    *SENS_COLUMNS,
    "sens_low",
    "sens_high",
    "sens_conditional_low",
    "sens_conditional_high",
    "cosine",
    "twin_cosine",
    "pair_cosine",
    "variance",
    "cka",
    "collapsed",
    "untrained",
)
"""All columns in order; those that every table has come first."""

MEASURE_COLUMNS: Final = tuple(name for name in COLUMNS if name not in ("model", "transform", "accuracy", "untrained"))
"""What is measured of one representation and one transformation, wherever in a network."""

OTHER_COLUMNS: Final[dict[str, str]] = {
    "twin_distance, pair_distance": "the two mean distances, in the representation's own units",
    "num_pairs, num_differing": "twins, and those that differ as images",
    "accuracy": "on the untransformed images of the classes that the model knows, empty if it knows none",
    "twin_cosine, pair_cosine": "mean cosine of centred representations",
    "collapsed": "True if the representation is the same for all images; then all measures are empty",
    "untrained": "True if the row is of a network with its first weights, False if it was trained",
}
"""The columns that are no measure, for people."""


def untrained_name(architecture: str, seed: int) -> str:
    """What the row of an untrained network is called: networks of one architecture and seed started from the same."""
    return f"untrained {architecture} (seed {seed})"

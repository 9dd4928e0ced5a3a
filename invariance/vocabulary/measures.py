"""What can be measured of a trained network, and what the columns of the tables mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name
from invariance.vocabulary.columns import Column, Measure
from invariance.vocabulary.equivariance import EQUIVARIANCE, EQUIVARIANCE_TABLE
from invariance.vocabulary.factors import FACTOR_TABLE

TABLE: Final = "table.csv"
"""Name of the file, in the folder of a run, that holds what it measured."""

_LIKE_SENS: Final = (
    "0: twins are represented as the same, the network is invariant. 1: as different as two other images."
)
_DISTANCES: Final = "the two mean distances, in the representation's own units"
_NUMBERS: Final = "twins, and those that differ as images"
_COSINES: Final = "mean cosine of centred representations"
_SENS_INTERVAL: Final = "95 % interval of the sens-score, bootstrapped over twins"
_CONDITIONAL_INTERVAL: Final = "95 % interval of the conditional sens-score, bootstrapped over twins"

_COLUMNS: Final = by_name(
    "column",
    Column(name="model", meaning="run, gallery name, or untrained and its architecture and seed"),
    Column(name="transform", meaning="the transformation in which twins differ"),
    Measure(
        name="sens",
        formula="sens",
        title="sens-score",
        meaning="mean distance of twins over mean distance of random pairs of images",
        scale=_LIKE_SENS,
        interval=("sens_low", "sens_high"),
    ),
    Measure(
        name="sens_conditional",
        formula="sens",
        title="conditional sens-score",
        meaning="the sens-score of those twins that differ at all; a transformation that is applied with probability ½ "
        "leaves many twins alike, which lowers the plain score",
        scale=_LIKE_SENS,
        interval=("sens_conditional_low", "sens_conditional_high"),
    ),
    Column(name="twin_distance", formula="sens", meaning=_DISTANCES),
    Column(name="pair_distance", formula="sens", meaning=_DISTANCES),
    Column(name="num_pairs", formula="sens", meaning=_NUMBERS),
    Column(name="num_differing", formula="sens", meaning=_NUMBERS),
    Column(
        name="accuracy",
        meaning="on the untransformed images of the classes that the model knows, empty if it knows none",
    ),
    Column(name="sens_low", formula="sens", meaning=_SENS_INTERVAL),
    Column(name="sens_high", formula="sens", meaning=_SENS_INTERVAL),
    Column(name="sens_conditional_low", formula="sens", meaning=_CONDITIONAL_INTERVAL),
    Column(name="sens_conditional_high", formula="sens", meaning=_CONDITIONAL_INTERVAL),
    Measure(
        name="cosine",
        formula="cosine",
        title="cosine distance",
        meaning="the angle between centred representations alone, whatever their length: 1 - cosine of twins over the "
        "same of random pairs",
        scale="0: twins point the same way, the network is invariant. 1: they are no more alike than two other images.",
    ),
    Column(name="twin_cosine", formula="cosine", meaning=_COSINES),
    Column(name="pair_cosine", formula="cosine", meaning=_COSINES),
    Measure(
        name="variance",
        formula="variance",
        title="normalised variance",
        meaning="the variance over draws of the transformation, divided by the variance over images",
        scale="0: the transformation changes nothing, the network is invariant. 1: all variance is the "
        "transformation's. It squares distances, so its values are lower than the sens-score's.",
    ),
    Measure(
        name="cka",
        formula="cka",
        title="CKA",
        meaning="linear centred kernel alignment: whether the two views arrange the images in the same way, up to a "
        "rotation and a scale",
        scale="Here high is invariant. 1: both views have the same arrangement. 0: the arrangements are unrelated.",
        invariant=1.0,
    ),
    Column(
        name="collapsed",
        formula="sens",
        meaning="True if the representation is the same for all images; then all measures are empty",
    ),
    Column(
        name="untrained",
        meaning="True if the row is of a network with its first weights, False if it was trained",
    ),
)

TRANSFORM_COLUMNS: Final = tuple(_COLUMNS)
"""Of a table of networks and transformations, in order; those that every table has come first."""

MEASURES: Final[dict[str, Measure]] = {name: column for name, column in _COLUMNS.items() if isinstance(column, Measure)}
"""By the column that holds them; a table made by an earlier version has only the first two."""

SHOWN_MEASURES: Final[dict[str, Measure]] = {**MEASURES, EQUIVARIANCE.name: EQUIVARIANCE}
"""Those, and the one that has a table of its own."""

MEASURED_COLUMNS: Final = tuple(name for name, column in _COLUMNS.items() if column.formula)
"""What is measured of one representation and one transformation, wherever in a network."""

FORMULAS: Final = tuple(dict.fromkeys(column.formula for column in _COLUMNS.values() if column.formula))
"""What fills those, each its columns."""

FEATURES: Final[dict[str, str]] = {
    "object": "the object, with its transformations",
    "background": "the background",
    "scene": "object and background, all but the sticker",
    "sticker": "the sticker",
}
"""What twins may differ in alone, and what that is."""

FEATURE_COLUMNS: Final = (
    "model",
    "feature",
    "sens",
    "sens_low",
    "sens_high",
    "sens_conditional",
    "sens_conditional_low",
    "sens_conditional_high",
    "twin_distance",
    "pair_distance",
    "num_pairs",
    "num_differing",
    "accuracy",
    "collapsed",
)
"""Of a table of networks and features, in order; they mean what they mean in that of transformations."""


def starting_network_name(architecture: str, seed: int) -> str:
    """What the row of the network that trainings started from is called: all of one architecture and seed share it."""
    return f"untrained {architecture} (seed {seed})"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A kind of table that a run can make.

    Attributes:
        name: on the command line and in specs.
        kind: of the runs that make it.
        summary: what it has a row for.
        columns: in order.
    """

    name: str
    kind: str
    summary: str
    columns: tuple[Column, ...]


def _feature_table() -> tuple[Column, ...]:
    feature = Column(name="feature", meaning=f"in what twins differ: {', '.join(FEATURES)}")
    return tuple(feature if name == feature.name else _COLUMNS[name] for name in FEATURE_COLUMNS)


MEASUREMENTS: Final[dict[str, Measurement]] = by_name(
    "measurement",
    Measurement(
        name="sens",
        kind="measure",
        summary="each model and transformation, by the twins that differ in it",
        columns=tuple(_COLUMNS.values()),
    ),
    Measurement(
        name="features",
        kind="measure",
        summary="each model and feature: the sens-score of twins that differ in the object, the background or the "
        "sticker alone",
        columns=_feature_table(),
    ),
    Measurement(
        name="equivariance",
        kind="measure",
        summary="each model and transformation: whether the change that it makes can be foreseen on new objects",
        columns=EQUIVARIANCE_TABLE,
    ),
    Measurement(
        name="factors",
        kind="factors",
        summary="each model and factor, controls first: how well it is decoded from the representation",
        columns=FACTOR_TABLE,
    ),
)
MEASURE_NAMES: Final = tuple(name for name, one in MEASUREMENTS.items() if one.kind == "measure")
"""What a ``MeasureSpec`` may ask for."""

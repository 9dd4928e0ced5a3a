"""What the table of equivariance says: its columns, and the verdicts with the rule that they follow."""

from __future__ import annotations

from typing import Final

from invariance.vocabulary.columns import Column, Measure

EQUIVARIANCE_PAIRS: Final = 576
"""Unless asked otherwise: eight of each of the built-in objects."""
INVARIANT_BELOW: Final = 0.2
"""The whole interval of the conditional sens-score of an invariant representation lies below this."""
EQUIVARIANT_ABOVE: Final = 0.5
"""The whole interval of the equivariance of an equivariant representation lies above this."""

INVARIANT, EQUIVARIANT, PARTLY, SCRAMBLED = "invariant", "equivariant", "partly", "not linearly predictable"
VERDICTS: Final[dict[str, str]] = {
    INVARIANT: f"the interval of the conditional sens-score ends below {INVARIANT_BELOW}: hardly anything changes",
    EQUIVARIANT: f"else, the interval of equivariance begins above {EQUIVARIANT_ABOVE}: most of the change follows "
    "linearly from the first view and the parameters",
    PARTLY: "else, that interval begins above the control's end: a part of the change follows, however small; the "
    "equivariance says which part, and .01 is one in a hundred",
    SCRAMBLED: "else: no linear map foresees the change on new objects",
}
"""What each verdict says, in the order in which they are tried (``measures.equivariance.verdict_of``)."""

LOCAL_ERROR: Final = "local_equivariance_error"
"""The norm of the Lie derivative of the representation along the transformation (Gruver et al. 2023)."""

R2_COLUMNS: Final = ("r2_unchanged", "r2_linear", "r2_parameter", "r2_told")
"""One a model, from the one that knows least; each has an interval, ``<name>_low`` and ``<name>_high``."""
R2_TITLES: Final[dict[str, str]] = dict(
    zip(
        R2_COLUMNS,
        ("no change", "first view", "parameters", "view and parameters"),
        strict=True,
    )
)
"""What each predicts the change from, for figures."""

_R2: Final = (
    "1 - squared error / variance over images, on held-out objects, of the pairs that differ: of predicting no change "
    "(1 - 2 times the normalised variance), of a linear map of the first view, of the parameters alone, and of view, "
    "parameters and their products"
)
_R2_INTERVAL: Final = "their 95 % intervals, bootstrapped over objects"
_INTERVAL: Final = "95 % interval of equivariance, bootstrapped over objects"
_SENS: Final = "conditional sens-score on the same pairs, and its 95 % interval"
_LOCAL_INTERVAL: Final = "95 % interval of the local equivariance error, bootstrapped over objects"
_CONTROL: Final = "equivariance with the parameters shuffled among the pairs, and the upper end of its interval"

EQUIVARIANCE: Final = Measure(
    name="equivariance",
    title="equivariance",
    meaning="1 - (error told) / (error of the better of linear and parameter alone). Where all changes are of one "
    "element (a flip), the linear map is compared with no change and with the mean change",
    scale="1: the change is foreseen once its parameters are known. 0: knowing them does not help.",
    interval=("equivariance_low", "equivariance_high"),
)

EQUIVARIANCE_TABLE: Final = (
    Column(name="model", meaning="run, gallery name, or untrained and its architecture and seed"),
    Column(name="transform", meaning="the transformation in which the two views differ"),
    *(Column(name=name, meaning=_R2) for name in R2_COLUMNS),
    *(Column(name=f"{name}_{end}", meaning=_R2_INTERVAL) for name in R2_COLUMNS for end in ("low", "high")),
    EQUIVARIANCE,
    Column(name="equivariance_low", meaning=_INTERVAL),
    Column(name="equivariance_high", meaning=_INTERVAL),
    Column(
        name="equivariance_known",
        meaning="equivariance on those of the objects that the model was pretrained on, empty if it knows none",
    ),
    Column(name="control", meaning=_CONTROL),
    Column(name="control_high", meaning=_CONTROL),
    Column(name="sens_conditional", meaning=_SENS),
    Column(name="sens_conditional_low", meaning=_SENS),
    Column(name="sens_conditional_high", meaning=_SENS),
    Column(
        name=LOCAL_ERROR,
        meaning="of the transformations that are continuous: how far the representation moves in a small step there, "
        "over its spread, in units of the pixels' own (0: locally invariant, 1: it moves as the pixels do); empty "
        "where that is below twice the floor",
    ),
    Column(name=f"{LOCAL_ERROR}_low", meaning=_LOCAL_INTERVAL),
    Column(name=f"{LOCAL_ERROR}_high", meaning=_LOCAL_INTERVAL),
    Column(
        name=f"{LOCAL_ERROR}_floor",
        meaning="the same of a step and its way back, which would move nothing if images had no pixels",
    ),
    Column(name="verdict", meaning="invariant, equivariant, partly or not linearly predictable, see below"),
    Column(name="num_pairs", meaning="pairs whose images differ"),
    Column(name="num_objects", meaning="objects among them, the independent units"),
    Column(name="untrained", meaning="True if the row is of a network with its first weights, False if it was trained"),
)
"""The columns in order."""

LAYER_COLUMNS: Final = (
    Column(name="layer", meaning="of the network; pixels: the images themselves"),
    Column(name="depth", meaning="0 for the pixels, 1 for the first layer"),
)
"""Of a table layer by layer, after model and transformation."""


def equivariance_columns(layers: bool) -> tuple[Column, ...]:
    """The columns of a table of representations, or layer by layer."""
    return (*EQUIVARIANCE_TABLE[:2], *(LAYER_COLUMNS if layers else ()), *EQUIVARIANCE_TABLE[2:])

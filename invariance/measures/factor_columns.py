"""The columns of a table of factors, and the rule by which a factor counts as kept or lost. Needs no torch."""

from __future__ import annotations

import math
from typing import Final

KEPT, PARTLY, LOST, UNCLEAR = "kept", "partly", "lost", "unclear"
VERDICTS: Final[dict[str, str]] = {
    KEPT: "decoded at least two thirds as well as from the images or from the untrained network, whichever is better",
    PARTLY: "in between",
    LOST: "decoded at most one third as well, or not better than shuffled labels",
    UNCLEAR: "a line through the images or through the untrained network does not give it either",
}
"""What each verdict says; the rule is :func:`verdict_of`."""

KEPT_SHARE: Final = 2 / 3
LOST_SHARE: Final = 1 / 3
LEAST_REFERENCE: Final = 0.1

PIXELS: Final = "pixels"
UNTRAINED: Final = "untrained"
NETWORK: Final = "network"

FACTOR_COLUMNS: Final[dict[str, str]] = {
    "model": "run, gallery name, or the control: pixels, or untrained and its architecture",
    "role": "network, or the controls pixels (512 principal components of the images) and untrained (random weights)",
    "factor": "class, background, or <transformation>.<parameter>",
    "title": "the factor in words",
    "kind": "number, circle (an angle: cosine and sine are decoded together) or choice (one of several classes)",
    "score": "on held-out images: R^2 of numbers and circles, balanced accuracy of choices",
    "chance": "the score of guessing: 0, or one over the number of classes",
    "skill": "(score - chance) / (1 - chance): 0 is guessing, 1 perfect, below 0 worse than guessing; empty if the "
    "factor does not vary",
    "low": "lower end of the skill's 95 % interval, bootstrapped over images",
    "high": "its upper end",
    "control": "mean skill of eight probes for shuffled labels: what chance gives",
    "control_high": "the highest of the eight",
    "angle_error_deg": "of circles: mean distance of decoded from true, in degrees; 90 is guessing",
    "pixels": "skill of the same probe on the images themselves",
    "untrained": "skill on the same architecture with random weights; empty for published networks",
    "verdict": "kept, partly, lost or unclear, see below; empty for the controls",
    "num_images": "different images, all of them decoded once",
    "penalty": "of the ridge regression, per image (geometric mean over folds)",
}
"""All columns in order, and what they say."""


def verdict_of(*, low: float, high: float, control_high: float, pixels: float, untrained: float) -> str:
    """Whether a representation has kept a factor.

    The reference is the better one of two controls, in which nothing was learnt: the same probe on the images and on
    the network before training. ``kept``: the whole interval is above 2/3 of it. ``lost``: the whole interval is below
    1/3 of it, or its lower end is not above the best of the probes for shuffled labels. ``partly``: neither.
    ``unclear``: the reference is below 0.1, so that there was nothing to lose for this probe, and the representation
    is not clearly better.

    What is lost here cannot be read off by a line; a deeper network may still find it. And what is kept need not be
    used.

    Args:
        low: lower end of the interval of the skill.
        high: its upper end.
        control_high: highest skill for shuffled labels.
        pixels: skill on the images.
        untrained: skill on the untrained network; NaN if there is none.

    Returns:
        One of :data:`VERDICTS`; empty where the factor does not vary.
    """
    if math.isnan(low) or math.isnan(pixels):
        return ""
    reference = max(pixels, pixels if math.isnan(untrained) else untrained)
    if reference < LEAST_REFERENCE and low < LEAST_REFERENCE:
        return UNCLEAR
    if low <= control_high or high < LOST_SHARE * reference:
        return LOST
    return KEPT if low >= KEPT_SHARE * reference else PARTLY

"""The rule by which a factor counts as kept or lost."""

from __future__ import annotations

import math
from typing import Final

from invariance.vocabulary.factors import KEPT, LOST, PARTLY, UNCLEAR

KEPT_SHARE: Final = 2 / 3
LOST_SHARE: Final = 1 / 3
LEAST_REFERENCE: Final = 0.1


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
        One of :data:`~invariance.vocabulary.factors.VERDICTS`; empty where the factor does not vary.
    """
    if math.isnan(low) or math.isnan(pixels):
        return ""
    reference = max(pixels, pixels if math.isnan(untrained) else untrained)
    if reference < LEAST_REFERENCE and low < LEAST_REFERENCE:
        return UNCLEAR
    if low <= control_high or high < LOST_SHARE * reference:
        return LOST
    return KEPT if low >= KEPT_SHARE * reference else PARTLY

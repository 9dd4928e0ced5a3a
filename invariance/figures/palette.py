"""The colours of all figures: the accents of the page's theme, chosen to read on light and on dark."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from invariance.vocabulary.equivariance import EQUIVARIANT, INVARIANT, PARTLY, SCRAMBLED
from invariance.vocabulary.verdicts import Verdict

MATCHED: Final = "#0f9d8a"
MISMATCHED: Final = "#e4572e"
CATEGORICAL: Final[tuple[str, ...]] = (
    MATCHED,
    MISMATCHED,
    "#5b6ee1",
    "#b37d00",
    "#a64ca6",
    "#4a90b8",
    "#7a8b2f",
    "#c2506e",
)
"""One colour a series, in order; the same as ``chartCategoricalColors`` of ``.streamlit/config.toml``."""

NEUTRAL: Final = "#7a8987"
"""Lines, labels and frames: at least 3.4 : 1 against the light and the dark background."""

VERDICTS: Final[dict[Verdict, str]] = {
    Verdict.AS_PUBLISHED: MATCHED,
    Verdict.SAME_DIRECTION: "#5b6ee1",
    Verdict.OPPOSITE: MISMATCHED,
    Verdict.NO_DIFFERENCE: "#b37d00",
    Verdict.UNDECIDED: "#a64ca6",
}
"""Of findings; those without a verdict are :data:`NEUTRAL`."""

SENS_SCALE: Final[tuple[tuple[float, str], ...]] = (
    (0.0, "#0b7f70"),
    (0.25, "#4fb3a2"),
    (0.5, "#e9e4d4"),
    (0.75, "#ea9a6b"),
    (1.0, "#c8431f"),
)
"""Invariant to sensitive; the ends differ in lightness from the middle and in hue (teal, orange) from each other."""

EQUIVARIANCE_COLOURS: Final[dict[str, str]] = {
    INVARIANT: "#0b7f70",
    EQUIVARIANT: "#35429e",
    PARTLY: "#98a3e6",
    SCRAMBLED: "#f0c9a8",
}
"""Of what transformations do: two dark and two light ones, of which numbers and a sign tell each pair apart as well."""

SHARE_SCALE: Final[tuple[tuple[float, str], ...]] = (
    (0.0, "#f4eee0"),
    (0.5, "#98a3e6"),
    (1.0, "#35429e"),
)
"""None to all, of accuracies and of what a probe decodes: one hue, apart from the scale where low is invariant."""

POSITIVE: Final[tuple[int, int, int]] = (228, 60, 30)
NEGATIVE: Final[tuple[int, int, int]] = (40, 110, 230)
"""Relevance for and against a class, red and blue so that they stay apart for colour-blind readers."""


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` in [0, 1] (WCAG 2.1)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.1)."""
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def colour_at(value: float, scale: Sequence[tuple[float, str]]) -> str:
    """The colour ``#rrggbb`` of a scale at a value, which is clipped to [0, 1]."""
    value = min(1.0, max(0.0, value))
    upper = min(max(1, bisect_right([stop for stop, _ in scale], value)), len(scale) - 1)
    (start, low), (end, high) = scale[upper - 1], scale[upper]
    share = (value - start) / (end - start)
    channels = [round((1 - share) * int(low[at : at + 2], 16) + share * int(high[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def text_colour(value: float, scale: Sequence[tuple[float, str]]) -> str:
    """Black or white, whichever reads better on the scale's colour at a value: at least 4.5 : 1 on any colour."""
    return max(("#000000", "#ffffff"), key=lambda text: contrast(text, colour_at(value, scale)))

"""The colours of all figures: the accents of the page's theme, chosen to read on light and on dark."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from invariance.vocabulary.equivariance import EQUIVARIANT, INVARIANT, PARTLY, SCRAMBLED
from invariance.vocabulary.verdicts import Verdict

MATCHED: Final = "#2a7fd1"
MISMATCHED: Final = "#d4690a"
"""The two networks of a comparison, and nothing else: blue and orange, which everybody tells apart."""

CATEGORICAL: Final[tuple[str, ...]] = (
    MATCHED,
    MISMATCHED,
    "#843dfa",
    "#7f673d",
    "#428a4b",
    "#c2506e",
    "#217d9c",
    "#a64ca6",
)
"""One colour a series, in order; the same as ``chartCategoricalColors`` of ``.streamlit/config.toml``.

The first four and :data:`NEUTRAL` stay apart for colour-blind readers; more than four take markers or dashes as well.
"""

NEUTRAL: Final = "#7a8987"
"""Lines, labels, frames and untrained networks: at least 3.4 : 1 against the light and the dark background."""

DRAWN: Final = "#0f9d8a"
MARKED: Final = "#c2506e"
"""What is drawn for images, and the one value that is pointed at: no networks, so not in their colours."""

VERDICTS: Final[dict[Verdict, str]] = {
    Verdict.AS_PUBLISHED: "#428a4b",
    Verdict.SAME_DIRECTION: "#217d9c",
    Verdict.OPPOSITE: "#c2506e",
    Verdict.NO_DIFFERENCE: "#7f673d",
    Verdict.UNDECIDED: "#843dfa",
}
"""Of findings; those without a verdict are :data:`NEUTRAL`."""

SENS_SCALE: Final[tuple[tuple[float, str], ...]] = (
    (0.0, "#43206b"),
    (0.25, "#7d5a97"),
    (0.5, "#b598a6"),
    (0.75, "#dcc68c"),
    (1.0, "#f7e463"),
)
"""Invariant to sensitive, purple to yellow: ever lighter, so that it reads in grey and to colour-blind readers too."""

SHARE_SCALE: Final[tuple[tuple[float, str], ...]] = (
    (0.0, "#f4f0dc"),
    (0.5, "#8cbf88"),
    (1.0, "#15573a"),
)
"""None to all, of accuracies and of what a probe decodes: one hue, apart from the scale where low is invariant."""

EQUIVARIANCE_COLOURS: Final[dict[str, str]] = {
    INVARIANT: SENS_SCALE[0][1],
    EQUIVARIANT: SHARE_SCALE[-1][1],
    PARTLY: "#9ccb98",
    SCRAMBLED: SENS_SCALE[-1][1],
}
"""Of what transformations do: invariant and scrambled are the ends of the sens-score's scale, between them is what can
be foreseen. Numbers and a sign tell each pair apart as well."""

TRAINED_PX: Final = 2.0
SELECTED_PX: Final = 6.0
"""Width of the frame of what a network was trained on, and of the one of what is selected."""

TEXT_PX: Final = 12
"""Of words and numbers in figures, but for titles; nothing is smaller."""

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

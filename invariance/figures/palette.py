"""The colours of all figures: the accents of the page's theme, chosen to read on light and on dark."""

from __future__ import annotations

from typing import Final

MATCHED: Final = "#0f9d8a"
MISMATCHED: Final = "#e4572e"
CATEGORICAL: Final[tuple[str, ...]] = (
    MATCHED,
    MISMATCHED,
    "#5b6ee1",
    "#d99a00",
    "#a64ca6",
    "#4a90b8",
    "#7a8b2f",
    "#c2506e",
)
"""One colour a series, in order; the same as ``chartCategoricalColors`` of ``.streamlit/config.toml``."""

NEUTRAL: Final = "#7a8987"
"""Lines, labels and frames: at least 3.4 : 1 against the light and the dark background."""

SENS_SCALE: Final[tuple[tuple[float, str], ...]] = (
    (0.0, "#0b7f70"),
    (0.25, "#4fb3a2"),
    (0.5, "#e9e4d4"),
    (0.75, "#ea9a6b"),
    (1.0, "#c8431f"),
)
"""Invariant to sensitive; the ends differ in lightness from the middle and in hue (teal, orange) from each other."""

POSITIVE: Final[tuple[int, int, int]] = (228, 60, 30)
NEGATIVE: Final[tuple[int, int, int]] = (40, 110, 230)
"""Relevance for and against a class, red and blue so that they stay apart for colour-blind readers."""

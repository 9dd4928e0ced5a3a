"""The figures' colours are those of the pages, and they can be told from both backgrounds."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from invariance.figures.palette import CATEGORICAL, NEUTRAL

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_categorical_colours_are_the_theme() -> None:
    assert list(CATEGORICAL) == THEME["chartCategoricalColors"]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_lines_and_labels_stand_out(mode: str) -> None:
    assert contrast(NEUTRAL, THEME[mode]["backgroundColor"]) > 3.0

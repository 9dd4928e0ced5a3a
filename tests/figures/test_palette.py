"""The figures' colours are those of the pages, and they can be told from both backgrounds."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from invariance.figures.palette import CATEGORICAL, NEUTRAL, SENS_SCALE, colour_at, contrast, text_colour

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]


def test_categorical_colours_are_the_theme() -> None:
    assert list(CATEGORICAL) == THEME["chartCategoricalColors"]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", [NEUTRAL, *CATEGORICAL])
def test_lines_labels_and_curves_stand_out(mode: str, colour: str) -> None:
    """3 : 1 is what WCAG 2.1 asks of graphical objects."""
    assert contrast(colour, THEME[mode]["backgroundColor"]) > 3.2


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the grey that WCAG names


def test_colours_between_stops_are_interpolated() -> None:
    scale = ((0.0, "#000000"), (0.5, "#0a1428"), (1.0, "#ffffff"))
    assert [colour_at(value, scale) for value in (0.0, 0.25, 0.5, 1.0)] == ["#000000", "#050a14", "#0a1428", "#ffffff"]
    assert (colour_at(-1.0, scale), colour_at(7.0, scale)) == ("#000000", "#ffffff")


def test_text_reads_on_every_cell() -> None:
    assert min(contrast(text_colour(v / 100, SENS_SCALE), colour_at(v / 100, SENS_SCALE)) for v in range(101)) > 4.5

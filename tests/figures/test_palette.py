"""The figures' colours are those of the pages, and everybody can tell them apart, on light and on dark."""

from __future__ import annotations

import tomllib
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from invariance.figures.palette import (
    CATEGORICAL,
    DRAWN,
    EQUIVARIANCE_COLOURS,
    MARKED,
    MATCHED,
    MISMATCHED,
    NEUTRAL,
    SENS_SCALE,
    SHARE_SCALE,
    VERDICTS,
    colour_at,
    contrast,
    luminance,
    text_colour,
)

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]
VISION: Final = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
}
"""What becomes of linear RGB (Machado, Oliveira and Fernandes 2009, severity 1)."""
TO_XYZ: Final = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE: Final = np.array([0.9505, 1.0, 1.089])


def lab(colour: str, vision: str) -> np.ndarray:
    """CIE L*a*b* of ``#rrggbb`` as somebody sees it."""
    channels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(TO_XYZ @ np.clip(VISION[vision] @ linear, 1e-6, 1.0) / WHITE)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(first: str, second: str) -> float:
    """The smallest CIE76 distance over kinds of colour vision; 2.3 is just noticeable side by side."""
    return min(float(np.linalg.norm(lab(first, vision) - lab(second, vision))) for vision in VISION)


def test_categorical_colours_are_the_theme() -> None:
    assert list(CATEGORICAL) == THEME["chartCategoricalColors"]


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("colour", sorted({NEUTRAL, DRAWN, MARKED, *VERDICTS.values(), *CATEGORICAL}))
def test_lines_labels_and_curves_stand_out(mode: str, colour: str) -> None:
    """3 : 1 is what WCAG 2.1 asks of graphical objects."""
    assert contrast(colour, THEME[mode]["backgroundColor"]) > 3.2


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_words_of_the_theme_can_be_read(mode: str) -> None:
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(THEME[mode]["textColor"], THEME[mode][ground]) > 7
    # What app.py writes on a primary button.
    assert contrast({"light": "#ffffff", "dark": "#10211f"}[mode], THEME[mode]["primaryColor"]) > 4.5


def test_colour_blind_readers_tell_networks_and_verdicts_apart() -> None:
    assert distance(MATCHED, MISMATCHED) > 90, "the pair that everything here is about"
    assert distance(MATCHED, NEUTRAL) > 40 and distance(MISMATCHED, NEUTRAL) > 40, "and the untrained network beside it"
    assert min(distance(*pair) for pair in combinations((*CATEGORICAL[:4], NEUTRAL), 2)) > 20
    assert min(distance(*pair) for pair in combinations(EQUIVARIANCE_COLOURS.values(), 2)) > 40
    assert distance("#0f9d8a", NEUTRAL) < 5, "what this test is for: teal was grey to them"


def test_networks_have_colours_of_their_own() -> None:
    others = {DRAWN, MARKED, THEME["light"]["primaryColor"], THEME["dark"]["primaryColor"], *VERDICTS.values()}
    others |= {colour for scale in (SENS_SCALE, SHARE_SCALE) for _, colour in scale}
    assert min(distance(network, other) for network in (MATCHED, MISMATCHED) for other in others) > 10


@pytest.mark.parametrize("scale", [SENS_SCALE, SHARE_SCALE])
def test_scales_are_ordered_without_their_hues(scale: tuple[tuple[float, str], ...]) -> None:
    shades = [luminance(colour_at(value / 20, scale)) for value in range(21)]
    assert shades in (sorted(shades), sorted(shades, reverse=True))
    assert min(distance(*pair) for pair in pairwise([colour_at(value / 10, scale) for value in range(11)])) > 4
    assert min(contrast(text_colour(v / 100, scale), colour_at(v / 100, scale)) for v in range(101)) > 4.5


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the grey that WCAG names


def test_colours_between_stops_are_interpolated() -> None:
    scale = ((0.0, "#000000"), (0.5, "#0a1428"), (1.0, "#ffffff"))
    assert [colour_at(value, scale) for value in (0.0, 0.25, 0.5, 1.0)] == ["#000000", "#050a14", "#0a1428", "#ffffff"]
    assert (colour_at(-1.0, scale), colour_at(7.0, scale)) == ("#000000", "#ffffff")

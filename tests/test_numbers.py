"""Numbers for people are written in one way, in what ships and in what is drawn."""

from __future__ import annotations

import json
import math
import re

import pytest

from invariance.figures.factor_heatmap import factor_heatmap
from invariance.figures.heatmap import sens_heatmap
from invariance.figures.study_figures import figures_of
from invariance.numbers import format_number, signed
from invariance.runs import gallery
from invariance.runs.shipped_studies import shipped_results
from invariance.vocabulary.studies import STUDY_NAMES
from tests.pages.tiny_gallery import factors_of

BARE = re.compile(r"(?<![\w%:.])[-−]?\.\d+(?![\d%a-z])")
"""A number below one without its zero; formats such as ``%{x:.2f}`` are none, nor is ``.0%``."""


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.123, "0.12"), (-0.05, "−0.05"), (1.0, "1.00"), (0.999, "1.00"), (10.01, "10.01"), (-0.001, "0.00")],
)
def test_two_decimals_with_their_zero(value: float, text: str) -> None:
    assert format_number(value) == text


def test_other_decimals_and_none() -> None:
    assert format_number(0.0626, 3) == "0.063" and format_number(-0.04, 1) == "0.0"
    assert format_number(math.nan) == "–"
    assert [signed(value, 1) for value in (0.25, -0.25, 0.01)] == ["+0.2", "−0.2", "0.0"]


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_shipped_studies_write_the_zero(name: str) -> None:
    for result in shipped_results(name):
        said = [finding["statement"] for finding in result.summary["findings"]]
        drawn = [figure.draw(result.table).to_json() for figure in figures_of(name, result.table)]
        assert said and drawn
        for text in (*said, *drawn):
            assert not BARE.search(text), BARE.search(text)


def test_cells_of_heatmaps_write_the_zero() -> None:
    factors = factors_of(["none", "hue"]).query("objects == 'known'")
    for figure in (sens_heatmap(gallery.sens_table()), factor_heatmap(factors)):
        texts = [*figure.data[1].text, *(text for row in figure.data[0].text for text in row)]
        assert any(text.startswith("0.") for text in texts)
        assert not BARE.search(json.dumps(texts, ensure_ascii=False))

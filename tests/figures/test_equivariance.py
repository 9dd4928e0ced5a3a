"""Verdicts of equivariance as cells, and what foresees one change."""

import math

import pandas as pd
import pytest

from invariance.figures.equivariance import SAME, equivariance_heatmap, foreseen_figure
from invariance.figures.palette import EQUIVARIANCE_COLOURS, colour_at, contrast
from invariance.vocabulary.equivariance import EQUIVARIANCE_TABLE, R2_COLUMNS, R2_TITLES, VERDICTS


@pytest.fixture
def table() -> pd.DataFrame:
    """One network and five transformations: each verdict, and no verdict."""
    names = ["rotate", "hue", "translate", "blur", "invert"]
    found = pd.DataFrame({"model": "one", "transform": names}).reindex(
        columns=[column.name for column in EQUIVARIANCE_TABLE]
    )
    found["verdict"] = [*VERDICTS, ""]
    found["equivariance"] = [0.1, 0.8, 0.3, 0.0, math.nan]
    for number, name in enumerate(R2_COLUMNS):
        found[name], found[f"{name}_low"], found[f"{name}_high"] = number / 4, number / 4 - 0.1, number / 4 + 0.2
    return found.fillna({"control": 0.0})


def test_colours_are_verdicts_and_numbers_the_equivariance(table: pd.DataFrame) -> None:
    figure = equivariance_heatmap(table, selected=("one", "hue"))
    colours, words = figure.data[:2]
    columns = ["translate", "rotate", "hue", "invert", "blur"]  # by category
    by_name = table.set_index("transform")["verdict"]
    scale = [tuple(stop) for stop in colours.colorscale]
    for column, value in zip(columns, colours.z[0], strict=True):
        if by_name[column]:
            assert colour_at(float(value), scale) == EQUIVARIANCE_COLOURS[by_name[column]]
        else:
            assert math.isnan(value)
    assert list(words.text) == ["0.30", SAME, "0.80", "0.00"]
    assert "hue: equivariant" in colours.text[0][2]
    assert [trace.name for trace in figure.data[2:]] == [f"{SAME} invariant", *list(VERDICTS)[1:]]


def test_what_looks_alike_without_colours_is_told_by_sign_or_number() -> None:
    invariant, equivariant, partly, scrambled = EQUIVARIANCE_COLOURS.values()
    assert contrast(equivariant, partly) > 2.5 and contrast(invariant, scrambled) > 2.5


def test_every_model_of_the_change_has_its_dot_and_interval(table: pd.DataFrame) -> None:
    figure = foreseen_figure(table[table["transform"] == "hue"], colours={"one": "#111111"}, titles={"one": "own"})
    (dots,) = figure.data
    assert dots.name == "own" and dots.marker.color == "#111111" and list(dots.x) == [0.0, 0.25, 0.5, 0.75]
    assert list(dots.error_x.array) == pytest.approx([0.2] * 4)
    assert list(dots.error_x.arrayminus) == pytest.approx([0.1] * 4)
    assert list(figure.layout.yaxis.ticktext) == list(R2_TITLES.values())

"""Figures of factors, from made-up tables."""

from __future__ import annotations

import numpy as np
import pytest

from invariance.figures.factor_heatmap import GLYPHS, factor_heatmap, factors_in_words, hover_text
from invariance.figures.factor_pair import confusion, decoded_scatter, factor_dumbbells, paired
from invariance.figures.palette import CATEGORICAL
from invariance.vocabulary.factors import VERDICTS
from tests.pages.tiny_gallery import FACTORS_SHOWN, factors_of

WHOLE = factors_of(["none", "hue"])
TABLE = WHOLE[WHOLE["objects"] == "known"].reset_index(drop=True)


def test_controls_are_above_a_line_and_what_matters_is_framed() -> None:
    figure = factor_heatmap(
        TABLE, titles={"none": "nothing"}, trained_on={"hue": ("hue",)}, selected=(("none", "hue"), "class")
    )
    cells, texts = figure.data
    assert list(figure.layout.yaxis.ticktext) == ["pixels", "untrained small", "nothing", "hue"]
    assert list(figure.layout.xaxis.ticktext) == [title for _, title, _ in FACTORS_SHOWN]
    assert cells.z[0] == pytest.approx([0.9] * 3) and texts.text[0] == "0.90"
    assert figure.layout.meta["rows"][-1] == "hue" and figure.layout.meta["columns"][-1] == "hue.shift"
    assert factors_in_words(TABLE, {}).startswith("Skill of a linear probe: 2 networks and controls")
    rectangles = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert len(rectangles) == 1 + 2 * 2
    (line,) = (shape for shape in figure.layout.shapes if shape.type == "line")
    assert line.y0 == 1.5


def test_what_is_below_guessing_has_the_colour_of_nothing_and_its_own_number() -> None:
    table = TABLE.copy()
    table.loc[0, "skill"] = -0.2
    table.loc[1, "skill"] = np.nan
    cells, texts = factor_heatmap(table).data
    assert cells.z[0][0] == 0 and np.isnan(cells.z[0][1])
    assert texts.text[0] == "−0.20" and len(texts.text) == len(table) - 1


def test_verdicts_can_be_read_without_colour() -> None:
    texts = factor_heatmap(TABLE, verdicts=True).data[1]
    assert list(texts.text) == [GLYPHS["decodable"]] * 9 + [GLYPHS["lower"]] * 3
    assert set(GLYPHS) == set(VERDICTS) and len(set(GLYPHS.values())) == len(GLYPHS)


def test_hovering_says_all_that_is_known() -> None:
    plain, known, held_out = (
        hover_text("hue", row)
        for model, objects in (("none", "known"), ("hue", "known"), ("hue", "held_out"))
        for _, row in WHOLE[WHOLE["model"] == model].query("factor == 'hue.shift' and objects == @objects").iterrows()
    )
    assert known == (
        "hue<br>hue: R² 0.60, guessing 0.00<br>skill 0.60 [0.55, 0.65], p = 0.006<br>mean error 30°, guessing 90°<br>"
        "against trained on plain objects −0.10 [−0.13, −0.07], p < 0.001<br>"
        "against untrained −0.20 [−0.23, −0.17], p < 0.001<br>lower"
    )
    assert "hue, objects held out: R² −0.40" in held_out
    assert "trained on plain objects" not in plain and plain.endswith("decodable")


def test_dumbbells_are_sorted_by_the_difference() -> None:
    table = TABLE.copy()
    table.loc[(table["model"] == "hue") & (table["factor"] == "hue.shift"), "skill"] = 0.0
    table.loc[(table["model"] == "hue") & (table["factor"] == "class"), "skill"] = 0.95
    pairs = paired(table, "none", "hue")
    assert pairs.index.tolist() == ["hue.shift", "translate.x", "class"]
    assert pairs["difference"].tolist() == pytest.approx([0.7, 0.1, -0.25])
    figure = factor_dumbbells(pairs, ("none", "hue"), CATEGORICAL[:2])
    assert list(figure.layout.yaxis.ticktext) == ["hue", "translate x", "class"]
    _, pixels, first, second = figure.data
    assert list(pixels.x) == [0.9] * 3 and list(first.x) == pytest.approx([0.7] * 3)
    assert list(second.x) == pytest.approx([0.0, 0.6, 0.95])
    assert "%%" not in first.hovertemplate
    assert figure.layout.xaxis.range[0] == -0.12


def test_what_is_below_guessing_is_inside_the_axis() -> None:
    table = WHOLE[WHOLE["objects"] == "held_out"]
    figure = factor_dumbbells(paired(table, "none", "hue"), ("none", "hue"), CATEGORICAL[:2])
    assert figure.layout.xaxis.range[0] < table.loc[table["role"] == "network", "low"].min()


def test_angles_are_shown_against_angles() -> None:
    true = np.array([-170.0, 0.0, 90.0])
    figure = decoded_scatter(true, true + 5, axis_title="hue", colour="#000000", circle=True)
    assert list(figure.layout.xaxis.range) == list(figure.layout.yaxis.range) == [-180, 180]
    assert decoded_scatter(true, true, axis_title="x", colour="#000000").layout.xaxis.range == (-170, 90)


def test_confusion_rows_sum_to_one() -> None:
    figure = confusion(np.array([0.0, 0, 0, 1]), np.array([0.0, 0, 1, 1]), ("no", "yes"))
    assert figure.data[0].z.tolist() == [pytest.approx([2 / 3, 1 / 3]), [0, 1]]

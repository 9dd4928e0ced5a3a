"""A strip's ruler has what is true and what is read off both networks; the file of a card needs no network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from invariance.figures.thrown_away import FAINTEST, card_html, differences_figure, strip_figure
from invariance.measures.factor_strip import Strip
from invariance.runs.origin import Origin
from invariance.spec import DatasetSpec
from invariance.studies.thrown_away import judged
from invariance.studies.thrown_away_card import ThrownAway
from invariance.studies.thrown_away_row import Row

COLOURS = ("#111111", "#222222")
IMAGES: NDArray[np.uint8] = np.zeros((5, 8, 8, 3), dtype=np.uint8)
STRIP = Strip(
    factor="scale.factor",
    title="scale",
    kind="number",
    transforms=("scale",),
    indices=(1,) * 5,
    values=(0.4, 0.5, 0.6, 0.7, 0.8),
    true=(0.4, 0.5, 0.6, 0.7, 0.8),
    first=(0.41, 0.5, 0.61, 0.7, 0.8),
    second=(0.6, 0.6, 0.6, 0.6, 9.0),
)


def row(name: str, second: float) -> Row:
    return Row(
        part="factor",
        name=name,
        title=name.split(".")[0],
        objects="known",
        first=0.7,
        first_low=0.65,
        first_high=0.75,
        second=second,
        second_low=second - 0.05,
        second_high=second + 0.05,
        difference=second - 0.7,
        low=second - 0.8,
        high=second - 0.6,
        p=0.001,
        p_adjusted=0.0,
        direction="",
        reliable=False,
        num_images=100,
    )


CARD = ThrownAway(
    names=("matched", "disjoint"),
    trained_on=((), ()),
    data=DatasetSpec(),
    rows=tuple(judged([row("scale.factor", 0.38), row("hue.shift", 0.9), row("class", 0.71)])),
    strips=(STRIP,),
)


def test_a_ruler_has_the_truth_and_both_networks() -> None:
    figure = strip_figure(STRIP, IMAGES, colours=COLOURS)
    traces = {trace.name: trace for trace in figure.data if trace.name}
    assert list(traces) == ["true", "A", "B"] and tuple(traces["true"].x) == STRIP.true
    assert tuple(traces["A"].x) == STRIP.first and list(traces["A"].y) == [0, 1, 2, 3, 4]
    end = figure.layout.xaxis.range[1]
    assert traces["B"].x[4] < end and traces["B"].customdata[4] == 9.0, "what is off the ruler stands at its end"
    assert len(figure.layout.images) == 5


def test_a_direction_that_is_hardly_read_is_faint() -> None:
    strip = replace(STRIP, kind="circle", first_length=(0.9, 1.2, 0.5, 0.4, 0.9), second_length=(0.0, 0.02, 0.3, 0, 0))
    traces = {trace.name: trace for trace in strip_figure(strip, IMAGES, colours=COLOURS).data}
    assert list(traces["A"].marker.opacity) == [0.9, 1.0, 0.5, 0.4, 0.9]
    assert list(traces["B"].marker.opacity) == [FAINTEST, FAINTEST, 0.3, FAINTEST, FAINTEST]
    figure = strip_figure(STRIP, IMAGES, colours=COLOURS)
    assert "faint" not in figure.layout.xaxis.title.text and figure.data[2].marker.opacity == 1.0


def test_differences_are_apart_by_what_is_told() -> None:
    figure = differences_figure(CARD, colours=COLOURS)
    assert {trace.name: [round(x, 2) for x in trace.x] for trace in figure.data} == {
        "B keeps less": [-0.32],
        "A keeps less": [0.2],
        "not told": [0.01],
    }
    assert list(figure.layout.yaxis.ticktext) == ["scale", "class", "hue"]


def test_a_card_is_one_file() -> None:
    origin = Origin(command="invariance thrown-away matched disjoint")
    page = card_html(CARD, [IMAGES], origin, colours=COLOURS).decode()
    assert "What disjoint (B) threw away that matched (A) keeps" in page
    assert "B (disjoint) tells less of scale: skill 0.38 against 0.70 of A (matched)" in page
    assert page.count("base64,iVBOR") >= len(IMAGES) and "card.csv" in page

"""The figure of the findings: effects beside what was published, each on an axis of its own."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from invariance.figures.palette import NEUTRAL, VERDICTS
from invariance.figures.study_findings import SEEDS_AT, SHAPES, findings_figure
from invariance.studies.findings import Finding, Published
from invariance.studies.telling import furthest_first
from invariance.vocabulary.verdicts import NO_VERDICT, SYMBOL, Verdict
from tests.studies.judged import of_every_kind, one, seeds


def effect(figure: go.Figure) -> Any:
    """The trace of the first row's effect."""
    return next(trace for trace in figure.data if trace.error_x.array is not None)


def dots(figure: go.Figure) -> Any:
    """That of its seeds."""
    return next(trace for trace in figure.data if trace.y[0] == SEEDS_AT)


def lines(figure: go.Figure) -> list[float]:
    return [shape.x0 for shape in figure.layout.shapes if shape.type == "line"]


def bands(figure: go.Figure) -> list[tuple[float, float]]:
    return [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]


def test_an_effect_stands_beside_what_was_published_with_its_margin() -> None:
    found = one(published=Published(0.4, 0.005))
    figure = findings_figure([found])
    shown = effect(figure)
    assert list(shown.x) == [found.effect]
    assert shown.error_x.array[0] == pytest.approx(found.high - found.effect)
    assert shown.error_x.arrayminus[0] == pytest.approx(found.effect - found.low)
    assert list(dots(figure).x) == list(found.per_seed.values())
    assert bands(figure) == [pytest.approx((0.2, 0.6))]
    assert sorted(lines(figure)) == [0.0, 0.4]
    json.loads(figure.to_json())


def test_a_ratio_stands_beside_what_it_has_to_exceed() -> None:
    found = one(0.95, denominators=seeds([1.0, 1.1, 0.9, 1.0, 1.1, 0.9]), above=0.9)
    figure = findings_figure([found])
    assert lines(figure) == [0.9] and not bands(figure)
    assert list(dots(figure).x)[1] == pytest.approx(found.per_seed[1] / 1.1)


def test_where_no_difference_was_published_the_band_is_around_none() -> None:
    assert bands(findings_figure([one(0.0, equivalence=True)])) == [(-0.05, 0.05)]


def test_colour_and_symbol_both_tell_the_verdict() -> None:
    assert set(VERDICTS) == set(Verdict) and len({*VERDICTS.values(), NEUTRAL}) == len(Verdict) + 1
    assert set(SHAPES) == {*SYMBOL.values(), NO_VERDICT} and len(set(SHAPES.values())) == len(SHAPES)
    shown = effect(findings_figure([one(published=Published(0.3, 0.005))]))
    assert (shown.marker.color, shown.marker.symbol) == (VERDICTS[Verdict.AS_PUBLISHED], "circle")
    assert effect(findings_figure([one(confirmatory=False)])).marker.color == NEUTRAL
    assert effect(findings_figure([one(num=3)])).marker.symbol.endswith("-open")


def test_rows_are_in_the_order_in_which_findings_are_told() -> None:
    figure = findings_figure(of_every_kind())
    titles = [note.text for note in figure.layout.annotations]
    told = [finding for finding in furthest_first(of_every_kind()) if finding.n]
    assert len(titles) == len(told) == 10
    for text, finding in zip(titles, told, strict=True):
        assert finding.name.replace("_", " ") in text and finding.words in text


def test_what_does_not_fit_an_axis_of_others_has_its_own() -> None:
    small, large = one(0.01, spread=0.001), one(30.0, spread=2.0)
    figure = findings_figure([small, large])
    ranges = [figure.layout[name].range for name in ("xaxis", "xaxis2")]
    assert ranges[0][1] < 0.1 and ranges[1][1] > 30


def test_an_interval_far_wider_than_all_else_is_cut_off() -> None:
    """Of two seeds it may be twenty times as wide as they lie apart."""
    found = one(num=2, spread=0.5)
    figure = findings_figure([found])
    left, right = figure.layout.xaxis.range
    shown = effect(figure)
    assert found.high > right and shown.x[0] + shown.error_x.array[0] == pytest.approx(right)
    assert shown.x[0] - shown.error_x.arrayminus[0] >= left - 1e-9


def test_without_numbers_there_is_nothing_to_draw() -> None:
    assert not findings_figure([]).data
    assert not findings_figure(of_every_kind(0)).data
    alone = replace(one(num=1), low=math.nan)
    assert effect(findings_figure([alone])).error_x.array[0] == 0
    assert isinstance(alone, Finding)

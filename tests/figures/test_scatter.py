"""Transfers as points, with a line through them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from invariance.figures.networks import RELATION_COLOURS
from invariance.figures.scatter import (
    COLUMNS,
    MIN_NETWORKS,
    SYMBOLS,
    beyond_relation,
    beyond_relation_in_words,
    line_in_words,
    line_of,
    transfer_scatter,
)

ROWS = [
    ("rotate", "rotate task", 0.1, 0.9, "same"),
    ("hue", "rotate task", 0.5, 0.5, "disjoint"),
    ("hue", "hue task", 0.2, 0.8, "same"),
    ("rotate, blur", "hue, rotate task", 0.3, 0.7, "overlapping"),
]


def table(rows: list[tuple[str, str, float, float, str]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS))


def many() -> pd.DataFrame:
    """Ten networks on one line, of two relations and two targets."""
    rows = [
        (f"{n}", f"task {n % 2}", n / 10, 1.0 - n / 10, "same" if n < 5 else "disjoint") for n in range(MIN_NETWORKS)
    ]
    return table(rows)


def test_fewer_than_ten_networks_have_no_line() -> None:
    figure = transfer_scatter(table(ROWS))
    assert line_of(table(ROWS)) is None and len(figure.data) == 3
    twice = pd.concat([many().head(9)] * 2)
    assert line_of(twice) is None and line_of(many()) is not None


def test_a_trace_for_the_band_the_line_and_each_group() -> None:
    figure = transfer_scatter(pd.concat([many(), table(ROWS)]))
    assert [trace.name for trace in figure.data[:2]] == ["95 % band of the line", "least squares"]
    points = figure.data[2:]
    assert [trace.name.partition(":")[0] for trace in points] == ["same", "overlapping", "disjoint"]
    assert points[1].name == "overlapping: some of the target's transformations and others"
    assert list(points[0].x)[-2:] == pytest.approx([0.1, 0.2])
    assert list(points[0].y)[-2:] == pytest.approx([0.9, 0.8])
    assert points[2].text[-1] == "hue<br>to rotate task"
    assert len({*SYMBOLS.values()}) == len({*RELATION_COLOURS.values()}) == len(SYMBOLS)


def test_the_line_goes_through_points_that_lie_on_one() -> None:
    line = transfer_scatter(many()).data[1]
    assert np.allclose(line.y, 1.0 - np.asarray(line.x), atol=1e-6)
    assert (min(line.x), max(line.x)) == pytest.approx((0.0, 0.9)), "not beyond the points"


@pytest.mark.parametrize("num", [0, 1, 2])
def test_with_too_few_points_there_is_no_line(num: int) -> None:
    figure = transfer_scatter(table(ROWS[:num]))
    assert len(figure.data) == num and line_of(table(ROWS[:num])) is None


def test_a_transfer_without_a_score_is_left_out() -> None:
    gap = pd.concat([many(), table([("none", "hue task", float("nan"), 0.4, "disjoint")])])
    assert line_of(gap) == line_of(many()) and sum(len(trace.x) for trace in transfer_scatter(gap).data[2:]) == 10


def test_the_words_state_correlation_interval_slope_and_n() -> None:
    rows = [(f"{n}", "task", n / 10, 0.9 - 0.05 * n + 0.02 * (-1) ** n, "overlapping") for n in range(10)]
    line = line_of(table(rows))
    assert line is not None
    text = line_in_words(line)
    low, high = line.correlation_interval
    assert f"r = −{abs(line.correlation):.2f}" in text and "n = 10" in text
    assert f"−{abs(low):.2f} to −{abs(high):.2f}" in text and f"{abs(10 * line.slope):.1f} points" in text


def test_what_the_score_tells_beyond_the_relation() -> None:
    """On a line the score tells all; where only the relation counts it tells nothing more."""
    of_label, of_both = beyond_relation(many())
    assert of_both == pytest.approx(1.0) and 0.5 < of_label < 0.9
    generator = np.random.default_rng(0)
    rows = [
        (f"{n}", f"task {n % 4}", generator.random(), 0.8 - 0.4 * (n % 3 == 0) + generator.normal(0, 0.02), relation)
        for n in range(24)
        for relation in [("disjoint" if n % 3 == 0 else "same")]
    ]
    of_label, of_both = beyond_relation(table(rows))
    assert of_label > 0.9 and abs(of_both - of_label) < 0.03
    assert f"the relation of source and target alone explains R² = {of_label:.2f}" in beyond_relation_in_words(
        table(rows)
    )


def test_one_target_or_a_relation_met_once_tells_nothing() -> None:
    for rows in (ROWS[:2], ROWS):
        assert np.isnan(beyond_relation(table(rows))).all() and beyond_relation_in_words(table(rows)) == ""

"""Means over seeds with their intervals, as points of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from invariance.figures.layout import error_bars
from invariance.numbers import format_number
from invariance.statistics import Interval

HOLLOW = "circle-open"
"""Symbol of published values."""


def points_with_intervals(
    at: Sequence[Any],
    intervals: Sequence[Interval],
    *,
    name: str,
    colour: str,
    dash: str = "solid",
    mode: str = "lines+markers",
    symbol: str = "circle",
) -> go.Scatter:
    """Means with bars for their 95 % intervals.

    Args:
        at: place of each on the x-axis.
        intervals: one for each; without an interval (one seed) there is no bar.
        name: in the legend.
        colour: of line and markers.
        dash: of the line, so that colour is not the only difference.
        mode: as of Plotly.
        symbol: of the markers.
    """
    means = [one.estimate for one in intervals]
    return go.Scatter(
        x=list(at),
        y=means,
        name=name,
        mode=mode,
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"color": colour, "size": 9, "symbol": symbol},
        error_y=error_bars(
            means,
            [one.low for one in intervals],
            [one.high for one in intervals],
            color=colour,
            thickness=1.5,
            width=4,
        ),
        text=[_hover(one) for one in intervals],
        hovertemplate="%{x}: %{text}<extra>%{fullData.name}</extra>",
    )


def published_points(at: Sequence[Any], values: Sequence[float], *, name: str, colour: str) -> go.Scatter:
    """Published values as hollow markers without a line.

    Args:
        at: place of each on the x-axis.
        values: one for each.
        name: in the legend.
        colour: of the markers.
    """
    return go.Scatter(
        x=list(at),
        y=list(values),
        name=name,
        mode="markers",
        marker={"color": colour, "size": 12, "symbol": HOLLOW, "line": {"width": 2}},
        hovertemplate="%{x}: %{y:.2f}<extra>%{fullData.name}</extra>",
    )


def _hover(one: Interval) -> str:
    seeds = "1 seed" if one.num == 1 else f"{one.num} seeds"
    ends = f", 95 % interval {format_number(one.low)} to {format_number(one.high)}" if one.num > 1 else ""
    return f"{format_number(one.estimate, 3)}{ends}, {seeds}"

"""Scores of networks as points with their intervals, each beside its null: what it would be of nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.layout import error_bars, lay_out_plot
from invariance.figures.means import HOLLOW
from invariance.numbers import format_number

HEIGHT_PX = 340


def scores_beside_null(
    table: pd.DataFrame,
    titles: Mapping[str, str],
    *,
    at: str,
    score: str,
    ends: tuple[str, str],
    axis_title: str,
    colours: Sequence[str],
    null_title: str = "",
) -> go.Figure:
    """A filled point for each network's score and, where there are nulls, a hollow one beside it for that.

    Args:
        table: a row for each network and score: columns ``model``, those named here and, for nulls, ``null`` and
            perhaps ``null_low`` and ``null_high``.
        titles: values of the column ``at``, in order, and what stands below the axis.
        at: the column by which points are grouped.
        score: the column of the scores.
        ends: the columns of their intervals' ends.
        axis_title: of the scores.
        colours: ``#rrggbb`` of each network, see :mod:`invariance.figures.networks`.
        null_title: what the hollow points are, for the legend; empty for a table without nulls.
    """
    figure = go.Figure()
    by_model = table[table[at].isin(list(titles))].groupby("model", sort=False)
    for (model, rows), colour in zip(by_model, colours, strict=True):
        look: dict[str, Any] = {"name": str(model), "colour": colour}
        places = [titles[value] for value in rows[at]]
        figure.add_trace(_points(places, rows[score], *(rows[end] for end in ends), **look))
        if not null_title:
            continue
        null_ends = (rows[end] if end in rows else rows["null"] for end in ("null_low", "null_high"))
        look["name"] = f"{model}: {null_title}"
        figure.add_trace(_points(places, rows["null"], *null_ends, symbol=HOLLOW, **look))
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=list(titles.values()), fixedrange=True)
    figure.update_yaxes(title=axis_title, rangemode="tozero", fixedrange=True)
    lay_out_plot(figure, HEIGHT_PX, scattermode="group", scattergap=0.5, dragmode=False)
    return figure


def _points(
    at: Sequence[str],
    values: pd.Series,
    low: pd.Series,
    high: pd.Series,
    *,
    name: str,
    colour: str,
    symbol: str = "circle",
) -> go.Scatter:
    """Points of one network, which stand beside those of others."""
    said: list[Any] = [
        f"{format_number(value)} [{format_number(below)}, {format_number(above)}]"
        if below < above
        else format_number(value)
        for value, below, above in zip(values, low, high, strict=True)
    ]
    return go.Scatter(
        x=list(at),
        y=list(values),
        name=name,
        mode="markers",
        offsetgroup=name,
        marker={"color": colour, "size": 10, "symbol": symbol, "line": {"width": 2, "color": colour}},
        error_y=error_bars(values, low, high, color=colour, thickness=1.5, width=4) if (low < high).any() else None,
        text=said,
        hovertemplate="%{x}: %{text}<extra>" + name.replace("<", "&lt;") + "</extra>",
    )

"""Whose evidence a decision rests on: Shapley values of the parts of an image as bars."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.palette import NEUTRAL
from invariance.numbers import signed


def evidence_bars(table: pd.DataFrame, *, title: str, colours: Sequence[str]) -> go.Figure:
    """One group of bars for each part of an image, a bar for each network.

    Args:
        table: columns ``model``, ``player`` and ``shapley``, in order.
        title: of the axis, with the unit.
        colours: ``#rrggbb`` of each network, see :mod:`invariance.figures.networks`.
    """
    figure = go.Figure()
    for (model, rows), colour in zip(table.groupby("model", sort=False), colours, strict=True):
        figure.add_bar(
            x=rows["player"],
            y=rows["shapley"],
            name=str(model),
            marker_color=colour,
            text=[signed(value, 1) for value in rows["shapley"]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{x}: %{y:+.2f}<extra>" + str(model).replace("<", "&lt;") + "</extra>",
        )
    figure.add_hline(y=0, line={"color": NEUTRAL, "width": 1})
    figure.update_xaxes(fixedrange=True)
    low, high = min(0.0, float(table["shapley"].min())), max(0.0, float(table["shapley"].max()))
    room = 0.1 * (high - low) or 1.0
    figure.update_yaxes(title=title, range=[low - room * (low < 0), high + room], fixedrange=True)
    figure.update_layout(
        barmode="group",
        height=320,
        margin={"l": 10, "r": 10, "t": 36, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0},
        dragmode=False,
    )
    return figure

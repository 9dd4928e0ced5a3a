"""Measures against depth and against magnitude, one line a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.heatmap import interval_text
from invariance.figures.layout import error_bars
from invariance.figures.palette import NEUTRAL
from invariance.numbers import format_number
from invariance.vocabulary.measures import SHOWN_MEASURES

HEIGHT_PX: Final = 380
LOOKS: Final[tuple[dict[str, str], ...]] = (
    {"dash": "solid", "symbol": "circle"},
    {"dash": "dot", "symbol": "diamond"},
    {"dash": "dash", "symbol": "square"},
)
"""Of the network itself, its untrained twin and one more: told apart without their colours too."""


def layer_figure(
    table: pd.DataFrame, *, colours: Mapping[str, str], score: str = "sens", titles: Mapping[str, str] | None = None
) -> go.Figure:
    """A measure in each layer, from the pixels to the representation.

    Args:
        table: of :func:`~invariance.measures.profile.layer_profile`, or of
            :func:`~invariance.measures.equivariance_table.layer_equivariance`; up to three models, of one architecture.
        colours: ``#rrggbb`` of each model, see :mod:`invariance.figures.networks`.
        score: the column shown, one of :data:`~invariance.vocabulary.measures.SHOWN_MEASURES`.
        titles: what to call the models; missing ones keep their name.
    """
    measure = SHOWN_MEASURES[score]
    figure = go.Figure()
    for (name, rows), look in zip(table.groupby("model", sort=False), LOOKS, strict=False):
        ends = [rows[end] for end in measure.interval or () if end in rows]
        values = rows[score]
        error = None
        if len(ends) == 2:
            error = error_bars(values, *ends, thickness=1.5)
        figure.add_scatter(
            x=rows["layer"],
            y=values,
            error_y=error,
            name=(titles or {}).get(str(name), str(name)),
            text=[_hover(value, [end.iloc[at] for end in ends]) for at, value in enumerate(values)],
            **_line(look, colours[str(name)]),
        )
    figure.update_xaxes(title="layer, from the image to the representation", fixedrange=True)
    return _laid_out(figure, f"{measure.title} in the layer")


def magnitude_figure(
    table: pd.DataFrame,
    *,
    colours: Mapping[str, str],
    axis_title: str,
    trained: tuple[float, float] | None,
    titles: Mapping[str, str] | None = None,
) -> go.Figure:
    """Distance from the untransformed image against the magnitude of a transformation.

    Args:
        table: of :func:`~invariance.measures.magnitude.magnitude_curve`; up to three models.
        colours: ``#rrggbb`` of each model.
        axis_title: the parameter and its unit.
        trained: lowest and highest magnitude that the data set draws, shaded; None where it draws everything.
        titles: what to call the models; missing ones keep their name.
    """
    figure = go.Figure()
    for (name, rows), look in zip(table.groupby("model", sort=False), LOOKS, strict=False):
        title = (titles or {}).get(str(name), str(name))
        band = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False, "legendgroup": title}
        figure.add_scatter(x=rows["magnitude"], y=rows["high"], **band)
        figure.add_scatter(
            x=rows["magnitude"], y=rows["low"], fill="tonexty", fillcolor=_faint(colours[str(name)]), **band
        )
        figure.add_scatter(
            x=rows["magnitude"],
            y=rows["distance"],
            name=title,
            legendgroup=title,
            text=[
                _hover(value, [low, high])
                for value, low, high in zip(rows["distance"], rows["low"], rows["high"], strict=True)
            ],
            **_line(look, colours[str(name)]),
        )
    if trained is not None:
        figure.add_vrect(
            x0=trained[0],
            x1=trained[1],
            fillcolor=NEUTRAL,
            opacity=0.13,
            line_width=0,
            layer="below",
            annotation={"text": "what the data set draws", "yanchor": "bottom", "y": 1.0, "yref": "paper"},
            annotation_position="top left",
        )
    figure.update_xaxes(title=axis_title, zeroline=False, fixedrange=True)
    if "°" in axis_title and table["magnitude"].max() - table["magnitude"].min() > 180:
        figure.update_xaxes(dtick=90)  # quarter turns, where the usual steps of 50 would pass 180
    return _laid_out(figure, "distance (two images: 1)")


def _laid_out(figure: go.Figure, value_title: str) -> go.Figure:
    figure.add_hline(y=1.0, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    figure.update_yaxes(title=value_title, rangemode="tozero", fixedrange=True)
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 10, "r": 10, "t": 52, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.07, "x": 0},
        showlegend=True,
        dragmode=False,
    )
    return figure


def _line(look: Mapping[str, str], colour: str) -> dict[str, Any]:
    return {
        "mode": "lines+markers",
        "line": {"color": colour, "dash": look["dash"], "width": 2.5},
        "marker": {"symbol": look["symbol"], "size": 8, "color": colour},
        "hovertemplate": "%{fullData.name}<br>%{x}: %{text}<extra></extra>",
    }


def _hover(value: float, ends: list[float]) -> str:
    text = interval_text(*ends) if len(ends) == 2 else ""
    return format_number(value, 3) + (f"<br>{text}" if text else "")


def _faint(colour: str) -> str:
    """The colour ``#rrggbb`` at an opacity that lets lines behind it show."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"

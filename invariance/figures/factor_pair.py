"""Two models' factors side by side, and one factor as it was and as it is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from invariance.figures.layout import error_bars
from invariance.figures.palette import NEUTRAL, SHARE_SCALE

SYMBOLS: Final = ("circle", "diamond")


def paired(table: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The factors of two models, those first that are decoded better from the first one.

    Args:
        table: columns of :data:`~invariance.vocabulary.factors.FACTOR_COLUMNS`, of one way of splitting objects.
        first: a model of the table.
        second: another one.

    Returns:
        Index factor; columns title, pixels, difference, and skill, low and high with the suffixes _1 and _2.
    """
    columns = ["skill", "low", "high"]
    own, other = (table[table["model"] == model].set_index("factor") for model in (first, second))
    other = other[columns].add_suffix("_2")
    joined = own[["title", "pixels", *columns]].rename(columns={name: f"{name}_1" for name in columns})
    joined = joined.join(other, how="inner")
    joined = joined.assign(difference=joined["skill_1"] - joined["skill_2"]).dropna(subset=["difference"])
    return joined.sort_values("difference", ascending=False, kind="stable")


def factor_dumbbells(pairs: pd.DataFrame, names: tuple[str, str], colours: Sequence[str]) -> go.Figure:
    """One line a factor with both skills, their intervals, and what the pixels give.

    Args:
        pairs: from :func:`paired`.
        names: of the two models.
        colours: ``#rrggbb`` of the two.
    """
    rows = list(range(len(pairs)))
    bars = [
        value
        for row, (one, two) in enumerate(zip(pairs["skill_1"], pairs["skill_2"], strict=True))
        for value in ((one, row), (two, row), (None, None))
    ]
    figure = go.Figure(
        [
            go.Scatter(
                x=[x for x, _ in bars],
                y=[y for _, y in bars],
                mode="lines",
                hoverinfo="skip",
                line={"color": NEUTRAL, "width": 1},
                showlegend=False,
            ),
            go.Scatter(
                x=pairs["pixels"],
                y=rows,
                mode="markers",
                name="pixels",
                marker={"symbol": "line-ns", "size": 13, "line": {"width": 2, "color": NEUTRAL}},
                hovertemplate="pixels: %{x:.2f}<extra></extra>",
            ),
        ]
    )
    for number, (name, colour, symbol) in enumerate(zip(names, colours, SYMBOLS, strict=True), start=1):
        skill = pairs[f"skill_{number}"]
        figure.add_scatter(
            x=skill,
            y=rows,
            mode="markers",
            name=name,
            marker={"color": colour, "size": 10, "symbol": symbol},
            error_x=error_bars(
                skill, pairs[f"low_{number}"], pairs[f"high_{number}"], thickness=1.5, width=0, color=colour
            ),
            customdata=np.stack([pairs[f"low_{number}"], pairs[f"high_{number}"]], axis=1),
            hovertemplate="%{x:.2f}, 95 % interval %{customdata[0]:.2f} to %{customdata[1]:.2f}",
        )
    figure.update_xaxes(
        title="skill: 0 is guessing, 1 perfect",
        range=[min(-0.12, pairs[["skill_1", "skill_2", "low_1", "low_2"]].min().min() - 0.04), 1.04],
        fixedrange=True,
        zeroline=True,
        zerolinecolor=NEUTRAL,
    )
    figure.update_yaxes(
        tickvals=rows, ticktext=pairs["title"], range=[len(rows) - 0.5, -0.5], automargin=True, fixedrange=True
    )
    figure.update_layout(
        height=90 + 22 * len(rows),
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        dragmode=False,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )
    return figure


def decoded_scatter(
    true: NDArray[np.float64], decoded: NDArray[np.float64], *, axis_title: str, colour: str, circle: bool = False
) -> go.Figure:
    """Decoded against true: a point an image, and the line on which all would lie if nothing were lost.

    Args:
        true: (N,) what each image has.
        decoded: (N,) what was read off; of a circle, both are in degrees from -180 to 180.
        axis_title: what is decoded, with its unit.
        colour: of the points.
        circle: whether the ends of both axes are the same place.
    """
    ends = [-180.0, 180.0] if circle else [float(np.min(true)), float(np.max(true))]
    marker = {"color": colour, "size": 4, "opacity": 0.45}
    figure = go.Figure(
        [
            go.Scatter(
                x=true.astype(np.float32),
                y=decoded.astype(np.float32),
                mode="markers",
                marker=marker,
                hovertemplate="true %{x:.2f}, decoded %{y:.2f}<extra></extra>",
            ),
            go.Scatter(x=ends, y=ends, mode="lines", line={"color": NEUTRAL, "dash": "dash"}, hoverinfo="skip"),
        ]
    )
    spread = 0.35 * (ends[1] - ends[0])
    low, high = (ends[0], ends[1]) if circle else (ends[0] - spread, ends[1] + spread)
    ticks = {"tickvals": [-180, -90, 0, 90, 180]} if circle else {}
    figure.update_xaxes(title=f"true {axis_title}", range=ends, fixedrange=True, **ticks)
    figure.update_yaxes(title=f"decoded {axis_title}", range=[low, high], fixedrange=True, **ticks)
    figure.update_layout(height=340, margin={"l": 10, "r": 10, "t": 10, "b": 10}, showlegend=False, dragmode=False)
    return figure


def confusion(true: NDArray[np.float64], decoded: NDArray[np.float64], class_names: tuple[str, ...]) -> go.Figure:
    """How often each class (rows, from top to bottom) is taken for each (columns); each row sums to 1.

    Args:
        true: (N,) positions in ``class_names``.
        decoded: (N,) likewise.
        class_names: of the classes.
    """
    num = len(class_names)
    counts = np.zeros((num, num))
    np.add.at(counts, (true.astype(int), decoded.astype(int)), 1.0)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    figure = go.Figure(
        go.Heatmap(
            z=shares.astype(np.float32),
            x=list(class_names),
            y=list(class_names),
            zmin=0.0,
            zmax=1.0,
            colorscale=[list(stop) for stop in SHARE_SCALE],
            showscale=num > 2,
            xgap=1,
            ygap=1,
            text=[[f"{share:.0%}" for share in row] for row in shares] if num <= 2 else None,
            texttemplate="%{text}" if num <= 2 else None,
            colorbar={"thickness": 10, "tickvals": [0, 0.5, 1], "outlinewidth": 0},
            hovertemplate="true: %{y}<br>decoded: %{x}<br>%{z:.0%}<extra></extra>",
        )
    )
    figure.update_xaxes(title="decoded", fixedrange=True, showticklabels=num <= 2)
    figure.update_yaxes(title="true", autorange="reversed", fixedrange=True, showticklabels=num <= 2, automargin=True)
    figure.update_layout(height=340, margin={"l": 10, "r": 10, "t": 10, "b": 10}, dragmode=False)
    return figure

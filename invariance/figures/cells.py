"""A table of numbers as coloured cells that can be read without their colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from invariance.figures.palette import text_colour
from invariance.numbers import format_number

ROW_PX: Final = 30
MARGIN_PX: Final = 130


def labelled_cells(
    values: ArrayLike,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    scale: Sequence[tuple[float, str]],
    title: str,
) -> go.Figure:
    """A heatmap with its values in the cells.

    Args:
        values: (R, C) in [0, 1]; empty cells are NaN.
        rows: names, from top to bottom.
        columns: names, from left to right.
        scale: colours of 0 to 1.
        title: of the colour bar.
    """
    numbers = np.asarray(values, dtype=np.float64)
    figure = go.Figure(
        coloured(
            numbers,
            title,
            scale,
            customdata=[[[row, column] for column in columns] for row in rows],
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{z:.3f}<extra></extra>",
        )
    )
    where = [(int(row), int(column)) for row, column in zip(*np.nonzero(np.isfinite(numbers)), strict=True)]
    figure.add_scatter(
        x=[column for _, column in where],
        y=[row for row, _ in where],
        mode="text",
        text=[format_number(numbers[place]) for place in where],
        textfont={"size": 12, "color": [text_colour(float(numbers[place]), scale) for place in where]},
        hoverinfo="skip",
    )
    lay_out(figure, rows, columns, row_px=ROW_PX, top_px=12)
    return figure


def coloured(values: np.ndarray, title: str, scale: Sequence[tuple[float, str]], **told: Any) -> go.Heatmap:
    """The colours of cells.

    Args:
        values: (R, C) in [0, 1]; empty cells are NaN.
        title: of the colour bar.
        scale: colours of 0 to 1.
        **told: what hovering says, as for ``go.Heatmap``; nothing unless given.
    """
    return go.Heatmap(
        z=values,
        zmin=0.0,
        zmax=1.0,
        colorscale=[list(stop) for stop in scale],
        xgap=1,
        ygap=1,
        hoverongaps=False,
        colorbar={
            "title": {"text": title, "side": "right"},
            "thickness": 10,
            "tickvals": [0, 0.5, 1],
            "outlinewidth": 0,
        },
        **(told or {"hoverinfo": "skip"}),
    )


def frame(figure: go.Figure, column: int, row: int, *, width: float, colour: str = "#10211f") -> None:
    """Draws a frame just inside a cell."""
    inset = 0.42
    figure.add_shape(
        type="rect",
        x0=column - inset,
        x1=column + inset,
        y0=row - inset,
        y1=row + inset,
        line={"color": colour, "width": width},
    )


def lay_out(
    figure: go.Figure,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    row_px: int,
    top_px: int,
    row_title: str | None = None,
    column_title: str | None = None,
    column_angle: float | None = None,
) -> None:
    """Gives cells their names and a height that goes with their number, the first row on top.

    Args:
        figure: changed in place.
        rows: names, from top to bottom.
        columns: names, from left to right.
        row_px: height of a row.
        top_px: margin above the cells.
        row_title: of the axis.
        column_title: of the axis.
        column_angle: of the columns' names, in degrees.
    """
    side = {"showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        title=column_title,
        tickvals=list(range(len(columns))),
        ticktext=list(columns),
        tickangle=column_angle,
        range=[-0.5, len(columns) - 0.5],
        **side,
    )
    figure.update_yaxes(
        title=row_title,
        tickvals=list(range(len(rows))),
        ticktext=list(rows),
        range=[len(rows) - 0.5, -0.5],
        automargin=True,
        **side,
    )
    figure.update_layout(
        height=MARGIN_PX + row_px * len(rows),
        margin={"l": 10, "r": 10, "t": top_px, "b": 10},
        hovermode="closest",
        hoverdistance=-1,
        showlegend=False,
        dragmode=False,
    )

"""A table of numbers as coloured cells that can be read without their colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from invariance.figures.palette import NEUTRAL, SELECTED_PX, TEXT_PX, TRAINED_PX, text_colour
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
    figure.add_trace(texts(numbers, [format_number(numbers[place]) for place in filled(numbers)], scale))
    lay_out(figure, rows, columns, row_px=ROW_PX, top_px=12)
    return figure


def grid(table: pd.DataFrame, value: str, *, rows: Sequence[str], columns: Sequence[str], by: str) -> np.ndarray:
    """A column of a long table as cells, (R, C); what the table lacks is NaN.

    Args:
        table: columns ``model``, what ``by`` says, and the value; of rows for one cell the first counts.
        value: column that is shown.
        rows: models, from top to bottom.
        columns: names in the column ``by``, from left to right.
        by: what stands side by side.
    """
    cells = table.drop_duplicates(["model", by]).pivot(index="model", columns=by, values=value)
    return cells.reindex(index=list(rows), columns=list(columns)).to_numpy()


def filled(values: np.ndarray) -> list[tuple[int, int]]:
    """Row and column of the cells that are not empty, row after row."""
    rows, columns = np.nonzero(~pd.isna(values))
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def texts(
    values: np.ndarray, words: Sequence[str], scale: Sequence[tuple[float, str]], *, size: int = TEXT_PX
) -> go.Scatter:
    """Words in the cells, each black or white: Plotly's own choice is too pale on the middle of a scale.

    Args:
        values: (R, C) in [0, 1], which colour the cells.
        words: one for each cell of :func:`filled`.
        scale: colours of 0 to 1.
        size: of the letters, in pixels.
    """
    places = filled(values)
    return go.Scatter(
        x=[column for _, column in places],
        y=[row for row, _ in places],
        mode="text",
        text=list(words),
        textfont={"size": size, "color": [text_colour(float(values[place]), scale) for place in places]},
        hoverinfo="skip",
    )


def told_of(values: np.ndarray, told: Sequence[str]) -> dict[str, Any]:
    """What is told of each cell that is pointed at, for :func:`coloured`.

    Args:
        values: (R, C).
        told: one for each cell of :func:`filled`; lines end with ``<br>``.
    """
    words = np.full(values.shape, "", dtype=object)
    for place, text in zip(filled(values), told, strict=True):
        words[place] = text
    return {"text": words.tolist(), "hovertemplate": "%{text}<extra></extra>"}


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


def frame_trained(figure: go.Figure, column: int, row: int) -> None:
    """Marks a cell of what a network was trained on: a thin frame in black or white, as its number is.

    Args:
        figure: changed in place; its first trace is of :func:`coloured`.
        column: from the left.
        row: from the top.
    """
    cells = figure.data[0]
    value = float(cells.z[row, column])
    colour = NEUTRAL if np.isnan(value) else text_colour(value, cells.colorscale)
    _frame(figure, column, row, inset=0.4, width=TRAINED_PX, colour=colour)


def frame_selected(figure: go.Figure, column: int, row: int) -> None:
    """Marks the selected cell: a thick frame at its edge, light on dark, so that it shows on every colour."""
    for width, colour in ((SELECTED_PX, "#10211f"), (SELECTED_PX - 3.5, "#ffffff")):
        _frame(figure, column, row, inset=0.46, width=width, colour=colour)


def _frame(figure: go.Figure, column: int, row: int, *, inset: float, width: float, colour: str) -> None:
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
    names: tuple[Sequence[str], Sequence[str]] | None = None,
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
        top_px: margin above the cells, in which the names of columns stand.
        names: of rows and columns for programs, in the figure's ``meta``; None for those that people read.
        row_title: of the axis.
        column_title: of the axis.
        column_angle: of the columns' names, in degrees.
    """
    side = {"showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        title={"text": column_title, "standoff": 8},
        side="top",
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
    figure.update_xaxes(automargin=True)
    row_names, column_names = names or (rows, columns)
    figure.update_layout(
        meta={"rows": list(row_names), "columns": list(column_names)},
        height=MARGIN_PX + row_px * len(rows),
        margin={"l": 10, "r": 10, "t": top_px, "b": 10},
        hovermode="closest",
        hoverdistance=-1,
        showlegend=False,
        dragmode=False,
    )

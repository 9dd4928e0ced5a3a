"""A table of numbers as coloured cells that can be read without their colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from invariance.figures.heatmap import short_text
from invariance.figures.palette import text_colour

ROW_PX: Final = 30
MARGIN_PX: Final = 120


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
        go.Heatmap(
            z=numbers,
            zmin=0.0,
            zmax=1.0,
            colorscale=[list(stop) for stop in scale],
            xgap=1,
            ygap=1,
            customdata=[[[row, column] for column in columns] for row in rows],
            hovertemplate="%{customdata[0]}, %{customdata[1]}: %{z:.3f}<extra></extra>",
            hoverongaps=False,
            colorbar={
                "title": {"text": title, "side": "right"},
                "thickness": 10,
                "tickvals": [0, 0.5, 1],
                "outlinewidth": 0,
            },
        )
    )
    where = [(int(row), int(column)) for row, column in zip(*np.nonzero(np.isfinite(numbers)), strict=True)]
    figure.add_scatter(
        x=[column for _, column in where],
        y=[row for row, _ in where],
        mode="text",
        text=[short_text(numbers[place]) for place in where],
        textfont={"size": 12, "color": [text_colour(float(numbers[place]), scale) for place in where]},
        hoverinfo="skip",
    )
    side = {"showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(
        tickvals=list(range(len(columns))), ticktext=list(columns), range=[-0.5, len(columns) - 0.5], **side
    )
    figure.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=list(rows), range=[len(rows) - 0.5, -0.5], automargin=True, **side
    )
    figure.update_layout(
        height=MARGIN_PX + ROW_PX * len(rows),
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        showlegend=False,
        dragmode=False,
    )
    return figure

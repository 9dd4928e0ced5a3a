"""Figures of study D: the matrix of accuracies, and lines over the number of transformations in the task."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.cells import labelled_cells
from invariance.figures.means import points_with_intervals
from invariance.figures.palette import NEUTRAL, SHARE_SCALE, colour_at
from invariance.studies.intervals import interval
from invariance.studies.mismatch import with_relative_accuracy

PRETRAINING_TITLE: Final = "transformations in pretraining"
TASK_TITLE: Final = "transformations in the task"


def mismatch_matrix(table: pd.DataFrame) -> go.Figure:
    """Mean accuracy over seeds: pretraining from top to bottom, tasks from left to right.

    On and right above the line pretraining lacks something that the task has.

    Args:
        table: results of the study, whole or partial.
    """
    means = table.pivot_table(index="num_pretraining_transforms", columns="num_transfer_transforms", values="accuracy")
    figure = labelled_cells(
        means.to_numpy(),
        rows=[str(number) for number in means.index],
        columns=[str(number) for number in means.columns],
        scale=SHARE_SCALE,
        title="accuracy",
    )
    _mark_diagonal(figure, means.index.astype(int).tolist(), means.columns.astype(int).tolist())
    figure.update_xaxes(title=TASK_TITLE)
    figure.update_yaxes(title=PRETRAINING_TITLE)
    return figure


def mismatch_lines(table: pd.DataFrame) -> go.Figure:
    """Accuracy over the transformations of the task, one line for each pretraining, with 95 % intervals.

    Args:
        table: results of the study, whole or partial.
    """
    figure = go.Figure()
    counts = sorted(table["num_pretraining_transforms"].unique())
    for place, count in enumerate(counts):
        rows = table[table["num_pretraining_transforms"] == count].groupby("num_transfer_transforms")["accuracy"]
        intervals = {number: interval(values) for number, values in rows}
        figure.add_trace(
            points_with_intervals(
                list(intervals),
                list(intervals.values()),
                name=str(count),
                colour=colour_at(place / max(1, len(counts) - 1), _LINES),
                dash="solid" if place % 2 == 0 else "dash",
            )
        )
    figure.update_xaxes(title=TASK_TITLE, dtick=1)
    figure.update_yaxes(title="accuracy on the task", range=[0, 1.04], tickformat=".0%")
    figure.update_layout(
        height=380,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"title": {"text": PRETRAINING_TITLE}, "orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    )
    return figure


def missing_figure(table: pd.DataFrame) -> go.Figure:
    """Share of the diagonal's accuracy that is left, over how many of the task's transformations pretraining lacked.

    Args:
        table: results of the study, whole or partial; negative numbers of missing ones are supersets.
    """
    full = with_relative_accuracy(table)
    by_seed = full.groupby(["missing", "seed"])["relative"].mean()
    intervals = {number: interval(values) for number, values in by_seed.groupby(level="missing")}
    figure = go.Figure(
        points_with_intervals(list(intervals), list(intervals.values()), name="accuracy left", colour=NEUTRAL)
    )
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.update_xaxes(title="transformations missing in pretraining (negative: more than needed)", dtick=1)
    figure.update_yaxes(title="of the exact pretraining's accuracy", rangemode="tozero", tickformat=".0%")
    figure.update_layout(height=340, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False)
    return figure


_LINES: Final = ((0.0, "#e4572e"), (0.5, "#8a6fb0"), (1.0, "#0f9d8a"))


def _mark_diagonal(figure: go.Figure, rows: list[int], columns: list[int]) -> None:
    """A frame around each cell where pretraining has exactly the task's transformations."""
    for row, number in enumerate(rows):
        if number in columns:
            column = columns.index(number)
            figure.add_shape(
                type="rect",
                x0=column - 0.46,
                x1=column + 0.46,
                y0=row - 0.46,
                y1=row + 0.46,
                line={"color": "#10211f", "width": 1.5},
            )

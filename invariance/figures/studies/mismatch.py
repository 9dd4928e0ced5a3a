"""Figures of study D: the matrix of accuracies, and lines over the number of transformations in the task."""

from __future__ import annotations

from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.cells import frame_trained, labelled_cells
from invariance.figures.layout import accuracy_axis, lay_out_plot
from invariance.figures.means import points_with_intervals, published_points
from invariance.figures.networks import RELATION_COLOURS
from invariance.figures.palette import NEUTRAL, SHARE_SCALE, colour_at
from invariance.figures.study_figure import PUBLISHED_NOTE, StudyFigure
from invariance.statistics import accuracy_interval, t_interval
from invariance.studies.mismatch import NUM_TRANSFORMS, with_relative_accuracy
from invariance.studies.published import MISMATCH_COVERED, MISMATCH_FROM_1_TO_8

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

    A line of its own joins the exact pretrainings; hollow markers are published values.

    Args:
        table: results of the study, whole or partial.
    """
    figure = go.Figure()
    exact = table[table["num_pretraining_transforms"] == table["num_transfer_transforms"]]
    diagonal = {
        number: accuracy_interval(rows["accuracy"]) for number, rows in exact.groupby("num_transfer_transforms")
    }
    counts = sorted(table["num_pretraining_transforms"].unique())
    for place, count in enumerate(counts):
        rows = table[table["num_pretraining_transforms"] == count].groupby("num_transfer_transforms")["accuracy"]
        intervals = {number: accuracy_interval(values) for number, values in rows}
        figure.add_trace(
            points_with_intervals(
                list(intervals),
                list(intervals.values()),
                name=str(count),
                colour=colour_at(place / max(1, len(counts) - 1), _LINES),
                dash="solid" if place % 2 == 0 else "dash",
            )
        )
    if diagonal:
        numbers, covered = list(diagonal), MISMATCH_COVERED.value
        figure.add_trace(
            points_with_intervals(
                numbers, list(diagonal.values()), name="exactly the task's", colour=NEUTRAL, dash="dot", symbol="square"
            )
        )
        figure.add_trace(
            published_points(numbers, [covered] * len(numbers), name="published, exactly the task's", colour=NEUTRAL)
        )
    if 1 in counts and NUM_TRANSFORMS in diagonal:
        furthest = MISMATCH_FROM_1_TO_8.value
        figure.add_trace(published_points([NUM_TRANSFORMS], [furthest], name="published, 1", colour=_LINES[0][1]))
    figure.update_xaxes(title=TASK_TITLE, dtick=1)
    accuracy_axis(figure, "accuracy on the task")
    lay_out_plot(figure, 380, legend_title=PRETRAINING_TITLE)
    return figure


def missing_figure(table: pd.DataFrame) -> go.Figure:
    """Share of the diagonal's accuracy that is left, over how many of the task's transformations pretraining lacked.

    Args:
        table: results of the study, whole or partial; negative numbers of missing ones are supersets.
    """
    full = with_relative_accuracy(table)
    by_seed = full.groupby(["missing", "seed"])["relative"].mean()
    intervals = {number: t_interval(values) for number, values in by_seed.groupby(level="missing")}
    figure = go.Figure(
        points_with_intervals(list(intervals), list(intervals.values()), name="accuracy left", colour=NEUTRAL)
    )
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.update_xaxes(title="transformations missing in pretraining (negative: more than needed)", dtick=1)
    figure.update_yaxes(title="of the exact pretraining's accuracy", rangemode="tozero", tickformat=".0%")
    lay_out_plot(figure, 340, showlegend=False)
    return figure


_LINES: Final = ((0.0, RELATION_COLOURS["disjoint"]), (0.5, NEUTRAL), (1.0, RELATION_COLOURS["same"]))


def _mark_diagonal(figure: go.Figure, rows: list[int], columns: list[int]) -> None:
    """A frame around each cell where pretraining has exactly the task's transformations."""
    for row, number in enumerate(rows):
        if number in columns:
            frame_trained(figure, columns.index(number), row)


def _has_diagonal(table: pd.DataFrame) -> bool:
    return bool((table["num_pretraining_transforms"] == table["num_transfer_transforms"]).any())


FIGURES: Final = (
    StudyFigure(
        "matrix",
        "Accuracy on the target task",
        "Framed cells have exactly the task's transformations; below them pretraining had more, above fewer.",
        mismatch_matrix,
    ),
    StudyFigure(
        "lines",
        "Accuracy over the transformations of the task",
        f"One line for each pretraining, and one through the exact ones, which falls here. {PUBLISHED_NOTE}",
        mismatch_lines,
    ),
    StudyFigure(
        "missing",
        "What missing transformations cost",
        "Accuracy over that of the exact pretraining, which itself is lower the more transformations the task has.",
        missing_figure,
        _has_diagonal,
    ),
)

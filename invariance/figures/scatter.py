"""Transfers as points: how sensitive the source was to what the target varies, and how well it transferred."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from invariance.figures.layout import lay_out_plot
from invariance.figures.networks import RELATION_COLOURS
from invariance.figures.palette import NEUTRAL
from invariance.fits import Line, fit_line
from invariance.numbers import format_number
from invariance.studies.relations import RELATIONS

COLUMNS: Final = ("source", "target", "sens", "accuracy", "group")
SYMBOLS: Final[dict[str, str]] = {
    "same": "circle",
    "superset": "square",
    "subset": "triangle-up",
    "overlapping": "cross",
    "disjoint": "diamond",
    "none": "x",
}
"""Of each relation of a source to its target, so that colour is not the only difference."""
assert SYMBOLS.keys() == RELATIONS.keys() == RELATION_COLOURS.keys()

MIN_NETWORKS: Final = 10
"""Of a correlation: fewer are drawn as points alone."""
HEIGHT_PX: Final = 420
_BAND_POINTS: Final = 41


def transfer_scatter(table: pd.DataFrame) -> go.Figure:
    """One point a transfer, the least-squares line through all of them and its 95 % band.

    Args:
        table: columns ``COLUMNS``: names of the source and of the target for people, mean sens-score of the source for
            the target's transformations, transfer accuracy in [0, 1], one of ``SYMBOLS``. Rows without a score or an
            accuracy are left out.
    """
    table = table.dropna(subset=["sens", "accuracy"])
    figure = go.Figure()
    line = line_of(table)
    if line is not None:
        _add_line(figure, line, table["sens"].to_numpy(np.float64))
    for group, symbol in SYMBOLS.items():
        rows = table[table["group"] == group]
        if rows.empty:
            continue
        figure.add_scatter(
            x=rows["sens"].to_numpy(np.float32),
            y=rows["accuracy"].to_numpy(np.float32),
            mode="markers",
            name=f"{group}: {RELATIONS[group]}",
            marker={
                "color": RELATION_COLOURS[group],
                "symbol": symbol,
                "size": 10,
                "line": {"width": 1, "color": "#ffffff"},
            },
            text=[f"{source}<br>to {target}" for source, target in zip(rows["source"], rows["target"], strict=True)],
            hovertemplate="%{text}<br>sens-score %{x:.2f}, accuracy %{y:.1%}<extra></extra>",
        )
    figure.update_xaxes(title="mean sens-score of the source for the target", rangemode="tozero")
    # The band of few points is wide, and would press the points together.
    highest = min(1.05, 1.15 * float(table["accuracy"].max())) if len(table) else 1.05
    figure.update_yaxes(title="transfer accuracy", tickformat=".0%", range=[0, highest])
    lay_out_plot(figure, HEIGHT_PX, showlegend=True, dragmode=False)
    return figure


def line_of(table: pd.DataFrame) -> Line | None:
    """The line that :func:`transfer_scatter` draws; None with fewer networks than :data:`MIN_NETWORKS`."""
    table = table.dropna(subset=["sens", "accuracy"])
    if table["source"].nunique() < MIN_NETWORKS:
        return None
    return fit_line(table["sens"].to_numpy(np.float64), table["accuracy"].to_numpy(np.float64))


def line_in_words(line: Line) -> str:
    """Correlation and slope with their intervals, and n."""
    low, high = line.correlation_interval
    interval = f" (95 % interval {_number(low)} to {_number(high)})" if math.isfinite(low) else ""
    start, end = (10 * value for value in line.slope_interval)
    return (
        f"Correlation r = {_number(line.correlation)}{interval} over n = {line.num} transfers. A sens-score higher by "
        f"0.1 goes with {_number(10 * line.slope, 1)} points of accuracy (95 % interval {_number(start, 1)} to "
        f"{_number(end, 1)})."
    )


def beyond_relation(table: pd.DataFrame) -> tuple[float, float]:
    """Whether sens-scores tell more of a transfer than the mere relation of source and target does.

    Each target task is left out in turn, and its accuracies are predicted from the transfers to the others.

    Args:
        table: as for :func:`transfer_scatter`.

    Returns:
        R² of prediction from the relation alone, and from the sens-score within each relation: 1 less the squared
        errors over those of the others' mean. NaN with a single target, or where a relation is met in one alone.
    """
    table = table.dropna(subset=["sens", "accuracy"])
    accuracies = table["accuracy"].to_numpy(np.float64)
    labels = pd.get_dummies(table["group"]).to_numpy(np.float64)
    designs = (np.ones((len(table), 1)), labels, np.column_stack([labels, table["sens"].to_numpy(np.float64)]))
    errors = np.zeros(len(designs))
    for target in table["target"].unique():
        held = (table["target"] == target).to_numpy()
        if not np.isin(table["group"][held], table["group"][~held]).all():
            return math.nan, math.nan
        for number, design in enumerate(designs):
            known = np.linalg.lstsq(design[~held], accuracies[~held], rcond=None)[0]
            errors[number] += float(((accuracies[held] - design[held] @ known) ** 2).sum())
    if errors[0] == 0.0:
        return math.nan, math.nan
    of_label, of_both = 1 - errors[1:] / errors[0]
    return float(of_label), float(of_both)


def beyond_relation_in_words(table: pd.DataFrame) -> str:
    """Both shares in a sentence; empty where they cannot be told."""
    of_label, of_both = beyond_relation(table)
    if math.isnan(of_label):
        return ""
    return (
        f"For target tasks that were left out, the relation of source and target alone explains R² = "
        f"{_number(of_label)} of the accuracies, with the sens-score {_number(of_both)}: the gain is what the score "
        f"tells beyond the label, {_number(of_both - of_label)}."
    )


def _add_line(figure: go.Figure, line: Line, sens: np.ndarray) -> None:
    x = np.linspace(sens.min(), sens.max(), _BAND_POINTS)
    low, high = line.band(x)
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]).astype(np.float32),
        y=np.concatenate([low, high[::-1]]).astype(np.float32),
        fill="toself",
        fillcolor="rgba(122, 137, 135, 0.22)",
        line={"width": 0},
        hoverinfo="skip",
        name="95 % band of the line",
    )
    figure.add_scatter(
        x=x.astype(np.float32),
        y=line.at(x).astype(np.float32),
        mode="lines",
        line={"color": NEUTRAL, "width": 2.5, "dash": "dash"},
        hoverinfo="skip",
        name="least squares",
    )


def _number(value: float, digits: int = 2) -> str:
    if math.isnan(value):
        return "not defined"
    return format_number(value, digits)

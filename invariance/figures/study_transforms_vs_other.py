"""Figures of study A: transfer accuracy over each factor, and the gap against what a factor moves."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.means import points_with_intervals, published_points
from invariance.figures.palette import CATEGORICAL, MATCHED, MISMATCHED, NEUTRAL
from invariance.numbers import format_number
from invariance.studies.intervals import Interval, interval
from invariance.studies.published import TRANSFORMS_VS_OTHER as PUBLISHED
from invariance.studies.transforms_vs_other import (
    FACTORS,
    RELATIONS,
    gap_against_range,
    predictions,
)
from invariance.studies.transforms_vs_other_grid import CLASS_RELATIONSHIPS, ELSEWHERE

COLOURS: Final = {"same": MATCHED, "disjoint": MISMATCHED}
DASHES: Final = {"same": "solid", "disjoint": "dash"}
COUNTED: Final = ("pretraining_samples", "transfer_samples")


def factor_figure(table: pd.DataFrame, factor: str, *, published: bool = True) -> go.Figure:
    """Transfer accuracy after pretraining with the same and with disjoint transformations, over a factor's values.

    Beside the architectures stand the networks that others published, where there are any, as stars without a line.

    Args:
        table: results of the study, whole or partial.
        factor: one of those in the table.
        published: whether the paper's values are drawn, as hollow markers; of values that we did not take too.
    """
    chosen = table[table["factor"] == factor].assign(value=lambda rows: rows["value"].astype(str))
    theirs = PUBLISHED.get(factor, {}) if published else {}
    elsewhere = _published_networks(table) if factor in ("architecture", "published") else {}
    values = _in_order(factor, [*dict.fromkeys(chosen["value"]), *theirs, *elsewhere])
    figure = go.Figure()
    for number, relation in enumerate(RELATIONS):
        rows = chosen[chosen["relation"] == relation].groupby("value")["transfer_accuracy"]
        intervals = {value: interval(scores) for value, scores in rows}
        ours = [value for value in values if value in intervals]
        figure.add_trace(
            points_with_intervals(
                [_shown(factor, value) for value in ours],
                [intervals[value] for value in ours],
                name=f"{relation} transformations",
                colour=COLOURS[relation],
                dash=DASHES[relation],
            )
        )
        if theirs:
            at = [_shown(factor, value) for value in values if value in theirs]
            heights = [theirs[value][number] for value in values if value in theirs]
            figure.add_trace(published_points(at, heights, name=f"published, {relation}", colour=COLOURS[relation]))
    if elsewhere:
        figure.add_trace(
            points_with_intervals(
                list(elsewhere),
                list(elsewhere.values()),
                name="torchvision's networks, of ImageNet",
                colour=CATEGORICAL[2],
                mode="markers",
                symbol="star",
            )
        )
    axis = {"categoryorder": "array", "categoryarray": [_shown(factor, value) for value in values], "type": "category"}
    figure.update_xaxes(title=FACTORS[factor], **axis)
    figure.update_yaxes(title="accuracy on the target task", range=[0, 1.04], tickformat=".0%")
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    )
    return figure


def gap_figure(table: pd.DataFrame, *, published: bool = True) -> go.Figure:
    """For each factor the gap between same and disjoint, beside what the factor moves within each.

    Args:
        table: results of the study, whole or partial.
        published: whether the paper's values are drawn, as hollow markers.
    """
    factors = [factor for factor in FACTORS if factor != "published" and (table["factor"] == factor).any()]
    reads = {factor: gap_against_range(table, factor) for factor in factors}
    names = [FACTORS[factor] for factor in factors]
    figure = go.Figure()
    gaps = [reads[factor].gap for factor in factors]
    figure.add_trace(
        points_with_intervals(
            names, gaps, name="gap between same and disjoint", colour=NEUTRAL, mode="markers", symbol="diamond"
        )
    )
    for relation in RELATIONS:
        heights = [reads[factor].ranges[relation] for factor in factors]
        figure.add_trace(
            go.Bar(
                x=names,
                y=heights,
                name=f"range within {relation}",
                marker={"color": COLOURS[relation], "pattern": {"shape": "" if relation == "same" else "/"}},
                hovertemplate="%{x}: %{y:.3f}<extra>%{fullData.name}</extra>",
            )
        )
    if published and (known := [factor for factor in factors if factor in PUBLISHED]):
        at = [FACTORS[factor] for factor in known]
        figure.add_trace(
            published_points(at, [_published_gap(factor) for factor in known], name="published gap", colour=NEUTRAL)
        )
    figure.update_yaxes(title="difference of accuracies", rangemode="tozero")
    figure.update_layout(
        height=340,
        barmode="group",
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    )
    return figure


def prediction_figure(table: pd.DataFrame) -> go.Figure:
    """Transfer accuracy over the mean sens-score to the target's transformations: a point for each network.

    Args:
        table: results of the study, whole or partial.
    """
    found = predictions(table)
    figure = go.Figure()
    for relation, symbol in zip(RELATIONS, ("circle", "diamond"), strict=True):
        rows = found[found["relation"] == relation]
        figure.add_scatter(
            x=rows["sens"].to_numpy(dtype=float),
            y=rows["transfer_accuracy"].to_numpy(dtype=float),
            name=f"{relation} transformations",
            mode="markers",
            marker={"color": COLOURS[relation], "size": 10, "symbol": symbol, "opacity": 0.8},
            text=[
                f"{FACTORS[str(row.factor)]}: {row.value}, seed {row.seed}<br>"
                f"predicted from the others {format_number(predicted)}"
                for row, predicted in zip(rows.itertuples(), rows["predicted"].astype(float), strict=True)
            ],
            hovertemplate="%{text}<br>sens-score %{x:.2f}, accuracy %{y:.2f}<extra></extra>",
        )
    figure.update_xaxes(title="mean sens-score to the target's transformations", rangemode="tozero")
    figure.update_yaxes(title="accuracy on the target task", range=[0, 1.04], tickformat=".0%")
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
    )
    return figure


def _published_networks(table: pd.DataFrame) -> dict[str, Interval]:
    """Transfer accuracy of the networks that others trained, by name."""
    rows = table[table["relation"] == ELSEWHERE].groupby("value", sort=False)["transfer_accuracy"]
    return {str(name): interval(scores) for name, scores in rows}


def _published_gap(factor: str) -> float:
    same, disjoint = zip(*PUBLISHED[factor].values(), strict=True)
    return math.fsum(same) / len(same) - math.fsum(disjoint) / len(disjoint)


def _in_order(factor: str, values: list[str]) -> list[str]:
    """Each value once: numbers by size, relationships from few to many classes, others as they come."""
    once = list(dict.fromkeys(values))
    if factor in COUNTED:
        return sorted(once, key=float)
    if factor == "class_relationship":
        return sorted(once, key=CLASS_RELATIONSHIPS.index)
    return once


def _shown(factor: str, value: str) -> str:
    return f"{int(value):,}" if factor in COUNTED else value

"""Figures of study A: transfer accuracy over each factor, and the gap against what a factor moves."""

from __future__ import annotations

import math
from functools import partial
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.layout import accuracy_axis, lay_out_plot
from invariance.figures.means import points_with_intervals, published_points
from invariance.figures.palette import CATEGORICAL, MATCHED, MISMATCHED, NEUTRAL
from invariance.figures.study_figure import PUBLISHED_NOTE, StudyFigure
from invariance.statistics import Interval, t_interval
from invariance.studies.published import TRANSFORMS_VS_OTHER as PUBLISHED
from invariance.studies.transforms_vs_other import (
    FACTORS,
    RELATIONS,
    gap_against_range,
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
        intervals = {value: t_interval(scores) for value, scores in rows}
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
    accuracy_axis(figure, "accuracy on the target task")
    lay_out_plot(figure, 340)
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
    lay_out_plot(figure, 340, barmode="group")
    return figure


def _published_networks(table: pd.DataFrame) -> dict[str, Interval]:
    """Transfer accuracy of the networks that others trained, by name."""
    rows = table[table["relation"] == ELSEWHERE].groupby("value", sort=False)["transfer_accuracy"]
    return {str(name): t_interval(scores) for name, scores in rows}


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


def _has_factor(table: pd.DataFrame, factor: str) -> bool:
    return bool((table["factor"] == factor).any())


def _has_both_relations(table: pd.DataFrame) -> bool:
    """Whether same and disjoint can be compared for every factor that has begun; published networks are no factor."""
    own = table[table["relation"].isin(RELATIONS) & (table["factor"] != "published")]
    seen = own.groupby("factor")["relation"].nunique()
    return bool(len(seen) and (seen == len(RELATIONS)).all())


FIGURES: Final = (
    StudyFigure(
        "gap",
        "What transformations move, against what each factor moves",
        f"The gap between same and disjoint transformations, and the range over a factor's values within each. "
        f"{PUBLISHED_NOTE}",
        gap_figure,
        _has_both_relations,
        tab="All factors",
    ),
    *(
        StudyFigure(
            factor,
            f"Transfer accuracy over the {title}",
            f"Pretrained on the target's own transformations or on disjoint ones. {PUBLISHED_NOTE}",
            partial(factor_figure, factor=factor),
            partial(_has_factor, factor=factor),
            tab=f"{title[0].upper()}{title[1:]}",
        )
        for factor, title in FACTORS.items()
    ),
)

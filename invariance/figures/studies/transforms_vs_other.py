"""Figures of study A: the 2 x 2 at the usual setting, accuracy over each factor, and gaps against what factors move."""

from __future__ import annotations

from functools import partial
from textwrap import wrap
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.layout import accuracy_axis, error_bars, lay_out_plot
from invariance.figures.means import HOLLOW, points_with_intervals, published_points
from invariance.figures.networks import RELATION_COLOURS
from invariance.figures.palette import CATEGORICAL, DRAWN, NEUTRAL
from invariance.figures.study_figure import PUBLISHED_NOTE, StudyFigure
from invariance.statistics import Interval, accuracy_interval, t_interval
from invariance.studies.published import TRANSFORMS_VS_OTHER as PUBLISHED
from invariance.studies.transforms_vs_other import FACTORS, RELATIONS, published_gap
from invariance.studies.transforms_vs_other_grid import CLASS_RELATIONSHIPS, ELSEWHERE, NONE, TARGETS, USUAL
from invariance.studies.transforms_vs_other_squares import squares_of

DASHES: Final = {"same": "solid", "disjoint": "dash"}
SYMBOLS: Final = {"P": "circle", "Q": "diamond"}
"""Of targets."""
COUNTED: Final = ("pretraining_samples", "transfer_samples")
NAME_LETTERS: Final = 14
"""In a line of a factor's name, so that a telephone shows all."""
_APART: Final = 0.12
"""Of the means from the dots, in categories of the x-axis."""


def usual_figure(table: pd.DataFrame, *, published: bool = True) -> go.Figure:
    """Accuracies at the usual setting by relation: a dot a seed and target, and the mean over seeds.

    Args:
        table: results of the study, whole or partial.
        published: whether the paper's values are drawn, as hollow markers.
    """
    rows = table[table["factor"] == USUAL]
    places = {relation: place for place, relation in enumerate((*RELATIONS, NONE))}
    figure = go.Figure()
    for relation, place in places.items():
        chosen = rows[rows["relation"] == relation]
        for target in TARGETS:
            dots = chosen[chosen["target"] == target]
            figure.add_scatter(
                x=[place] * len(dots),
                y=dots["transfer_accuracy"],
                mode="markers",
                name=f"{relation}, target {target}",
                showlegend=False,
                marker={"color": RELATION_COLOURS[relation], "symbol": SYMBOLS[target], "size": 7, "opacity": 0.55},
                text=[
                    f"seed {row.seed}, {row.source_transforms} to {row.target_transforms}" for row in dots.itertuples()
                ],
                hovertemplate="%{text}: %{y:.3f}<extra>%{fullData.name}</extra>",
            )
        mean = accuracy_interval(chosen.groupby("seed")["transfer_accuracy"].mean())
        figure.add_trace(
            points_with_intervals(
                [place + _APART],
                [mean],
                name=f"{relation}, mean over seeds",
                colour=RELATION_COLOURS[relation],
                mode="markers",
            )
        )
    if published:
        for relation, theirs in zip(RELATIONS, PUBLISHED["class_relationship"]["disjoint"], strict=True):
            at = [places[relation] + 2 * _APART]
            figure.add_trace(
                published_points(at, [theirs], name=f"published, {relation}", colour=RELATION_COLOURS[relation])
            )
    figure.update_xaxes(
        title="pretrained on, against the target's transformations",
        tickvals=list(places.values()),
        ticktext=list(places),
        range=[-0.5, len(places) - 0.5],
    )
    accuracy_axis(figure, "accuracy on the target task")
    lay_out_plot(figure, 380)
    return figure


def effects_figure(table: pd.DataFrame, *, published: bool = True) -> go.Figure:
    """Both effects of matching at the usual setting: a dot a seed; where both are above 0 matching helped twice.

    Args:
        table: results of the study, whole or partial.
        published: whether the paper's gap is drawn, as a hollow marker.
    """
    squares = squares_of(table, USUAL)
    effects = {target: list(squares.effect_on(target).values()) for target in TARGETS}
    figure = go.Figure()
    figure.add_scatter(
        x=effects["P"],
        y=effects["Q"],
        mode="markers",
        name="seeds",
        marker={"color": NEUTRAL, "size": 9},
        text=[f"seed {seed}" for seed in squares.seeds],
        hovertemplate="%{text}: %{x:.3f} on P, %{y:.3f} on Q<extra></extra>",
    )
    x, y = (t_interval(effects[target]) for target in TARGETS)
    figure.add_scatter(
        x=[x.estimate],
        y=[y.estimate],
        mode="markers",
        name="mean",
        marker={"color": DRAWN, "size": 12, "symbol": "diamond"},
        error_x=error_bars([x.estimate], [x.low], [x.high], color=DRAWN),
        error_y=error_bars([y.estimate], [y.low], [y.high], color=DRAWN),
        text=[f"{x} on P, {y} on Q"],
        hovertemplate="%{text}<extra>mean, 95 % intervals over seeds</extra>",
    )
    theirs = published_gap("class_relationship", "disjoint")
    if published and theirs is not None:
        figure.add_scatter(
            x=[theirs.value],
            y=[theirs.value],
            mode="markers",
            name="published gap",
            marker={"color": NEUTRAL, "size": 12, "symbol": HOLLOW, "line": {"width": 2}},
            hovertemplate="%{x:.2f}<extra>published, of both targets together</extra>",
        )
    for line in (figure.add_hline, figure.add_vline):
        line(0, line={"color": NEUTRAL, "width": 1})
    figure.update_xaxes(title="gain on target P: PP − QP")
    figure.update_yaxes(title="gain on target Q: QQ − PQ")
    lay_out_plot(figure, 380)
    return figure


def factor_figure(table: pd.DataFrame, factor: str, *, published: bool = True) -> go.Figure:
    """Transfer accuracy after pretraining with the same and with disjoint transformations, over a factor's values.

    Both targets of a seed are averaged first.

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
        rows = chosen[chosen["relation"] == relation].groupby(["value", "seed"])["transfer_accuracy"].mean()
        intervals = {str(value): accuracy_interval(scores) for value, scores in rows.groupby(level="value")}
        ours = [value for value in values if value in intervals]
        figure.add_trace(
            points_with_intervals(
                [_shown(factor, value) for value in ours],
                [intervals[value] for value in ours],
                name=f"{relation} transformations",
                colour=RELATION_COLOURS[relation],
                dash=DASHES[relation],
            )
        )
        if theirs:
            at = [_shown(factor, value) for value in values if value in theirs]
            heights = [theirs[value][number] for value in values if value in theirs]
            figure.add_trace(
                published_points(at, heights, name=f"published, {relation}", colour=RELATION_COLOURS[relation])
            )
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
    """For each factor the gap between same and disjoint, beside what every pair of its values moves within each.

    Args:
        table: results of the study, whole or partial.
        published: whether the paper's values are drawn, as hollow markers.
    """
    read = {
        factor: squares_of(table, factor)
        for factor in FACTORS
        if factor != ELSEWHERE and (table["factor"] == factor).any()
    }
    places = {factor: place for place, factor in enumerate(read)}
    figure = go.Figure()
    figure.add_trace(
        points_with_intervals(
            list(places.values()),
            [t_interval(squares.gaps.values()) for squares in read.values()],
            name="gap between same and disjoint",
            colour=NEUTRAL,
            mode="markers",
            symbol="diamond",
        )
    )
    for side, relation in ((1, "same"), (2, "disjoint")):
        moves = [
            (places[factor] + side * _APART, move, mean)
            for factor, squares in read.items()
            for move in squares.moves()
            if move.relation == relation and (mean := t_interval(move.per_seed.values()).estimate) >= 0
        ]
        figure.add_scatter(
            x=[place for place, _, _ in moves],
            y=[mean for _, _, mean in moves],
            mode="markers",
            name=f"between two values, within {relation}",
            marker={"color": RELATION_COLOURS[relation], "symbol": "line-ew-open", "size": 14, "line": {"width": 2}},
            text=[f"{move.higher} less {move.lower}" for _, move, _ in moves],
            hovertemplate="%{text}: %{y:.3f}<extra>%{fullData.name}</extra>",
        )
    if published and (known := {factor: gap for factor in read if (gap := published_gap(factor)) is not None}):
        at = [places[factor] - _APART for factor in known]
        heights = [gap.value for gap in known.values()]
        figure.add_trace(published_points(at, heights, name="published gap", colour=NEUTRAL))
    names = ["<br>".join(wrap(FACTORS[factor], NAME_LETTERS)) for factor in places]
    figure.update_xaxes(tickvals=list(places.values()), ticktext=names, ticklabeloverflow="allow")
    figure.update_yaxes(title="difference of accuracies", zeroline=True)
    lay_out_plot(figure, 320)
    return figure


def _published_networks(table: pd.DataFrame) -> dict[str, Interval]:
    """Transfer accuracy of the networks that others trained, by name."""
    rows = table[table["relation"] == ELSEWHERE].groupby(["value", "seed"], sort=False)["transfer_accuracy"].mean()
    return {str(name): accuracy_interval(scores) for name, scores in rows.groupby(level="value", sort=False)}


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
        "The gap between same and disjoint transformations, and the difference of every two values of a factor within "
        f"each. {PUBLISHED_NOTE}",
        gap_figure,
        _has_both_relations,
        tab="All factors",
    ),
    StudyFigure(
        "usual",
        "The usual setting: the same transformations, disjoint ones, none",
        f"Small markers are seeds, circles for target P and diamonds for target Q. {PUBLISHED_NOTE}",
        usual_figure,
        partial(_has_factor, factor=USUAL),
        tab="Usual setting",
    ),
    StudyFigure(
        "effects",
        "Both effects of matching, a dot a seed",
        "P and Q are two compositions that share no transformation, PQ a network of P on a target of Q. A source that "
        "learnt better, or a target that is easier, moves a dot along the falling diagonal; matching moves it up the "
        f"rising one. {PUBLISHED_NOTE}",
        effects_figure,
        lambda table: bool(squares_of(table, USUAL).seeds),
        tab="Both effects",
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
        if factor != USUAL
    ),
)

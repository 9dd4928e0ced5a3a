"""Figures of study C: sens-scores over types of data, and all networks by all transformations."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.cells import labelled_cells
from invariance.figures.layout import lay_out_plot
from invariance.figures.means import points_with_intervals, published_points
from invariance.figures.networks import RELATION_COLOURS
from invariance.figures.palette import CATEGORICAL, NEUTRAL, SENS_SCALE
from invariance.figures.study_figure import PUBLISHED_NOTE, StudyFigure
from invariance.numbers import format_number
from invariance.spec import TRANSFORM_NAMES
from invariance.statistics import t_interval
from invariance.studies.invariance_transfer import FAR, OWN, PUBLISHED_NAMES, relation_means
from invariance.studies.invariance_transfer_grid import RELATIONS, UNTRAINED
from invariance.studies.published import INVARIANCE_TRANSFER as PUBLISHED
from invariance.vocabulary.shifts import SHIFT_NAMES

COLOURS: Final = {name: RELATION_COLOURS["disjoint" if name == "other" else name] for name in RELATIONS}
DASHES: Final = {"same": "solid", "other": "dash", "none": "dot"}


def relation_figure(
    table: pd.DataFrame, *, pretraining: str = "pictures", score: str = "sens", published: bool = True
) -> go.Figure:
    """Mean sens-score by type of data, of networks with the same, another and no transformation.

    First weights are crosses without a line: what is low for them was not learnt.

    Args:
        table: results of the study, whole or partial.
        pretraining: ``pictures`` or ``noise``.
        score: column of the table.
        published: whether the paper's values are drawn, as hollow markers; it has them for pictures.
    """
    means = relation_means(table[table["pretraining"] == pretraining], score=score)
    order = [name for name in SHIFT_NAMES if name in means.index.get_level_values("data")]
    figure = go.Figure()
    for relation in RELATIONS:
        by_data = {name: t_interval(values) for name, values in means[relation].groupby(level="data")}
        figure.add_trace(
            points_with_intervals(
                order,
                [by_data[name] for name in order],
                name=_TITLES[relation],
                colour=COLOURS[relation],
                dash=DASHES[relation],
            )
        )
        if published and pretraining == "pictures" and score == "sens":
            at = [name for name in order if name in PUBLISHED_NAMES]
            heights = [PUBLISHED[relation][PUBLISHED_NAMES[name]][0] for name in at]
            figure.add_trace(published_points(at, heights, name=f"published, {relation}", colour=COLOURS[relation]))
    first = table[(table["pretraining"] == pretraining) & (table["relation"] == UNTRAINED)]
    if len(first):
        by_seed = first.groupby(["data", "seed"])[score].mean()
        figure.add_trace(
            points_with_intervals(
                order,
                [t_interval(by_seed[name]) for name in order],
                name="untrained",
                colour=NEUTRAL,
                mode="markers",
                symbol="x",
            )
        )
    figure.update_xaxes(title="measured on", categoryorder="array", categoryarray=order, type="category")
    figure.update_yaxes(title="sens-score (0 is invariant)", rangemode="tozero")
    lay_out_plot(figure, 380)
    return figure


_TITLES: Final = {"same": "same transformation", "other": "another one", "none": "none"}


def data_heatmap(table: pd.DataFrame, *, pretraining: str = "pictures", score: str = "sens") -> go.Figure:
    """Networks (rows) by types of data (columns): the score for each network's own transformation, means over seeds.

    The network without transformations has the mean over all; so has the one with its first weights, below a rule.

    Args:
        table: results of the study, whole or partial.
        pretraining: ``pictures`` or ``noise``.
        score: column of the table.
    """
    chosen = table[(table["pretraining"] == pretraining) & table["relation"].isin(["same", "none", UNTRAINED])]
    means = chosen.pivot_table(index="model", columns="data", values=score)
    rows = [name for name in ("none", *TRANSFORM_NAMES, UNTRAINED) if name in means.index]
    columns = [name for name in SHIFT_NAMES if name in means.columns]
    values = means.reindex(index=rows, columns=columns).to_numpy()
    titles = [_untrained_title(chosen) if name == UNTRAINED else name for name in rows]
    figure = labelled_cells(values, rows=titles, columns=columns, scale=SENS_SCALE, title="sens-score")
    if UNTRAINED in rows:
        figure.add_hline(y=len(rows) - 1.5, line={"color": NEUTRAL, "width": 3})
    figure.update_xaxes(title="measured on")
    figure.update_yaxes(title="pretrained with")
    return figure


def _untrained_title(table: pd.DataFrame) -> str:
    """With its accuracy on the data of its pretraining, where it is known."""
    accuracy = table.loc[table["relation"] == UNTRAINED, "pretraining_accuracy"].mean()
    return UNTRAINED if math.isnan(accuracy) else f"{UNTRAINED} (accuracy {format_number(accuracy)})"


def holding_figure(table: pd.DataFrame, *, near: str = OWN, far: str = FAR) -> go.Figure:
    """How invariant each network is on the data of its pretraining and far away: a point for a network.

    Args:
        table: results of the study, whole or partial.
        near: type of data on the x-axis.
        far: type of data on the y-axis.
    """
    own = table[(table["pretraining"] == "pictures") & (table["relation"] == "same")]
    wide = own.pivot_table(index="model", columns="data", values="sens").reindex(columns=[near, far]).dropna()
    figure = go.Figure()
    figure.add_scatter(
        x=wide[near].to_numpy(),
        y=wide[far].to_numpy(),
        mode="markers+text",
        text=list(wide.index),
        textposition="top center",
        marker={"size": 10, "color": CATEGORICAL[2]},
        hovertemplate="%{text}: %{x:.2f} and %{y:.2f}<extra></extra>",
    )
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.update_xaxes(title=f"sens-score on {near}", range=[0, 1.04])
    figure.update_yaxes(title=f"sens-score on {far}", range=[0, 1.04])
    lay_out_plot(figure, 380, showlegend=False)
    return figure


def _has_relations(table: pd.DataFrame) -> bool:
    """Whether every type of data has networks with the same, with another and with no transformation."""
    own = table[(table["pretraining"] == "pictures") & table["relation"].isin(RELATIONS)]
    seen = own.groupby("data")["relation"].nunique()
    return bool(len(seen) and (seen == len(RELATIONS)).all())


def _has_near_and_far(table: pd.DataFrame) -> bool:
    own = table[(table["pretraining"] == "pictures") & (table["relation"] == "same")]
    return {OWN, FAR} <= set(own["data"])


FIGURES: Final = (
    StudyFigure(
        "relations",
        "Does invariance hold on other data?",
        f"Mean sens-score after training with the measured transformation, another or none; crosses: before any "
        f"training. {PUBLISHED_NOTE}",
        relation_figure,
        _has_relations,
    ),
    StudyFigure(
        "data",
        "Each network on each type of data",
        "The sens-score for the transformation that the network was trained with; purple is invariant. Below the rule: "
        "first weights, over all transformations; a network that tells nothing apart may be invariant too.",
        data_heatmap,
        _has_relations,
    ),
    StudyFigure(
        "holding",
        "Near and far",
        "A point for a network: its sens-score on the data of its pretraining and on noise.",
        holding_figure,
        _has_near_and_far,
    ),
)

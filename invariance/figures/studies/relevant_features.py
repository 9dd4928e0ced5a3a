"""Figures of study B: what probes find, what networks are sensitive to, and how the two go together."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from invariance.figures.cells import labelled_cells
from invariance.figures.layout import accuracy_axis, lay_out_plot
from invariance.figures.means import points_with_intervals
from invariance.figures.networks import FEATURE_COLOURS
from invariance.figures.palette import CATEGORICAL, SENS_SCALE, SHARE_SCALE
from invariance.figures.study_figure import StudyFigure
from invariance.statistics import accuracy_interval
from invariance.studies.published import RELEVANT_FEATURES, RELEVANT_FEATURES_SENS
from invariance.studies.relevant_features import accuracies, accuracy_and_sens, sens_scores
from invariance.studies.relevant_features_grid import TASKS

SYMBOLS: Final = {"c": "circle", "o": "diamond"}
FEATURES: Final = {"c": "C, the large object and its scene", "o": "O, the sticker"}


def probe_heatmap(table: pd.DataFrame, *, published: bool = False) -> go.Figure:
    """Accuracy of probes: trained on (rows) by probed on (columns), means over seeds.

    Args:
        table: results of the study, whole or partial.
        published: whether the paper's values are shown in place of ours.
    """
    if published:
        values = np.array([[RELEVANT_FEATURES[row][column] for column in TASKS] for row in TASKS])
    else:
        values = accuracies(table).mean(axis=0).to_numpy().reshape(len(TASKS), len(TASKS))
    titles = list(TASKS.values())
    figure = labelled_cells(values, rows=titles, columns=titles, scale=SHARE_SCALE, title="accuracy")
    figure.update_xaxes(title="probed on")
    figure.update_yaxes(title="trained on")
    return figure


def sens_heatmap_of_features(table: pd.DataFrame, *, published: bool = False) -> go.Figure:
    """Sens-score to changing only C and only O, for each of the four networks, means over seeds.

    Args:
        table: results of the study, whole or partial.
        published: whether the paper's values are shown in place of ours.
    """
    if published:
        values = np.array([RELEVANT_FEATURES_SENS[row] for row in TASKS])
    else:
        values = sens_scores(table).mean(axis=0).to_numpy().reshape(2, len(TASKS)).T
    columns = ["only C changes", "only O changes"]
    figure = labelled_cells(values, rows=list(TASKS.values()), columns=columns, scale=SENS_SCALE, title="sens-score")
    figure.update_yaxes(title="trained on")
    return figure


def agreement_figure(table: pd.DataFrame) -> go.Figure:
    """Accuracy of a feature's probe over the sens-score to that feature: a point for a network, a feature and a seed.

    Features that the network did not need are hollow. No correlation is given: the four networks form clumps.

    Args:
        table: results of the study, whole or partial.
    """
    pairs = accuracy_and_sens(table).dropna()
    figure = go.Figure()
    for feature, title in FEATURES.items():
        rows = pairs[pairs["feature"] == feature]
        figure.add_scatter(
            x=rows["sens"].to_numpy(),
            y=rows["accuracy"].to_numpy(),
            name=title,
            mode="markers",
            marker={
                "color": FEATURE_COLOURS[feature],
                "size": 10,
                "symbol": [SYMBOLS[feature] + ("" if needed else "-open") for needed in rows["needed"]],
                "opacity": 0.8,
            },
            text=[f"{TASKS[name]}, seed {seed}" for name, seed in zip(rows["trained_on"], rows["seed"], strict=True)],
            hovertemplate="%{text}<br>sens-score %{x:.2f}, accuracy %{y:.2f}<extra></extra>",
        )
    figure.update_xaxes(title="sens-score to the feature", rangemode="tozero")
    accuracy_axis(figure, "accuracy of its probe")
    lay_out_plot(figure, 340, showlegend=True)
    return figure


def extended_figure(table: pd.DataFrame, varied: str) -> go.Figure:
    """How well networks that predict C give each feature, over the correlation or the availability of O.

    Args:
        table: results of the study, whole or partial.
        varied: ``correlation`` or ``availability``.
    """
    kept = {"correlation": ("availability", 1.0), "availability": ("correlation", 0.0)}[varied]
    chosen = table[(table["label"] == "c") & (table[kept[0]] == kept[1])]
    figure = go.Figure()
    for colour, (probed_on, title) in zip(CATEGORICAL[2:], TASKS.items(), strict=False):
        rows = chosen[chosen["probed_on"] == probed_on].groupby(varied)["accuracy"]
        intervals = {value: accuracy_interval(scores) for value, scores in rows}
        figure.add_trace(
            points_with_intervals(
                list(intervals),
                list(intervals.values()),
                name=title,
                colour=colour,
                dash="solid" if probed_on.endswith("c") else "dash",
            )
        )
    figure.update_xaxes(title=f"{varied} of O in pretraining to predict C", range=[-0.04, 1.04])
    accuracy_axis(figure, "accuracy of a probe")
    lay_out_plot(figure, 340, legend_title="probed on")
    return figure


def _has_all_networks(table: pd.DataFrame) -> bool:
    """Whether some seed has all four networks on all four tasks."""
    four = table[table["trained_on"].isin(TASKS)]
    return bool((four.groupby("seed").size() >= len(TASKS) ** 2).any())


def _varies(table: pd.DataFrame, column: str) -> bool:
    """Whether networks that predict C were trained at several values; C alone has the object nowhere."""
    return bool(table.loc[(table["label"] == "c") & (table["trained_on"] != "c"), column].nunique() > 1)


FIGURES: Final = (
    StudyFigure(
        "probes",
        "Accuracy of linear probes",
        "Rows: what a network learnt; columns: what is read from it. C pictures, O small objects pasted on them.",
        probe_heatmap,
        _has_all_networks,
    ),
    StudyFigure(
        "sens",
        "Sens-score to each feature",
        "0: the representation does not change with the feature; 1: as much as with another image.",
        sens_heatmap_of_features,
        _has_all_networks,
    ),
    StudyFigure(
        "agreement",
        "Sens-score and probe",
        "A point for a network, a feature and a seed; hollow: the network did not need the feature.",
        agreement_figure,
        _has_all_networks,
    ),
    *(
        StudyFigure(
            column,
            f"What is kept, over the {column} of the object",
            "Networks that predict the picture, and how well each task is read from them. Not in the paper.",
            partial(extended_figure, varied=column),
            partial(_varies, column=column),
            tab=f"Object's {column}",
        )
        for column in ("correlation", "availability")
    ),
)

"""Figures of the study of repair: what comes back over the number of target images, and which share of the gap."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from invariance.figures.layout import lay_out_plot
from invariance.figures.means import points_with_intervals
from invariance.figures.networks import RELATION_COLOURS
from invariance.figures.palette import CATEGORICAL, NEUTRAL
from invariance.figures.study_figure import INTERVALS_NOTE, StudyFigure
from invariance.statistics import Interval, accuracy_interval, t_interval
from invariance.studies.repair import Repairs
from invariance.studies.repair_grid import ALL, FROZEN, LAST_BLOCK, MATCHED, MISMATCHED, UNTRAINED

ROWS: Final = {"accuracy": "accuracy", "sens": "sens-score to<br>the target's", "skill": "their values<br>decoded"}
"""Columns of the table from top to bottom, with the titles of their axes."""
WAYS: Final = {ALL: "all weights", LAST_BLOCK: "last block"}
_LINES: Final = (
    (MATCHED, "matched", RELATION_COLOURS["same"], "solid", "circle"),
    (MISMATCHED, "mismatched, repaired", RELATION_COLOURS["disjoint"], "solid", "diamond"),
    (UNTRAINED, "untrained, on the same images", CATEGORICAL[2], "dash", "square"),
)


def repair_figure(table: pd.DataFrame, trained: str) -> go.Figure:
    """Accuracy, sens-score and decoded values over the number of target images, one line a network.

    Dotted is the mismatched network as it is. Images are on a logarithmic axis.

    Args:
        table: results of the study, whole or partial.
        trained: what of each network was trained on these images.
    """
    repairs = Repairs(table)
    heights = [0.44, 0.28, 0.28]
    figure = make_subplots(rows=len(ROWS), cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=heights)
    lines = [(source, trained, *look) for source, *look in _LINES]
    for row, column in enumerate(ROWS, 1):
        for source, way, name, colour, dash, symbol in (
            *lines,
            (MISMATCHED, FROZEN, "mismatched, as it is", NEUTRAL, "dot", "circle-open"),
        ):
            interval = accuracy_interval if column == "accuracy" else t_interval
            found = {num: interval(repairs.of(source, way, num, column)) for num in repairs.nums_images}
            figure.add_trace(_line(found, name=name, colour=colour, dash=dash, symbol=symbol), row=row, col=1)
            figure.data[-1].update(legendgroup=name, showlegend=row == 1)
        figure.update_yaxes(title=ROWS[column], rangemode="tozero", row=row, col=1)
    figure.update_yaxes(range=[0, 1.04], tickformat=".0%", row=1, col=1)
    _count_images(figure, repairs, row=len(ROWS), col=1)
    lay_out_plot(figure, 620)
    return figure


def share_figure(table: pd.DataFrame) -> go.Figure:
    """Share of the gap that is made good, with Fieller's intervals, where the gap is large enough to tell one.

    Args:
        table: results of the study, whole or partial.
    """
    repairs, figure = Repairs(table), go.Figure()
    for (trained, title), colour, dash in zip(
        WAYS.items(), (RELATION_COLOURS["disjoint"], CATEGORICAL[2]), ("solid", "dash"), strict=True
    ):
        figure.add_trace(_line(_shares(repairs, trained), name=title, colour=colour, dash=dash, symbol="circle"))
    figure.add_hline(y=1.0, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.update_yaxes(title="share of the gap made good", tickformat=".0%", rangemode="tozero")
    _count_images(figure, repairs)
    lay_out_plot(figure, 380, legend_title="trained", showlegend=True)
    return figure


def _shares(repairs: Repairs, trained: str) -> dict[int, Interval]:
    found = {num: repairs.share(trained, num) for num in repairs.nums_images}
    return {num: one for num, one in found.items() if one is not None}


def _line(found: dict[int, Interval], *, name: str, colour: str, dash: str, symbol: str) -> go.Scatter:
    known = {num: one for num, one in found.items() if one.num}
    return points_with_intervals(list(known), list(known.values()), name=name, colour=colour, dash=dash, symbol=symbol)


def _count_images(figure: go.Figure, repairs: Repairs, **lowest: int) -> None:
    """A logarithmic axis with the numbers of images that there are, and its title below the lowest plot."""
    nums = repairs.nums_images
    figure.update_xaxes(type="log", tickvals=nums, ticktext=[f"{num:,}" for num in nums])
    figure.update_xaxes(title="target images", **lowest)


def _has(trained: str) -> Callable[[pd.DataFrame], bool]:
    return lambda table: bool((table["trained"] == trained).any())


def _has_shares(table: pd.DataFrame) -> bool:
    return any(_shares(Repairs(table), trained) for trained in WAYS)


FIGURES: Final = (
    *(
        StudyFigure(
            trained,
            f"What comes back with {words}",
            f"With {words} trained on target images: accuracy on the task, sens-score to the target's transformations "
            "(0: invariant) and how well their values are decoded (0: guessing). Dotted: the mismatched network as it "
            f"is, with a linear probe. {INTERVALS_NOTE}",
            partial(repair_figure, trained=trained),
            _has(trained),
            tab=words.capitalize(),
        )
        for trained, words in ((ALL, "all weights"), (LAST_BLOCK, "the last block"))
    ),
    StudyFigure(
        "share",
        "Share of the gap made good",
        "What training adds to the mismatched network, over what the matched one, trained alike, is ahead of it as it "
        "is; told where that gap exceeds 0.1 with its interval. Dotted: all of it. Bars are Fieller's 95 % intervals.",
        share_figure,
        _has_shares,
    ),
)

"""The findings of a study in one figure: effects with their intervals over seeds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from invariance.figures.layout import error_bars
from invariance.figures.palette import MATCHED, MISMATCHED, NEUTRAL

LINE_LENGTH = 46


def findings_figure(findings: Sequence[Mapping[str, Any]]) -> go.Figure:
    """One dot and its 95 % interval a finding, coloured by whether it agrees with the paper.

    Args:
        findings: mappings with name, effect, low, high and agrees, as in ``summary.json``; those whose effect is not
            known (None) are left out.
    """
    known = [finding for finding in findings if finding["effect"] is not None]
    figure = go.Figure()
    for agrees, colour, label, symbol in (
        (True, MATCHED, "agrees with the paper", "circle"),
        (False, MISMATCHED, "does not agree", "diamond"),
    ):
        chosen = [finding for finding in known if bool(finding["agrees"]) is agrees]
        if not chosen:
            continue
        figure.add_scatter(
            x=[finding["effect"] for finding in chosen],
            y=[_label(finding["name"]) for finding in chosen],
            # One seed has no interval: its ends are None in the summary, NaN here.
            error_x=error_bars(*(_column(chosen, key) for key in ("effect", "low", "high")), thickness=2),
            mode="markers",
            marker={"color": colour, "size": 11, "symbol": symbol},
            name=label,
            hovertemplate="%{x:.3g}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    order = [_label(finding["name"]) for finding in known]
    figure.update_xaxes(title="effect, with its 95 % interval over seeds")
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], automargin=True)
    figure.update_layout(
        height=110 + 46 * max(1, len(known)),
        margin={"l": 10, "r": 20, "t": 10, "b": 40},
        dragmode=False,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0.0},
    )
    return figure


def _label(name: str) -> str:
    return "<br>".join(textwrap.wrap(name.replace("-", " ").replace("_", " "), LINE_LENGTH))


def _column(findings: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    return np.array([finding[key] for finding in findings], np.float64)

"""Accuracies side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from invariance.figures.palette import CATEGORICAL, NEUTRAL


def accuracy_bars(
    accuracies: Mapping[str, float],
    *,
    axis_title: str,
    chance: float | None = None,
    colours: Sequence[str] = CATEGORICAL,
) -> go.Figure:
    """One horizontal bar a model, its value in per cent written beside it.

    Args:
        accuracies: name to accuracy in [0, 1], from top to bottom.
        axis_title: what the accuracy is of; the unit is added.
        chance: accuracy of guessing in [0, 1], drawn as a dotted line.
        colours: one for each bar, repeated if there are more bars.
    """
    names, values = list(accuracies), [100.0 * value for value in accuracies.values()]
    figure = go.Figure(
        go.Bar(
            x=values,
            y=names,
            orientation="h",
            marker_color=[colours[position % len(colours)] for position in range(len(names))],
            text=[f"{value:.1f}%" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1f}%<extra></extra>",
        )
    )
    if chance is not None:
        figure.add_vline(x=100.0 * chance, line={"color": NEUTRAL, "dash": "dot", "width": 2})
        figure.add_annotation(
            x=100.0 * chance, y=1.0, yref="paper", yanchor="bottom", xanchor="left", text="guessing", showarrow=False
        )
    figure.update_xaxes(title=f"{axis_title} (%)", range=[0, 115], tickvals=[0, 25, 50, 75, 100], fixedrange=True)
    figure.update_yaxes(autorange="reversed", automargin=True, fixedrange=True)
    figure.update_layout(
        height=110 + 48 * len(names), margin={"l": 10, "r": 10, "t": 26, "b": 10}, showlegend=False, dragmode=False
    )
    return figure

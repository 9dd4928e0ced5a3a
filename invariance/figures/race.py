"""Networks in training, by what each would reach on the target task if it were transferred now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.layout import lay_out_plot
from invariance.figures.palette import NEUTRAL

Points = Sequence[tuple[float, float]]
"""Share of the training that is done, and accuracy on the target, both in [0, 1]."""
_DASHES: Final = ("solid", "dash", "longdashdot")
_END: Final = 1.06
"""Where the transfers themselves stand, to the right of the training's end."""
_ROOM: Final = 1.13


def race_curves(
    curves: Mapping[str, Points],
    finals: Mapping[str, float],
    *,
    colours: Sequence[str],
    guessing: float,
    height_px: int = 250,
) -> go.Figure:
    """A curve for each network on axes that stay as they are, so that the eye follows the networks alone.

    Args:
        curves: by a network's title, what its probes said, perhaps nothing yet.
        finals: accuracies of the transfers themselves, as far as they are known, by the same titles.
        colours: ``#rrggbb`` of each network, see :mod:`invariance.figures.networks`.
        guessing: accuracy of who guesses, in [0, 1].
        height_px: height of the figure.

    Returns:
        A figure with the curves in their order, each also of its own dash.
    """
    figure = go.Figure()
    for ((title, points), colour), dash in zip(zip(curves.items(), colours, strict=True), cycle(_DASHES), strict=False):
        # A network that has not begun is in the legend, which then keeps its height.
        shares: list[float | None] = [share for share, _ in points] or [None]
        values: list[float | None] = [value for _, value in points] or [None]
        figure.add_scatter(
            x=shares,
            y=values,
            name=title,
            mode="lines+markers",
            line={"width": 3, "color": colour, "dash": dash},
            marker={"size": 7},
            hovertemplate="%{y:.1%} at %{x:.0%} of the training",
        )
        if title in finals:
            figure.add_scatter(
                x=[_END],
                y=[finals[title]],
                name=title,
                showlegend=False,
                mode="markers",
                marker={"size": 12, "symbol": "diamond", "color": colour},
                hovertemplate="%{y:.1%}, transferred",
                cliponaxis=False,
            )
    figure.add_scatter(
        x=[-0.02, _ROOM],
        y=[guessing, guessing],
        name=f"guessing ({guessing:.0%})",
        mode="lines",
        line={"color": NEUTRAL, "width": 1.5, "dash": "dot"},
        hoverinfo="skip",
    )
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    figure.update_xaxes(
        range=[-0.02, _ROOM],
        tickvals=[*ticks, _END] if finals else ticks,
        ticktext=["start", "25%", "50%", "75%", *(["", "transfer"] if finals else ["trained"])],
        fixedrange=True,
    )
    figure.update_yaxes(
        title="accuracy on the target", range=[0, 1.04], tickvals=ticks, tickformat=".0%", fixedrange=True
    )
    lay_out_plot(figure, height_px, showlegend=True)
    return figure


def race_table(curves: Mapping[str, Points]) -> pd.DataFrame:
    """The numbers behind :func:`race_curves`: columns network, share of the training, target accuracy."""
    rows = [(title, *point) for title, points in curves.items() for point in points]
    return pd.DataFrame(rows, columns=["network", "share_of_training", "target_accuracy"])

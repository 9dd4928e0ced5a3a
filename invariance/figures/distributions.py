"""What is drawn beside the law it is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from invariance.data.laws import Law
from invariance.figures.palette import DRAWN, MARKED, TEXT_PX

NUM_BINS: Final = 20
PANEL_PX: Final = 210
BAR_OPACITY: Final = 0.45
MARGIN: Final = 0.06
"""Empty part of the axis on each side of a law's range, relative to it."""


def drawn_and_law(
    laws: Sequence[Law],
    drawn: Mapping[str, NDArray[np.generic]],
    *,
    marked: Mapping[str, float] | None = None,
    columns: int = 2,
    full: Mapping[str, tuple[float, float]] | None = None,
) -> go.Figure:
    """One panel a parameter: the share of samples in each bin as bars, the law as a line.

    Args:
        laws: of the parameters, uniform ones and switches; others have nothing to count.
        drawn: for each law's key, (N,) values.
        marked: values to point at, by key.
        columns: panels in a row.
        full: ends of an axis by key, where it should be longer than the law's range.
    """
    titles = [f"<b>{law.transform.replace('_', ' ')}</b><br>{law.title}" for law in laws]
    rows = -(-len(laws) // columns)
    height = 20 + PANEL_PX * rows
    figure = make_subplots(rows, columns, subplot_titles=titles, vertical_spacing=84 / height if rows > 1 else 0.0)
    for position, law in enumerate(laws):
        place = {"row": position // columns + 1, "col": position % columns + 1}
        add = _add_switch if law.kind == "switch" else _add_uniform
        add(figure, law, drawn[law.key], place, (full or {}).get(law.key, (law.low, law.high)))
        if marked is not None and law.key in marked:
            _mark(figure, law, marked[law.key], place)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", fixedrange=True, nticks=4)
    figure.update_yaxes(title={"text": "share of draws", "font": {"size": TEXT_PX}}, col=1)
    figure.update_xaxes(fixedrange=True)
    figure.update_annotations(font_size=TEXT_PX)
    figure.update_layout(
        height=height, margin={"l": 8, "r": 8, "t": 48, "b": 8}, bargap=0.06, showlegend=False, dragmode=False
    )
    return figure


def shares_table(laws: Sequence[Law], drawn: Mapping[str, NDArray[np.generic]]) -> pd.DataFrame:
    """The numbers behind :func:`drawn_and_law`.

    Returns:
        One row a bin: parameter (the law's key), from, to, share of the samples in it, and the law's share. A switch
        has two, from 0 to 0 and from 1 to 1.
    """
    rows: list[tuple[str, float, float, float, float]] = []
    for law in laws:
        if law.kind == "switch":
            share, expected = float(drawn[law.key].astype(np.float64).mean()), law.probability
            rows += [(law.key, 0.0, 0.0, 1.0 - share, 1.0 - expected), (law.key, 1.0, 1.0, share, expected)]
            continue
        shares, edges = _shares(law, drawn[law.key])
        rows += [(law.key, *edges[n : n + 2].tolist(), float(share), 1.0 / NUM_BINS) for n, share in enumerate(shares)]
    return pd.DataFrame(rows, columns=["parameter", "from", "to", "share", "law"])


def _shares(law: Law, values: NDArray[np.generic]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of the samples in each bin over a uniform law's range, and the edges of the bins."""
    centred = law.centred(values.astype(np.float64))
    width = (law.high - law.low) or 1.0
    counts, edges = np.histogram(centred, NUM_BINS, (law.low, law.low + width))
    return counts / max(1, len(centred)), edges


def _add_uniform(
    figure: go.Figure, law: Law, values: NDArray[np.generic], place: dict[str, int], full: tuple[float, float]
) -> None:
    """Bars over the law's range, and the law: the same share in every bin, nothing outside."""
    shares, edges = _shares(law, values)
    figure.add_bar(
        x=((edges[1:] + edges[:-1]) / 2).astype(np.float32),
        y=shares.astype(np.float32),
        marker_color=DRAWN,
        opacity=BAR_OPACITY,
        hovertemplate="%{x:.3g}: %{y:.1%}<extra></extra>",
        **place,
    )
    first, last = full
    space = MARGIN * ((last - first) or 1.0)
    level = 1.0 / NUM_BINS
    figure.add_scatter(
        x=[first - space, law.low, law.low, law.high, law.high, last + space],
        y=[0, 0, level, level, 0, 0],
        mode="lines",
        line={"color": DRAWN, "width": 2},
        hoverinfo="skip",
        **place,
    )
    figure.update_xaxes(range=[first - space, last + space], ticksuffix="°" if law.unit == "°" else "", **place)
    if law.unit == "°" and last - first >= 180:
        figure.update_xaxes(dtick=90 if last - first >= 360 else 45, **place)
    if law.unit not in ("", "°"):
        figure.update_xaxes(ticksuffix=" ×" if law.unit == "×" else " px", **place)
    figure.update_yaxes(range=[0, 1.25 * max(level, float(shares.max()))], **place)


def _add_switch(
    figure: go.Figure, law: Law, values: NDArray[np.generic], place: dict[str, int], full: tuple[float, float]
) -> None:
    """Two bars, and a level at the height that the probability says."""
    share = float(values.astype(np.float64).mean())
    figure.add_bar(
        x=[0, 1],
        y=[1.0 - share, share],
        marker_color=DRAWN,
        opacity=BAR_OPACITY,
        width=0.6,
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
        **place,
    )
    figure.add_scatter(
        x=[-0.38, 0.38, None, 0.62, 1.38],
        y=[1.0 - law.probability, 1.0 - law.probability, None, law.probability, law.probability],
        mode="lines",
        line={"color": DRAWN, "width": 2},
        hoverinfo="skip",
        **place,
    )
    figure.update_xaxes(tickvals=[0, 1], ticktext=["no", "yes"], range=[-0.6, 1.6], **place)
    figure.update_yaxes(range=[0, 1.05], **place)


def _mark(figure: go.Figure, law: Law, value: float, place: dict[str, int]) -> None:
    """A line at a value."""
    where = float(law.centred(np.array(float(value))))
    figure.add_vline(x=where, line={"color": MARKED, "width": 3}, **place)

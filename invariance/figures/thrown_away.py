"""A card of two networks: its differences, its strips, and all of it as one file."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from invariance.figures.layout import error_bars, lay_out_plot
from invariance.figures.offline import offline_html
from invariance.figures.palette import NEUTRAL, TEXT_PX
from invariance.figures.pictures import fitting_factor, png_bytes, upscale
from invariance.measures.factor_strip import Strip
from invariance.numbers import format_number
from invariance.runs.origin import Origin
from invariance.studies.thrown_away_card import ThrownAway
from invariance.studies.thrown_away_row import Row
from invariance.vocabulary.thrown_away import EQUIVARIANCE

ROW_PX: Final = 52
PICTURE_PX: Final = 96
"""Side to which pictures are enlarged in the file; the figure shows them smaller."""
RULER_FROM: Final = 0.2
"""Of the figure's width; pictures are before it."""
FAINTEST: Final = 0.15
"""Opacity of a direction that is not read at all."""
SYMBOLS: Final = ("circle", "diamond")


def differences_figure(card: ThrownAway, *, colours: Sequence[str]) -> go.Figure:
    """Second less first of every comparison with its interval; what is told is filled.

    Of equivariance only what is told: it has no lower end.

    Args:
        card: with at least one row.
        colours: ``#rrggbb`` of both networks, see :mod:`invariance.figures.networks`.
    """
    shown = [row for row in card.rows if row.reliable or row.part != EQUIVARIANCE]  # which has another scale
    rows = sorted(shown, key=lambda row: row.difference)
    places = list(range(len(rows)))
    figure = go.Figure()
    colour_a, colour_b = colours
    groups = (
        ("B keeps less", [row.reliable and row.difference < 0 for row in rows], colour_b, "diamond"),
        ("A keeps less", [row.reliable and row.difference > 0 for row in rows], colour_a, "circle"),
        ("not told", [not row.reliable for row in rows], NEUTRAL, "circle-open"),
    )
    for name, members, colour, symbol in groups:
        chosen = [place for place in places if members[place]]
        if not chosen:
            continue
        values, low, high = (
            [getattr(rows[place], column) for place in chosen] for column in ("difference", "low", "high")
        )
        figure.add_scatter(
            x=values,
            y=chosen,
            name=name,
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_x=error_bars(values, low, high, color=colour, thickness=1.5, width=0),
            customdata=[[rows[place].first, rows[place].second] for place in chosen],
            hovertemplate="%{x:.2f}: A %{customdata[0]:.2f}, B %{customdata[1]:.2f}<extra>" + name + "</extra>",
        )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[_row_title(row) for row in rows],
        range=[len(rows) - 0.5, -0.5],
        automargin=True,
        fixedrange=True,
    )
    figure.update_xaxes(title="B − A", zeroline=True, zerolinecolor=NEUTRAL, fixedrange=True)
    lay_out_plot(figure, 90 + 22 * len(rows), dragmode=False)
    return figure


def strip_figure(strip: Strip, images: NDArray[np.uint8], *, colours: Sequence[str]) -> go.Figure:
    """Five images, and beside each the ruler: what is true, and what is read off both networks.

    Args:
        strip: of a factor.
        images: (5, S, S, 3) uint8, of the strip.
        colours: ``#rrggbb`` of both networks, see :mod:`invariance.figures.networks`.
    """
    places = list(range(len(strip.true)))
    low, high = _ends(strip)
    figure = go.Figure(
        go.Scatter(
            x=[end for _ in places for end in (low, high, None)],
            y=[place for one in places for place in (one, one, None)],
            mode="lines",
            line={"color": NEUTRAL, "width": 1},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    figure.add_scatter(
        x=strip.true,
        y=places,
        mode="markers",
        name="true",
        marker={"symbol": "line-ns", "size": 24, "line": {"width": 3, "color": NEUTRAL}},
        hovertemplate="true: %{x:.2f}<extra></extra>",
    )
    both = ((strip.first, strip.first_length), (strip.second, strip.second_length))
    for letter, (values, lengths), colour, symbol in zip("AB", both, colours, SYMBOLS, strict=True):
        # Of an angle that is hardly read there is a direction too; it is as faint as what was read is short.
        opacity = np.clip(lengths, FAINTEST, 1.0) if lengths else 1.0
        figure.add_scatter(
            x=np.clip(values, low, high),
            y=places,
            mode="markers",
            name=letter,
            marker={"color": colour, "symbol": symbol, "size": 12, "opacity": opacity},
            customdata=list(values),
            hovertemplate="%{customdata:.2f}<extra>read off " + letter + "</extra>",
        )
    factor = fitting_factor(images.shape[1], PICTURE_PX)
    for place, image in zip(places, images, strict=True):
        figure.add_layout_image(
            source=f"data:image/png;base64,{b64encode(png_bytes(upscale(image, factor))).decode()}",
            xref="paper",
            yref="y",
            x=0.0,
            y=place,
            sizex=RULER_FROM - 0.02,
            sizey=0.92,
            xanchor="left",
            yanchor="middle",
        )
    for place, label in zip(places, () if _is_switch(strip) else strip.labels, strict=False):
        figure.add_annotation(
            x=low,
            y=place,
            text=label,
            xanchor="left",
            yanchor="bottom",
            yshift=2,
            showarrow=False,
            font={"size": TEXT_PX},
        )
    ticks: dict[str, Any] = {"tickvals": [-180, -90, 0, 90, 180]} if strip.kind == "circle" else {}
    if _is_switch(strip):
        ticks = {"tickvals": [0, 1], "ticktext": ["not applied", "applied"]}
    margin = 0.03 * (high - low)
    figure.update_xaxes(
        title=_axis_title(strip),
        domain=[RULER_FROM, 1.0],
        range=[low - margin, high + margin],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        **ticks,
    )
    figure.update_yaxes(
        range=[len(places) - 0.5, -0.5], showticklabels=False, showgrid=False, zeroline=False, fixedrange=True
    )
    lay_out_plot(figure, 84 + ROW_PX * len(places), dragmode=False)
    return figure


def card_html(
    card: ThrownAway, images: Sequence[NDArray[np.uint8]], origin: Origin, *, colours: Sequence[str]
) -> bytes:
    """A card as one HTML file that needs no network.

    Args:
        card: what is told.
        images: of each of its strips.
        origin: what makes it again.
        colours: ``#rrggbb`` of both networks.
    """
    by_factor = {row.name: said for row, said in zip(card.told, card.sentences, strict=False)}
    figures = {
        plain(by_factor[strip.factor]): strip_figure(strip, shown, colours=colours)
        for strip, shown in zip(card.strips, images, strict=True)
    }
    if card.rows:
        figures["All differences, B − A, with 95 % intervals"] = differences_figure(card, colours=colours)
    first, second = card.names
    title = f"What {second} (B) threw away that {first} (A) keeps"
    said = " ".join(map(plain, (*card.sentences, *card.remarks)))
    return offline_html(title, origin, figures=figures, tables={"card": card.table()}, text=said)


def plain(text: str) -> str:
    """A sentence without the marks of Markdown."""
    return text.replace("*", "")


def _row_title(row: Row) -> str:
    return f"{row.title}: foreseen" if row.part == EQUIVARIANCE else row.title


def _ends(strip: Strip) -> tuple[float, float]:
    if strip.kind == "circle":
        return -180.0, 180.0
    if strip.kind == "choice":
        return -0.25, 1.25
    spread = max(strip.true) - min(strip.true)
    return min(strip.true) - 0.3 * spread, max(strip.true) + 0.3 * spread


def _axis_title(strip: Strip) -> str:
    if strip.kind == "circle":
        return f"{strip.title}, degrees of the circle" + "; faint: hardly read" * bool(strip.first_length)
    if strip.kind == "number":
        return f"{strip.title} ({format_number(min(strip.true))} to {format_number(max(strip.true))})"
    return f"{strip.title}: what is read" if _is_switch(strip) else "what is read for the true one"


def _is_switch(strip: Strip) -> bool:
    return bool(strip.transforms) and strip.kind == "choice"

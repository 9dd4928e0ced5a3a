"""A table of coloured cells to click and to walk through with arrow keys; names of rows and columns stay in sight.

It draws what a figure of :mod:`invariance.figures.cells` holds, which the files that are saved show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from invariance.figures.networks import look_of, network_colours
from invariance.figures.palette import colour_at, text_colour
from invariance.vocabulary.transforms import TRANSFORMATIONS
from pages.shared.scripts import component_script
from pages.shared.serving.once import kept, name_of
from pages.shared.transform_pictures import ADDRESS

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from pages.shared.cache import KnownModel

HERE = Path(__file__).parent
Cell = tuple[str, str]
"""Names of row and column."""

_cells = st.components.v2.component(
    "invariance_cells",
    html='<div class="cells"></div>',
    css=(HERE / "cells.css").read_text(),
    js=component_script(HERE / "cells.js"),
)


@dataclass(frozen=True)
class Head:
    """How a row is named.

    Attributes:
        title: short.
        note: at its end, such as an accuracy.
        trained_on: transformations, shown as pictures, whose cells get a frame.
        colour: ``#rrggbb`` of the network everywhere; empty for what is none.
    """

    title: str
    note: str = ""
    trained_on: tuple[str, ...] = ()
    colour: str = ""


def head_of(network: KnownModel, title: str, note: str = "") -> Head:
    """The head of a network's row."""
    trained_on = () if network.is_published or network.is_untrained else network.data.transforms
    return Head(title, note, trained_on, colour_of(network))


def colour_of(network: KnownModel) -> str:
    """The colour of a network alone."""
    return colours_of([network])[0]


def colours_of(networks: Sequence[KnownModel]) -> list[str]:
    """Colours of networks that are shown together."""
    return network_colours(
        [None if one.is_untrained else look_of(one.spec, one.source, one.reference) for one in networks]
    )


def show_cells(
    figure: go.Figure,
    heads: Mapping[str, Head],
    *,
    key: str,
    on_cell: Callable[[str, str], None],
    **told: Any,
) -> None:
    """Shows the cells of a heatmap.

    Args:
        figure: its first traces are the colours, with what is told of each cell, and the words.
        heads: of rows by name; others are called as in the figure.
        key: of the widget.
        on_cell: takes names of row and column of a cell that is clicked, before the page runs again.
        **told: as for :func:`cells_data`.
    """

    def take() -> None:
        if (cell := getattr(st.session_state.get(key), "cell", None)) is not None:
            on_cell(*map(str, cell))

    data = kept(lambda: cells_data(figure, heads, **told), "cells", name_of(figure), heads, told)
    _cells(key=key, data=data, on_cell_change=take)


def cells_data(
    figure: go.Figure,
    heads: Mapping[str, Head],
    *,
    corner: str,
    alt: str,
    legend: Mapping[str, Any],
    selected: Collection[Cell] = (),
    trained: Collection[Cell] = (),
    apart: Collection[str] = (),
    hidden: Collection[Cell] = (),
    hint: str = "",
) -> dict[str, Any]:
    """What the browser draws.

    Args:
        figure: see :func:`show_cells`.
        heads: likewise.
        corner: what the rows are.
        alt: what is seen, in words.
        legend: ``low``, ``high`` and ``bar``, colours between them, or ``colours``, pairs of colour and words.
        selected: cells with the frame of what is looked at.
        trained: cells with the frame of what a network was trained on.
        apart: rows on the other side of a rule.
        hidden: empty cells whose number is to be guessed first.
        hint: below the cells while none is pointed at.
    """
    names, rows = figure.layout.meta, _rows(figure, heads, trained, apart)
    places = {(row, column): (y, x) for y, row in enumerate(names["rows"]) for x, column in enumerate(names["columns"])}
    for cell in hidden:
        if cell in places:
            row, column = places[cell]
            title = figure.layout.xaxis.ticktext[column]
            rows[row]["cells"][column] = ["?", "", "", f"{rows[row]['title']}, {title}: guess first", False]
    return {
        "columns": list(figure.layout.xaxis.ticktext),
        "rows": rows,
        "names": names,
        "starts": [round(shape.x0 + 0.5) for shape in figure.layout.shapes if shape.x0 == shape.x1],
        "selected": [places[cell] for cell in selected if cell in places],
        "framed": "trained on" if trained else "",
        "corner": corner,
        "legend": dict(legend),
        "hint": hint,
        "alt": alt,
    }


def _rows(
    figure: go.Figure, heads: Mapping[str, Head], trained: Collection[Cell], apart: Collection[str]
) -> list[dict[str, Any]]:
    """What the browser draws of each row."""
    colours, words = figure.data[:2]
    values, scale, told, written = colours.z, colours.colorscale, colours.text, words.text  # each asked for once
    names = figure.layout.meta
    at = {(int(y), int(x)): number for number, (x, y) in enumerate(zip(words.x, words.y, strict=True))}
    rows = []
    for row, (name, title) in enumerate(zip(names["rows"], figure.layout.yaxis.ticktext, strict=True)):
        head = heads.get(name, Head(str(title)))
        cells: list[list[Any] | None] = []
        for column, column_name in enumerate(names["columns"]):
            value, number = float(values[row, column]), at.get((row, column))
            if number is None or np.isnan(value):
                cells.append(None)
                continue
            ground, ink = colour_at(value, scale), text_colour(value, scale)
            said = re.sub("<[^>]*>", "", told[row][column].replace("<br>", "\n"))
            cells.append([written[number], ground, ink, said, (name, column_name) in trained])
        pictures = [ADDRESS.format(one) for one in head.trained_on if one in TRANSFORMATIONS]
        rows.append(
            {
                "title": head.title,
                "note": head.note,
                "colour": head.colour,
                "pictures": [] if len(pictures) > MAX_PICTURES else pictures,
                "apart": name in apart,
                "cells": cells,
            }
        )
    return rows


MAX_PICTURES = 3
"""Beside a row's name; of more transformations the name tells."""

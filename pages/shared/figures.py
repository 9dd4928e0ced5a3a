"""A figure on a page, with the buttons that save it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.figures.heatmap import cell_of
from invariance.figures.projector import for_projector
from pages.shared.exports import export_row
from pages.shared.present import is_presented

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from invariance.runs.origin import Origin

SCROLLING = """<style>
.st-key-KEY_frame { overflow-x: auto; } .st-key-KEY_frame > div { min-width: WIDTHrem; }
</style>"""
"""On a telephone the cells of a heatmap keep their size, and the heatmap scrolls."""


def show_figure(
    figure: go.Figure,
    table: pd.DataFrame,
    *,
    key: str,
    title: str,
    name: str,
    alt: str | None = None,
    caption: str | None = None,
    origin: Origin | None = None,
) -> None:
    """A figure over the whole width, and below it what saves it.

    Args:
        figure: to show.
        table: the numbers that it shows.
        key: of the figure; ``save_<key>`` is that of the buttons.
        title: above it in the files.
        name: of the files, without the ending.
        alt: what is seen, for who cannot see it; None for the title.
        caption: between the figure and the buttons.
        origin: what makes it again; None for the page with all that is set on it.
    """
    draw(figure, key=key, alt=alt or title)
    if caption:
        st.caption(caption)
    export_row(figure, table, title=title, name=name, key=f"save_{key}", origin=origin)


def heatmap_frame(key: str, *, least_rem: int) -> DeltaGenerator:
    """The place of a heatmap, at least so wide, whatever the window."""
    st.html(SCROLLING.replace("KEY", key).replace("WIDTH", str(least_rem)))
    return st.container(key=f"{key}_frame")


def show_heatmap(
    place: DeltaGenerator,
    figure: go.Figure,
    table: pd.DataFrame,
    *,
    key: str,
    title: str,
    name: str,
    alt: str,
    on_cell: Callable[[str, str], None],
    origin: Origin | None = None,
) -> None:
    """A heatmap whose cells can be clicked; see :func:`show_figure`.

    Args:
        place: from :func:`heatmap_frame`.
        figure: to show.
        table: the numbers that it shows.
        key: of the figure.
        title: above it in the files.
        name: of the files.
        alt: what is seen.
        on_cell: takes names of row and column of a cell that is clicked, before the page runs again.
        origin: see :func:`show_figure`.
    """

    def take() -> None:
        if cell := cell_of(st.session_state[key]["selection"]["points"]):
            on_cell(*cell)

    with place:
        draw(figure, key=key, alt=alt, on_select=take)
        export_row(figure, table, title=title, name=name, key=f"save_{key}", origin=origin)


def draw(figure: go.Figure, *, key: str, alt: str, on_select: Callable[[], None] | None = None) -> None:
    """A figure alone, over the whole width."""
    st.plotly_chart(
        for_projector(figure) if is_presented() else figure,
        key=key,
        width="stretch",
        config={"displayModeBar": False},
        alt=alt,
        on_select=on_select or "ignore",
        selection_mode="points",
    )

"""A figure on a page, with the buttons that save it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from invariance.figures.projector import for_projector
from pages.shared.exports import export_row
from pages.shared.present import is_presented
from pages.shared.serving.once import name_of, replayed

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from invariance.runs.origin import Origin


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


def draw(figure: go.Figure, *, key: str, alt: str) -> None:
    """A figure alone, over the whole width."""
    is_large = is_presented()

    def show() -> None:
        st.plotly_chart(
            for_projector(figure) if is_large else figure,
            key=key,
            width="stretch",
            config={"displayModeBar": False},
            alt=alt,
        )

    # Streamlit would write the figure as JSON in every run of a page.
    replayed(show, "figure", name_of(figure), key, alt, is_large)

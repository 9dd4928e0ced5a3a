"""What the words of labels mean, at hand where they stand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from invariance.vocabulary.terms import terms_in

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


def meaning(*labels: str) -> str | None:
    """The explanations of all terms in some labels, as the help of what they label; None without any."""
    return "\n\n".join(f"**{term.name}**: {term.definition}" for term in terms_in(" · ".join(labels))) or None


def words_of(figure: go.Figure, title: str) -> str | None:
    """The explanations of the terms in a figure's title and beside its axes."""
    axes = [*figure.select_xaxes(), *figure.select_yaxes()]
    return meaning(title, *(axis.title.text for axis in axes if axis.title.text))


def column_help(names: Iterable[str]) -> dict[str, Any]:
    """Explanations of a table's columns, for those whose names have terms."""
    return {name: st.column_config.Column(help=words) for name in names if (words := meaning(name))}


def show_rows(table: pd.DataFrame, *, width: Literal["stretch", "content"] = "stretch") -> None:
    """A table for people, without its index; the terms of its columns are explained."""
    st.dataframe(table, hide_index=True, width=width, column_config=column_help(map(str, table.columns)))

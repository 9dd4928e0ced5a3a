"""Single fields whose values are part of the page's link, by their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.glossary import meaning


def number(
    label: str,
    low: int,
    high: int,
    start: int,
    *,
    key: str,
    step: int = 1,
    place: DeltaGenerator | None = None,
    help: str | None = None,
) -> int:
    """A whole number from ``low`` to ``high``."""
    help = help or meaning(label)
    return int((place or st).number_input(label, low, high, start, step, key=key, bind="query-params", help=help))


def share(label: str, start: float, *, key: str, help: str) -> float:
    """A number from 0 to 1, on a slider."""
    return float(st.slider(label, 0.0, 1.0, start, 0.05, key=key, bind="query-params", help=help))


def segments(
    label: str, options: Iterable[str], *, key: str, default: str, format_func: Callable[[str], str] = str
) -> str:
    """One of a few things, all of which are seen."""
    return str(
        st.segmented_control(
            label,
            list(options),
            default=default,
            required=True,
            key=key,
            wrap=True,
            format_func=format_func,
            bind="query-params",
            help=meaning(label),
        )
    )

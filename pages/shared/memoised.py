"""Results that were asked for with a button, kept for the visitor by what they depend on.

A button is down for one run of the page only. What it computed stays here, so that another control, or a visit to
another page, takes nothing away that it does not change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

Result = TypeVar("Result")
MAX_KEPT = 6
"""Results of one button; the oldest goes first."""


def on_click(clicked: bool, name: str, depends_on: Hashable, compute: Callable[[], Result]) -> Result | None:
    """What was computed for these very inputs; None while nobody has asked.

    Args:
        clicked: whether the button was clicked in this run.
        name: of the button.
        depends_on: everything that the result depends on.
        compute: makes the result.
    """
    kept: dict[Hashable, Result] = st.session_state.setdefault(f"kept_{name}", {})
    if clicked and depends_on not in kept:
        kept[depends_on] = compute()
        while len(kept) > MAX_KEPT:
            del kept[next(iter(kept))]
    return kept.get(depends_on)

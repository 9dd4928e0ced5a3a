"""Results that were asked for with a button, kept for the visitor by what they depend on.

A button is down for one run of the page only. What it computed stays here, so that another control, or a visit to
another page, takes nothing away that it does not change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from pages.shared.durations import in_words

Result = TypeVar("Result")
MAX_RESULTS = 6
"""Of one button; the oldest goes first."""


def on_click(clicked: bool, name: str, depends_on: Hashable, compute: Callable[[], Result]) -> Result | None:
    """What was computed for these very inputs; None while nobody has asked.

    Args:
        clicked: whether the button was clicked in this run.
        name: of the button.
        depends_on: everything that the result depends on.
        compute: makes the result.
    """
    results: dict[Hashable, Result] = st.session_state.setdefault(f"memoised_{name}", {})
    if clicked and depends_on not in results:
        results[depends_on] = compute()
        while len(results) > MAX_RESULTS:
            del results[next(iter(results))]
    return results.get(depends_on)


def on_stoppable_click(clicked: bool, name: str, depends_on: Hashable, compute: Callable[[], Result]) -> Result | None:
    """The same with a button beside it that stops what the click began.

    Streamlit ends a page's run for the next one where the run next says something, which a bar often does.
    """
    place = st.empty()
    if clicked:
        place.button("Stop", icon=":material/stop_circle:", key=f"stop_{name}")
    found = on_click(clicked, name, depends_on, compute)
    place.empty()
    return found


class Bar:
    """How far something is, and how long it will still take."""

    def __init__(self, title: str) -> None:
        self._title, self._began = title, time.monotonic()
        self._bar = st.progress(0.0, text=title)

    def __call__(self, done: int, total: int) -> None:
        """Shows that so much is done."""
        left = (time.monotonic() - self._began) * (total - done) / max(1, done)
        self._bar.progress(done / total, text=f"{self._title}: {done / total:.0%}, about {in_words(left)} left")

    def empty(self) -> None:
        """Takes the bar away."""
        self._bar.empty()

"""How long an answer of the Attribution page takes, and how far it is: published networks take minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from invariance.runs.estimate import seconds_of_passes
from pages.shared import cache
from pages.shared.live import in_words

Result = TypeVar("Result")
WORTH_SAYING_S = 10.0


def say_how_long(models: tuple[cache.KnownModel, ...], passes: float, image_size: int, *, can_stop: bool) -> None:
    """A line on what an answer takes; nothing where that is a few seconds.

    Args:
        models: networks that are asked.
        passes: forward passes that each makes.
        image_size: side in pixels of the images.
        can_stop: whether the answer is one that a button asks for, with another to stop it.
    """
    seconds = sum(seconds_of_passes(model.model.name, passes, image_size=image_size) for model in models)
    if seconds < WORTH_SAYING_S:
        return
    end = "Stop, or a change of anything on this page, ends it." if can_stop else "A change of the image asks anew."
    st.caption(
        f":material/schedule: Takes about {in_words(seconds)} on a laptop (two cores), give or take a factor of "
        f"two. {end}"
    )


def stoppable(clicked: bool, key: str, show: Callable[[], Result]) -> Result:
    """What ``show`` gives; where a button was clicked, with another beside it meanwhile that stops what it began.

    Streamlit ends a page's run for the next one where the run next says something, which a bar often does.
    """
    place = st.empty()
    if clicked:
        place.button("Stop", icon=":material/stop_circle:", key=f"stop_{key}")
    found = show()
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

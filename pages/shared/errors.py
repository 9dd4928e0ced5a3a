"""What could not be done, in a box: at once, or in the next run of the page where a callback found it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.files import disk_trouble
from invariance.spec import SpecError
from pages.shared.literal import literal
from pages.shared.serving.places import shown

POSTPONED = "server_error"


def show_error(error: SpecError | str, place: DeltaGenerator | None = None) -> None:
    """A box with the error's words as they are: they quote what somebody typed, or has in a link.

    Of the folders of a shared server it says nothing.
    """
    (place or st).error(literal(shown(str(error))), icon=":material/error:")


@contextmanager
def errors_shown(place: DeltaGenerator | None = None) -> Iterator[None]:
    """Ends what is done inside at its first SpecError, or where a disk takes nothing more, which is shown."""
    try:
        yield
    except (SpecError, OSError) as error:
        if not (words := words_of(error)):
            raise
        show_error(words, place)


@contextmanager
def errors_postponed() -> Iterator[None]:
    """Ends what a callback does inside at the first of such errors; :func:`show_postponed` shows it."""
    try:
        yield
    except (SpecError, OSError) as error:
        if not (words := words_of(error)):
            raise
        postpone(words)


def postpone(words: str) -> None:
    """Keeps words for :func:`show_postponed`."""
    st.session_state[POSTPONED] = words


def show_postponed() -> None:
    """Shows what a callback could not do, once."""
    if words := st.session_state.pop(POSTPONED, None):
        show_error(words)


def on_script_error(error: Exception) -> bool:
    """Shows what a fragment or a callback could not do, where the page that it belongs to no longer catches it.

    Returns:
        Whether it was shown here; all else is a fault of the program, which Streamlit shows.
    """
    if words := words_of(error):
        show_error(words)
    return bool(words)


def words_of(error: Exception) -> str:
    """What an exception says to a visitor, in one line; empty for a fault of the program."""
    return str(error) if isinstance(error, SpecError) else disk_trouble(error)

"""What gets data sets and networks onto the server, with progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

from invariance.data.sources.download import download, is_downloaded
from invariance.spec import SpecError
from pages.shared.errors import show_error
from pages.shared.serving import visitor

POLL_SECONDS = 0.2
Report = Callable[[int, int], None]
"""Takes how much is done, and of how much."""


def offer_download(source: str, *, key: str) -> None:
    """Shows a button while a data set of ``DOWNLOADS`` is not on this machine, and gets it when it is clicked."""
    if is_downloaded(source):
        return
    if offer(source, f"Download {source}", lambda report: download(source, report), key=key):
        st.success(f"{source} is here.", icon=":material/check:")


def offer(title: str, label: str, get: Callable[[Report], object], *, key: str) -> bool:
    """A button that gets something onto the server; on a server for a class, where the teacher alone may, a line.

    Args:
        title: what is got, for people.
        label: of the button.
        get: see :func:`follow_download`.
        key: of the button.

    Returns:
        Whether it has just been got.
    """
    if not visitor.may_do_all():
        st.caption(
            f":material/school: On this server only the teacher gets data sets and networks: ask for **{title}**."
        )
        return False
    return st.button(label, icon=":material/download:", key=key) and follow_download(title, get)


def follow_download(title: str, get: Callable[[Report], object]) -> bool:
    """Shows how far a download is until it ends; False, with a line that says why, if it did not work.

    It goes on in a thread of its own, so that leaving the page does not break it off.

    Args:
        title: what is downloaded, for people.
        get: does it; given a function to tell (done, in all) to, from whatever thread. May raise SpecError.
    """
    state: dict[str, int] = {"done": 0, "total": 0}
    problems: list[str] = []

    def work() -> None:
        try:
            get(lambda done, total: state.update(done=done, total=total))
        except SpecError as error:
            problems.append(str(error))

    thread = threading.Thread(target=work, name=f"download {title}", daemon=True)
    thread.start()
    bar = st.progress(0.0, text=f"Downloading {title}")
    while thread.is_alive():
        bar.progress(min(1.0, state["done"] / max(1, state["total"])), text=f"Downloading {title}: {_amount(state)}")
        time.sleep(POLL_SECONDS)
    bar.empty()
    if problems:
        show_error(problems[0])
    return not problems


def _amount(state: dict[str, int]) -> str:
    if not state["done"]:
        return "connecting"
    if state["total"] > 10**6:
        return f"{state['done'] / 1e6:.0f} of {state['total'] / 1e6:.0f} MB"
    return f"{state['done']} of {state['total']}"

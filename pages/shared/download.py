"""What gets data sets and networks onto the server, with progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

from invariance.data.sources.download import download, is_downloaded
from invariance.spec import SpecError
from pages.shared import visitor

POLL_SECONDS = 0.2


def offer_download(source: str, *, key: str) -> None:
    """Shows a button while a data set of ``DOWNLOADS`` is not on this machine, and gets it when it is clicked."""
    if is_downloaded(source):
        return
    if not visitor.may_download():
        ask_teacher(source)
        return
    if not st.button(f"Download {source}", icon=":material/download:", key=key):
        return
    if follow_download(source, lambda report: download(source, report)):
        st.success(f"{source} is here.", icon=":material/check:")


def ask_teacher(title: str) -> None:
    """What stands in place of a button on a server for a class, where the teacher alone downloads."""
    st.caption(f":material/school: On this server only the teacher gets data sets and networks: ask for **{title}**.")


def follow_download(title: str, get: Callable[[Callable[[int, int], None]], object]) -> bool:
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
        st.error(problems[0], icon=":material/error:")
    return not problems


def _amount(state: dict[str, int]) -> str:
    if not state["done"]:
        return "connecting"
    if state["total"] > 10**6:
        return f"{state['done'] / 1e6:.0f} of {state['total'] / 1e6:.0f} MB"
    return f"{state['done']} of {state['total']}"

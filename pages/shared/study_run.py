"""A study that is run on this server: what it takes, asked for with one button, paused, and how far it is."""

from __future__ import annotations

import math
from collections.abc import Callable

import streamlit as st

from invariance.runs.slots import num_at_once
from invariance.runs.study_progress import StudyProgress, estimated_seconds, progress_of
from invariance.studies.study import Study
from pages.shared.durations import in_words
from pages.shared.errors import errors_postponed, show_postponed
from pages.shared.serving import server
from pages.shared.serving.pulse import live


def start(study: Study) -> None:
    """Asks for all runs of a study that are not done; an error is postponed."""
    with errors_postponed():
        server.submit(list(study.runs))


def show_controls(
    study: Study, *, label: str = "Run it here", beside: Callable[[], None] | None = None
) -> StudyProgress:
    """How far the study is, refreshed while it goes on, and what can be done about it.

    Args:
        study: the study.
        label: of the button, before anything has begun.
        beside: shows what else can be done, next to the button.
    """
    progress = _progress(study)
    if is_active(study):
        live(_live, [spec.run_id for spec in study.runs], key="study_pulse")(study)
        return progress
    if progress.is_done:
        st.success(
            f"All {progress.total} runs are done; they took {in_words(progress.worked_seconds)}.",
            icon=":material/check:",
        )
        if beside is not None:
            beside()
        return progress
    devices = server.devices()
    at_once = min(num_at_once(study.runs, server.slots()), progress.total)
    seconds = sum(estimated_seconds(study, devices.names[0]).values()) / at_once
    is_begun = progress.done > 0 or progress.stopped > 0
    left = (
        f"{progress.total - progress.done} of {progress.total} runs to do" if is_begun else (f"{progress.total} runs")
    )
    st.markdown(
        f"{left}; about {in_words(progress.eta_seconds if is_begun else seconds)} here "
        f"({devices.title}{', two at once' if at_once > len(devices.names) else ''}). It may be paused."
    )
    with st.container(horizontal=True):
        st.button(
            "Run the rest" if is_begun else label,
            type="primary",
            icon=":material/play_arrow:",
            key="run_study",
            on_click=start,
            args=(study,),
        )
        if beside is not None:
            beside()
    return progress


def _live(study: Study) -> None:
    if not is_active(study):
        st.rerun()
    progress = _progress(study)
    done_before = st.session_state.get("study_done")
    st.session_state["study_done"] = progress.done
    if done_before is not None and progress.done > done_before:
        st.rerun()  # so that the figures follow
    text = f"{progress.done} of {progress.total} runs done"
    if math.isfinite(progress.eta_seconds) and progress.eta_seconds > 0:
        text += f", about {in_words(progress.eta_seconds)} left"
    st.progress(min(1.0, max(0.0, progress.share)), text)
    st.button("Pause", icon=":material/pause_circle:", key="pause_study", on_click=_pause, args=(study,))
    show_postponed()


def _progress(study: Study) -> StudyProgress:
    slots = server.slots()
    return progress_of(study, server.store(), num_slots=num_at_once(study.runs, slots), device=slots[0].device)


def is_active(study: Study) -> bool:
    standings = server.store().standings(study.by_id)
    return any(standing.state in ("queued", "running") for standing in standings.values())


def _pause(study: Study) -> None:
    standings = server.store().standings(study.by_id)
    server.cancel([run_id for run_id, standing in standings.items() if standing.state in ("queued", "running")])

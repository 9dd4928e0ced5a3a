"""A study on this server: asked for with one button, paused, and shown as far as it is."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import streamlit as st

from invariance.runs.provenance import provenance
from invariance.runs.slots import num_at_once
from invariance.runs.study_files import summarise
from invariance.runs.study_progress import StudyProgress, estimated_seconds, outcomes_of, progress_of
from invariance.spec import SpecError
from invariance.studies import transforms_vs_other
from invariance.studies.registry import SCALES, make_study
from invariance.studies.study import Study
from pages.shared import server
from pages.shared.controls import choose, choose_several
from pages.shared.durations import in_words
from pages.shared.errors import errors_postponed, show_error, show_postponed
from pages.shared.literal import literal
from pages.shared.places import shown
from pages.shared.sources import named_source, source_picker

FIRST_FREE_SEED = 100
"""Seeds that nothing shipped has used."""
MAX_DIGITS = 20
"""Of a seed; all have fewer, and Python does not read numbers of thousands."""


def choose_own(name: str) -> Study | None:
    """Scale, seeds, pictures and, of the study that has some, factors; None, with a line, where they cannot be used."""
    left, right = st.columns(2)
    scale = choose(
        "Scale",
        {name: name for name in SCALES},
        key="scale",
        place=left,
        help="quick: a laptop, minutes. standard: one GPU, about an hour. paper: the published settings; "
        "use the command line and a cluster.",
    )
    given = right.text_input(
        "Seeds",
        f"{FIRST_FREE_SEED},{FIRST_FREE_SEED + 1}",
        key="seeds",
        bind="query-params",
        help="Each picks other objects, transformations and initial weights.",
    )
    pictures = _choose_pictures()
    try:
        factors = _choose_factors(scale) if name == transforms_vs_other.NAME else ()
        pictures |= {field: named_source(pictures[field], field) for field in ("objects", "backgrounds")}
        study = make_study(name, scale=scale, seeds=_seeds(given), factors=factors, **pictures)
    except SpecError as error:
        show_error(error)
        return None
    if study.data.words:
        st.caption(literal(shown(study.data.words)))
    return study


def _choose_pictures() -> dict[str, Any]:
    """Sources of objects and backgrounds, and the number of classes: arguments of ``make_study``, as they are given."""
    with st.expander("Pictures and classes", icon=":material/add_photo_alternate:"):
        left, right = st.columns(2, gap="large")
        with left:
            objects = source_picker("Objects", "objects")
        with right:
            backgrounds = source_picker("Backgrounds", "backgrounds", colour=True)
        num_classes = st.number_input(
            "Classes of each task",
            2,
            1_000,
            None,
            key="classes",
            bind="query-params",
            placeholder="the scale's, or what there is",
            width=360,
        )
    return {"objects": objects, "backgrounds": backgrounds, "num_classes": num_classes}


def _choose_factors(scale: str) -> tuple[str, ...]:
    """What study A varies; none where it is what the scale varies anyway.

    Raises:
        SpecError: nothing is chosen.
    """
    titles = transforms_vs_other.available_factors()
    usual = tuple(name for name in transforms_vs_other.SCALES[scale].factors if name in titles)
    chosen = choose_several(
        "What is varied, one at a time",
        titles,
        key=f"factors_{scale}",
        default=usual,
        help="The first is the setting from which each of the others departs, the next four are the paper's. Fewer "
        "take less time; those that share networks share their runs.",
    )
    if not chosen:
        raise SpecError("factors: nothing is varied; choose at least one")
    return () if set(chosen) == set(usual) else chosen


def _seeds(given: str) -> tuple[int, ...]:
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if bad := [part for part in parts if not part.isdecimal() or len(part) > MAX_DIGITS]:
        shown = bad[0] if len(bad[0]) <= MAX_DIGITS else f"{bad[0][:MAX_DIGITS]}…"
        raise SpecError(f"seeds: {shown!r} is not a whole number; give some separated by commas, such as 100,101")
    return tuple(int(part) for part in parts)


def start(study: Study) -> None:
    """Asks for all runs of a study that are not done; an error is postponed."""
    with errors_postponed():
        server.submit(list(study.runs))


def show_controls(study: Study) -> StudyProgress:
    """How far the study is, refreshed while it goes on, and what can be done about it."""
    progress = _progress(study)
    is_active = _is_active(study)
    if is_active:
        st.fragment(_live, run_every=2)(study)
        return progress
    if progress.is_done:
        st.success(
            f"All {progress.total} runs are done; they took {in_words(progress.worked_seconds)}.",
            icon=":material/check:",
        )
        return progress
    devices = server.devices()
    # Of a CPU an estimate is for all cores, whichever number of runs shares them.
    seconds = sum(estimated_seconds(study, devices.names[0]).values()) / len(devices.names)
    is_begun = progress.done > 0 or progress.stopped > 0
    left = (
        f"{progress.total - progress.done} of {progress.total} runs are to be done"
        if is_begun
        else (f"{progress.total} runs")
    )
    st.markdown(
        f"{left}; about {in_words(progress.eta_seconds if is_begun else seconds)} in all on this server "
        f"({devices.title}). What is done stays, so you may pause and go on later."
    )
    st.button(
        "Go on" if is_begun else "Run it here",
        type="primary",
        icon=":material/play_arrow:",
        key="run_study",
        on_click=start,
        args=(study,),
    )
    return progress


def _live(study: Study) -> None:
    if not _is_active(study):
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


def _is_active(study: Study) -> bool:
    standings = server.store().standings(spec.run_id for spec in study.runs)
    return any(standing.state in ("queued", "running") for standing in standings.values())


def _pause(study: Study) -> None:
    standings = server.store().standings(spec.run_id for spec in study.runs)
    server.cancel([run_id for run_id, standing in standings.items() if standing.state in ("queued", "running")])


def own_results(study: Study, progress: StudyProgress) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What the finished runs say: the table and the summary, as the command ``study`` would write them."""
    store = server.store()
    table = study.tabulate(outcomes_of(study, store))
    num_workers = num_at_once(study.runs, server.slots())
    told = provenance(study, store, executor="app", num_workers=num_workers, command="from the app")
    findings = [] if table.empty else study.conclude(table)
    return table, summarise(findings, seconds=progress.worked_seconds, provenance=told, progress=progress)

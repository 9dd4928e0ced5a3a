"""The button of the Train page: what it will take, and why it cannot be done."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.runs.estimate import estimate_seconds
from invariance.spec import PretrainSpec, RunSpec, SpecError
from pages.shared.durations import in_words, roughly
from pages.shared.errors import errors_postponed
from pages.shared.layout import at_the_bottom
from pages.shared.literal import literal
from pages.shared.serving import server


def launch(place: DeltaGenerator, planned: list[RunSpec], model: str, problem: SpecError | None) -> None:
    """The button, what it will take, and why it cannot be done."""
    with place, at_the_bottom("go"):  # where a telephone's form is long
        st.button(
            "Pretrain and transfer",
            type="primary",
            icon=":material/play_arrow:",
            key="go",
            width="stretch",
            on_click=_begin,
            args=(planned, problem),
        )
    if planned:
        standings = server.store().standings(spec.run_id for spec in planned)
        done = {run_id for run_id, standing in standings.items() if standing.state == "done"}
        devices = server.devices()
        place.caption(expected_line(planned, devices.names[0], model, done))
        if devices.note:
            place.caption(f":material/info: Trains on {devices.title}: {literal(devices.note)}.")
    elif problem is not None:
        place.caption(f":material/info: Not yet: {literal(str(problem))}.")


def _begin(planned: list[RunSpec], problem: SpecError | None) -> None:
    """Asks for the runs before the page runs again, which then shows them at once, ahead of the form."""
    with errors_postponed():
        if problem is not None:
            raise problem
        ids = server.submit(planned, is_watched=True)
        transfers = [run_id for run_id, spec in zip(ids, planned, strict=True) if spec.kind == "transfer"]
        st.query_params["runs"] = ",".join(transfers)


def expected_line(planned: list[RunSpec], device: str, model: str, done: Collection[str]) -> str:
    """How long the runs will take, in words.

    Args:
        planned: the runs.
        device: a torch device.
        model: architecture of the pretrainings.
        done: identities of those that are done already.
    """
    todo = [spec for spec in planned if spec.run_id not in done]
    if not todo:
        return "All of this is done already: the results are shown at once."
    seconds = sum(estimate_seconds(spec, device, model) for spec in todo)
    shown = {spec.epochs * spec.samples_per_epoch for spec in planned if isinstance(spec, PretrainSpec)}
    takes = roughly(in_words(seconds), device)
    return f"{max(shown):,} images to pretrain each network on. All of it takes {takes}."

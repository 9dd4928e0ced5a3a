"""The live panel of the Train page: networks on their way from pretraining to the target task."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.curves import training_curves, values_table
from invariance.runs.describe import transforms_title
from invariance.runs.fair_queue import place
from invariance.runs.store import RESUMABLE_STATES, Run
from invariance.spec import SpecError
from pages.shared import server, visitor
from pages.shared.exports import export_row
from pages.shared.links import MAX_SHOWN
from pages.shared.transfer_status import Watched, conclusion, published_conclusion, watched_of

STATE_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "cancelled": "orange",
    "interrupted": "orange",
}


def live_panel(transfer_ids: list[str]) -> None:
    """Shows the runs, refreshed every two seconds while anything happens, and once more in full at the end."""
    if absent := [run_id for run_id in transfer_ids if server.store().find(run_id) is None]:
        more = f", nor are {len(absent) - 1} more of the link" if len(absent) > 1 else ""
        st.error(f"run {absent[0][:MAX_SHOWN]!r} is not known here{more}.", icon=":material/error:")
        transfer_ids = [run_id for run_id in transfer_ids if run_id not in absent]
    if not transfer_ids:
        return
    try:
        active = any(run.is_active for one in watched_of(transfer_ids) for run in one.runs)
    except SpecError as error:
        st.error(f"{error}", icon=":material/error:")
        return
    st.fragment(_panel, run_every=2 if active else None)(transfer_ids, active)


def _panel(transfer_ids: list[str], was_active: bool) -> None:
    try:
        watched = watched_of(transfer_ids)
    except SpecError:  # deleted while it was watched: the page says so
        st.rerun()
    runs = [run for one in watched for run in one.runs]
    active = any(run.is_active for run in runs)
    if was_active and not active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Target task: {transforms_title(watched[0].transfer.spec.data.transforms)}", anchor=False)
        st.space("stretch")
        ids = [run.id for run in runs]
        if active:
            st.button(
                "Cancel",
                icon=":material/stop_circle:",
                key="cancel",
                on_click=server.cancel,
                args=(ids,),
                disabled=not any(visitor.may_change(run.owner) for run in runs),
            )
        elif any(run.state in RESUMABLE_STATES for run in runs):
            stopped = [run.id for run in runs if run.state in RESUMABLE_STATES]
            st.button("Resume", icon=":material/play_circle:", key="resume", on_click=server.resume, args=(stopped,))
    for column, one in zip(st.columns(len(watched)), watched, strict=True):
        with column.container(border=True, height="stretch"):
            _network(one)
    tables = {one.role: server.store().metrics(one.pretraining.id) for one in watched if one.pretraining is not None}
    if any(not table.empty for table in tables.values()):
        _curves(tables, is_over=not active)
    _conclusion(watched)
    if all(run.state == "done" for run in runs):
        models = ",".join(one.reference for one in watched)
        with st.container(horizontal=True):
            for page, label in (
                ("invariance", "See what they are invariant to"),
                ("factors", "See what they have kept"),
                ("attribution", "See where they look"),
            ):
                st.page_link(
                    f"pages/{page}/page.py",
                    label=label,
                    icon=":material/arrow_forward:",
                    query_params={"models": models},
                )


def _curves(tables: dict[str, pd.DataFrame], *, is_over: bool) -> None:
    caption = "Accuracy on the pretraining task, while it is learnt"
    st.caption(caption)
    figure = training_curves(tables, "train_accuracy", dashed=frozenset(list(tables)[1:]))
    st.plotly_chart(figure, key="curves")
    if is_over:  # not with every refresh
        export_row(
            figure, values_table(tables, "train_accuracy"), title=caption, name="train_accuracy", key="save_curves"
        )


def _network(one: Watched) -> None:
    st.markdown(f"**{one.role}**")
    if one.pretraining is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("ready", color="gray")
            st.markdown("Pretraining on ImageNet" if one.transforms is None else "Pretraining, in the gallery")
    for run in one.runs:
        accuracy = run.metrics.get("test_accuracy", run.metrics.get("transfer_accuracy"))
        name = "Transfer" if run is one.transfer else "Pretraining"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(run.state, color=STATE_COLOURS[run.state])
            st.markdown(name + (f": **{accuracy:.1%}** on unseen images" if accuracy is not None else ""))
        if run.state == "running" and (progress := run.progress) is not None:
            share = min(1.0, progress["step"] / max(1, progress["num_steps"]))
            st.progress(share, f":small[{progress_line(progress, run.device)}]")
        elif run.state == "queued" and run is one.runs[0]:
            st.caption("Waits for its turn" + _place(run))
        if run.error:
            st.error(run.error, icon=":material/error:")


def _place(run: Run) -> str:
    number, seconds = place(server.store(), run.id)
    return f": number {number} in the queue, in about {in_words(seconds)}" if number else ""


def in_words(seconds: float) -> str:
    """A duration to wait for, rounded to what matters: ``20 s``, ``3 min``, ``1.5 h``."""
    if seconds < 60:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def progress_line(progress: dict[str, float], device: str | None) -> str:
    """Where a run is, how fast, and how long it still takes."""
    epoch, num_epochs = min(progress["epoch"] + 1, progress["num_epochs"]), progress["num_epochs"]
    parts = [f"epoch {epoch:.0f} of {num_epochs:.0f}"] if num_epochs > 1 else []  # a probe has none
    if progress["images_per_second"]:
        left = progress["eta_seconds"]
        parts += [
            f"{progress['images_per_second']:,.0f} images/s",
            f"{left:.0f} s left" if left < 60 else f"{in_words(left)} left",
        ]
    return " · ".join([*parts, f"on {device}"] if device else parts)


def _conclusion(watched: list[Watched]) -> None:
    accuracies = {one.transfer.id: one.accuracy for one in watched if one.accuracy is not None}
    if len(accuracies) < len(watched):
        return
    st.caption("Transfer accuracy: unseen images of the target task that are recognised")
    first = accuracies[watched[0].transfer.id]
    for column, one in zip(st.columns(len(watched)), watched, strict=True):
        accuracy = accuracies[one.transfer.id]
        delta = None if one is watched[0] else f"{100 * (accuracy - first):+.1f} points"
        column.metric(one.role, f"{accuracy:.1%}", delta, border=True, height="stretch")
    pretrained_on = [one.transforms for one in watched if one.transforms is not None]
    ours = [accuracies[one.transfer.id] for one in watched if one.transforms is not None]
    sentences = [conclusion(pretrained_on, ours, watched[0].transfer.spec.data.transforms)] if ours else []
    sentences += [
        published_conclusion(one.name, accuracies[one.transfer.id], ours) for one in watched if one.transforms is None
    ]
    st.markdown(" ".join(sentences))
    if len(watched) > 1:
        st.caption("One seed each: change the seed under the details and see whether it holds.")

"""The live panel of the Train page: two networks on their way from pretraining to the target task."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.curves import training_curves, values_table
from invariance.runs.describe import transforms_title
from invariance.runs.fair_queue import place
from invariance.runs.store import RESUMABLE_STATES, Run
from invariance.spec import SpecError
from pages.parts import server, visitor
from pages.parts.exports import export_row
from pages.parts.links import MAX_SHOWN

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
        active = any(run.is_active for pair in _pairs(transfer_ids) for run in pair)
    except SpecError as error:
        st.error(f"{error}", icon=":material/error:")
        return
    st.fragment(_panel, run_every=2 if active else None)(transfer_ids, active)


def _pairs(transfer_ids: list[str]) -> list[tuple[Run, Run]]:
    """For each transfer, its pretraining and itself."""
    store = server.store()
    transfers = [store.get(run_id) for run_id in transfer_ids]
    for run in transfers:
        if run.kind != "transfer":
            raise SpecError(f"run {run.id} is a {run.kind}: only transfers can be watched here; see the page Runs")
    return [(store.get(run.spec.depends_on[0]), run) for run in transfers]


def _panel(transfer_ids: list[str], was_active: bool) -> None:
    try:
        pairs = _pairs(transfer_ids)
    except SpecError:  # deleted while it was watched: the page says so
        st.rerun()
    runs = [run for pair in pairs for run in pair]
    active = any(run.is_active for run in runs)
    if was_active and not active:
        st.rerun()
    target = pairs[0][1].spec.data.transforms
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Target task: {transforms_title(target)}", anchor=False)
        st.space("stretch")
        ids = [run.id for run in runs]
        if active:
            st.button("Cancel", icon=":material/stop_circle:", key="cancel", on_click=server.cancel, args=(ids,),
                      disabled=not any(visitor.may_change(run.owner) for run in runs))  # fmt: skip
        elif any(run.state in RESUMABLE_STATES for run in runs):
            stopped = [run.id for run in runs if run.state in RESUMABLE_STATES]
            st.button("Resume", icon=":material/play_circle:", key="resume", on_click=server.resume, args=(stopped,))
    for column, pair in zip(st.columns(len(pairs)), pairs, strict=True):
        with column.container(border=True, height="stretch"):
            _network(*pair, target)
    titles = [_role(pretraining, target) for pretraining, _ in pairs]
    tables = {title: server.store().metrics(pair[0].id) for title, pair in zip(titles, pairs, strict=True)}
    if any(not table.empty for table in tables.values()):
        _curves(tables, is_over=not active)
    _conclusion(pairs, target)
    if all(run.state == "done" for run in runs):
        models = ",".join(pretraining.id for pretraining, _ in pairs)
        with st.container(horizontal=True):
            for page, label in (
                ("invariance", "See what they are invariant to"),
                ("factors", "See what they have kept"),
                ("attribution", "See where they look"),
            ):
                st.page_link(
                    f"pages/{page}.py", label=label, icon=":material/arrow_forward:", query_params={"models": models}
                )


def _curves(tables: dict[str, pd.DataFrame], *, is_over: bool) -> None:
    caption = "Accuracy on the pretraining task, while it is learnt"
    st.caption(caption)
    figure = training_curves(tables, "train_accuracy", dashed=frozenset(list(tables)[1:]))
    st.plotly_chart(figure, key="curves")
    if is_over:  # not with every refresh
        export_row(figure, values_table(tables, "train_accuracy"), title=caption, name="train_accuracy",
                   key="save_curves")  # fmt: skip


def _role(pretraining: Run, target: tuple[str, ...]) -> str:
    transforms = pretraining.spec.data.transforms
    role = "Matched" if set(transforms) == set(target) else "Mismatched"
    return f"{role}: {transforms_title(transforms)}"


def _network(pretraining: Run, transfer: Run, target: tuple[str, ...]) -> None:
    st.markdown(f"**{_role(pretraining, target)}**")
    for run, name in ((pretraining, "Pretraining"), (transfer, "Transfer")):
        accuracy = run.metrics.get("test_accuracy", run.metrics.get("transfer_accuracy"))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(run.state, color=STATE_COLOURS[run.state])
            st.markdown(name + (f": **{accuracy:.1%}** on unseen images" if accuracy is not None else ""))
        if run.state == "running" and (progress := run.progress) is not None:
            share = min(1.0, progress["step"] / max(1, progress["num_steps"]))
            st.progress(share, f":small[{progress_line(progress, run.device)}]")
        elif run.state == "queued" and run is pretraining:
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
    parts = [f"epoch {min(progress['epoch'] + 1, progress['num_epochs']):.0f} of {progress['num_epochs']:.0f}"]
    if progress["images_per_second"]:
        parts += [f"{progress['images_per_second']:,.0f} images/s", f"{progress['eta_seconds']:.0f} s left"]
    return " · ".join([*parts, f"on {device}"] if device else parts)


def _conclusion(pairs: list[tuple[Run, Run]], target: tuple[str, ...]) -> None:
    accuracies = [transfer.metrics.get("transfer_accuracy") for _, transfer in pairs]
    if None in accuracies:
        return
    columns = st.columns(len(pairs))
    for column, (pretraining, _), accuracy in zip(columns, pairs, accuracies, strict=True):
        delta = None if accuracy is accuracies[0] else f"{100 * (accuracy - accuracies[0]):+.1f} points"
        column.metric(
            f"Transfer accuracy · {_role(pretraining, target)}", f"{accuracy:.1%}", delta, border=True, height="stretch"
        )
    st.markdown(conclusion([pretraining.spec.data.transforms for pretraining, _ in pairs], accuracies, target))
    if len(pairs) > 1:
        st.caption("One seed each: change the seed under the details and see whether it holds.")


def conclusion(pretrained_on: list[tuple[str, ...]], accuracies: list[float], target: tuple[str, ...]) -> str:
    """One sentence on which pretraining transferred better, and by how much.

    Args:
        pretrained_on: transformations of each pretraining, one or two.
        accuracies: of the transfers, in [0, 1].
        target: transformations of the target task.
    """
    names = [transforms_title(transforms) for transforms in pretrained_on]
    if len(names) == 1:
        return (
            f"Pretrained on **{names[0]}**, the network reaches **{accuracies[0]:.1%}** on {transforms_title(target)}."
        )
    points = 100 * (accuracies[0] - accuracies[1])
    if abs(points) < 1:
        return f"**{names[0]}** and **{names[1]}** transfer equally well here: less than one point apart."
    better, worse = (0, 1) if points > 0 else (1, 0)
    shared = "what the target task varies" if set(pretrained_on[better]) == set(target) else "something else"
    return (
        f"Pretraining on **{names[better]}**, {shared}, transfers **{abs(points):.1f} points** better than "
        f"on **{names[worse]}**: {accuracies[better]:.1%} against {accuracies[worse]:.1%} of the unseen images."
    )

"""The live panel of the Train page: networks on their way from pretraining to the target task."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.data.background_split import words_of_test
from invariance.figures.curves import training_curves, values_table
from invariance.runs.describe import transforms_title
from invariance.runs.fair_queue import place
from invariance.runs.origin import origin_of
from invariance.runs.store import Run
from invariance.spec import RunSpec, SpecError
from pages.shared import server, visitor
from pages.shared.conclusions import conclusion, published_conclusion
from pages.shared.durations import in_words
from pages.shared.errors import show_error, show_postponed
from pages.shared.figures import draw, show_figure
from pages.shared.links import MAX_SHOWN
from pages.shared.navigation import link_to
from pages.shared.pulse import live
from pages.shared.run_state import STATE_COLOURS, accuracy_of, progress_line, share_of
from pages.shared.two_by_two import show_two_by_two
from pages.train.transfer_status import TransferStatus, difference, report_of, transfer_statuses


def live_panel(transfer_ids: list[str]) -> None:
    """Shows the runs, refreshed within two seconds of any change, and once more in full at the end."""
    if absent := [run_id for run_id in transfer_ids if server.store().find(run_id) is None]:
        more = f", nor are {len(absent) - 1} more of the link" if len(absent) > 1 else ""
        show_error(f"run {absent[0][:MAX_SHOWN]!r} is not known here{more}.")
        transfer_ids = [run_id for run_id in transfer_ids if run_id not in absent]
    if not transfer_ids:
        return
    try:
        runs = [run for one in transfer_statuses(transfer_ids) for run in one.runs]
    except SpecError as error:
        show_error(error)
        return
    active = any(run.is_active for run in runs)
    part = live(_panel, [run.id for run in runs], key="panel_pulse") if active else st.fragment(_panel)
    part(transfer_ids, active)


def _panel(transfer_ids: list[str], was_active: bool) -> None:
    try:
        transfers = transfer_statuses(transfer_ids)
    except SpecError:  # deleted while it was shown: the page says so
        st.rerun()
    runs = list({run.id: run for one in transfers for run in one.runs}.values())
    active = any(run.is_active for run in runs)
    if was_active and not active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"Target task: {transforms_title(transfers[0].spec.data.transforms)}", anchor=False)
        st.space("stretch")
        ids = [run.id for run in runs]
        if active:
            st.button(
                "Cancel",
                icon=":material/stop_circle:",
                key="cancel",
                on_click=server.cancel,
                args=(ids,),
                disabled=not any(visitor.may_change(run.owners) for run in runs),
            )
        elif any(run.can_resume for run in runs):
            stopped = [run.id for run in runs if run.can_resume]
            st.button("Resume", icon=":material/play_circle:", key="resume", on_click=server.resume, args=(stopped,))
    show_postponed()  # what these buttons could not do: this part alone has run again
    networks: dict[str, list[TransferStatus]] = {}
    for one in transfers:
        networks.setdefault(one.spec.source, []).append(one)
    for column, ones in zip(st.columns(len(networks)), networks.values(), strict=True):
        with column.container(border=True, height="stretch"):
            _network(ones)
    firsts = [ones[0] for ones in networks.values()]
    tables = {one.role: server.store().metrics(one.pretraining.id) for one in firsts if one.pretraining is not None}
    if any(not table.empty for table in tables.values()):
        _curves(tables, [one.pretraining.spec for one in firsts if one.pretraining is not None], is_over=not active)
    _conclusion(transfers)
    if all(run.state == "done" for run in runs):
        models = ",".join(one.reference for one in firsts)
        with st.container(horizontal=True):
            link_to("invariance", "See what they are invariant to", query={"models": models})
            if len(firsts) > 1:
                pair = {"first": firsts[0].reference, "second": firsts[1].reference}
                link_to("factors", "See what one threw away", query={"view": "thrown-away", **pair})
            link_to("factors", "See what they have kept", query={"models": models})
            link_to("attribution", "See where they look", query={"models": models})


def _curves(tables: dict[str, pd.DataFrame], specs: list[RunSpec], *, is_over: bool) -> None:
    caption = "Accuracy on the pretraining task, while it is learnt"
    st.caption(caption)
    figure = training_curves(tables, "train_accuracy", dashed=frozenset(list(tables)[1:]))
    if not is_over:  # nothing to save with every refresh
        draw(figure, key="curves", alt=caption)
        return
    table, origin = values_table(tables, "train_accuracy"), origin_of(*specs)
    show_figure(figure, table, key="curves", title=caption, name="train_accuracy", origin=origin)


def _network(ones: list[TransferStatus]) -> None:
    """A network and its transfers."""
    one = ones[0]
    st.markdown(f"**{one.role}**")
    if one.pretraining is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge("ready", color="gray")
            st.markdown("Pretraining, elsewhere" if one.transforms is None else "Pretraining, in the gallery")
    else:
        _run(one.pretraining, "Pretraining", is_next=True)
    for each in ones:
        to = f"To {transforms_title(each.spec.data.transforms)}" if len(ones) > 1 else "Transfer"
        _run(each.transfer, to, is_next=one.pretraining is None)


def _run(run: Run, name: str, *, is_next: bool) -> None:
    """A run in a line, and while it is under way in a bar."""
    accuracy = accuracy_of(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.badge(run.state, color=STATE_COLOURS[run.state])
        st.markdown(name + (f": **{accuracy:.1%}** of the test images" if accuracy is not None else ""))
    if run.state == "running" and (progress := run.progress) is not None:
        st.progress(share_of(run), f":small[{progress_line(progress, run.device)}]")
    elif run.state == "queued" and is_next:
        st.caption("Waits for its turn" + _place(run))
    if run.error:
        show_error(run.error)


def _what_is_new(one: TransferStatus) -> str:
    """On the test images, in brackets; nothing where the backgrounds are gone meanwhile."""
    try:
        return f" ({words_of_test(one.spec.data)})"
    except SpecError:
        return ""


def _place(run: Run) -> str:
    number, seconds = place(server.store(), run.id, server.slots())
    return f": number {number} in the queue, in about {in_words(seconds)}" if number else ""


def _conclusion(transfers: list[TransferStatus]) -> None:
    """As soon as a task is through: how the networks compare on it; in the end how both tasks do."""
    task = transfers[0].spec.data
    on_first = [one for one in transfers if one.spec.data == task]
    accuracies = {one.transfer.id: one.accuracy for one in on_first if one.accuracy is not None}
    if len(accuracies) < len(on_first):
        return
    st.caption(f"Transfer accuracy: test images of the target task that are recognised{_what_is_new(transfers[0])}")
    for column, one in zip(st.columns(len(on_first)), on_first, strict=True):
        column.metric(one.role, f"{accuracies[one.transfer.id]:.1%}", border=True, height="stretch")
    st.markdown(" ".join(_sentences(on_first, accuracies)))
    if all(one.accuracy is not None for one in transfers):
        try:
            found = report_of(transfers)
        except SpecError as error:
            show_error(error)
            return
        if found is not None:
            st.subheader("Both ways round", anchor=False)
            show_two_by_two(found, key="two_by_two")
    if len(transfers) > 1:
        st.caption("One seed each, and one pair of compositions: change both and see whether it holds.")


def _sentences(on_first: list[TransferStatus], accuracies: dict[str, float]) -> list[str]:
    """How the first two networks compare on the target task, then each published one with them."""
    pair, target = [one for one in on_first if one.source is not None][:2], on_first[0].spec.data.transforms
    said = []
    if pair:
        margin = difference(pair[0].transfer, pair[1].transfer) if len(pair) > 1 else None
        reached = [accuracies[one.transfer.id] for one in pair]
        said.append(conclusion([one.transforms or () for one in pair], reached, target, margin))
    for one in on_first:
        if one.source is None:
            others = [(other.transforms or (), difference(one.transfer, other.transfer)) for other in pair]
            said.append(published_conclusion(one.name, accuracies[one.transfer.id], others))
    return said

"""The live panel of the Train page: networks on their way from pretraining to the target task."""

from __future__ import annotations

import streamlit as st

from invariance.data.background_split import words_of_test
from invariance.figures.networks import network_colours
from invariance.figures.race import race_curves, race_table
from invariance.runs.describe import transforms_title
from invariance.runs.origin import origin_of
from invariance.spec import DatasetSpec, SpecError
from invariance.studies.what_if_report import Report
from pages.shared.conclusions import conclusion, published_conclusion
from pages.shared.errors import show_error, show_postponed
from pages.shared.figures import draw, show_figure
from pages.shared.links import MAX_SHOWN
from pages.shared.navigation import link_to
from pages.shared.serving import server, visitor
from pages.shared.serving.pulse import live
from pages.shared.two_by_two import show_two_by_two
from pages.train.lanes import Shown, Watched, at_last, short_titles, show_lane, show_style, shown_of, watched
from pages.train.only_one import show_only_one
from pages.train.transfer_status import TransferStatus, difference, report_of, transfer_statuses

RACE = "race_shown"
"""In the session, the transfers that are shown."""


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


def _shown(task: DatasetSpec, transfer_ids: list[str], *, is_over: bool) -> Shown | None:
    """Images of the target task; None where they are gone meanwhile, and at first, so that nobody waits for lanes."""
    is_first, st.session_state[RACE] = st.session_state.get(RACE) != transfer_ids, transfer_ids
    if is_first and not is_over:
        return None
    try:
        return shown_of(task)
    except SpecError:
        return None


def _panel(transfer_ids: list[str], was_active: bool) -> None:
    try:
        transfers = transfer_statuses(transfer_ids)
    except SpecError:  # deleted while it was shown: the page says so
        st.rerun()
    runs = list({run.id: run for one in transfers for run in one.runs}.values())
    active = any(run.is_active for run in runs)
    if was_active and not active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="race_head"):
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
    is_done = all(run.state == "done" for run in runs)
    shown = _shown(transfers[0].spec.data, transfer_ids, is_over=not active)
    show_style()
    found = _report(transfers) if is_done and all(one.accuracy is not None for one in transfers) else None
    _sentence(transfers, is_told=found is not None)
    if is_done:
        _result(found, [ones[0] for ones in networks.values()])
    lanes = {ones[0].role: at_last(watched(ones[0].pretraining), ones[0]) for ones in networks.values()}
    colours = network_colours([ones[0].look for ones in networks.values()])
    _curves(lanes, transfers, shown, colours, is_over=not active)
    for column, ones, colour in zip(st.columns(len(networks)), networks.values(), colours, strict=True):
        with column:
            show_lane(ones, colour, lanes[ones[0].role], shown)
    if any(seen.answers for seen in lanes.values()):
        st.caption(
            "Curves: accuracy on the target if transferred at that moment, by a quick probe on few images; the whole "
            "transfer, marked ◆, has more to learn from. ✓ and ✗: what it says of eight images that nobody learns from."
        )


def _report(transfers: list[TransferStatus]) -> Report | None:
    try:
        return report_of(transfers)
    except SpecError as error:
        show_error(error)
        return None


def _result(found: Report | None, firsts: list[TransferStatus]) -> None:
    """When all is through: both ways round, an image that only one network gets, and where to go from here."""
    if found is not None:
        show_two_by_two(found, key="two_by_two")
    references = ",".join(one.reference for one in firsts)
    if len(firsts) > 1:
        st.caption("One run is one run: change seed and pair, and see whether it holds.")
    if len(firsts) > 1 and firsts[0].spec.data == firsts[1].spec.data:
        show_only_one(firsts[0], firsts[1])
    with st.container(horizontal=True):
        if len(firsts) > 1:
            pair = {"first": firsts[0].reference, "second": firsts[1].reference}
            link_to("factors", "**What did it throw away?**", query={"view": "thrown-away", **pair})
        link_to("invariance", "What are they invariant to?", query={"models": references})
        link_to("factors", "What have they kept?", query={"models": references})
        link_to("attribution", "Where do they look?", query={"models": references})


def _curves(
    lanes: dict[str, Watched],
    transfers: list[TransferStatus],
    shown: Shown | None,
    colours: list[str],
    *,
    is_over: bool,
) -> None:
    """The race; of networks that nobody watched while they learnt there is none."""
    if is_over and not any(seen.points for seen in lanes.values()):
        return
    task, titles = transfers[0].spec.data, short_titles([*lanes])
    curves = {titles[role]: seen.points for role, seen in lanes.items()}
    on_task = [one for one in transfers if one.spec.data == task]
    finals = {titles[one.role]: one.accuracy for one in on_task if one.accuracy is not None}
    guessing = 1 / max(1, len(shown.class_names if shown else task.classes))
    figure, title = (
        race_curves(curves, finals, colours=colours, guessing=guessing),
        "Accuracy on the target if transferred now",
    )
    if not is_over:  # nothing to save with every refresh
        draw(figure, key="race", alt=title)
        return
    specs = [one.pretraining.spec for one in transfers if one.pretraining is not None]
    show_figure(
        figure, race_table(curves), key="race", title=title, name="race", origin=origin_of(*dict.fromkeys(specs))
    )


def _what_is_new(one: TransferStatus) -> str:
    """On the test images, in brackets; nothing where the backgrounds are gone meanwhile."""
    try:
        return f" ({words_of_test(one.spec.data)})"
    except SpecError:
        return ""


def _sentence(transfers: list[TransferStatus], *, is_told: bool) -> None:
    """As soon as the target task is through: how the networks compare on it, which one run says of itself alone.

    Args:
        transfers: all.
        is_told: whether both ways round tell it of those that were pretrained here.
    """
    task = transfers[0].spec.data
    on_first = [one for one in transfers if one.spec.data == task]
    accuracies = {one.transfer.id: one.accuracy for one in on_first if one.accuracy is not None}
    if len(accuracies) < len(on_first):
        return
    if said := " ".join(_sentences(on_first, accuracies, is_told=is_told)):
        st.markdown(said)
        st.caption(f"Of the test images of the target task{_what_is_new(transfers[0])}.")


def _sentences(on_first: list[TransferStatus], accuracies: dict[str, float], *, is_told: bool) -> list[str]:
    """How the first two networks compare on the target task, then each published one with them."""
    pair, target = [one for one in on_first if one.source is not None][:2], on_first[0].spec.data.transforms
    said = []
    if pair and not is_told:
        margin = difference(pair[0].transfer, pair[1].transfer) if len(pair) > 1 else None
        reached = [accuracies[one.transfer.id] for one in pair]
        said.append(conclusion([one.transforms or () for one in pair], reached, target, margin))
    for one in on_first:
        if one.source is None:
            others = [(other.transforms or (), difference(one.transfer, other.transfer)) for other in pair]
            said.append(published_conclusion(one.name, accuracies[one.transfer.id], others))
    return said

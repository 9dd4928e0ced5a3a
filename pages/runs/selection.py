"""Below the table of the Runs page: the selected runs, what can be done with them, their curves and their details."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.curves import metric_title, training_curves, values_table
from invariance.figures.networks import look_of, network_colours
from invariance.runs.describe import command
from invariance.runs.origin import origin_of, without_paths
from invariance.runs.run import Run
from invariance.spec import canonical_json
from invariance.vocabulary.target_probe import is_answer
from pages.runs.give_back import show_files
from pages.shared.errors import show_error
from pages.shared.figures import show_figure
from pages.shared.glossary import show_rows
from pages.shared.literal import literal
from pages.shared.navigation import link_to
from pages.shared.run_state import STATE_COLOURS, progress_line
from pages.shared.serving import server, visitor
from pages.shared.serving.once import drawn

MAX_COMPARED = 8
MAX_BAD = 3
"""Records that cannot be read of which a line names the reason."""


def show_selection(runs: list[Run], titles: dict[str, str]) -> None:
    """Everything about the selected runs; titles by run id."""
    show_actions(runs, titles)
    show_curves(runs, titles)
    for run in runs[:MAX_COMPARED]:
        show_details(run, titles[run.id])


def show_bad_rows() -> None:
    """Runs of which the record cannot be read, and what takes them away."""
    bad = server.store().bad_rows()
    if not bad:
        return
    some = " and ".join(f"`{literal(row.id[:16])}` ({literal(row.why)})" for row in bad[:MAX_BAD])
    more = f" and {len(bad) - MAX_BAD} more" if len(bad) > MAX_BAD else ""
    with st.container(border=True):
        st.markdown(
            f":material/broken_image: **{len(bad)} {'record' if len(bad) == 1 else 'records'} of runs cannot be read** "
            f"and {'is' if len(bad) == 1 else 'are'} left out: {some}{more}."
        )
        if visitor.may_do_all():
            st.button(
                "Delete what cannot be read",
                icon=":material/delete:",
                key="delete_bad",
                on_click=server.delete_bad,
            )


@st.dialog("Delete runs")
def confirm_delete(runs: list[Run], titles: dict[str, str]) -> None:
    """Says what goes, and what depends on it, before it does."""
    store = server.store()
    chosen = {run.id for run in runs}
    for run in runs:
        st.markdown(f"- {run.kind}: {titles[run.id]} (`{run.id}`)")
        if others := [other for other in store.dependents(run.id) if other.id not in chosen]:
            names = ", ".join(f"{other.kind} {other.id[:8]}" for other in others)
            st.warning(f"Built on it: {names}. What is done stays, but cannot be repeated from it.")
    if st.button(
        "Delete for good",
        type="primary",
        icon=":material/delete:",
        key="delete_for_good",
        on_click=server.delete,
        args=(sorted(chosen),),
    ):
        st.rerun()


def show_actions(runs: list[Run], titles: dict[str, str]) -> None:
    """What can be done with the selected runs."""
    active = [run.id for run in runs if run.is_active]
    stopped = [run.id for run in runs if run.can_resume]
    with st.container(horizontal=True, vertical_alignment="center"):
        for label, icon, do, ids in (
            ("Cancel", "stop_circle", server.cancel, active),
            ("Resume", "play_circle", server.resume, stopped),
        ):
            st.button(label, icon=f":material/{icon}:", key=label.lower(), disabled=not ids, on_click=do, args=(ids,))
        if st.button("Delete", icon=":material/delete:", key="delete", disabled=bool(active)):
            confirm_delete(runs, titles)
        transfers = ",".join(run.id for run in runs if run.kind == "transfer")
        if transfers:
            link_to("train", "Open in Train", query={"runs": transfers})
        networks = [run.id for run in runs if run.state == "done" and run.kind in ("pretrain", "transfer")]
        if networks:  # one alone is compared with the network that was trained on no transformation
            first, second = networks[:2] if len(networks) > 1 else ("none", networks[0])
            query = {"view": "thrown-away", "first": first, "second": second}
            link_to("factors", "See what was thrown away", query=query)


def show_curves(runs: list[Run], titles: dict[str, str]) -> None:
    """The selected runs' measured values, one curve for each run."""
    names = {run.id: f"{titles[run.id]} ({run.id[:4]})" for run in runs[:MAX_COMPARED]}
    tables = {name: server.store().metrics(run_id) for run_id, name in names.items()}
    measured = {name for table in tables.values() for name in table["name"].unique()}
    metrics = sorted((name for name in measured if not is_answer(name)), reverse=True)
    if not metrics:
        st.caption("Nothing was measured yet.")
        return
    default = "train_accuracy" if "train_accuracy" in metrics else metrics[0]
    metric = st.segmented_control(
        "Measured", metrics, default=default, required=True, format_func=metric_title, key=f"metric_{len(metrics)}"
    )
    shown = {name: table for name, table in tables.items() if (table["name"] == metric).any()}
    known = {run.id: run for run in runs}
    looks = {
        names[run.id]: look_of(run.spec, server.source_of(run, known), getattr(run.spec, "source", run.id))
        for run in runs
        if run.id in names
    }
    colours = network_colours([looks[name] for name in shown])
    show_figure(
        drawn(training_curves, shown, metric, colours=colours),
        values_table(shown, metric),
        key="curves",
        title=f"Runs: {metric_title(metric)}",
        name=metric,
        origin=origin_of(*(run.spec for run in runs if names.get(run.id) in shown)),
    )
    if len(runs) > MAX_COMPARED:
        st.caption(f"The first {MAX_COMPARED} of the {len(runs)} selected runs are drawn.")


def show_details(run: Run, name: str) -> None:
    """Everything about one run."""
    with st.expander(f"{run.kind}: {name}", icon=":material/info:", expanded=bool(run.error)):
        st.badge(run.state, color=STATE_COLOURS[run.state])
        if run.error:
            show_error(run.error)
        if run.remark:
            st.caption(f":material/history: {run.remark}")
        if run.state == "running" and run.progress:
            st.caption(progress_line(run.progress, run.device))
        if run.device == "cpu" and (note := server.devices().note):
            st.caption(f":material/info: Executed on a CPU: {literal(note)}.")
        show_files(run)
        if run.metrics:
            show_rows(pd.DataFrame([run.metrics]), width="content")
        st.caption(
            "The command that asks for the same settings anew"
            if run.remark
            else "The command that asks for the same run"
        )
        # Where folders are on a server is nothing to its visitors.
        spec = without_paths(run.spec) if visitor.is_shared() else run.spec
        line = command(spec) or "# none: the command line cannot say all of its values"
        st.code(line, language="bash", wrap_lines=True)
        st.caption("Its spec in today's words" if run.remark else f"Its spec, whose hash is its name, {run.id}")
        st.json(canonical_json(spec), expanded=1)

"""Runs: what was asked for on this server, how it went, and what to do with it."""

import pandas as pd
import streamlit as st

from invariance.figures.curves import metric_title, training_curves, values_table
from invariance.runs.describe import command, title
from invariance.runs.store import RESUMABLE_STATES, STATES, Run
from invariance.spec import RUN_KINDS, SpecError, canonical_json
from pages.runs.table import COLUMNS, table_key, table_of
from pages.shared import server
from pages.shared.exports import export_row
from pages.shared.live import STATE_COLOURS, progress_line
from pages.shared.plan import BUDGETS, planned_runs

MAX_COMPARED = 8


def launch_example() -> None:
    """Asks for a small pair of runs, so that there is something to see."""
    quick = BUDGETS["Quick"]
    options = {"epochs": quick.epochs, "samples_per_epoch": quick.samples_per_epoch}
    pretrainings = [("rotate", "hue", "erasing"), ("scale", "invert", "pixelate")]
    try:
        server.submit(planned_runs(pretrainings[0], pretrainings, objects="builtin", backgrounds="builtin", **options))
    except SpecError as error:
        st.session_state["server_error"] = str(error)


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
    stopped = [run.id for run in runs if run.state in RESUMABLE_STATES]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Cancel",
            icon=":material/stop_circle:",
            key="cancel",
            disabled=not active,
            on_click=server.cancel,
            args=(active,),
        )
        st.button(
            "Resume",
            icon=":material/play_circle:",
            key="resume",
            disabled=not stopped,
            on_click=server.resume,
            args=(stopped,),
        )
        if st.button("Delete", icon=":material/delete:", key="delete", disabled=bool(active)):
            confirm_delete(runs, titles)
        transfers = ",".join(run.id for run in runs if run.kind == "transfer")
        if transfers:
            st.page_link(
                "pages/train/page.py",
                label="Open in Train",
                icon=":material/arrow_forward:",
                query_params={"runs": transfers},
            )


def show_curves(runs: list[Run], titles: dict[str, str]) -> None:
    """The selected runs' measured values, one curve for each run."""
    tables = {f"{titles[run.id]} ({run.id[:4]})": server.store().metrics(run.id) for run in runs[:MAX_COMPARED]}
    metrics = sorted({name for table in tables.values() for name in table["name"].unique()}, reverse=True)
    if not metrics:
        st.caption("Nothing was measured yet.")
        return
    default = "train_accuracy" if "train_accuracy" in metrics else metrics[0]
    metric = st.segmented_control(
        "Measured", metrics, default=default, required=True, format_func=metric_title, key=f"metric_{len(metrics)}"
    )
    shown = {name: table for name, table in tables.items() if (table["name"] == metric).any()}
    figure = training_curves(shown, str(metric))
    st.plotly_chart(figure, key="curves")
    export_row(
        figure,
        values_table(shown, str(metric)),
        title=f"Runs: {metric_title(str(metric))}",
        name=str(metric),
        key="save_curves",
    )
    if len(runs) > MAX_COMPARED:
        st.caption(f"The first {MAX_COMPARED} of the {len(runs)} selected runs are drawn.")


def show_details(run: Run, name: str) -> None:
    """Everything about one run."""
    with st.expander(f"{run.kind}: {name}", icon=":material/info:", expanded=bool(run.error)):
        st.badge(run.state, color=STATE_COLOURS[run.state])
        if run.error:
            st.error(run.error, icon=":material/error:")
        if run.state == "running" and run.progress:
            st.caption(progress_line(run.progress, run.device))
        if run.metrics:
            st.dataframe(pd.DataFrame([run.metrics]), hide_index=True, width="content")
        st.caption("The command that asks for the same run")
        line = command(run.spec) or "# none: the command line cannot say all of its values"
        st.code(line, language="bash", wrap_lines=True)
        st.caption(f"Its spec, whose hash is its name, {run.id}")
        st.json(canonical_json(run.spec), expanded=1)


def show_runs(was_active: bool) -> None:
    """The table and what is selected in it."""
    known = {run.id: run for run in server.store().list()}
    titles = {run.id: title(run.spec, server.source_of(run, known)) for run in known.values()}
    states = st.session_state.get("states") or STATES
    kinds = st.session_state.get("kinds") or tuple(RUN_KINDS)
    runs = [run for run in reversed(known.values()) if run.state in states and run.kind in kinds]
    if was_active and not any(run.is_active for run in known.values()):
        st.rerun()
    if not runs:
        st.caption("No run fits the filters.")
        return
    chosen = st.dataframe(
        table_of(runs, titles),
        hide_index=True,
        column_config=COLUMNS,
        key=table_key(runs),
        on_select="rerun",
        selection_mode="multi-row",
    )
    selected = [runs[row] for row in chosen["selection"]["rows"] if row < len(runs)]
    if not selected:
        st.caption("Select rows to compare their curves, see their details, and cancel, resume or delete them.")
        return
    show_actions(selected, titles)
    show_curves(selected, titles)
    for run in selected[:MAX_COMPARED]:
        show_details(run, titles[run.id])


server.start()
st.title("Runs", anchor=False)
server.show_error()
everything = server.store().list()
if not everything:
    st.markdown("Nothing has run here yet. A run is one training of a network, kept with its curves and its weights.")
    st.button(
        "Launch an example: two short pretrainings and their transfers",
        type="primary",
        key="example",
        icon=":material/play_arrow:",
        on_click=launch_example,
    )
    st.page_link("pages/train/page.py", label="Or choose what to train", icon=":material/arrow_forward:")
else:
    left, right = st.columns([3, 2])
    left.pills("State", STATES, selection_mode="multi", key="states", bind="query-params")
    right.pills("Kind", list(RUN_KINDS), selection_mode="multi", key="kinds", bind="query-params")
    active = any(run.is_active for run in everything)
    st.fragment(show_runs, run_every=3 if active else None)(active)

"""Runs: what was asked for on this server, how it went, and what to do with it."""

import streamlit as st

from invariance.runs.describe import title
from invariance.runs.store import STATES
from invariance.spec import RUN_KINDS
from pages.runs.selection import show_selection
from pages.runs.table import TRANSFORM_COLUMNS, table_key, table_of
from pages.shared import server
from pages.shared.errors import errors_postponed, show_postponed
from pages.shared.navigation import link_to
from pages.shared.plan import planned_runs


def launch_example() -> None:
    """Asks for a small pair of runs, so that there is something to see."""
    target, rival = ("rotate", "hue", "erasing"), ("scale", "invert", "pixelate")
    with errors_postponed():
        runs = planned_runs(
            target,
            [target, rival],
            objects="builtin",
            backgrounds="builtin",
        )
        server.submit(runs)


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
        column_config=TRANSFORM_COLUMNS,
        key=table_key(runs),
        on_select="rerun",
        selection_mode="multi-row",
    )
    selected = [runs[row] for row in chosen["selection"]["rows"] if row < len(runs)]
    if not selected:
        st.caption("Select rows to compare their curves, see their details, and cancel, resume or delete them.")
        return
    show_selection(selected, titles)


server.start()
st.title("Runs", anchor=False)
show_postponed()
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
    link_to("train", "Or choose what to train")
else:
    left, right = st.columns([3, 2])
    left.pills("State", STATES, selection_mode="multi", key="states", bind="query-params")
    right.pills("Kind", list(RUN_KINDS), selection_mode="multi", key="kinds", bind="query-params")
    active = any(run.is_active for run in everything)
    st.fragment(show_runs, run_every=3 if active else None)(active)

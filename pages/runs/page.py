"""Runs: what was asked for on this server, how it went, and what to do with it."""

import streamlit as st

from invariance.runs.describe import title
from invariance.runs.run import STATES
from invariance.spec import RUN_KINDS
from pages.runs.of_class import show_class
from pages.runs.selection import show_bad_rows, show_selection
from pages.runs.table import TRANSFORM_COLUMNS, table_key, table_of
from pages.shared.errors import errors_postponed, show_postponed
from pages.shared.navigation import link_to
from pages.shared.plan import planned_runs
from pages.shared.serving import server, visitor
from pages.shared.serving.pulse import live

ROWS = 50
"""Of the table that are shown at once."""


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
    """A page of the table, and what is selected in it."""
    store = server.store()
    states = st.session_state.get("states") or STATES
    kinds = st.session_state.get("kinds") or tuple(RUN_KINDS)
    if was_active and not store.has_active():
        st.rerun()
    _, total = store.newest(0, states=states, kinds=kinds)
    if not total:
        st.caption("No run fits the filters.")
        return
    num_pages = -(-total // ROWS)
    page = st.pagination(num_pages, key=f"page_of_{num_pages}") if num_pages > 1 else 1
    runs, _ = store.newest(ROWS, (page - 1) * ROWS, states=states, kinds=kinds)
    known = {run.id: run for run in runs}
    titles = {run.id: title(run.spec, server.source_of(run, known)) for run in runs}
    whose = {run.id: visitor.in_words(run.owners) for run in runs} if visitor.is_shared() else None
    rows = st.dataframe(
        table_of(runs, titles, whose),
        hide_index=True,
        column_config=TRANSFORM_COLUMNS,
        key=table_key(runs),
        on_select="rerun",
        selection_mode="multi-row",
    )
    selected = [runs[row] for row in rows["selection"]["rows"] if row < len(runs)]
    if not selected:
        st.caption("Select rows to compare their curves, see their details, and cancel, resume or delete them.")
    else:
        show_selection(selected, titles)
    show_postponed()  # what a button of this part could not do


server.start()
st.title("Runs", anchor=False)
show_postponed()
show_class()
show_bad_rows()
_, number = server.store().newest(0, states=STATES, kinds=tuple(RUN_KINDS))
if not number:
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
    left.pills("State", STATES, selection_mode="multi", key="states", bind="query-params", wrap=True)
    right.pills("Kind", list(RUN_KINDS), selection_mode="multi", key="kinds", bind="query-params", wrap=True)
    active = server.store().has_active()
    part = live(show_runs, None, key="runs_pulse") if active else st.fragment(show_runs)
    part(active)

"""Measurements of networks: asked for a group at a time, so that each is made once; how they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from invariance.runs.describe import source_title
from invariance.runs.run import Run
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec
from invariance.vocabulary.measures import TABLE
from pages.shared.errors import errors_postponed, show_error
from pages.shared.networks import Networks
from pages.shared.run_state import share_of
from pages.shared.serving import server
from pages.shared.serving.pulse import live

Group = tuple[str, ...]
"""Networks that are measured together: one of one's own, a published one, or all of the gallery's."""

Measurement = Callable[[Group], MeasureSpec | FactorSpec]
"""What is asked about a group."""


@dataclass
class Measured:
    """What is known of some groups of networks.

    Attributes:
        tables: of those that are measured, rows called by run id.
        missing: groups that are not, and that nobody is measuring now.
        outdated: groups whose table lacks columns that a measurement has today, and that nobody is measuring now.
        pending: measurements that are waiting, running or did not work.
    """

    tables: list[pd.DataFrame] = field(default_factory=list)
    missing: list[Group] = field(default_factory=list)
    outdated: list[Group] = field(default_factory=list)
    pending: list[Run] = field(default_factory=list)


def gallery_data(known: Networks) -> DatasetSpec:
    """Objects and backgrounds of the gallery's networks, with which all are measured, so that rows are comparable."""
    return known["none"].data if "none" in known else DatasetSpec()


def find_measured(
    groups: Sequence[Group], asked: Measurement, *, earlier: Measurement | None = None, columns: Collection[str] = ()
) -> Measured:
    """What the store knows of some groups.

    Args:
        groups: of networks.
        asked: the measurement of a group.
        earlier: a measurement that serves where there is no other, as asked for by earlier versions.
        columns: that a table of today has.
    """
    store, found = server.store(), Measured()
    for group in groups:
        run = store.find(asked(group).run_id)
        before = None if earlier is None else store.find(earlier(group).run_id)
        table = next((table for one in (run, before) if (table := table_of(one)) is not None), None)
        if run is not None and run.state != "done":
            found.pending.append(run)
        is_awaited = run is not None and run.is_active
        if table is not None:
            found.tables.append(table)
        if table is None and not is_awaited:
            found.missing.append(group)
        elif table is not None and not is_awaited and not set(columns) <= set(table):
            found.outdated.append(group)
    return found


def table_of(run: Run | None) -> pd.DataFrame | None:
    """The table of a finished measurement; None of any other."""
    if run is None or run.state != "done":
        return None
    path = server.store().directory(run.id) / TABLE
    return pd.read_csv(path) if path.is_file() else None


def measure(groups: Sequence[Group], asked: Measurement) -> None:
    """Asks for measurements, anew where there is a table; an error is postponed."""
    specs = [asked(group) for group in groups]
    server.delete([spec.run_id for spec in specs if table_of(server.store().find(spec.run_id)) is not None])
    with errors_postponed():
        server.submit([*specs])


def measure_button(label: str, groups: Sequence[Group], asked: Measurement) -> None:
    """The button that asks for what is missing."""
    st.button(
        label, type="primary", icon=":material/straighten:", key="measure", on_click=measure, args=(groups, asked)
    )


def show_pending(pending: Sequence[Run]) -> None:
    """Progress of measurements, refreshed while there is any; the page runs again once they have ended."""
    if not pending:
        return
    active = any(run.is_active for run in pending)
    run_ids = [run.id for run in pending]
    part = live(_progress, run_ids, key="measuring") if active else _progress
    part(run_ids, active)


def _progress(run_ids: list[str], was_active: bool) -> None:
    runs = [run for run_id in run_ids if (run := server.store().find(run_id)) is not None]
    if was_active and not any(run.is_active for run in runs):
        st.rerun()
    for run in runs:
        sources = run.spec.depends_on
        name = source_title(sources[0]) if len(sources) == 1 else f"{len(sources)} networks"
        if run.is_active:
            st.progress(share_of(run), f"Measuring {name}: {run.state}")
        else:
            show_error(f"Measuring {name}: {run.state}. {run.error or ''}")

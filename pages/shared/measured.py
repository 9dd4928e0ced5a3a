"""Tables of measurements: asked for one run at a time, so that each is measured once; which measure is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import streamlit as st

from invariance.runs.describe import source_title
from invariance.runs.store import Run
from invariance.spec import DatasetSpec, FactorSpec, SpecError
from invariance.vocabulary.measures import TABLE
from pages.shared import server
from pages.shared.cache import KnownModel

Measurement = Callable[[str, DatasetSpec], FactorSpec]


def twins_data(known: dict[str, KnownModel]) -> DatasetSpec:
    """Objects and backgrounds of the twins: the gallery's, so that all rows of a table are comparable."""
    if "none" not in known:
        return DatasetSpec()
    return replace(known["none"].data, transforms=(), num_samples=DatasetSpec().num_samples)


def factor_probes(run_id: str, data: DatasetSpec) -> FactorSpec:
    """All factors of one run, each varying alone."""
    return FactorSpec(sources=(run_id,), data=data)


def measured_tables(
    run_ids: list[str], data: DatasetSpec, asked: Measurement
) -> tuple[pd.DataFrame, list[str], list[Run]]:
    """What is known of some runs.

    Args:
        run_ids: of the measured runs.
        data: objects and backgrounds of the images.
        asked: the measurement of one run.

    Returns:
        The rows of those that are measured, the identities of those that are not, and the measurements that are
        waiting, running or did not work.
    """
    store = server.store()
    tables, missing, pending = [], [], []
    for run_id in run_ids:
        found = store.find(asked(run_id, data).run_id)
        path = None if found is None else store.directory(found.id) / TABLE
        if found is not None and found.state == "done" and path is not None and path.is_file():
            tables.append(pd.read_csv(path))
            continue
        missing.append(run_id)
        if found is not None and found.state != "done":
            pending.append(found)
    return pd.concat(tables) if tables else pd.DataFrame(), missing, pending


def submit_measurements(run_ids: list[str], data: DatasetSpec, asked: Measurement) -> None:
    """Asks for the measurements; an error is kept for ``server.show_error``."""
    try:
        server.submit([asked(run_id, data) for run_id in run_ids])
    except SpecError as error:
        st.session_state["server_error"] = str(error)


def show_pending(pending: list[Run]) -> None:
    """Progress of measurements, refreshed while there is any; the page runs again once they have ended."""
    active = [run.id for run in pending if run.is_active]
    st.fragment(_progress, run_every=1.5 if active else None)([run.id for run in pending], bool(active))


def _progress(run_ids: list[str], was_active: bool) -> None:
    runs = [run for run_id in run_ids if (run := server.store().find(run_id)) is not None]
    if was_active and not any(run.is_active for run in runs):
        st.rerun()
    for run in runs:
        sources = run.spec.depends_on
        name = source_title(sources[0]) if len(sources) == 1 else f"{len(sources)} networks"
        if run.is_active:
            progress = run.progress or {}
            share = progress.get("step", 0) / max(1, progress.get("num_steps", 1))
            st.progress(min(1.0, share), f"Measuring {name}: {run.state}")
        else:
            st.error(f"Measuring {name}: {run.state}. {run.error or ''}", icon=":material/error:")

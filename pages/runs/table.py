"""The table of the Runs page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.runs.run import Run
from pages.shared.run_state import accuracy_of, share_of


def table_key(runs: list[Run]) -> str:
    """Key of the table of these rows: other rows make another table, in which nothing is selected by mistake."""
    return f"table-{hash(tuple(run.id for run in runs)):x}"


def table_of(runs: list[Run], titles: dict[str, str], whose: dict[str, str] | None = None) -> pd.DataFrame:
    """One row a run, as they are given; accuracies in per cent.

    Args:
        runs: the rows.
        titles: by run id.
        whose: who asked, by run id; None where that does not matter.
    """
    rows = []
    for run in runs:
        accuracy = accuracy_of(run)
        share = 1.0 if run.state == "done" else share_of(run)
        created = pd.Timestamp(run.created, unit="s", tz="UTC")
        seconds = (run.result or run.progress or {}).get("seconds")
        accuracy = None if accuracy is None else 100 * accuracy
        rows.append([run.state, run.kind, titles[run.id], accuracy, share, seconds, run.device, created, run.id[:8]])
    columns = ["state", "kind", "title", "accuracy", "progress", "seconds", "device", "created", "run"]
    table = pd.DataFrame(rows, columns=columns).astype({"accuracy": float, "seconds": float})
    if whose is not None:
        table.insert(3, "whose", [whose[run.id] for run in runs])
    return table


TRANSFORM_COLUMNS = {
    "state": st.column_config.TextColumn("State", width="small"),
    "kind": st.column_config.TextColumn("Kind", width="small"),
    "title": st.column_config.TextColumn("What", width="large"),
    "whose": st.column_config.TextColumn("Whose", width="small", help="Who asked for it; others are called by digits"),
    "accuracy": st.column_config.NumberColumn(
        "Accuracy",
        format="%.1f%%",
        help="On the test: objects as in training, on new backgrounds unless these are shared",
    ),
    "progress": st.column_config.ProgressColumn("Progress", width="small", format="percent", min_value=0, max_value=1),
    "seconds": st.column_config.NumberColumn("Duration", format="%.0f s"),
    "device": st.column_config.TextColumn("Device", width="small"),
    "created": st.column_config.DatetimeColumn("Asked for", format="distance"),
    "run": st.column_config.TextColumn("Run", width="small", help="The first digits of its name"),
}

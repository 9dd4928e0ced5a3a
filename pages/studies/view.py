"""Results of a study on the page: findings, figures, the table, and files to take along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import findings_figure
from invariance.figures.study_notebook import notebook
from invariance.figures.study_report import report_html
from invariance.studies.about import ABOUT
from invariance.studies.findings import NOT_IN_THE_PAPER, rests_on
from invariance.studies.study import Study
from pages.shared.exports import export_row


def show_findings(summary: Mapping[str, Any]) -> None:
    """Each finding as a sentence with its verdict, on how many seeds they rest, and all effects in one figure.

    Args:
        summary: what ``summary.json`` says.
    """
    findings = summary["findings"]
    known = [finding for finding in findings if finding["effect"] is not None]
    if not known:
        st.caption("No finding can be told from these results yet.")
        return
    for finding in known:
        st.markdown(f"{verdict(finding)} {finding['statement']}")
    if line := rests_on(summary.get("num_seeds", {}).values()):
        has_interval = any(finding["low"] is not None for finding in known)
        st.caption(f"{line} In brackets: 95 % interval over seeds." if has_interval else line)
    figure = findings_figure(findings)
    with st.expander("Effects with their intervals over seeds", icon=":material/bar_chart:"):
        st.plotly_chart(
            figure,
            key="findings",
            width="stretch",
            config={"displayModeBar": False},
            alt="effect of each finding with its 95 % interval over seeds",
        )
        export_row(figure, pd.DataFrame(findings), title="Effects over seeds", name="findings", key="save_findings")


def verdict(finding: Mapping[str, Any]) -> str:
    """A badge: whether a finding is as published, or, of what the paper did not ask, whether it holds."""
    is_new = NOT_IN_THE_PAPER in finding["statement"]
    yes, no = ("holds", "does not hold") if is_new else ("as published", "not as published")
    return f":green-badge[:material/check: {yes}]" if finding["agrees"] else f":orange-badge[:material/close: {no}]"


def show_figures(name: str, table: pd.DataFrame) -> None:
    """The figures of a study, one tab each."""
    figures = figures_of(name, table)
    if not figures:
        return
    for tab, figure in zip(st.tabs([figure.tab or figure.title for figure in figures]), figures, strict=True):
        with tab:
            drawn = figure.draw(table)
            st.plotly_chart(
                drawn,
                key=f"figure_{figure.name}",
                width="stretch",
                config={"displayModeBar": False},
                alt=f"{figure.title}. {figure.caption}",
            )
            st.caption(figure.caption)
            export_row(drawn, table, title=figure.title, name=figure.name, key=f"save_{figure.name}")


def show_files(study: Study, table: pd.DataFrame, summary: Mapping[str, Any]) -> None:
    """The report, the notebook and the tables; the report is made on click."""
    stem = f"{study.name}-{study.scale}"
    with st.container(horizontal=True):
        st.download_button(
            "Report (HTML)",
            partial(_report, study, table, summary),
            f"{stem}.html",
            "text/html",
            icon=":material/description:",
            key="report",
            help="One file with everything in it that opens without a network.",
        )
        cells = json.dumps(notebook(study), indent=1, ensure_ascii=False)
        st.download_button(
            "Notebook",
            cells,
            "notebook.ipynb",
            "application/x-ipynb+json",
            key="notebook",
            icon=":material/menu_book:",
            help="Redoes findings and figures from results.csv and summary.json beside it.",
        )
        st.download_button(
            "results.csv",
            table.to_csv(index=False),
            "results.csv",
            "text/csv",
            key="results",
            icon=":material/download:",
        )
        st.download_button(
            "summary.json",
            json.dumps(summary, indent=1, ensure_ascii=False),
            "summary.json",
            "application/json",
            icon=":material/download:",
            key="summary",
        )
    with st.expander("The table", icon=":material/table_rows:"):
        st.caption(ABOUT[study.name].columns)
        st.dataframe(table, width="stretch", hide_index=True)


def _report(study: Study, table: pd.DataFrame, summary: Mapping[str, Any]) -> bytes:
    return report_html(study, table, summary).encode()

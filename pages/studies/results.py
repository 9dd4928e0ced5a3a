"""Results of a study on the page: findings, figures, the table, and files to take along."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from invariance.figures.latex import latex_table
from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import CAPTION, findings_figure, title_of
from invariance.figures.study_notebook import notebook
from invariance.figures.study_report import report_html
from invariance.numbers import format_number
from invariance.runs.origin import Origin
from invariance.runs.study_files import findings_of, plain_findings
from invariance.studies.findings import Finding
from invariance.studies.study import Study
from invariance.studies.telling import furthest_first, is_beyond_paper, order_in_words, symbol, tally
from invariance.studies.verdicts import NO_DIFFERENCE
from invariance.vocabulary.studies import ABOUT
from invariance.vocabulary.verdicts import MEANING, RULE, SYMBOL, Verdict
from pages.shared.figures import show_figure
from pages.shared.glossary import show_rows
from pages.shared.origins import page_origin
from pages.shared.serving.once import drawn, replayed

BADGES: Final = {
    Verdict.AS_PUBLISHED: "green",
    Verdict.SAME_DIRECTION: "blue",
    Verdict.OPPOSITE: "red",
    Verdict.NO_DIFFERENCE: "orange",
    Verdict.UNDECIDED: "violet",
}
"""Streamlit's colours nearest to those of the figures."""
Summary = Mapping[str, Any]
RULE_LOG: Final = "docs/rule.md"


def show_verdict(summary: Summary) -> None:
    """What all findings come to, in one line."""
    known = [finding for finding in findings_of(summary) if finding.n]
    st.markdown(f"**{tally(known)}**" if known else "No finding can be told from these results yet.")


def show_findings(summary: Summary) -> None:
    """Behind a click each: the findings in words, what disagrees with the paper first; effects, parts and the rule."""
    findings = furthest_first(findings_of(summary))
    known = [finding for finding in findings if finding.n]
    if not known:
        return
    with st.expander(f"The {len(known)} findings in words", icon=":material/format_list_bulleted:"):
        for finding in known:
            st.markdown(f"{badge(finding)} {finding.statement}")
        if any(not math.isnan(finding.low) for finding in known):
            st.caption(f"{order_in_words(known)}. In brackets: 95 % intervals over seeds.")
    with st.expander(
        "Effects" if is_beyond_paper(known) else "Effects beside the published ones", icon=":material/bar_chart:"
    ):
        show_figure(
            drawn(findings_figure, known),
            pd.DataFrame(plain_findings(known)).drop(columns=["per_seed", "denominators", "parts"]),
            key="findings",
            title="Effects over seeds",
            name="findings",
            alt="effect of each finding with its 95 % interval over seeds, beside the published value with its margin",
            caption=CAPTION,
            origin=origin_of_study(summary),
        )
    if any(finding.parts for finding in known):
        with st.expander("What has to hold in every case", icon=":material/checklist:"):
            st.caption("Each contrast of a finding has to pass; its interval is Bonferroni's over all of the finding.")
            replayed(lambda: show_rows(contrasts(known)), "contrasts", known)
    with st.expander("How findings are judged", icon=":material/gavel:"):
        st.markdown("\n".join(f"* {point}" for point in RULE))
        st.markdown("\n".join(f"* {SYMBOL[verdict]} **{verdict}**: {words}" for verdict, words in MEANING.items()))
        st.markdown(f"Changes of this rule, and why: `{RULE_LOG}`.")


def badge(finding: Finding) -> str:
    """The verdict in words and with its symbol, as Markdown."""
    colour = "gray" if finding.verdict is None else BADGES[finding.verdict]
    return f":{colour}-badge[{symbol(finding)} {finding.words}]"


def contrasts(findings: Sequence[Finding]) -> pd.DataFrame:
    """One row a contrast of every conjunction."""
    return pd.DataFrame(
        [
            {
                "finding": title_of(finding),
                "contrast": f"{part.name} (within ±{NO_DIFFERENCE})" if part.equivalent else part.name,
                "mean": format_number(part.effect),
                "interval": f"{format_number(part.low)} to {format_number(part.high)}",
                "p": format_number(part.p, 3),
                "passes": part.passes,
            }
            for finding in findings
            for part in finding.parts
        ]
    )


def origin_of_study(summary: Summary) -> Origin:
    """Where a study's table comes from; from this page, where it was made here."""
    told = summary["provenance"]
    line = str(told["command"])
    return Origin(
        command=line if " study " in line else page_origin().command,
        seeds=tuple(told["seeds"]),
        num=f"{summary['runs_done']:,} runs",
        settings={key: str(told[key]) for key in ("study", "scale", "date", "hardware") if told.get(key)},
    )


def show_figures(name: str, table: pd.DataFrame, origin: Origin, *, published: bool) -> None:
    """The figures of a study, one tab each; beside published values, where these are of the same design."""
    figures = figures_of(name, table, published=published)
    if not figures:
        return
    for tab, figure in zip(st.tabs([figure.tab or figure.title for figure in figures]), figures, strict=True):
        with tab:
            show_figure(
                drawn(figure.draw, table),
                table,
                key=f"figure_{figure.name}",
                title=figure.title,
                name=figure.name,
                alt=f"{figure.title}. {figure.caption}",
                caption=figure.caption,
                origin=origin,
            )


def show_files(name: str, scale: str, study: Callable[[], Study], table: pd.DataFrame, summary: Summary) -> None:
    """The report, the notebook and the tables, all of which are made on click.

    Args:
        name: of the study.
        scale: of the study.
        study: makes it, which takes a while.
        table: its results.
        summary: what they come to.
    """
    about = ABOUT[name]

    def report() -> bytes:
        return report_html(study(), table, summary).encode()

    def cells() -> str:
        return json.dumps(notebook(study()), indent=1, ensure_ascii=False)

    def numbers() -> str:
        return table.to_csv(index=False)

    def latex() -> str:
        return latex_table(table, origin_of_study(summary), title=about.title, label=f"tab:{name}")

    def findings() -> str:
        return json.dumps(summary, indent=1, ensure_ascii=False)

    one_file = "One file with everything in it that opens without a network."
    redoes = "Redoes findings and figures from results.csv and summary.json beside it."
    with st.container(horizontal=True):
        for label, data, file, mime, icon, words in (
            ("Report (HTML)", report, f"{name}-{scale}.html", "text/html", "description", one_file),
            ("Notebook", cells, "notebook.ipynb", "application/x-ipynb+json", "menu_book", redoes),
            ("results.csv", numbers, "results.csv", "text/csv", "download", None),
            ("results.tex", latex, "results.tex", "application/x-tex", "download", "The table for LaTeX."),
            ("summary.json", findings, "summary.json", "application/json", "download", None),
        ):
            st.download_button(label, data, file, mime, icon=f":material/{icon}:", key=f"get_{label}", help=words)
    with st.expander("The table", icon=":material/table_rows:"):
        st.caption(about.columns)
        replayed(lambda: show_rows(table), "table", table)

"""The answer to a question, whole or as far as it is: the sentence, the dots, the differences, and the table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from invariance.figures.question import CAPTION, question_figure
from invariance.figures.question_report import RULE, question_html
from invariance.numbers import format_number
from invariance.runs.origin import origin_of_question
from invariance.studies.question import Question
from invariance.studies.question_effects import INTERACTION
from invariance.studies.question_report import Report
from pages.shared.figures import show_figure
from pages.shared.glossary import show_rows
from pages.shared.literal import literal
from pages.shared.navigation import link_to
from pages.shared.serving.once import drawn

MOST_LINKED = 8
"""Networks that a link to another page names."""


def show_answer(question: Question, report: Report, *, num_done: int) -> None:
    """What the finished runs say.

    Args:
        question: what is asked.
        report: from :func:`invariance.runs.question.report_so_far`.
        num_done: of its runs.
    """
    table = pd.DataFrame(report["cells"])
    figure, words = st.columns([7, 4], gap="medium")
    with figure:
        show_figure(
            drawn(question_figure, report),
            table,
            key="answer",
            title="Transfer accuracy of each source on each target",
            name="question",
            caption=CAPTION,
            origin=origin_of_question(question),
        )
    words.markdown(as_list(report["sentence"]))
    if report["effects"]:
        with st.expander("Differences, and what the rule says of each", icon=":material/compare_arrows:"):
            show_rows(effects_table(report))
            st.caption(f"In points of a hundred. {RULE}")
    with st.expander(f"The table: {len(table)} of {len(question.cells)} cells", icon=":material/table_rows:"):
        show_rows(table)
    st.download_button(
        "Report (HTML)",
        partial(question_html, question, report, num_done=num_done),
        "question.html",
        "text/html",
        icon=":material/description:",
        key="get_report",
        on_click="ignore",
        help="One file with everything in it that opens without a network.",
    )


def as_list(sentence: str) -> str:
    """The sentence of an answer as Markdown, its clauses below one another."""
    lead, _, clauses = sentence.removesuffix(".").partition(": ")
    if not clauses:
        return literal(sentence)
    return "\n".join([f"**{literal(lead)}**", "", *(f"- {literal(clause)}" for clause in clauses.split("; "))])


def with_titles(report: Report, titles: Mapping[str, str]) -> Report:
    """The same with networks that were there already called as they are on the pages.

    Args:
        report: from :func:`invariance.runs.question.report_so_far`, which calls a run by its identity.
        titles: by identity.
    """

    def told(text: str) -> str:
        for reference, title in titles.items():
            text = text.replace(reference, title)
        return text

    def renamed(row: dict[str, Any]) -> dict[str, Any]:
        return row | {"source": titles.get(row["source"], row["source"])}

    effects = [
        effect | {"sources": [titles.get(source, source) for source in effect["sources"]]}
        for effect in report["effects"]
    ]
    return report | {
        "cells": [renamed(row) for row in report["cells"]],
        "summary": [renamed(row) for row in report["summary"]],
        "effects": [effect | {"statement": told(effect["statement"])} for effect in effects],
        "sentence": told(report["sentence"]),
    }


def effects_table(report: Report) -> pd.DataFrame:
    """Differences for people, what has a verdict first."""
    effects = sorted(report["effects"], key=lambda effect: effect["verdict"] is None)
    varied = [
        field
        for field in ("model", "objective", "method", "num_images")
        if len({effect[field] for effect in effects}) > 1
    ]
    return pd.DataFrame([_effect_row(effect, varied) for effect in effects])


def _effect_row(effect: dict[str, Any], varied: list[str]) -> dict[str, Any]:
    low, high = (float("nan") if effect[end] is None else 100 * effect[end] for end in ("low", "high"))
    narrow = [100 * end for end in (effect["low_90"], effect["high_90"]) if end is not None]
    decides = " to ".join(format_number(end, 1) for end in narrow)
    return {
        "what": effect["kind"] + ", half of the difference" * (effect["kind"] == INTERACTION),
        "sources": " − ".join(effect["sources"]),
        "on": " − ".join(effect["targets"]),
        **{field: effect[field] for field in varied},
        "points": format_number(100 * effect["effect"], 1),
        "interval": f"{format_number(low, 1)} to {format_number(high, 1)}" if low == low else "",
        "seeds": effect["n"],
        "p after Holm": "" if effect["p"] is None else format_number(effect["p"], 3),
        "verdict": (effect["verdict"] or "") + f" (90 % interval {decides})" * bool(decides),
    }


def show_links(report: Report) -> None:
    """Where else the networks of an answer can be looked at."""
    names = list(dict.fromkeys(cell["pretraining"] for cell in report["cells"]))[:MOST_LINKED]
    with st.container(horizontal=True):
        link_to("invariance", "See what they are invariant to", query={"models": ",".join(names)})
        link_to("factors", "See what they have kept", query={"models": ",".join(names)})

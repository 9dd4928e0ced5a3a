"""An answer that ships: what the page begins with, and what stands there while a question has none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from invariance.runs.describe import question_title
from invariance.runs.question import make_question
from invariance.runs.study_files import RESULTS, SUMMARY
from invariance.spec import QuestionSpec
from invariance.studies.question import Question
from invariance.studies.question_report import Report, question_report
from pages.ask.answer import show_answer
from pages.shared.literal import literal

FOLDER = Path(__file__).parent / "example"
"""``results.csv`` and ``summary.json`` as ``what-if --out`` writes them; the latter tells the command."""


STYLE = "<style>.st-key-foreign_answer [data-testid=stPlotlyChart] { opacity: 0.4; }</style>"
"""The figure of another question steps back."""


@dataclass(frozen=True)
class Example:
    """A question with its answer.

    Attributes:
        question: what was asked.
        report: what it came to.
        summary: what the command said of it.
    """

    question: Question
    report: Report
    summary: dict[str, Any]


@cache
def example() -> Example:
    """The one that ships; its sentence and its effects are made from its table."""
    summary = json.loads((FOLDER / SUMMARY).read_text())
    asked = {name: value for name, value in summary["question"].items() if name != "kind"}
    question = make_question(QuestionSpec(**asked))
    table = pd.read_csv(FOLDER / RESULTS, keep_default_na=False, na_values=[""])
    return Example(question, question_report(question, table), summary)


def ships(question: Question) -> bool:
    """Whether the answer that ships is the one to a question."""
    return example().question.spec == question.spec


def show_example(question: Question) -> None:
    """The answer that ships, which may be the one to the question that is asked."""
    one, is_other = example(), not ships(question)
    if not is_other:
        st.caption(f"This answer ships with the project. {made_words(one)} Running it makes it again.")
    else:
        st.caption(
            f"Nothing of this answer is there yet. It will look like this one, which ships with the project: "
            f"**{literal(question_title(one.question.spec))}**; {made_words(one)}"
        )
    with st.container(key="foreign_answer" if is_other else "shipped_answer"):
        if is_other:
            st.html(STYLE)
        show_answer(one.question, one.report, num_done=len(one.question.runs))


def made_words(one: Example) -> str:
    """Where the answer comes from, a sentence."""
    made = one.summary["provenance"]
    return f"{one.summary['runs']} runs, made on {made['date'][:10]} on {made['hardware']}."

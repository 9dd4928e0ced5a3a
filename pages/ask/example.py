"""An answer that ships: what the page begins with, and what stands there while a question has none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import streamlit as st

from invariance.runs.describe import question_command, question_title
from invariance.runs.question import make_question
from invariance.spec import QuestionSpec
from invariance.studies.question import Question
from invariance.studies.question_report import Report, question_report
from pages.ask.answer import show_answer
from pages.shared.durations import in_words
from pages.shared.literal import literal

FOLDER = Path(__file__).parent / "example"
"""``results.csv`` and ``question.json``, made by the command that the latter names."""


@dataclass(frozen=True)
class Example:
    """A question with its answer.

    Attributes:
        question: what was asked.
        report: what it came to.
        made: when, in how many seconds, and on what.
    """

    question: Question
    report: Report
    made: dict[str, str]


@cache
def example() -> Example:
    """The one that ships; its sentence and its effects are made from its table."""
    told = json.loads((FOLDER / "question.json").read_text())
    question = make_question(QuestionSpec(**told["question"]))
    table = pd.read_csv(FOLDER / "results.csv", keep_default_na=False, na_values=[""])
    return Example(question, question_report(question, table), told["made"])


def show_example(question: Question) -> None:
    """The answer that ships, which may be the one to the question that is asked."""
    one = example()
    if one.question.spec == question.spec:
        st.caption(f"This answer ships with the project. {made_words(one)} *Run here* makes it again.")
    else:
        st.caption(
            f"No run of this question has finished. Its answer will look like this one, which ships with the project: "
            f"**{literal(question_title(one.question.spec))}** {made_words(one)}"
        )
    show_answer(one.question, one.report, command=question_command(one.question.spec))


def made_words(one: Example) -> str:
    """Where the answer comes from, a sentence."""
    seconds = in_words(float(one.made["seconds"]))
    return f"{len(one.question.runs)} runs, made on {one.made['date']} in {seconds} on {one.made['hardware']}."

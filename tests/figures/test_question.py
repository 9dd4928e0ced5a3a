"""The figure of a question: every mean is a dot, every seed a small one, and strips reach from floor to ceiling."""

from __future__ import annotations

import pandas as pd
import pytest

from invariance.figures.question import question_figure
from invariance.figures.question_report import question_html
from invariance.spec import QuestionSpec
from invariance.studies.question import COLUMNS, Question, question_of
from invariance.studies.question_report import question_report


def answered() -> tuple[Question, dict]:
    spec = QuestionSpec(
        sources=("hue", "none", "untrained"),
        targets=("hue", "blur"),
        models=("small", "small_vit"),
        objects="noise",
        seeds=(0, 1),
    )
    question = question_of(spec)
    rows = []
    for number, cell in enumerate(question.cells):
        place = (cell.source, ",".join(cell.target), cell.relation, cell.model, cell.objective, "linear-probe", 2000)
        rows.append((*place, cell.seed, 0.9, 0.2 + 0.01 * number, 0.1, 0.9, "run", "run"))
    return question, question_report(question, pd.DataFrame(rows, columns=list(COLUMNS)))


def test_dots_seeds_and_strips() -> None:
    question, report = answered()
    figure = question_figure(report)
    dots = [trace for trace in figure.data if trace.name and trace.mode == "markers"]
    assert sorted(x for trace in dots for x in trace.x) == pytest.approx(
        sorted(row["transfer_accuracy"] for row in report["summary"])
    )
    assert {trace.name for trace in dots} == {"small", "small vit"}, "first weights are in the lane of their network"
    small = [trace for trace in figure.data if trace.mode == "markers" and not trace.name]
    assert sum(len(trace.x) for trace in small) == len(report["cells"])
    means = {(row["source"], row["target"], row["model"]): row["transfer_accuracy"] for row in report["summary"]}
    strips = [tuple(trace.x[:2]) for trace in figure.data if trace.mode == "lines"]
    # Blur is no source, so there is no ceiling on it.
    assert strips == [(means["none", "hue", model], means["hue", "hue", model]) for model in ("small", "small_vit")]
    assert [shape.x0 for shape in figure.layout.shapes] == [question.guessing] * 2
    assert not question_figure({**report, "summary": []}).data


def test_the_report_tells_what_is_not_complete_and_needs_no_network() -> None:
    question, report = answered()
    page = question_html(question, report, num_done=3).decode()
    assert f"Not complete: 3 of {len(question.runs)} runs are done" in page and report["sentence"] in page
    assert "Not complete" not in question_html(question, report, num_done=len(question.runs)).decode()
    assert "what-if --sources" in page and 'src="http' not in page

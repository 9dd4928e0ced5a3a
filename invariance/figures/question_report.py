"""The report of a question: one HTML file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from invariance.figures.offline import drawn, render
from invariance.figures.question import CAPTION, question_figure
from invariance.files import write_bytes_atomically
from invariance.runs.describe import question_title
from invariance.runs.origin import origin_of_question
from invariance.studies.question import Question

REPORT: Final = "report.html"
RULE: Final = (
    "A difference is taken within seeds; its interval is Student's at 95 %. Judged are, together and after Holm's "
    "correction, the gain from matching and what each source is ahead of the baseline by; all else has numbers alone. "
    "It is no difference where the 90 % interval (low_90 to high_90) lies within ±0.05: two one-sided tests at 5 %. "
    "One or two seeds have numbers alone, three to five a preliminary verdict."
)
"""How a question is judged, in short; all of it is in ``docs/rule.md``."""


def question_html(question: Question, report: Mapping[str, Any], *, num_done: int) -> bytes:
    """The report as one HTML document: sentence, figure, effects, means, cells, the command and the settings.

    Args:
        question: what is asked.
        report: from :func:`invariance.studies.question_report.question_report`, whole or partial.
        num_done: of its runs.
    """
    figures = []
    if report["summary"]:
        title = "Transfer accuracy by source and target"
        figures.append(drawn(question_figure(report), name="answer", title=title, caption=CAPTION))
    effects = pd.DataFrame(report["effects"])
    if not effects.empty:
        effects = effects.drop(columns="per_seed").assign(
            sources=effects["sources"].map(" - ".join), targets=effects["targets"].map(" / ".join)
        )
    return render(
        "question.html.j2",
        title=question_title(question.spec),
        num_done=num_done,
        num_runs=len(question.runs),
        sentence=report["sentence"],
        figures=figures,
        rule=RULE,
        effects=effects,
        summary=pd.DataFrame(report["summary"]),
        cells=pd.DataFrame(report["cells"]),
        origin=origin_of_question(question),
    ).encode()


def write_question_report(question: Question, report: Mapping[str, Any], folder: Path, *, num_done: int) -> None:
    """Writes ``report.html``; arguments of :func:`question_html`, and the folder that it goes into."""
    write_bytes_atomically(folder / REPORT, question_html(question, report, num_done=num_done))

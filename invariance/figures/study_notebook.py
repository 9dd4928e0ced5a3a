"""A notebook that reads the table of a study and redoes its findings and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from invariance.files import write_atomically
from invariance.studies.study import Study
from invariance.vocabulary.studies import ABOUT
from invariance.vocabulary.verdicts import RULE

NOTEBOOK: Final = "notebook.ipynb"

_READ = """\
import json
from pathlib import Path

import pandas as pd

from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import CAPTION, findings_figure
from invariance.runs.study_files import plain_findings
from invariance.studies.registry import make_study
from invariance.studies.telling import furthest_first, tally

study = make_study({name!r}, scale={scale!r}, seeds={seeds!r}{others})
{conclude}
table = pd.read_csv("results.csv")
table"""
_APART = """
from invariance.studies.own_data import set_apart


def conclude(table):
    return set_apart(study.conclude(table), {caveat!r})

"""
_CONCLUDE = """\
findings = furthest_first(conclude(table))
print(tally(findings))
for finding in findings:
    print(f"\\n{finding.name}: {finding.words}\\n{finding.statement}")"""
_COMPARE = """\
summary = json.loads(Path("summary.json").read_text(encoding="utf-8"))
assert plain_findings(conclude(table)) == summary["findings"]
pd.DataFrame(summary["findings"])"""
_EFFECTS = """\
print(CAPTION)
findings_figure(findings)"""
_DRAW = """\
for figure in figures_of(study.name, table{figures}):
    print(figure.title, "-", figure.caption)
    figure.draw(table).show()"""


def write_notebook(study: Study, folder: Path) -> None:
    """Writes ``notebook.ipynb`` beside ``results.csv``."""
    cells = json.dumps(notebook(study), indent=1, ensure_ascii=False).encode()
    write_atomically(folder / NOTEBOOK, lambda stream: stream.write(cells))


def notebook(study: Study) -> dict[str, Any]:
    """A notebook in Jupyter's format 4.5, to be kept beside ``results.csv`` and ``summary.json``.

    It needs Invariance Lab with the extra ``app`` and Jupyter, and runs in seconds: nothing is trained.
    """
    about = ABOUT[study.name]
    others = f", factors={study.factors!r}" if study.factors else ""
    others += ", shared_backgrounds=True" if study.shared_backgrounds else ""
    # The folder of somebody's own pictures need not be where the notebook is read; its findings come from the table.
    conclude, figures = "conclude = study.conclude", ""
    if not study.data.is_comparable:
        conclude, figures = _APART.format(caveat=study.data.caveat), ", published=False"
    words = f"\n\n{study.data.words}" if study.data.words else ""
    rule = "\n".join(f"* {point}" for point in RULE)
    cells = [
        _words(f"# {about.title}\n\n**{about.question}** {about.method}\n\nColumns: {about.columns}{words}"),
        _code(_READ.format(name=study.name, scale=study.scale, seeds=study.seeds, others=others, conclude=conclude)),
        _words(f"## Findings\n\nFrom the table alone; what disagrees comes first.\n\n{rule}"),
        _code(_CONCLUDE),
        _code(_COMPARE),
        _code(_EFFECTS),
        _words("## Figures"),
        _code(_DRAW.format(figures=figures)),
    ]
    return {
        "cells": [cell | {"id": f"cell-{number}"} for number, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def _code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": text}

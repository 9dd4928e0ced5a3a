"""A notebook that reads the table of a study and redoes its findings and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from invariance.files import write_atomically
from invariance.studies.study import Study
from invariance.vocabulary.studies import ABOUT

NOTEBOOK: Final = "notebook.ipynb"

_READ = """\
import json

import pandas as pd

from invariance.figures.study_figures import figures_of
from invariance.figures.study_findings import findings_figure
from invariance.studies.registry import make_study

study = make_study({name!r}, scale={scale!r}, seeds={seeds!r}{others})
table = pd.read_csv("results.csv")
table"""
_CONCLUDE = """\
findings = study.conclude(table)
pd.DataFrame(findings)"""
_COMPARE = """\
summary = json.load(open("summary.json"))
assert [finding.statement for finding in findings] == [finding["statement"] for finding in summary["findings"]]
findings_figure(summary["findings"])"""
_DRAW = """\
for figure in figures_of(study.name, table):
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
    cells = [
        _words(f"# {about.title}\n\n**{about.question}** {about.method}\n\nColumns: {about.columns}"),
        _code(_READ.format(name=study.name, scale=study.scale, seeds=study.seeds, others=others)),
        _words("## Findings\n\nFrom the table alone, as the command drew them."),
        _code(_CONCLUDE),
        _code(_COMPARE),
        _words("## Figures"),
        _code(_DRAW),
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

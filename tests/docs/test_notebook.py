"""The tutorial notebook is short, ships without outputs, and runs from its first cell to its last."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.docs.pages import ROOT

NOTEBOOK = ROOT / "docs" / "your-network.ipynb"
MOST_LINES = 30


def read() -> nbformat.NotebookNode:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_it_is_short_and_without_outputs() -> None:
    cells = [cell for cell in read().cells if cell.cell_type == "code"]
    lines = [line for cell in cells for line in cell.source.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES, len(lines)
    assert not any(cell.outputs or cell.execution_count for cell in cells)


@pytest.mark.slow
def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("timm", "matplotlib", "captum"):
        pytest.importorskip(package)
    notebook = read()
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # which Streamlit sets where it was imported
    learnt = 'assert (scores["mine"] < scores["gallery, no transformation"])[["rotate", "hue"]].all(), scores'
    notebook.cells.append(nbformat.v4.new_code_cell(learnt))  # as the text says
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [set(output.data) for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert [kinds for kinds in shown if "text/html" in kinds], "tables"
    assert len([kinds for kinds in shown if "image/png" in kinds]) == 2, "a figure and maps"

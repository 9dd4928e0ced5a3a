"""The files of a study that scripts read: ``results.csv`` and ``summary.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from invariance.files import write_bytes_atomically
from invariance.runs.study_progress import StudyProgress
from invariance.studies.study import Finding

RESULTS = "results.csv"
SUMMARY = "summary.json"


def write_table(table: pd.DataFrame, folder: Path) -> None:
    """Writes ``results.csv``, whole or partial, so that whoever reads it never sees half a file."""
    write_bytes_atomically(folder / RESULTS, table.to_csv(index=False).encode())


def summarise(
    findings: Sequence[Finding], *, seconds: float, provenance: dict[str, Any], progress: StudyProgress
) -> dict[str, Any]:
    """What ``summary.json`` says: plain JSON values, where a figure that is not known is None.

    Args:
        findings: of the study.
        seconds: that it took.
        provenance: see :func:`invariance.runs.provenance.provenance`.
        progress: how far the study is.
    """
    return {
        "findings": [_plain(asdict(finding)) for finding in findings],
        "num_seeds": {finding.name: finding.num_seeds for finding in findings},
        "seconds": round(seconds, 2),
        "worked_seconds": round(progress.worked_seconds, 2),
        "runs_done": progress.done,
        "runs_total": progress.total,
        "provenance": provenance,
    }


def write_summary(summary: dict[str, Any], folder: Path) -> None:
    """Writes ``summary.json``."""
    content = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes_atomically(folder / SUMMARY, content.encode())


def _plain(finding: dict[str, Any]) -> dict[str, Any]:
    """A finding in values that JSON has; numpy's and what is not finite are not among them."""
    plain: dict[str, Any] = {"name": str(finding["name"]), "statement": str(finding["statement"])}
    for key in ("effect", "low", "high"):
        value = float(finding[key])
        plain[key] = value if math.isfinite(value) else None
    return plain | {"agrees": bool(finding["agrees"])}

"""The files of a study that scripts read: ``results.csv`` and ``summary.json``."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pandas as pd

from invariance.files import write_bytes_atomically
from invariance.runs.study_progress import StudyProgress
from invariance.studies.findings import Finding, Part
from invariance.vocabulary.verdicts import Size, Verdict

RESULTS = "results.csv"
SUMMARY = "summary.json"
DIGITS: Final = 10
"""Significant ones of a finding's numbers: the last ones of a float differ between versions of libraries."""


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
        "findings": plain_findings(findings),
        "seconds": round(seconds, 2),
        "worked_seconds": round(progress.worked_seconds, 2),
        "runs_done": progress.done,
        "runs_total": progress.total,
        "provenance": provenance,
    }


def write_summary(summary: Mapping[str, Any], folder: Path) -> None:
    """Writes ``summary.json``."""
    content = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_bytes_atomically(folder / SUMMARY, content.encode())


def plain_findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings in values that JSON has; what is not finite is None, and seeds are texts."""
    return [_plain(asdict(finding)) for finding in findings]


def findings_of(summary: Mapping[str, Any]) -> list[Finding]:
    """The findings of a summary, as they were before :func:`plain_findings` but for its rounding."""
    return [_finding(found) for found in summary["findings"]]


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case bool() | None:
            return value
        case str():
            return str(value)  # verdicts are enumerated
        case int():
            return int(value)
    number = float(value)  # numpy's too
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None


def _finding(found: Mapping[str, Any]) -> Finding:
    known = {
        **found,
        **{key: _number(found[key]) for key in ("effect", "low", "high", "p")},
        "verdict": None if found["verdict"] is None else Verdict(found["verdict"]),
        "size": None if found["size"] is None else Size(found["size"]),
        "per_seed": _by_seed(found["per_seed"]),
        "denominators": None if found["denominators"] is None else _by_seed(found["denominators"]),
        "parts": tuple(_part(part) for part in found["parts"]),
    }
    return Finding(**known)


def _part(found: Mapping[str, Any]) -> Part:
    return Part(**{key: _or_nan(value) for key, value in found.items()})


def _or_nan(value: Any) -> Any:
    return math.nan if value is None else value


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _by_seed(values: Mapping[str, float]) -> dict[int, float]:
    return {int(seed): value for seed, value in values.items()}

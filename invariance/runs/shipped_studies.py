"""Results of studies that ship with the project: what the command ``study`` wrote, in a folder for each study."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from invariance.runs.study_files import RESULTS, SUMMARY
from invariance.studies.registry import SCALES
from invariance.vocabulary.studies import STUDY_NAMES

SHIPPED: Final = Path(__file__).parents[1] / "studies" / "results"


@dataclass(frozen=True)
class StudyResult:
    """Results of a study with where they come from.

    Attributes:
        name: of the study.
        scale: at which it was run.
        seeds: that were run.
        table: ``results.csv``.
        summary: ``summary.json``: findings, seconds, runs done, provenance.
    """

    name: str
    scale: str
    seeds: tuple[int, ...]
    table: pd.DataFrame
    summary: dict[str, Any]


def shipped_results(name: str, folder: Path = SHIPPED) -> list[StudyResult]:
    """What ships of a study, the smallest scale first; nothing where there is nothing.

    Args:
        name: of the study.
        folder: has a folder ``<name>-<scale>`` for each result.
    """
    assert name in STUDY_NAMES, name
    found = []
    for scale in SCALES:
        place = folder / f"{name}-{scale}"
        if not (place / SUMMARY).is_file() or not (place / RESULTS).is_file():
            continue
        modified_ns = max((place / file).stat().st_mtime_ns for file in (SUMMARY, RESULTS))
        result = _read(name, scale, place, modified_ns)
        found.append(replace(result, table=result.table.copy()))
    return found


@lru_cache(maxsize=16)
def _read(name: str, scale: str, place: Path, modified_ns: int) -> StudyResult:
    summary = json.loads((place / SUMMARY).read_text(encoding="utf-8"))
    return StudyResult(name, scale, tuple(summary["provenance"]["seeds"]), pd.read_csv(place / RESULTS), summary)

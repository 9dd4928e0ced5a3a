"""Judges the shipped results of all studies anew from their tables, so that rule and data never part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from invariance.runs.shipped_studies import SHIPPED, StudyResult, shipped_results
from invariance.runs.study_files import plain_findings, write_summary
from invariance.studies.registry import make_study
from invariance.vocabulary.studies import STUDY_NAMES


def judge_shipped(folder: Path = SHIPPED) -> list[Path]:
    """Writes the findings of every ``summary.json`` again, and leaves the rest of it as it is.

    Args:
        folder: has a folder for each result.

    Returns:
        The folders of the results.
    """
    places = []
    for result in (found for name in STUDY_NAMES for found in shipped_results(name, folder)):
        place = folder / f"{result.name}-{result.scale}"
        write_summary(judged(result), place)
        places.append(place)
    return places


def judged(result: StudyResult) -> dict[str, Any]:
    """The summary of a result with the findings that its table gives."""
    study = make_study(result.name, scale=result.scale, seeds=result.seeds)
    return result.summary | {"findings": plain_findings(study.conclude(result.table))}

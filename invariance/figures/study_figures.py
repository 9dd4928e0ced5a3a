"""The figures of each study: one registry for the report, the notebook and the page."""

from __future__ import annotations

from typing import Final

from invariance.figures.study_figure import StudyFigure

STUDY_FIGURES: Final[dict[str, tuple[StudyFigure, ...]]] = {}
"""By name of the study, in the order in which they are shown."""


def figures_of(name: str) -> tuple[StudyFigure, ...]:
    """The figures of a study; none if it has none."""
    return STUDY_FIGURES.get(name, ())

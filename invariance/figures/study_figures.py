"""The figures of each study: one registry for the report, the notebook and the page."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import pandas as pd

from invariance.figures import studies
from invariance.figures.study_figure import StudyFigure
from invariance.studies.registry import STUDY_NAMES
from invariance.vocabulary.attach import attach

STUDY_FIGURES: Final[dict[str, tuple[StudyFigure, ...]]] = attach(
    "figures of study",
    STUDY_NAMES,
    {
        found.name.replace("_", "-"): import_module(f"{studies.__name__}.{found.name}").FIGURES
        for found in iter_modules(studies.__path__)
    },
)
"""By name of the study, which is that of its module, in the order in which they are shown."""


def figures_of(name: str, table: pd.DataFrame) -> tuple[StudyFigure, ...]:
    """The figures of a study that its table, whole or partial, has the results for."""
    return tuple(figure for figure in STUDY_FIGURES[name] if not table.empty and figure.applies(table))

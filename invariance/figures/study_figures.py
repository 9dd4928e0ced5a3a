"""The figures of each study: one registry for the report, the notebook and the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from invariance.figures import studies
from invariance.figures.study_figure import INTERVALS_NOTE, PUBLISHED, PUBLISHED_NOTE, StudyFigure
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


def figures_of(name: str, table: pd.DataFrame, *, published: bool = True) -> tuple[StudyFigure, ...]:
    """The figures of a study that its table has the results for.

    Args:
        name: of the study.
        table: its results, whole or partial.
        published: whether the paper's values are drawn, which those of another design are not held against.
    """
    found = tuple(figure for figure in STUDY_FIGURES[name] if not table.empty and figure.applies(table))
    return found if published else tuple(map(_without_published, found))


def _without_published(figure: StudyFigure) -> StudyFigure:
    caption = figure.caption.replace(PUBLISHED_NOTE, INTERVALS_NOTE)
    return replace(figure, caption=caption, draw=partial(_drawn_without_published, figure.draw))


def _drawn_without_published(draw: Callable[[pd.DataFrame], go.Figure], table: pd.DataFrame) -> go.Figure:
    figure = draw(table)
    figure.data = [trace for trace in figure.data if not (trace.name or "").startswith(PUBLISHED)]
    return figure

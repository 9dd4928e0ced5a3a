"""A figure of a study: what it shows, and how it is drawn from the study's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go


@dataclass(frozen=True)
class StudyFigure:
    """One figure.

    Attributes:
        name: short, for files and anchors.
        title: one line.
        caption: how to read it.
        draw: from the study's table, whole or partial.
        applies: whether a table, which may be partial, has what the figure shows.
        tab: what its tab is called, where the title is too long for one.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[pd.DataFrame], go.Figure]
    applies: Callable[[pd.DataFrame], bool]
    tab: str = ""

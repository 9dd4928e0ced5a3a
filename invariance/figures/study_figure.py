"""A figure of a study: what it shows, and how it is drawn from the study's table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pandas as pd
import plotly.graph_objects as go

PUBLISHED: Final = "published"
"""What the name of every trace of the paper's values begins with."""
INTERVALS_NOTE: Final = "Bars are 95 % intervals over seeds."
PUBLISHED_NOTE: Final = "Hollow markers are the paper's values; bars are 95 % intervals over seeds."


@dataclass(frozen=True)
class StudyFigure:
    """One figure.

    Attributes:
        name: short, for files and anchors.
        title: one line.
        caption: how to read it.
        draw: from the study's table, whole or partial.
        applies: whether a table that has rows, but may be partial, has what the figure shows.
        tab: what its tab is called, where the title is too long for one.
    """

    name: str
    title: str
    caption: str
    draw: Callable[[pd.DataFrame], go.Figure]
    applies: Callable[[pd.DataFrame], bool] = lambda table: True
    tab: str = ""

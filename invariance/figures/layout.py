"""What plots have in common: room for a legend above, and bars for intervals."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

LEGEND_ABOVE: Final[dict[str, Any]] = {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0}
MARGIN_PX: Final = 8


def lay_out_plot(figure: go.Figure, height_px: int, *, legend_title: str | None = None, **others: Any) -> None:
    """Gives a plot its height, narrow margins and a legend above it.

    Args:
        figure: changed in place.
        height_px: of the whole figure.
        legend_title: before the names.
        **others: of Plotly's layout.
    """
    legend = LEGEND_ABOVE if legend_title is None else LEGEND_ABOVE | {"title": {"text": legend_title}}
    figure.update_layout(height=height_px, margin=dict.fromkeys("lrtb", MARGIN_PX), legend=legend, **others)


def accuracy_axis(figure: go.Figure, title: str) -> None:
    """The y-axis of accuracies in [0, 1], all of it, in per cent."""
    figure.update_yaxes(title=title, range=[0, 1.04], tickformat=".0%")


def error_bars(values: ArrayLike, low: ArrayLike, high: ArrayLike, **look: Any) -> dict[str, Any]:
    """Bars from values to the ends of their intervals, as Plotly's ``error_x`` and ``error_y``.

    Args:
        values: (N,).
        low: (N,) lower ends; no bar where one is NaN.
        high: (N,) upper ends.
        **look: colour, thickness, width.
    """
    middle, below, above = (np.asarray(each, np.float64) for each in (values, low, high))
    return {
        "type": "data",
        "symmetric": False,
        "array": np.nan_to_num(above - middle),
        "arrayminus": np.nan_to_num(middle - below),
        **look,
    }

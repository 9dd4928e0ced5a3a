"""The 2 x 2 of a what-if: networks by target tasks, each cell with its interval."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from invariance.figures.cells import coloured, filled, frame_trained, lay_out, texts
from invariance.figures.palette import SHARE_SCALE
from invariance.numbers import format_number
from invariance.statistics import accuracy_interval

ROW_PX: Final = 66
LABEL_LETTERS: Final = 16
"""Of a line of a composition's name: a telephone has room for two columns of them."""


def what_if_cells(report: dict[str, Any]) -> go.Figure:
    """Transfer accuracy of each network (rows) on each task (columns), with its 95 % interval.

    Where a network meets its own transformations the cell has a frame.

    Args:
        report: from :func:`invariance.studies.what_if_report.what_if_report`. Of several seeds the mean is shown, with
            Student's interval over them.
    """
    letters = {report["P"]: "P", report["Q"]: "Q"}
    sources, targets = (list(dict.fromkeys(row[side] for row in report["cells"])) for side in ("source", "target"))
    values = np.full((len(sources), len(targets)), np.nan)
    words: dict[tuple[int, int], str] = {}
    for row, source in enumerate(sources):
        for column, target in enumerate(targets):
            cells = [cell for cell in report["cells"] if (cell["source"], cell["target"]) == (source, target)]
            over_seeds = accuracy_interval(cell["transfer_accuracy"] for cell in cells)
            low, high = over_seeds.low, over_seeds.high
            if len(cells) == 1:
                low, high = (np.nan if end is None else end for end in (cells[0]["low"], cells[0]["high"]))
            values[row, column] = over_seeds.estimate
            ends = "" if np.isnan(low) else f"<br>[{_percent(low)}, {_percent(high)}]"
            words[row, column] = f"<b>{_percent(over_seeds.estimate)} %</b>{ends}"
    figure = go.Figure([coloured(values, "accuracy", SHARE_SCALE)])
    figure.add_trace(texts(values, [words[place] for place in filled(values)], SHARE_SCALE, size=13))
    figure.data[0].update(showscale=False)
    for row, source in enumerate(sources):
        if source in targets:
            frame_trained(figure, targets.index(source), row)
    lay_out(
        figure,
        [_label(name, letters) for name in sources],
        [_label(name, letters) for name in targets],
        row_px=ROW_PX,
        top_px=12,
        row_title="pretrained on",
        column_title="target task",
        column_angle=0,
    )
    return figure


def _percent(share: float) -> str:
    return format_number(100 * share, 1)


def _label(name: str, letters: dict[str, str]) -> str:
    """A composition's letter and its names, a few a line."""
    lines = textwrap.wrap(name.replace(",", ", ").replace("_", " "), LABEL_LETTERS)
    return "<br>".join([f"<b>{letters[name]}</b>", *lines] if name in letters else lines)

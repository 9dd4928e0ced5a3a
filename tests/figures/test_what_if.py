"""The 2 x 2 as a figure."""

from __future__ import annotations

from typing import Any

import pytest

from invariance.figures.what_if import what_if_cells

P, Q = "rotate,hue,erasing", "scale,v_flip"
ACCURACIES = {(P, P): 0.6, (Q, P): 0.1, ("none", P): 0.2, (P, Q): 0.3, (Q, Q): 0.9, ("none", Q): 0.25}
REPORT: dict[str, Any] = {
    "P": P,
    "Q": Q,
    "cells": [
        {"source": source, "target": target, "seed": 0, "transfer_accuracy": accuracy}
        | {"low": accuracy - 0.05, "high": accuracy + 0.04}
        for (source, target), accuracy in ACCURACIES.items()
    ],
}


def test_each_cell_has_its_accuracy_and_interval() -> None:
    figure = what_if_cells(REPORT)
    assert figure.data[0].z.tolist() == [[0.6, 0.3], [0.1, 0.9], [0.2, 0.25]]
    assert figure.data[1].text[0] == "<b>60.0 %</b><br>[55.0, 64.0]" and len(figure.data[1].text) == 6
    assert len(figure.layout.shapes) == 2, "a frame for each network on its own target"
    assert figure.layout.yaxis.ticktext == (
        "<b>P</b><br>rotate, hue,<br>erasing",
        "<b>Q</b><br>scale, v flip",
        "none",
    )
    assert figure.layout.xaxis.ticktext == figure.layout.yaxis.ticktext[:2]


def test_of_several_seeds_the_mean_and_an_interval_over_them() -> None:
    again = [cell | {"seed": 1, "transfer_accuracy": cell["transfer_accuracy"] + 0.02} for cell in REPORT["cells"]]
    figure = what_if_cells(REPORT | {"cells": [*REPORT["cells"], *again]})
    assert figure.data[0].z[0, 0] == pytest.approx(0.61)
    half = 12.7062 * 0.02 / 2  # Student's t of one degree of freedom, times s / sqrt 2
    assert figure.data[1].text[0] == f"<b>61.0 %</b><br>[{100 * (0.61 - half):.1f}, {100 * (0.61 + half):.1f}]"


def test_where_there_is_no_interval_none_is_shown() -> None:
    cells = [cell | {"low": None, "high": None} for cell in REPORT["cells"]]
    assert what_if_cells(REPORT | {"cells": cells}).data[1].text[0] == "<b>60.0 %</b>"

"""What a what-if came to, on a page: its cells, both differences, the gain from matching, and what they rest on."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from invariance.figures.what_if import what_if_cells
from invariance.numbers import format_number
from invariance.studies.what_if_report import Report
from pages.shared.figures import show_figure
from pages.shared.origins import page_origin
from pages.shared.serving.once import drawn


def show_two_by_two(found: Report, *, key: str) -> None:
    """The judgement in a sentence, the cells, and the numbers that it is made from.

    Args:
        found: from :func:`invariance.studies.what_if_report.what_if_report`.
        key: of the figure.
    """
    st.markdown(found["statement"].replace("[", r"\["))
    cells, effects = st.columns([3, 2], gap="large")
    with cells:
        show_figure(
            drawn(what_if_cells, found),
            pd.DataFrame(found["cells"]),
            key=key,
            title="Transfer accuracy by pretraining and target task",
            name="what-if",
            alt="accuracy of each network on each target task; the framed cells are those of its own transformations",
            origin=replace(page_origin(), seeds=tuple(dict.fromkeys(cell["seed"] for cell in found["cells"]))),
        )
    with effects:
        st.markdown("\n".join(effects_table(found)))
        st.caption(
            "PP − QP: on task P, the network pretrained on P less the one pretrained on Q; QQ − PQ likewise on task Q. "
            "Matching helps only if both intervals lie above 0: a network that is better anyway would be ahead on "
            "one task and behind on the other. " + _intervals_of(found)
        )


def effects_table(found: Report) -> list[str]:
    """Both differences and their mean as lines of a Markdown table."""
    rows = [(effect["contrast"].replace("-", "−"), effect, 100.0, 1) for effect in found["simple_effects"]]
    rows.append(("gain from matching", found["interaction"], 100.0, 1))
    rows.append(("the same in logits", found["interaction"]["logits"], 1.0, 2))
    lines = ["| | points | 95 % interval |", "|:--|--:|:--|"]
    for name, one, factor, digits in rows:
        estimate, low, high = (
            format_number(float("nan") if one[end] is None else factor * one[end], digits)
            for end in ("estimate", "low", "high")
        )
        lines.append(f"| {name} | **{estimate}** | {low} to {high} |")
    return lines


def _intervals_of(found: Report) -> str:
    if len({cell["seed"] for cell in found["cells"]}) > 1:
        return "Intervals are over seeds."
    return "Intervals are over the objects and backgrounds of the test images, of these networks and no others."

"""Does invariance pay? Transfer accuracy against the source's sens-score, over all transfers there are."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.scatter import COLUMNS, line_in_words, line_of, transfer_scatter
from invariance.measures.line import MIN_POINTS
from invariance.runs import gallery
from invariance.runs.describe import transforms_title
from pages.parts.cache import KnownModel
from pages.parts.exports import export_row
from pages.parts.measured import measured_tables, submit_measurements, twins_data


def show_scatter(known: dict[str, KnownModel]) -> None:
    """All finished transfers of the store and of the gallery, or what is missing for them.

    Args:
        known: the networks that can be looked at.
    """
    st.subheader("Does invariance pay?", anchor=False)
    st.markdown("Each point is a transfer. Further right, its source still feels more of **what the target task "
                "varies**; further up, it works better. If invariance pays, the points fall.")  # fmt: skip
    table, unmeasured = transfers_table(known)
    show_scatter_of(table, key="scatter")
    if unmeasured:
        count = f"{len(unmeasured)} source{'s' * (len(unmeasured) > 1)}"
        st.button(f"Measure {count} more", icon=":material/straighten:", key="measure_sources",
                  on_click=submit_measurements, args=(unmeasured, twins_data(known)),
                  help="Pretrainings that were transferred, but whose sens-scores are not measured yet.")  # fmt: skip


def show_scatter_of(table: pd.DataFrame, *, key: str) -> None:
    """The figure of any table of transfers, with what it says in words.

    Args:
        table: columns source, target, sens, accuracy, group, see :func:`~invariance.figures.scatter.transfer_scatter`.
        key: of the chart's widgets.
    """
    table = table.dropna(subset=["sens", "accuracy"])
    if table.empty:
        st.info("No transfer whose source has been measured is here yet.", icon=":material/info:")
        return
    figure = transfer_scatter(table)
    st.plotly_chart(figure, key=key, width="stretch", config={"displayModeBar": False},
                    alt=f"transfer accuracy against sens-score, {len(table)} transfers")  # fmt: skip
    export_row(figure, table, title="Transfer accuracy against the source's sens-score", name="transfers",
               key=f"save_{key}")  # fmt: skip
    if (line := line_of(table)) is not None:
        st.markdown(line_in_words(line))
        st.caption("Transfers that share a source or a target are not independent, so the intervals are rather too "
                   "narrow; and tasks of other kinds differ in difficulty.")  # fmt: skip
    else:
        st.caption(f"n = {len(table)}: a line needs at least {MIN_POINTS} transfers whose sources differ in their "
                   "sens-score. Train and transfer more, on other transformations.")  # fmt: skip


def transfers_table(known: dict[str, KnownModel]) -> tuple[pd.DataFrame, list[str]]:
    """Every finished transfer with its source's mean sens-score for the transformations of its target task.

    Returns:
        The table for :func:`show_scatter_of`, and the sources (run ids) that are not measured yet. Targets without any
        transformation are left out, and so are sources that this project did not train.
    """
    names = {entry.run_id: entry.name for entry in gallery.entries()}
    pairs = [(known[names.get(model.spec.source, model.spec.source)], model) for model in known.values()
             if model.spec.kind == "transfer" and model.data.transforms
             and names.get(model.spec.source, model.spec.source) in known]  # fmt: skip
    own = list(dict.fromkeys(source.reference for source, _ in pairs if not source.from_gallery))
    measured, unmeasured, pending = measured_tables(own, twins_data(known))
    scores = pd.concat([gallery.sens_table(), measured], ignore_index=True)
    scores = scores.set_index(["model", "transform"])["sens"] if not scores.empty else pd.Series(dtype=float)
    rows = [(source.label, f"{transforms_title(target.data.transforms)} ({target.reference[:8]})",
             _mean_sens(scores, source.reference, target.data.transforms),
             target.metrics.get("transfer_accuracy", float("nan")),
             relation(source.data.transforms, target.data.transforms)) for source, target in pairs]  # fmt: skip
    waiting = {run.spec.depends_on[0] for run in pending if run.is_active}
    return pd.DataFrame(rows, columns=list(COLUMNS)), [name for name in unmeasured if name not in waiting]


def relation(source: tuple[str, ...], target: tuple[str, ...]) -> str:
    """Whether a source was pretrained on what its target varies: matched, mismatched (on none of it) or other."""
    if set(source) == set(target):
        return "matched"
    return "other" if set(source) & set(target) else "mismatched"


def _mean_sens(scores: pd.Series, reference: str, transforms: tuple[str, ...]) -> float:
    found = [scores.get((reference, name), float("nan")) for name in transforms]
    return float(sum(found) / len(found))

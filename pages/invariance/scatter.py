"""Does invariance pay? Transfer accuracy against the source's sens-score, over all transfers there are.

They are the gallery's, those of the visitor's own store, and those of the results of study A that ship.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial

import pandas as pd
import streamlit as st

from invariance.figures.scatter import (
    COLUMNS,
    MIN_NETWORKS,
    beyond_relation_in_words,
    line_in_words,
    line_of,
    transfer_scatter,
)
from invariance.measures.shifts import own_shift, shifted
from invariance.runs import gallery
from invariance.runs.describe import transforms_title
from invariance.runs.shipped_studies import shipped_results
from invariance.spec import DatasetSpec, TransferSpec
from invariance.studies.relations import relation
from invariance.studies.transforms_vs_other import FACTORS, NAME, networks
from invariance.vocabulary.studies import ABOUT
from pages.invariance.table import find_tables, measurement
from pages.shared.figures import show_figure
from pages.shared.measurements import Group, gallery_data, measure
from pages.shared.networks import Networks
from pages.shared.serving.once import drawn, made


def show_scatter(known: Networks) -> None:
    """All finished transfers of the store, of the gallery and of what ships, or what is missing for them.

    Args:
        known: the networks that can be looked at.
    """
    st.subheader("Does invariance pay?", anchor=False)
    st.markdown(
        "Each point is a transfer. Further right, its source still feels more of **what the target task "
        "varies**; further up, it works better. If invariance pays, the points fall, also among sources of one "
        "relation to their target: one colour."
    )
    base = gallery_data(known)
    data = shifted(base, own_shift(base))
    table, unmeasured = transfers_table(known, data)
    shipped, words = shipped_transfers()
    show_scatter_of(shipped if table.empty else pd.concat([table, shipped]) if len(shipped) else table)
    if words:
        st.caption(words)
    if unmeasured:
        count = f"{len(unmeasured)} source{'s' * (len(unmeasured) > 1)}"
        st.button(
            f"Measure {count} more",
            icon=":material/straighten:",
            key="measure_sources",
            on_click=measure,
            args=(unmeasured, partial(measurement, data=data)),
            help="Pretrainings that were transferred, but whose sens-scores are not measured yet.",
        )


def show_scatter_of(table: pd.DataFrame) -> None:
    """The figure of any table of transfers, with what it says in words.

    Args:
        table: columns source, target, sens, accuracy, group, see :func:`~invariance.figures.scatter.transfer_scatter`.
    """
    table = table.dropna(subset=["sens", "accuracy"])
    if table.empty:
        st.info("No transfer whose source has been measured is here yet.", icon=":material/info:")
        return
    show_figure(
        drawn(transfer_scatter, table),
        table,
        key="scatter",
        title="Transfer accuracy against the source's sens-score",
        name="transfers",
        alt=f"transfer accuracy against sens-score, {len(table)} transfers",
    )
    if words := made(_relation_in_words, table):
        st.markdown(words)
        st.caption(
            "Transfers that share a source or a target are not independent, so the intervals are rather too "
            "narrow; and tasks of other kinds differ in difficulty."
        )
    else:
        st.caption(
            f"n = {table['source'].nunique()}: a line needs at least {MIN_NETWORKS} networks whose sens-scores differ. "
            "Train and transfer more, on other transformations."
        )


def _relation_in_words(table: pd.DataFrame) -> str:
    """What the points say; empty where there are too few."""
    line = line_of(table)
    return "" if line is None else f"{line_in_words(line)} {beyond_relation_in_words(table)}"


def transfers_table(known: Networks, data: DatasetSpec) -> tuple[pd.DataFrame, list[Group]]:
    """Every finished transfer with its source's mean sens-score for the transformations of its target task.

    Args:
        known: the networks that can be looked at.
        data: on which sources are measured: the gallery's own, so that all points are comparable.

    Returns:
        The table for :func:`show_scatter_of`, and the sources that are not measured yet. Targets without any
        transformation are left out, and so are sources that this project did not train.
    """
    names = {entry.run_id: entry.name for entry in gallery.entries()}
    trained = {name: model for name, model in known.items() if not model.is_published}
    pairs = [
        (trained[source], model)
        for model in trained.values()
        if isinstance(model.spec, TransferSpec)
        and model.data.transforms
        and (source := names.get(model.spec.source, model.spec.source)) in trained
    ]
    own = list(dict.fromkeys(source.reference for source, _ in pairs if not source.from_gallery))
    found = find_tables([(run,) for run in own], data)
    measured = pd.concat([gallery.sens_table(), *found.tables], ignore_index=True)
    scores: dict[Hashable, float] = {}
    if not measured.empty:
        scores = measured.drop_duplicates(["model", "transform"]).set_index(["model", "transform"])["sens"].to_dict()
    rows = [
        (
            f"{source.label} ({'gallery' if source.from_gallery else 'own run'})",
            f"{transforms_title(target.data.transforms)} ({target.reference[:8]})",
            _mean_sens(scores, source.reference, target.data.transforms),
            target.metrics.get("transfer_accuracy", float("nan")),
            relation(source.data.transforms, target.data.transforms),
        )
        for source, target in pairs
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)), found.missing


def shipped_transfers() -> tuple[pd.DataFrame, str]:
    """The transfers of study A that ship, and a line on where they come from; no row and no word without any.

    Their sources were measured on the target's own objects. Networks transferred with other numbers of images are left
    out: fewer images cost accuracy whatever the source is.
    """
    for result in shipped_results(NAME):
        rows = networks(result.table)
        source = [
            f"study A (seed {row.seed}), {FACTORS[str(row.factor)]} {row.value}, {row.relation} transformations"
            for row in rows.itertuples()
        ]
        table = pd.DataFrame(
            {
                "source": source,
                "target": [f"its target task (seed {seed})" for seed in rows["seed"]],
                "sens": rows["sens"].to_numpy(float),
                "accuracy": rows["transfer_accuracy"].to_numpy(float),
                "group": rows["relation"].to_list(),
            },
            columns=list(COLUMNS),
        )
        return table, (
            f"{len(table)} of the points are the networks of the shipped study “{ABOUT[NAME].title}” "
            f"({result.scale} scale, seeds {', '.join(map(str, result.seeds))}), measured on its target's "
            "objects; the others are the gallery's and your own, measured on the gallery's. Point at one "
            "to see which it is."
        )
    return pd.DataFrame(columns=list(COLUMNS)), ""


def _mean_sens(scores: Mapping[Hashable, float], reference: str, transforms: tuple[str, ...]) -> float:
    found = [scores.get((reference, name), float("nan")) for name in transforms]
    return sum(found) / len(found)

"""Equivariance on the Invariance page: what its verdicts say, and what foresees the change of one cell."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.equivariance import foreseen_figure
from invariance.numbers import format_number
from invariance.spec import DatasetSpec
from invariance.vocabulary.equivariance import LOCAL_ERROR, R2_COLUMNS, VERDICTS
from pages.invariance.cell import colours_by_name, titles_of
from pages.shared.figures import show_figure
from pages.shared.networks import Networks
from pages.shared.serving.once import drawn


def explain_verdicts(data: DatasetSpec) -> None:
    """What the colours and the numbers say.

    Args:
        data: objects and backgrounds of the pairs.
    """
    objects = "all objects of the source, those of pretraining among them" if not data.classes else "these objects"
    st.markdown(
        "Shown: the **equivariance**, the share of a change that is foreseen once the transformation's parameters are "
        f"known: by linear maps, on objects left out, among {objects}. What does not change is *invariant*; what "
        "changes as it can be foreseen is *equivariant*, and nothing is lost."
    )
    with st.expander("How verdicts are given", icon=":material/rule:"):
        st.markdown("\n".join(f"* **{verdict}**: {words}." for verdict, words in VERDICTS.items()))


def show_foreseen(table: pd.DataFrame, networks: Networks, names: dict[str, str], transform: str) -> None:
    """The verdict of a cell in a sentence, and how well its change is foreseen from what, beside its references.

    Args:
        table: of all networks and transformations.
        networks: that of the cell, then its references.
        names: of the rows.
        transform: of the cell.
    """
    rows = table[(table["transform"] == transform) & table["model"].isin(networks)]
    rows = rows.set_index("model").reindex([name for name in networks if name in set(rows["model"])])
    titles = titles_of(networks, names)
    for name, row in rows[:1].iterrows():
        st.markdown(_sentence(titles[str(name)], transform.replace("_", " "), row))
    known = rows.dropna(subset=list(R2_COLUMNS)).reset_index()
    if known.empty:
        return
    show_figure(
        drawn(foreseen_figure, known, colours=colours_by_name(networks), titles=titles),
        known,
        key="foreseen",
        title=f"What foresees the change, {transform}",
        name=f"foreseen-{transform}",
        caption="1: exact; 0: no better than the mean of all images; below: worse. From "
        f"{int(known['num_pairs'].max())} pairs of {int(known['num_objects'].max())} objects, with 95 % intervals over "
        "objects.",
    )


def _sentence(title: str, transform: str, row: pd.Series) -> str:
    if not isinstance(row["verdict"], str):
        return f"The network **{title}** represents all images as the same: there is no change to foresee."
    text = (
        f"**{title}** under **{transform}**: **{row['verdict']}**. Equivariance "
        f"{_with_interval(row, 'equivariance')}, with shuffled parameters {format_number(row['control'])}; "
        f"conditional sens-score {_with_interval(row, 'sens_conditional')}"
    )
    if pd.notna(row[LOCAL_ERROR]):
        text += f"; local equivariance error {_with_interval(row, LOCAL_ERROR)}, in units of the pixels' own"
    elif pd.notna(row[f"{LOCAL_ERROR}_floor"]):
        text += "; its local equivariance error is too near to what resampling leaves to be read"
    return text + "."


def _with_interval(row: pd.Series, name: str) -> str:
    return f"{format_number(row[name])} ({format_number(row[f'{name}_low'])}–{format_number(row[f'{name}_high'])})"

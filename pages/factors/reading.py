"""How to read the table of the Factors page: a question beforehand, and the rule of the verdicts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import GLYPHS
from invariance.measures.factor_columns import VERDICTS
from invariance.numbers import format_number

GUESSES = ("class", "hue.shift", "h_flip.applied", "brightness.factor")
ASKED = "hue"


def ask_first(table: pd.DataFrame) -> None:
    """A question to be answered before looking: what is gone after training on hue?"""
    skill = {name: table[table["model"] == name].set_index("factor")["skill"] for name in ("none", ASKED)}
    before, after = skill["none"], skill[ASKED]
    options = [name for name in GUESSES if name in after.index and name in before.index]
    if len(options) < 2:
        return
    titles = dict(zip(table["factor"], table["title"], strict=True))
    guess = st.pills(
        f"Predict first: which of these is gone after training on **{ASKED}**?",
        options,
        key="guess",
        format_func=titles.__getitem__,
    )
    if guess is None:
        return
    found = min(options, key=lambda name: after[name] - before[name])
    said = (
        f"**{titles[found]}** fell most: skill {format_number(before[found])} in the network trained on nothing, "
        f"{format_number(after[found])} in the one trained on {ASKED}."
    )
    if guess == found:
        st.markdown(f"Yes. {said}")
        return
    other = f"{titles[guess].capitalize()}: {format_number(before[guess])} and {format_number(after[guess])}."
    st.markdown(f"No. {said} {other}")


def explain_verdicts(*, in_cells: bool) -> None:
    """How to read the heatmap; the signs at once where the cells show them."""
    signs = " · ".join(f"{GLYPHS[verdict]} {verdict}: {meaning}" for verdict, meaning in VERDICTS.items())
    st.markdown(
        "Above the line are the controls. An orange frame marks what a network was trained on. Click a cell to "
        "see the factor below."
    )
    if in_cells:
        st.caption(f"{signs}.")
    with st.expander("How this is measured", icon=":material/info:"):
        st.markdown(
            f"{signs}.\n\nEach verdict uses the whole 95 % interval (bootstrap over images). *Lost* means that a line "
            "cannot read it; a deeper network might. *Kept* does not mean that it is used. Each factor has images of "
            "its own, in which its transformation alone varies (for class and background: nothing is transformed), "
            "from the test split. The probe is tested on images that it was not fitted to, of objects that it knows: "
            "an angle is an angle against a pose that has been seen. *pixels*: the same probe on 512 principal "
            "components of the images; *untrained*: on the network with random weights. Background: which of 16, "
            "behind objects that the probe has not seen; class: before backgrounds that it has not seen."
        )

"""Pieces of the Factors page: the question beforehand, the rule of the verdicts, one factor in detail."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import GLYPHS
from invariance.figures.factor_pair import COLOURS, confusion, decoded_scatter
from invariance.measures.factors import FACTORS
from invariance.numbers import format_number
from invariance.runs.describe import source_title
from invariance.runs.device import choose_device
from invariance.runs.estimate import estimate_seconds
from invariance.spec import DatasetSpec, FactorSpec
from invariance.vocabulary.factors import VERDICTS
from pages.shared import cache
from pages.shared.exports import export_row
from pages.shared.live import in_words
from pages.shared.measured import factor_probes

GUESSES = ("class", "hue.shift", "h_flip.applied", "brightness.factor")
ASKED = "hue"


def ask_first(table: pd.DataFrame) -> None:
    """A question to be answered before looking: what is gone after training on hue?"""
    rows = table[table["model"] == ASKED].set_index("factor")
    before = table[table["model"] == "none"].set_index("factor")
    options = [name for name in GUESSES if name in rows.index and name in before.index]
    if len(options) < 2:
        return
    guess = st.pills(
        f"Predict first: which of these is gone after training on **{ASKED}**?",
        options,
        key="guess",
        format_func=lambda name: rows.loc[name, "title"],
    )
    if guess is None:
        return
    change = rows.loc[options, "skill"] - before.loc[options, "skill"]
    found = str(change.idxmin())
    st.markdown(
        ("Yes. " if guess == found else "No. ")
        + f"**{rows.loc[found, 'title']}** fell most: skill {format_number(before.loc[found, 'skill'])} in the "
        f"network trained on nothing, {format_number(rows.loc[found, 'skill'])} in the one trained on {ASKED}."
        + (
            f" {rows.loc[guess, 'title'].capitalize()}: {format_number(before.loc[guess, 'skill'])} and "
            f"{format_number(rows.loc[guess, 'skill'])}."
            if guess != found
            else ""
        )
    )


def say_how_long(known: dict[str, cache.KnownModel], todo: list[str], data: DatasetSpec) -> None:
    """A line on published networks that are still to be decoded from: they take minutes to hours on a CPU."""
    device = choose_device()
    for name in todo:
        if known[name].is_published:
            seconds = estimate_seconds(factor_probes(name, data), device)
            where = "the GPU" if device.startswith("cuda") else "a laptop (two cores)"
            st.caption(
                f"Decoding from {source_title(name)} takes about {in_words(seconds)} on {where}, give or take a "
                "factor of two: it enlarges every image."
            )


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


def show_factor(
    table: pd.DataFrame, models: list[cache.KnownModel], names: list[str], factor: str, data: DatasetSpec
) -> None:
    """What was there against what was decoded, for both networks."""
    title = next(one.title for one in FACTORS if one.name == factor)
    st.subheader(f"Decoded: {title}", anchor=False)
    defaults = FactorSpec(sources=("-",))
    for column, model, name, colour, key in zip(st.columns(2), models, names, COLOURS, "ab", strict=True):
        rows = table[(table["model"] == model.reference) & (table["factor"] == factor)]
        if rows.empty:
            continue
        found = cache.decoded(model, data, factor, defaults.num_images, defaults.num_folds)
        with column:
            st.markdown(f"**{name}**: {sentence(rows.iloc[0])}")
            if found.kind == "choice":
                figure = confusion(found.true, found.decoded, found.class_names)
            else:
                unit = " (degrees of the circle)" if found.kind == "circle" else ""
                figure = decoded_scatter(
                    found.true, found.decoded, axis_title=title + unit, colour=colour, circle=found.kind == "circle"
                )
            st.plotly_chart(
                figure,
                key=f"decoded_{key}",
                width="stretch",
                config={"displayModeBar": False},
                alt=f"{title}: decoded from {name} against true",
            )
            export_row(
                figure,
                pd.DataFrame({"true": found.true, "decoded": found.decoded}),
                key=f"save_decoded_{key}",
                name=f"decoded-{factor}",
                title=f"{title}, decoded from {name}",
            )


def sentence(row: pd.Series) -> str:
    """One row of the table in words."""
    kind = "balanced accuracy" if row["kind"] == "choice" else "R²"
    guessing = f", guessing {row['chance']:.0%}" if row["kind"] == "choice" else ""
    value = f"{row['score']:.0%}" if row["kind"] == "choice" else format_number(row["score"])
    error = f", mean error {row['angle_error_deg']:.0f}° (guessing 90°)" if row["kind"] == "circle" else ""
    verdict = f"**{row['verdict']}**, " if isinstance(row["verdict"], str) and row["verdict"] else ""
    return f"{verdict}{kind} {value}{guessing}{error}."

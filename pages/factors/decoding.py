"""What is decoded from networks: all factors as a measurement, how to read them, and one of them in detail."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import GLYPHS
from invariance.figures.factor_pair import COLOURS, confusion, decoded_scatter
from invariance.measures.factor_view import DecodedFactor, decode_factor
from invariance.measures.factors import FACTORS
from invariance.numbers import format_number
from invariance.runs.describe import source_title
from invariance.runs.estimate import estimate_seconds
from invariance.spec import DatasetSpec, FactorSpec
from invariance.vocabulary.factors import VERDICTS
from pages.shared import cache, server
from pages.shared.durations import in_words, roughly
from pages.shared.figures import show_figure
from pages.shared.measurements import Group
from pages.shared.networks import Networks

GUESSES = ("class", "hue.shift", "h_flip.applied", "brightness.factor")
ASKED = "hue"


def factor_probes(group: Group, data: DatasetSpec) -> FactorSpec:
    """All factors of a network, each varying alone."""
    return FactorSpec(sources=group, data=data)


def say_how_long(known: Networks, todo: Iterable[Group], data: DatasetSpec) -> None:
    """A line on published networks that are still to be decoded from: they take minutes to hours on a CPU."""
    device = server.devices().names[0]
    for group in todo:
        if known[group[0]].is_published:
            seconds = estimate_seconds(factor_probes(group, data), device)
            takes = roughly(in_words(seconds), device)
            st.caption(f"Decoding from {source_title(group[0])} takes {takes}: it enlarges every image.")


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


def show_factor(
    table: pd.DataFrame, models: list[cache.KnownModel], names: list[str], factor: str, data: DatasetSpec
) -> None:
    """What was there against what was decoded, for both networks."""
    title = next(one.title for one in FACTORS if one.name == factor)
    st.subheader(f"Decoded: {title}", anchor=False)
    for column, model, name, colour, key in zip(st.columns(2), models, names, COLOURS, "ab", strict=True):
        rows = table[(table["model"] == model.reference) & (table["factor"] == factor)]
        if rows.empty:
            continue
        found = _decoded(model, model.key, data, factor)
        with column:
            st.markdown(f"**{name}**: {sentence(rows.iloc[0])}")
            if found.kind == "choice":
                figure = confusion(found.true, found.decoded, found.class_names)
            else:
                unit = " (degrees of the circle)" if found.kind == "circle" else ""
                figure = decoded_scatter(
                    found.true, found.decoded, axis_title=title + unit, colour=colour, circle=found.kind == "circle"
                )
            show_figure(
                figure,
                pd.DataFrame({"true": found.true, "decoded": found.decoded}),
                key=f"decoded_{key}",
                title=f"{title}, decoded from {name}",
                name=f"decoded-{factor}",
                alt=f"{title}: decoded from {name} against true",
            )


def sentence(row: pd.Series) -> str:
    """One row of the table in words."""
    kind = "balanced accuracy" if row["kind"] == "choice" else "R²"
    guessing = f", guessing {row['chance']:.0%}" if row["kind"] == "choice" else ""
    value = f"{row['score']:.0%}" if row["kind"] == "choice" else format_number(row["score"])
    error = f", mean error {row['angle_error_deg']:.0f}° (guessing 90°)" if row["kind"] == "circle" else ""
    verdict = f"**{row['verdict']}**, " if isinstance(row["verdict"], str) and row["verdict"] else ""
    return f"{verdict}{kind} {value}{guessing}{error}."


# The first argument is left out of the cache's key, which the second one holds.
@st.cache_data(max_entries=64, show_spinner="Decoding")
def _decoded(_model: cache.KnownModel, key: cache.Key, data: DatasetSpec, factor: str) -> DecodedFactor:
    usual = FactorSpec(sources=(key[0],))
    return decode_factor(
        _model.model, cache.engine(data), factor, num_images=usual.num_images, num_folds=usual.num_folds
    )

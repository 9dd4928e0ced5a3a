"""What is decoded from networks: all factors as a measurement, how to read them, and one of them in detail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import GLYPHS
from invariance.figures.factor_pair import confusion, decoded_scatter
from invariance.figures.thrown_away import plain
from invariance.measures.factor_verdict import changes, is_reference
from invariance.measures.factor_view import DecodedFactor, decode_factor
from invariance.measures.factors import known_factors
from invariance.numbers import format_number, signed
from invariance.runs.describe import source_title
from invariance.runs.estimate import estimate_seconds
from invariance.spec import DatasetSpec, FactorSpec
from invariance.vocabulary.factors import HELD_OUT, KNOWN, OBJECTS, VERDICTS
from pages.shared import cache
from pages.shared.cells import colours_of
from pages.shared.durations import in_words, roughly
from pages.shared.figures import show_figure
from pages.shared.measurements import Group
from pages.shared.networks import Networks
from pages.shared.origins import page_origin
from pages.shared.serving import server
from pages.shared.serving.once import drawn, made

if TYPE_CHECKING:
    import plotly.graph_objects as go

GUESSES = ("class", "hue.shift", "h_flip.applied", "brightness.factor")
ASKED = "hue"
BESIDE_PX = 250


def factor_probes(group: Group, data: DatasetSpec, known: Networks) -> FactorSpec:
    """All factors of a network, each varying alone; beside it, if it is here, the one that it is compared with.

    That is the network trained on no transformation that is the same in all else.
    """
    own = known[group[0]].spec
    beside = [name for name, one in known.items() if own is not None and one.spec and is_reference(one.spec, own)]
    return FactorSpec(sources=(*beside[:1], *group), data=data)


def say_how_long(known: Networks, todo: Iterable[Group], data: DatasetSpec) -> None:
    """A line on published networks that are still to be decoded from: they take minutes to hours on a CPU."""
    device = server.devices().names[0]
    for group in todo:
        if known[group[0]].is_published:
            seconds = estimate_seconds(factor_probes(group, data, known), device)
            takes = roughly(in_words(seconds), device)
            st.caption(f"Decoding from {source_title(group[0])} takes {takes}: it enlarges every image.")


def _options(table: pd.DataFrame) -> list[str]:
    """What is asked about, of what the table has; nothing where it has too little to ask."""
    there = [set(table.loc[table["model"] == name, "factor"]) for name in ("none", ASKED)]
    options = [name for name in GUESSES if all(name in each for each in there)]
    return options if len(options) > 1 else []


def cells_to_guess(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Cells (network, factor) that the question is about, until it is answered or given up."""
    if st.session_state.get("guess") is not None or st.session_state.get("told"):
        return []
    return [(ASKED, name) for name in _options(table)]


def ask_first(table: pd.DataFrame) -> None:
    """A question to be answered before looking: what suffers most from training on hue?"""
    options = _options(table)
    if not options:
        return
    titles = dict(zip(table["factor"], table["title"], strict=True))
    line = st.container(horizontal=True, vertical_alignment="bottom")
    guess = line.pills(
        f"Predict first: which of these falls most after training on **{ASKED}**?",
        options,
        key="guess",
        format_func=titles.__getitem__,
    )
    if guess is None:
        if not st.session_state.get("told"):
            line.button("Just show", key="just_show", type="tertiary", on_click=_tell)
        return
    skill = {name: table[table["model"] == name].set_index("factor")["skill"] for name in ("none", ASKED)}
    before, after = skill["none"], skill[ASKED]
    found = min(options, key=lambda name: after[name] - before[name])
    said = (
        f"**{titles[found]}** fell most: skill {format_number(before[found])} in the network trained on plain objects, "
        f"{format_number(after[found])} in the one trained on {ASKED}."
    )
    if guess == found:
        st.markdown(f"Yes. {said}")
        return
    other = f"{titles[guess].capitalize()}: {format_number(before[guess])} and {format_number(after[guess])}."
    st.markdown(f"No. {said} {other}")


def _tell() -> None:
    """Shows what was to be guessed, for this session."""
    st.session_state["told"] = True


def tell_changes(table: pd.DataFrame, trained_on: Mapping[str, Collection[str]], known_objects: bool) -> None:
    """How many parameters that networks were trained to vary got worse, and how many better; then of all factors.

    Args:
        table: rows of one way of splitting objects.
        trained_on: the transformations of each network.
        known_objects: which way.
    """
    own = [
        factor.split(".")[0] in trained_on.get(model, ())
        for model, factor in zip(table["model"], table["factor"], strict=True)
    ]
    of_own, of_all = made(changes, table[own]), made(changes, table)
    if not of_all.num:
        return
    which = "in objects that the probe knows" if known_objects else "with objects held out"
    better = f" ({', '.join(sorted(set(of_own.higher)))})" if of_own.higher else ""
    st.markdown(
        f"Parameters that a network was itself trained to vary (framed), {which}: **{len(of_own.lower)} of "
        f"{of_own.num} lower** than in the network trained on plain objects, after correction, **{len(of_own.higher)} "
        f"higher**{better}. All cells: {len(of_all.lower)} of {of_all.num} lower, {len(of_all.higher)} higher."
    )


def explain_verdicts(*, in_cells: bool) -> None:
    """How to read the heatmap; the signs at once where the cells show them."""
    signs = " · ".join(f"{GLYPHS[verdict]} {verdict}: {meaning}" for verdict, meaning in VERDICTS.items())
    if in_cells:
        st.caption(f"{signs}.")
    with st.expander("How this is measured", icon=":material/info:"):
        st.markdown(
            f"{signs}.\n\n"
            "*Images.* Each factor has images of its own from the test split, in which its transformation alone varies "
            "(for class and background: nothing is transformed).\n\n"
            f"*Objects.* Known: {OBJECTS[KNOWN]}. Held out: {OBJECTS[HELD_OUT]}; class cannot be, background always "
            "is. An angle or a hue is one against a picture that has been seen, so that with objects held out many "
            "are below guessing.\n\n"
            "*Null.* The same probe on labels shuffled within the folds, 199 times: parameters are drawn apart from "
            "all else, so that this test is exact. A factor is decodable if its p-value is below 0.05 and the interval "
            "of its skill above 0.\n\n"
            "*Change.* Against the network trained on plain objects that is the same in all else, on the same images. "
            "Intervals (95 %) and p-values are over what the probe was not fitted to: pictures, for class "
            "backgrounds, with objects held out the objects. P-values are corrected over the table (Benjamini and "
            "Hochberg, 5 %). They are of these networks; another seed gives others.\n\n"
            "*Not said.* A line cannot read what is lost; a deeper network might. What is kept or higher need not be "
            "used. *pixels*: the same probe on 512 principal components of the images; *untrained*: on the network "
            "with random weights. Background: which of 16."
        )


def show_factor(
    table: pd.DataFrame,
    models: Sequence[cache.KnownModel],
    names: Sequence[str],
    factor: str,
    data: DatasetSpec,
    objects: str,
) -> None:
    """What was there against what was decoded, for both networks, one below the other."""
    title = next(one.title for one in known_factors() if one.name == factor)
    st.markdown(f"**Decoded: {title}{', objects held out' if objects == HELD_OUT else ''}**")
    for model, name, colour, key in zip(models, names, colours_of(models), "ab", strict=True):
        rows = table[(table["model"] == model.reference) & (table["factor"] == factor)]
        if rows.empty:
            continue
        found = _decoded(model, model.key, data, factor, objects)
        if found.kind == "choice":
            figure = drawn(_beside, confusion, found.true, found.decoded, found.class_names)
        else:
            unit = " (°)" if found.kind == "circle" else ""
            figure = drawn(
                _beside,
                decoded_scatter,
                found.true,
                found.decoded,
                axis_title=title + unit,
                colour=colour,
                circle=found.kind == "circle",
            )
        show_figure(
            figure,
            pd.DataFrame({"true": found.true, "decoded": found.decoded}),
            key=f"decoded_{key}",
            title=f"{title}, decoded from {name}",
            name=f"decoded-{factor}",
            alt=f"{title}: decoded from {name} against true. {plain(sentence(rows.iloc[0]))}",
            caption=f"**{name}**: {sentence(rows.iloc[0])}",
            origin=page_origin(data),
        )


def _beside(draw: Callable[..., go.Figure], *args: object, **kwargs: object) -> go.Figure:
    """A figure of the height that fits beside the heatmap."""
    return draw(*args, **kwargs).update_layout(height=BESIDE_PX)


def sentence(row: pd.Series) -> str:
    """One row of the table in words."""
    kind = "balanced accuracy" if row["kind"] == "choice" else "R²"
    guessing = f", guessing {row['chance']:.0%}" if row["kind"] == "choice" else ""
    value = f"{row['score']:.0%}" if row["kind"] == "choice" else format_number(row["score"])
    error = f", mean error {row['angle_error_deg']:.0f}° (guessing 90°)" if row["kind"] == "circle" else ""
    verdict = f"**{row['verdict']}**, " if isinstance(row["verdict"], str) and row["verdict"] else ""
    change = "" if pd.isna(row["change"]) else f" Skill {signed(row['change'])} against training on nothing"
    ends = f" [{format_number(row['change_low'])}, {format_number(row['change_high'])}]." if change else ""
    return f"{verdict}{kind} {value}{guessing}{error}.{change}{ends}"


# The first argument is left out of the cache's key, which the second one holds.
@st.cache_data(max_entries=64, show_spinner="Decoding")
def _decoded(_model: cache.KnownModel, key: cache.Key, data: DatasetSpec, factor: str, objects: str) -> DecodedFactor:
    usual = FactorSpec(sources=(key[0],))
    return decode_factor(
        _model.model,
        cache.engine(data),
        factor,
        objects=objects,
        num_images=usual.num_images,
        num_folds=usual.num_folds,
    )

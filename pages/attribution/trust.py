"""Below the maps of the Attribution page: whether they show what a network learnt, or what any network would."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from invariance.attribution.compare import Randomised, compare_randomised
from invariance.attribution.passes import passes_of_map
from invariance.attribution.randomisation import NUM_IMAGES, NUM_UNTRAINED
from invariance.attribution.randomise import REDRAWN
from invariance.attribution.tables import randomisation_table
from invariance.figures.beside_null import scores_beside_null
from invariance.figures.pictures import fitting_factor, relevance_overlay, upscale
from invariance.numbers import format_number
from invariance.spec import DatasetSpec
from invariance.vocabulary.attribution import HIGHER, LOWER, MAP_PARTS
from invariance.vocabulary.methods import Method
from pages.attribution.asked import Parameters, Row, by_names, quick
from pages.shared import cache
from pages.shared.cells import colours_of
from pages.shared.controls import choose
from pages.shared.figures import show_figure
from pages.shared.literal import literal
from pages.shared.memoised import Bar, on_stoppable_click
from pages.shared.networks import Models, say_how_long
from pages.shared.serving.made import show_pictures

Question = tuple[DatasetSpec, int, str, str]
"""The data set, the position of the image, what is explained, and the baseline."""

PART = next(iter(MAP_PARTS))
"""The one that gives the verdict."""
TITLES = {"strength": "strength alone", "signed": "with its sign"}
"""Of the parts of maps, below the axis."""


def show_randomised(models: Models, question: Question, method: Method, parameters: Parameters) -> None:
    """The randomisation test over some images, and this image's map with fresh weights beside the real one, on click.

    Args:
        models: two networks.
        question: what the maps above are asked.
        method: of the maps.
        parameters: of the method.
    """
    st.subheader("Can these maps be trusted?", anchor=False)
    st.markdown(
        "Let the network forget all it learnt. Its maps change, but so they would between two networks that never "
        f"learnt anything. Compare maps of {NUM_IMAGES} test images with those of {NUM_UNTRAINED} untrained networks, "
        "and those with one another:"
    )
    line = st.container(horizontal=True, vertical_alignment="bottom")
    weights = choose("Draw anew", REDRAWN, key="anew", default="all", kind="segments", place=line)
    clicked = line.button("Forget and explain again", icon=":material/casino:", key="forget")
    data, _, _, baseline = question
    options = quick(parameters)
    asked = (cache.keys_of(models), replace(data, num_samples=None), method.name, baseline, options, weights)
    found = on_stoppable_click(clicked, "forget", asked, lambda: _test(models, *asked))
    if found is None:
        passes = NUM_IMAGES * (1 + NUM_UNTRAINED) * passes_of_map(method, dict(options), data.image_size)
        say_how_long(models, passes, data.image_size, can_stop=True)
        return
    _show_test(found, method, REDRAWN[weights], colours_of(models))
    for model, key in zip(models, cache.keys_of(models), strict=True):
        pair = _randomised(model, key, *question, method.name, parameters, weights)
        st.markdown(f"**{literal(model.short_title)}**, this image")
        _show_pair(pair)


def _show_test(found: pd.DataFrame, method: Method, forgotten: str, colours: list[str]) -> None:
    """Both levels for both networks, and what their difference shows."""
    figure = scores_beside_null(
        found,
        TITLES,
        at="maps",
        score="trained",
        ends=("trained_low", "trained_high"),
        axis_title="rank correlation with untrained maps",
        colours=colours,
        null_title="untrained with one another",
    )
    show_figure(
        figure, found, key="randomisation", title=f"Maps without what was learnt: {method.title}", name="forget"
    )
    for row in found[found["maps"] == PART].to_dict("records"):
        _show_verdict(row, forgotten)
    st.caption(
        f"Rank correlations of the strength of relevance, whatever its sign, over {found['num'].min()} images; in "
        "brackets 95 % intervals over images and untrained networks, in which a network that learnt nothing has a "
        "difference of 0. What two untrained networks share comes from the image and the architecture alone."
    )


def _show_verdict(row: Row, forgotten: str) -> None:
    name = literal(row["model"])
    if row["num"] == 0:
        st.info(f"**{name}**: on every image some map is empty, so there is nothing to correlate.")
        return
    trained, null, difference = (
        f"{format_number(row[level])} [{format_number(row[f'{level}_low'])}, {format_number(row[f'{level}_high'])}]"
        for level in ("trained", "null", "difference")
    )
    numbers = f"**{name}**: {trained} with untrained networks, {null} among those; difference {difference}."
    if row["verdict"] == LOWER:
        st.success(
            f"{numbers} Training moved its maps further than a fresh draw of the weights does: they depend on what "
            f"{forgotten} learnt.",
            icon=":material/check:",
        )
        return
    alike = "even more like" if row["verdict"] == HIGHER else "no less like"
    st.warning(
        f"{numbers} Its maps are {alike} an untrained network's than two untrained ones' are like each other: that "
        f"they change shows that they depend on weights, not that they depend on what {forgotten} learnt.",
        icon=":material/warning:",
    )


def _show_pair(found: Randomised) -> None:
    factor = fitting_factor(found.image.shape[0], 240)
    pictures = [
        upscale(relevance_overlay(found.image, values, limit=abs(values).max() or 1.0), factor)
        for values in (found.trained, found.fresh)
    ]
    show_pictures(
        pictures, caption=["trained", "fresh weights, own scale"], width=220, alt=["map when trained", "map when fresh"]
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _test(
    _models: Models,
    keys: cache.Keys,
    data: DatasetSpec,
    method: str,
    baseline: str,
    parameters: Parameters,
    weights: str,
) -> pd.DataFrame:
    bar = Bar("Explaining without what was learnt")
    found = randomisation_table(
        by_names(_models),
        cache.engine(data),
        weights=weights,
        method=method,
        baseline=baseline,
        parameters=dict(parameters),
        on_progress=bar,
    )
    bar.empty()
    return found


@st.cache_data(max_entries=64, show_spinner="Explaining without what was learnt")
def _randomised(
    _model: cache.KnownModel,
    key: cache.Key,
    data: DatasetSpec,
    position: int,
    target: str,
    baseline: str,
    method: str,
    parameters: Parameters,
    weights: str,
) -> Randomised:
    return compare_randomised(
        _model.model,
        cache.engine(replace(data, num_samples=None)),
        weights=weights,
        position=position,
        explain=target,
        baseline=baseline,
        method=method,
        parameters=dict(parameters),
    )

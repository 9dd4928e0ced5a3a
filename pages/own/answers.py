"""Below the picture of the page Try a picture: two networks, what they say, how far they are moved, and by what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from invariance.attribution.one_picture import CLASS_STEPS, DISTANCE_POINTS, PictureComparison, PictureView, look_at
from invariance.attribution.passes import passes_of_distance
from invariance.data.uploads.one_picture import OnePicture
from invariance.figures.pictures import fitting_factor, relevance_overlay, upscale
from invariance.numbers import format_number
from pages.shared import cache
from pages.shared.exports import offline_button
from pages.shared.networks import Models, say_how_long
from pages.shared.once import kept
from pages.shared.origins import page_origin

NUM_STEPS = 24


def look(
    models: Models, picture: OnePicture, transform: str, values: dict[str, float], draw: int, shown: str
) -> PictureComparison:
    """What both networks make of the picture at these magnitudes.

    Raises:
        SpecError: the picture or a value cannot be used.
    """
    passes = passes_of_distance(DISTANCE_POINTS if shown == "distance" else CLASS_STEPS)
    say_how_long(models, passes, models[0].data.image_size, can_stop=False)
    units = [cache.pair_distance(model, replace(model.data, transforms=(transform,))) for model in models]
    path = picture.way(transform, values, draw=draw, num_steps=NUM_STEPS)
    networks = [model.model for model in models]
    made_by = (cache.keys_of(models), path, units, shown)
    return kept(lambda: look_at(networks, path, units=units, shown=shown), "own", *made_by)


def show_views(found: PictureComparison, models: Models, transform: str, shown: str) -> None:
    """Picture, transformed picture and both networks, side by side."""
    factor = fitting_factor(found.image.shape[0], 320)
    columns = st.columns(4, gap="medium")
    with columns[0]:
        st.image(upscale(found.image, factor), width="stretch", alt="the picture as a network gets it")
        st.markdown("**without**")
        size = found.image.shape[0]
        st.caption(
            f"As the networks get it: {size} x {size} pixels. Distance 1 is as far as another image of the "
            "network's own data."
        )
    with columns[1]:
        st.image(upscale(found.changed, factor), width="stretch", alt=f"the picture with {transform}")
        st.markdown(f"**with {transform}**")
        unit = "of a squared distance of 1" if shown == "distance" else "logits a pixel"
        words = (
            "moved the representation away, :blue[**blue**] ones brought it back"
            if shown == "distance"
            else "speak for what each network predicts, :blue[**blue**] ones against it"
        )
        st.caption(f":red[**Red**] pixels {words}; full colour is {found.limit:.2g} {unit}, in both maps.")
    overlays = [
        upscale(relevance_overlay(found.changed, view.relevance, limit=found.limit), factor) for view in found.views
    ]
    for column, model, view, overlay in zip(columns[2:], models, found.views, overlays, strict=True):
        with column:
            st.image(overlay, width="stretch", alt=f"map of {model.label}")
            st.markdown(f"**{model.label}**")
            _show_view(view)
    st.caption(
        ":material/info: A network knows only the classes that it learnt, so the name it gives to your picture "
        "is the nearest of those, right or not. The distance asks for no class: it says how much of the change "
        "the network still feels."
    )
    named = [f"{number}: {model.label}" for number, model in enumerate(models, 1)]
    pictures = [upscale(found.image, factor), upscale(found.changed, factor), *overlays]
    offline_button(
        dict(zip(("without", f"with {transform}", *named), pictures, strict=True)),
        _table_of(found, named),
        title=f"A picture with {transform}",
        name="picture",
        origin=page_origin(),
    )


def _table_of(found: PictureComparison, named: Sequence[str]) -> pd.DataFrame:
    """The numbers of a view, a row for each network."""
    rows = [
        {
            "network": name,
            "distance": view.distance,
            "completeness_error": view.completeness_error,
            **({"without": view.before[0][0], "with": view.after[0][0]} if view.after else {}),
        }
        for name, view in zip(named, found.views, strict=True)
    ]
    return pd.DataFrame(rows)


def _show_view(view: PictureView) -> None:
    st.metric(
        "Distance (1: another image)",
        format_number(view.distance),
        help="How far apart the network sees the picture and the transformed one. 0: it is invariant here.",
    )
    if view.after:
        (before, _), (after, probability) = view.before[0], view.after[0]
        words = "Still calls it" if before == after else f"Called it {before}, and now"
        st.markdown(f"{words} **{after}** ({probability:.0%})")
        st.markdown("  \n".join(f":small[{name} {share:.1%}]" for name, share in view.after))
    else:
        st.caption("This network has no classes, so it gives the picture no name.")
    if not math.isnan(view.completeness_error):
        st.caption(
            f"Completeness error {view.completeness_error:.1%}: by how much the map's sum misses what it explains."
        )

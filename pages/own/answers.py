"""Below the picture of the page Try a picture: two networks, what they say, how far they are moved, and by what."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.attribution.one_picture import CLASS_STEPS, DISTANCE_POINTS, PictureComparison, PictureView, look_at
from invariance.attribution.passes import passes_of_distance
from invariance.data.uploads.one_picture import OnePicture
from invariance.figures.pictures import fitting_factor, relevance_overlay, upscale
from pages.own.live import Way, show_answer, show_changed, units_of
from pages.own.picture import contents_of
from pages.shared import cache
from pages.shared.exports import offline_button
from pages.shared.networks import Models, say_how_long
from pages.shared.origins import page_origin
from pages.shared.serving.made import show_pictures
from pages.shared.serving.once import kept

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
    units = units_of(models, transform)
    networks = [model.model for model in models]

    def answer() -> PictureComparison:
        path = picture.way(transform, values, draw=draw, num_steps=NUM_STEPS)
        return look_at(networks, path, units=units, shown=shown)

    changed = (transform, values, draw)
    return kept(answer, "own", cache.keys_of(models), *contents_of(picture), changed, units, shown)


def show_views(
    found: PictureComparison,
    models: Models,
    transform: str,
    shown: str,
    places: Sequence[DeltaGenerator],
    followed: Sequence[Way],
) -> None:
    """Picture, transformed picture and both networks, in four places side by side.

    Args:
        found: at the sliders' values.
        models: both networks.
        transform: its title.
        shown: which maps these are.
        places: four.
        followed: what the sliders lead to, see :func:`~pages.own.live.ways`.
    """
    factor = fitting_factor(found.image.shape[0], 320)
    with places[0]:
        st.markdown(f"**without {transform}**")
        show_pictures(upscale(found.image, factor), width="stretch", alt="the picture as a network gets it")
    with places[1]:
        st.markdown(f"**with {transform}**")
        show_changed(found.changed, f"the picture with {transform}", followed)
    overlays = [
        upscale(relevance_overlay(found.changed, view.relevance, limit=found.limit), factor) for view in found.views
    ]
    for number, (view, overlay) in enumerate(zip(found.views, overlays, strict=True)):
        name = models[number].short_title
        with places[2 + number]:
            show_answer(number, view, models, followed)
            show_pictures(overlay, width="stretch", alt=f"map of {name}: {_answer(view)}")
            _show_view(view)
    unit = "of a squared distance of 1" if shown == "distance" else "logits a pixel"
    words = (
        "moved the representation away, :blue[**blue**] ones brought it back"
        if shown == "distance"
        else "speak for what each network predicts, :blue[**blue**] ones against it"
    )
    size = found.image.shape[0]
    st.caption(
        f":red[**Red**] pixels {words}; full colour is {found.limit:.2g} {unit}, in both maps. "
        f"The networks get {size} x {size} pixels, and know only the classes that they learnt: the name that one gives "
        "to your picture is the nearest of those, right or not. The distance asks for no class: it says how much of "
        "the change the network still feels; 1 is as far as another image of its own data."
    )
    named = [f"{number}: {model.short_title}" for number, model in enumerate(models, 1)]
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


def _answer(view: PictureView) -> str:
    """What a network says, in a line."""
    if not view.after:
        return "has no classes"
    (before, _), (after, probability) = view.before[0], view.after[0]
    return (f"still {after}" if before == after else f"{before}, now {after}") + f" ({probability:.0%})"


def _show_view(view: PictureView) -> None:
    if view.after:
        st.markdown("  \n".join(f":small[{name} {share:.1%}]" for name, share in view.after))
    if not math.isnan(view.completeness_error):
        st.caption(
            f"Completeness error {view.completeness_error:.1%}: by how much the map's sum misses what it explains."
        )

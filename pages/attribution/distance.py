"""What does it still feel? How far a transformation moves two networks' representations, and which pixels do it."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.attribution.compare_distance import DistanceComparison, DistanceView, compare_distance
from invariance.attribution.distance import NUM_POINTS, WAYS
from invariance.attribution.passes import passes_of_distance
from invariance.data.magnitude_way import has_way
from invariance.data.preview import describe_transforms
from invariance.figures.pictures import fitting_factor, png_bytes, relevance_overlay, side_by_side, upscale
from invariance.numbers import format_number
from invariance.spec import KNOWN_TRANSFORMS, DatasetSpec
from pages.shared import cache
from pages.shared.controls import choose
from pages.shared.exports import offline_button
from pages.shared.layout import pairs_on_phones
from pages.shared.literal import literal
from pages.shared.magnitude_sliders import magnitude_sliders
from pages.shared.networks import Models, say_how_long
from pages.shared.origins import page_origin
from pages.shared.serving.made import show_pictures

FIRST_TRANSFORM = "rotate"
WHAT = (
    "An image and the same image transformed: how far apart does each network see them, and which pixels move its "
    "representation? A network that were invariant would feel nothing."
)


def show_distance(models: Models, data: DatasetSpec, position: int, more: DeltaGenerator) -> None:
    """One image, its transformed one, and for both networks the distance and the pixels behind it.

    Args:
        models: two networks.
        data: of the task, whose own transformations are left out.
        position: of the image in its test split.
        more: place of the less common controls.
    """
    transform_place, slider_place = st.columns([2, 6], gap="medium")
    titles = {name: name.replace("_", " ") for name in KNOWN_TRANSFORMS}
    transform = choose(
        "Transformation", titles, key="transform", default=FIRST_TRANSFORM, place=transform_place, help=WHAT
    )
    with slider_place:
        values, draw = magnitude_sliders(transform)
    with more:
        st.caption(describe_transforms()[transform])
        way = "magnitude"
        if has_way(transform):
            way = choose("Path from one to the other", WAYS, key="way")
        else:
            st.caption("A flip has nothing in between: the path is the cross-fade of the two images.")
    task = replace(data, transforms=(transform,), num_samples=None)
    say_how_long(models, passes_of_distance(NUM_POINTS), task.image_size, can_stop=False)
    found = _compare(models, cache.keys_of(models), task, position, transform, tuple(values.items()), draw, way)
    _show(found, models, task, titles[transform])


def _show(found: DistanceComparison, models: Models, task: DatasetSpec, transform: str) -> None:
    factor = fitting_factor(found.image.shape[0], 320)
    pictures = [upscale(picture, factor) for picture in (found.image, found.changed)]
    maps = [
        upscale(relevance_overlay(found.changed, view.relevance, limit=found.limit), factor) for view in found.views
    ]
    columns = pairs_on_phones("distances").columns(4, gap="medium")
    name = literal(found.class_name.replace("_", " "))
    with columns[0]:
        st.markdown(f"**{name}**")
        show_pictures(pictures[0], width="stretch", alt=f"{found.class_name} without {transform}")
        st.caption("Distance 1 is as far as another image: the mean distance of random pairs in that network.")
    with columns[1]:
        st.markdown(f"**with {transform}**")
        show_pictures(pictures[1], width="stretch", alt=f"{found.class_name} with {transform}")
        st.caption(
            f":red[**Red**] pixels moved the representation away, :blue[**blue**] ones brought it back; full "
            f"colour is {found.limit:.2g} of a squared distance of 1, in both maps."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "Download PNG",
                png_bytes(side_by_side([*pictures, *maps])),
                "distance.png",
                "image/png",
                icon=":material/download:",
                key="distance_png",
                on_click="ignore",
            )
            named = [f"{number}: {model.short_title}" for number, model in enumerate(models, 1)]
            views = zip(named, found.views, strict=True)
            distances = [(one, view.distance, view.completeness_error) for one, view in views]
            offline_button(
                dict(zip((found.class_name, f"with {transform}", *named), [*pictures, *maps], strict=True)),
                pd.DataFrame(distances, columns=["network", "distance", "completeness_error"]),
                title=f"Distance that {transform} makes",
                name="distance",
                origin=page_origin(task),
            )
    for column, model, view, picture in zip(columns[2:], models, found.views, maps, strict=True):
        with column:
            st.markdown(f"sees them **{format_number(view.distance)}** apart")
            show_pictures(
                picture, width="stretch", alt=f"what moves the representation, distance {format_number(view.distance)}"
            )
            st.markdown(f"**{literal(model.short_title)}**")
            _show_view(view)


def _show_view(view: DistanceView) -> None:
    st.metric(
        "Distance (1: another image)",
        format_number(view.distance),
        help="How far apart the network sees the two images. 0: it is invariant here.",
    )
    if math.isnan(view.completeness_error):
        st.caption("Nothing moved it, so there is nothing to share out.")
    else:
        st.caption(
            f"The map adds up to {format_number(view.distance)}² = {format_number(view.distance**2)}, but for "
            f"{view.completeness_error:.1%} (completeness error)."
        )


@st.cache_data(max_entries=128, show_spinner="Following the representation")
def _compare(
    _models: Models,
    keys: cache.Keys,
    task: DatasetSpec,
    position: int,
    transform: str,
    values: tuple[tuple[str, float], ...],
    draw: int,
    way: str,
) -> DistanceComparison:
    units = [cache.pair_distance(model, task) for model in _models]
    return compare_distance(
        [model.model for model in _models],
        cache.engine(task),
        transform,
        dict(values),
        units=units,
        position=position,
        draw=draw,
        way=way,
    )

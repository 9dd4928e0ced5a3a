"""Where does it look? The evidence for a class in two networks, on one image."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.attribution.compare import PREDICTED, TRUE, Comparison, Explanation
from invariance.attribution.passes import passes_of_map
from invariance.figures.pictures import fitting_factor, outline, png_bytes, relevance_overlay, side_by_side, upscale
from invariance.runs.describe import transforms_title
from invariance.spec import DatasetSpec
from invariance.vocabulary.methods import BASELINES, Method
from pages.attribution.asked import choose_method
from pages.attribution.scores import show_scores
from pages.attribution.trust import show_randomised
from pages.shared import cache
from pages.shared.controls import choose, transform_picker
from pages.shared.exports import offline_button
from pages.shared.glossary import meaning
from pages.shared.layout import pairs_on_phones
from pages.shared.literal import literal
from pages.shared.networks import Models, say_how_long
from pages.shared.origins import page_origin
from pages.shared.serving.made import show_pictures


def show_class(models: Models, data: DatasetSpec, position: int, more: DeltaGenerator) -> None:
    """Both networks' maps for a class, how they score, and whether they can be trusted.

    Args:
        models: two networks.
        data: of the task.
        position: of the image in its test split.
        more: place of the less common controls.
    """
    with more:
        method, parameters = choose_method()
        target = choose_target(models)
        baseline = choose("Compared with", BASELINES, key="baseline") if method.has_baseline else "blurred"
        data = choose_transforms(data)
    passes = passes_of_map(method, dict(parameters), data.image_size)
    say_how_long(models, passes, data.image_size, can_stop=False)
    found = cache.explain(models, data, position, target, baseline, method.name, parameters)
    show_comparison(found, models, data, method, baseline)
    show_scores(models, data, method, baseline, parameters)
    show_randomised(models, (data, position, target, baseline), method, parameters)


def choose_transforms(data: DatasetSpec) -> DatasetSpec:
    """The picture's transformations: those of the task, or others."""
    own = st.toggle(
        f"Transformations of the task that the images are of: {transforms_title(data.transforms)}",
        value=True,
        key="own_task",
        bind="query-params",
        help=meaning("transformations"),
    )
    return data if own else replace(data, transforms=transform_picker("picture"))


def choose_target(models: Models) -> str:
    """Which class is explained."""
    names = sorted({name for model in models for name in model.model.class_names})
    titles = {PREDICTED: "the class each network predicts", TRUE: "the true class", **{name: name for name in names}}
    return choose("Explain", titles, key="explain")


def show_view(view: Explanation, true_class: str, *, has_share: bool, has_sticker: bool) -> None:
    """One network's prediction and scores."""
    st.caption(f"Explained: **{view.explained}**")
    if not view.is_asked:
        st.caption(":material/info: The class asked for is not one of this network's; its prediction is explained.")
    undefined = math.isnan(view.mass)
    if not has_share:
        st.caption(
            "Against the same background all evidence lies on the object by construction: for its share, choose "
            "another comparison."
        )
    else:
        st.metric(
            "Evidence on the object",
            "–" if undefined else f"{view.mass:.0%}",
            None if undefined else f"on other objects {view.null:.0%}",
            delta_color="off",
            delta_arrow="off",
            help="Share of the positive relevance inside the object's outline. Below it the mean share inside the "
            "outlines of 100 other images' objects: what this map gets for being central, as objects are.",
        )
    st.markdown("  \n".join(f":small[{name} {probability:.1%}]" for name, probability in view.top(3)))
    if has_sticker and not math.isnan(view.sticker_mass):
        st.metric(
            "Evidence on the sticker",
            f"{view.sticker_mass:.0%}",
            help="Share of the positive relevance on the sticker.",
        )
    if not math.isnan(view.completeness_error):
        st.caption(
            f"Completeness error {view.completeness_error:.1%}: by how much the map's sum misses the change of "
            f"the logit that it explains. {view.remark}"
        )


def answer(view: Explanation, true_class: str) -> str:
    """What a network says, in a line."""
    verdict = "right" if view.predicted == true_class else "wrong"
    if true_class not in view.class_names:
        verdict = "it does not know the true class"
    return f"Says **{view.predicted}** ({verdict})"


def table_of(found: Comparison, names: list[str]) -> pd.DataFrame:
    """What stands below the maps, a row for each network."""
    rows = [
        {
            "network": name,
            "true_class": found.true_class,
            "predicted": view.predicted,
            "probability": view.top(1)[0][1],
            "explained": view.explained,
            "share_on_object": view.mass,
            "share_on_other_objects": view.null,
            "completeness_error": view.completeness_error,
        }
        for name, view in zip(names, found.explanations, strict=True)
    ]
    return pd.DataFrame(rows)


def show_comparison(found: Comparison, models: Models, data: DatasetSpec, method: Method, baseline: str) -> None:
    """The image and both maps side by side, and their difference."""
    factor = fitting_factor(found.image.shape[0], 320)
    maps = [
        outline(relevance_overlay(found.image, view.relevance, limit=found.limit), found.mask, factor)
        for view in found.explanations
    ]
    left, right = (view.relevance for view in found.explanations)
    difference = upscale(relevance_overlay(found.image, left - right, limit=found.limit), factor)
    columns = pairs_on_phones("maps").columns(4, gap="medium")
    with columns[0]:
        st.markdown(f"The image: **{found.true_class}**")
        show_pictures(upscale(found.image, factor), width="stretch", alt=f"image of {found.true_class}")
        st.caption(
            f":red[**Red**] speaks for the explained class, :blue[**blue**] against it; full colour is a "
            f"relevance of {found.limit:.2g} logits a pixel in all maps. The line is the object's outline. "
            f"{method.title}."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                "Download PNG",
                png_bytes(side_by_side([upscale(found.image, factor), *maps, difference])),
                "attribution.png",
                "image/png",
                icon=":material/download:",
                key="png",
                on_click="ignore",
            )
            named = [f"{number}: {model.short_title}" for number, model in enumerate(models, 1)]
            pictures = [upscale(found.image, factor), *maps, difference]
            offline_button(
                dict(zip((f"image of {found.true_class}", *named, "first less second"), pictures, strict=True)),
                table_of(found, named),
                title=f"Attribution: {method.title}",
                name="attribution",
                origin=page_origin(data),
            )
    for column, model, view, picture in zip(columns[1:3], models, found.explanations, maps, strict=True):
        with column:
            st.markdown(answer(view, found.true_class))
            show_pictures(picture, width="stretch", alt=f"relevance for {view.explained} over the image in grey")
            st.markdown(f"**{literal(model.short_title)}**")
            has_share = baseline != "background" or not method.has_baseline or found.has_sticker
            show_view(view, found.true_class, has_share=has_share, has_sticker=found.has_sticker)
    with columns[3]:
        st.markdown("The first less the second")
        show_pictures(difference, width="stretch", alt="first map less the second")
        st.caption(
            "Red: more for the first network's class; blue: more for the second's. Mind that two networks may "
            "be explained for two classes, and that their logits have no common unit."
        )

"""Whose evidence? Exact Shapley values of object, background and sticker, for one image and over many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from invariance.attribution.coalitions import (
    NUM_REFERENCES,
    REFERENCES,
    Coalitions,
    coalition_name,
    players_of,
)
from invariance.attribution.passes import passes_of_evidence
from invariance.attribution.shapley import WORTH, Evidence, evidence
from invariance.data.preview import to_pictures
from invariance.figures.evidence import evidence_bars
from invariance.figures.pictures import fitting_factor, upscale
from invariance.numbers import format_number, signed
from invariance.spec import DatasetSpec
from pages.attribution.asked import names_of
from pages.attribution.evidence import show_shares
from pages.attribution.of_class import choose_target, choose_transforms
from pages.shared import cache
from pages.shared.cells import colours_of
from pages.shared.controls import choose
from pages.shared.figures import show_figure
from pages.shared.literal import literal
from pages.shared.memoised import Bar, on_stoppable_click
from pages.shared.networks import Models, say_how_long
from pages.shared.serving.made import show_pictures

NUM_IMAGES = 200
BEHIND = {"others": "other backgrounds", "mean": "their mean colour"}
Options = tuple[str, str, str]
"""What is explained, what a coalition is worth, what stands for an absent background."""


def show_evidence(models: Models, data: DatasetSpec, position: int, more: DeltaGenerator) -> None:
    """What the parts of one image say to both networks, the pictures that were asked about, and means over many.

    Args:
        models: two networks.
        data: of the task.
        position: of the image in its test split.
        more: place of the less common controls.
    """
    with more:
        has_sticker = not data.stickers and st.toggle(
            "Put a sticker on the image",
            key="with_sticker",
            bind="query-params",
            help="A small object in the corner, which the task does not have.",
        )
        target = choose_target(models)
        worth = choose("A choice of parts is worth", WORTH, key="worth")
        reference = choose("In place of an absent background", BEHIND, key="reference", kind="segments")
        st.caption(f"An absent object or sticker is not pasted; for an absent background: {REFERENCES[reference]}.")
        data = replace(choose_transforms(data), num_samples=None)
    data = replace(data, stickers="builtin") if has_sticker else data
    options = (target, worth, reference)
    found = _evidence(models, cache.keys_of(models), data, position, 1, options)
    _show_one(models, found, options)
    _show_coalitions(models, found, data, position, reference)
    _show_many(models, data, options)


def _show_one(models: Models, found: list[Evidence], options: Options) -> None:
    rows = [
        {"model": name, "player": player, "shapley": value}
        for name, one in zip(names_of(models), found, strict=True)
        for player, value in zip(one.players, one.values[0].tolist(), strict=True)
    ]
    table = pd.DataFrame(rows)
    st.markdown("Each part's mean contribution, over all choices of the parts:")
    figure = evidence_bars(table, title=_unit(options[1]), colours=colours_of(models))
    show_figure(figure, table, key="evidence_one", title="Evidence in one image", name="evidence-one-image")
    for name, one in zip(names_of(models), found, strict=True):
        explained = literal(one.model_class_names[int(one.explained[0])])
        beyond = float(one.worth[0, -1] - one.worth[0, 0])
        note = "" if bool(one.asked[0]) else " It does not know the class asked for; its prediction is explained."
        st.caption(
            f"{literal(name)}: for **{explained}**. The bars add up to {signed(beyond)}, by how much the whole "
            f"image is worth more than nothing.{note}"
        )


def _show_coalitions(models: Models, found: list[Evidence], data: DatasetSpec, position: int, reference: str) -> None:
    st.subheader("What was asked", anchor=False)
    players, pictures = _pictures(data, position, reference)
    factor = fitting_factor(pictures[0].shape[0], 160)
    columns = st.columns(min(4, len(pictures)), gap="small")
    for number, picture in enumerate(pictures):
        with columns[number % len(columns)]:
            name = coalition_name(players, number)
            show_pictures(upscale(picture, factor), width=160, alt=f"image with {name}")
            scores = " · ".join(format_number(float(one.worth[0, number]), 1) for one in found)
            st.markdown(f"{name}  \n:small[{scores}]")
    first, second = (literal(name) for name in names_of(models))
    averaged = (
        ""
        if reference == "mean"
        else (
            f" Where the background is absent, one of {NUM_REFERENCES} others is "
            "shown, and the score is the mean over them."
        )
    )
    st.caption(f"Below each picture its score in {first} · {second}.{averaged}")


def _show_many(models: Models, data: DatasetSpec, options: Options) -> None:
    st.subheader("Over many images", anchor=False)
    st.markdown(f"One picture is an anecdote. Ask both networks about {NUM_IMAGES} test images:")
    clicked = st.button(
        f"Share out the evidence in {NUM_IMAGES} images", icon=":material/balance:", key="evidence_many"
    )
    asked = (cache.keys_of(models), data, 0, NUM_IMAGES, options)
    found = on_stoppable_click(clicked, "evidence_many", asked, lambda: _evidence_of_many(models, *asked))
    if found is None:
        num_players = len(players_of(cache.engine(data)))
        passes = NUM_IMAGES * passes_of_evidence(num_players, options[2])
        say_how_long(models, passes, data.image_size, can_stop=True)
        return
    show_shares(dict(zip(names_of(models), found, strict=True)), colours_of(models))


def _unit(worth: str) -> str:
    return "logits" if worth == "logit" else "nats of log-probability"


def _ask(
    models: Models, data: DatasetSpec, start: int, num: int, options: Options, on_progress: Bar | None = None
) -> list[Evidence]:
    explain, worth, reference = options
    return evidence(
        [model.model for model in models],
        cache.engine(data),
        num=num,
        start=start,
        explain=explain,
        worth=worth,
        reference=reference,
        on_progress=on_progress,
    )


@st.cache_data(max_entries=64, show_spinner="Making the images again")
def _evidence(
    _models: Models, keys: cache.Keys, data: DatasetSpec, start: int, num: int, options: Options
) -> list[Evidence]:
    return _ask(_models, data, start, num, options)


@st.cache_data(max_entries=16, show_spinner=False)
def _evidence_of_many(
    _models: Models, keys: cache.Keys, data: DatasetSpec, start: int, num: int, options: Options
) -> list[Evidence]:
    bar = Bar("Making the images again, and asking about them")
    found = _ask(_models, data, start, num, options, bar)
    bar.empty()
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _pictures(data: DatasetSpec, position: int, reference: str) -> tuple[tuple[str, ...], list[NDArray[np.uint8]]]:
    engine = cache.engine(data)
    made = Coalitions(engine, engine.indices("test", 1) + position, reference=reference, num_references=1)
    return made.players, [to_pictures(next(made.images(number)))[0] for number in range(made.num)]

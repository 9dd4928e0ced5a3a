"""Below the maps of the Attribution page: how they score over many images, and whether they can be trusted."""

from __future__ import annotations

import math
from dataclasses import replace

import streamlit as st

from invariance.attribution.compare import Randomised, compare_randomised
from invariance.attribution.passes import passes_of_map
from invariance.attribution.randomise import REDRAWN, UNCHANGED
from invariance.attribution.score_set import SCORES, ScoreMean, score_set
from invariance.figures.pictures import fitting_factor, relevance_overlay, upscale
from invariance.numbers import format_number
from invariance.spec import DatasetSpec
from invariance.vocabulary.methods import METHODS, Method
from pages.attribution.memoised import Bar, on_click, on_stoppable_click
from pages.shared import cache
from pages.shared.controls import choose
from pages.shared.networks import Models, say_how_long

Parameters = tuple[tuple[str, float], ...]
NUM_SCORED = 100
QUICK_STEPS = 16


def choose_method() -> tuple[Method, Parameters]:
    """The method and its parameters, both part of the page's link."""
    method = METHODS[choose("Method", {name: one.title for name, one in METHODS.items()}, key="method")]
    st.caption(method.summary)
    if not method.parameters:
        return method, ()
    values = []
    for one in method.parameters:
        kind = int if one.is_whole else float
        low, high, default, step = (kind(value) for value in (one.low, one.high, one.default, one.step))
        value = st.slider(one.title, low, high, default, step, key=f"{method.name}_{one.name}", bind="query-params")
        values.append((one.name, value))
    return method, tuple(values)


def show_scores(models: Models, data: DatasetSpec, method: Method, baseline: str, parameters: Parameters) -> None:
    """A table over many test images, computed on click."""
    st.subheader("Over many images", anchor=False)
    st.markdown(f"One picture is an anecdote. Score both networks on {NUM_SCORED} test images:")
    if baseline == "background" and method.has_baseline and not data.stickers:
        st.caption("Against the same background all evidence lies on the object by construction: choose another.")
        return
    quick = dict(parameters)
    if "steps" in quick:
        quick["steps"] = min(quick["steps"], QUICK_STEPS)
    clicked = st.button(f"Score {NUM_SCORED} images", icon=":material/leaderboard:", key="score")
    asked = (cache.keys_of(models), replace(data, num_samples=None), method.name, baseline, tuple(quick.items()))
    passes = NUM_SCORED * passes_of_map(method, quick, data.image_size)
    found = on_stoppable_click(clicked, "score", asked, lambda: _scores(models, *asked))
    if found is None:
        say_how_long(models, passes, data.image_size, can_stop=True)
        return
    rows = [
        {
            "Network": model.label,
            "Score": SCORES[record.score],
            "Mean": _percent(record.mean),
            "95 % interval": f"{_percent(record.low)} to {_percent(record.high)}",
            "Chance": _percent(record.chance),
            "Images": record.num,
        }
        for model, records in zip(models, found, strict=True)
        for record in records
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    st.caption(
        "Each network explained for its own prediction. Chance is the object's share of the area."
        + (f" At most {QUICK_STEPS} steps." if "steps" in quick else "")
    )


def show_randomised(
    models: Models, question: tuple[DatasetSpec, int, str, str], method: Method, parameters: Parameters
) -> None:
    """The map with fresh weights beside the real one, on click."""
    st.subheader("Can this map be trusted?", anchor=False)
    st.markdown("A map that stays when the network forgets all it learnt shows the picture, not the network.")
    line = st.container(horizontal=True, vertical_alignment="bottom")
    weights = choose("Draw anew", REDRAWN, key="anew", default="all", kind="segments", place=line)
    clicked = line.button("Forget and explain again", icon=":material/casino:", key="forget")
    asked, keys = (*question, method.name, parameters, weights), cache.keys_of(models)
    found = on_click(
        clicked,
        "forget",
        (keys, *asked),
        lambda: [_randomised(model, key, *asked) for model, key in zip(models, keys, strict=True)],
    )
    for model, pair in zip(models, found or (), strict=False):
        st.markdown(f"**{model.label}**")
        _show_pair(pair, method, REDRAWN[weights])


def _show_pair(found: Randomised, method: Method, forgotten: str) -> None:
    factor = fitting_factor(found.image.shape[0], 240)
    pictures = [
        upscale(relevance_overlay(found.image, values, limit=abs(values).max() or 1.0), factor)
        for values in (found.trained, found.fresh)
    ]
    st.image(
        pictures, caption=["trained", "fresh weights, own scale"], width=220, alt=["map when trained", "map when fresh"]
    )
    correlation = found.correlation
    numbers = (
        f"Rank correlation {format_number(correlation.signed)}; "
        f"of the strengths alone {format_number(correlation.strength)}."
    )
    if math.isnan(correlation.signed):
        st.info(f"One of the maps is empty, so there is nothing to correlate. {numbers}", icon=":material/info:")
    elif correlation.is_unchanged:
        st.warning(
            f"{numbers} That is {UNCHANGED} or more: on this image {method.title} hardly depends on what "
            f"{forgotten} learnt. Do not trust the map to show it.",
            icon=":material/warning:",
        )
    else:
        st.success(f"{numbers} On this image the map changes with what {forgotten} learnt.", icon=":material/check:")


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0%}"


@st.cache_data(max_entries=32, show_spinner=False)
def _scores(
    _models: Models, keys: cache.Keys, data: DatasetSpec, method: str, baseline: str, parameters: Parameters
) -> list[list[ScoreMean]]:
    bar = Bar("Scoring")
    found = score_set(
        [model.model for model in _models],
        cache.engine(data),
        num=NUM_SCORED,
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

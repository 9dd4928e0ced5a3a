"""How much of the maps lies on the object, over many images, and how much on the objects of other images."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from invariance.attribution.passes import passes_of_map
from invariance.attribution.tables import score_table
from invariance.figures.beside_null import scores_beside_null
from invariance.spec import DatasetSpec
from invariance.vocabulary.attribution import MASK_SCORES
from invariance.vocabulary.methods import Method
from pages.attribution.asked import QUICK_STEPS, SAID, Parameters, by_names, percent, points, quick
from pages.shared import cache
from pages.shared.cells import colours_of
from pages.shared.figures import show_figure
from pages.shared.glossary import show_rows
from pages.shared.memoised import Bar, on_stoppable_click
from pages.shared.networks import Models, say_how_long

NUM_SCORED = 100
TITLES = {"mass": "relevance", "rank": "pixels", "pointing": "peak"}
"""Of the scores, below the axis and in the table."""


def show_scores(models: Models, data: DatasetSpec, method: Method, baseline: str, parameters: Parameters) -> None:
    """Scores over many test images beside their null, computed on click."""
    st.subheader("Over many images", anchor=False)
    st.markdown(f"One picture is an anecdote. Score both networks on {NUM_SCORED} test images:")
    if baseline == "background" and method.has_baseline and not data.stickers:
        st.caption("Against the same background all evidence lies on the object by construction: choose another.")
        return
    options = quick(parameters)
    clicked = st.button(f"Score {NUM_SCORED} images", icon=":material/leaderboard:", key="score")
    asked = (cache.keys_of(models), replace(data, num_samples=None), method.name, baseline, options)
    found = on_stoppable_click(clicked, "score", asked, lambda: _scores(models, *asked))
    if found is None:
        passes = NUM_SCORED * passes_of_map(method, dict(options), data.image_size)
        say_how_long(models, passes, data.image_size, can_stop=True)
        return
    figure = scores_beside_null(
        found,
        TITLES,
        at="score",
        score="mean",
        ends=("low", "high"),
        axis_title="share on the object",
        colours=colours_of(models),
        null_title="on the objects of other images",
    )
    show_figure(figure, found, key="scores", title="How much of the maps lies on the object", name="mask-scores")
    rows = [
        {
            "Network": row["model"],
            "Score": TITLES[row["score"]],
            "Own object": percent(row, "mean", ("low", "high")),
            "Other images' objects": percent(row, "null"),
            "Difference in points": points(row, "difference", ("difference_low", "difference_high")),
            "On the own object": SAID[row["verdict"]],
            "Images": row["num"],
        }
        for row in found.to_dict("records")
    ]
    show_rows(pd.DataFrame(rows))
    st.caption(
        "; ".join(f"*{title}*: {MASK_SCORES[name]}" for name, title in TITLES.items())
        + ". Each network explained for its own prediction. Maps and objects are both central, so each map is also "
        "scored against the objects of all other images: what it gets without knowing where this one is. More or less "
        "is said only where the 95 % interval of the difference leaves out 0. The object covers "
        f"{found['area'].mean():.0%} of an image."
        + (f" At most {QUICK_STEPS} steps." if "steps" in dict(options) else "")
    )


@st.cache_data(max_entries=32, show_spinner=False)
def _scores(
    _models: Models, keys: cache.Keys, data: DatasetSpec, method: str, baseline: str, parameters: Parameters
) -> pd.DataFrame:
    bar = Bar("Scoring")
    found = score_table(
        by_names(_models),
        cache.engine(data),
        num=NUM_SCORED,
        method=method,
        baseline=baseline,
        parameters=dict(parameters),
        on_progress=bar,
    )
    bar.empty()
    return found

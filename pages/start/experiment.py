"""The experiment at the top of Start: an object on a slider, and what two networks make of it.

All that it shows is sent once, frames as files and numbers as data: dragging asks the server for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from invariance.data.example import EXAMPLE_TRANSFORMS, example_neutral
from invariance.figures.networks import network_colours
from invariance.runs import gallery
from invariance.statistics import Interval
from pages.shared.scripts import component_script

HERE: Final = Path(__file__).parent
SHEET: Final = "app/static/start/{}.webp"
"""Address of a sheet of pictures, made by ``tools/start_pictures.py``."""
WITHOUT, UNTRAINED = "none", "untrained"


@dataclass(frozen=True)
class Words:
    """How a transformation is called here.

    Attributes:
        verb: on the button that chooses it.
        trained: what the network saw that was trained on it.
        changed: what it makes of the object, before the value.
        factor: of the value that people read.
        unit: after that value.
        digits: of that value.
        start: share of the slider's way at which it rests before it is touched.
    """

    verb: str
    trained: str
    changed: str
    factor: float
    unit: str
    digits: int
    start: float


WORDS: Final = {
    "rotate": Words("Turn", "rotation", "turned by", 1.0, "°", 0, 25 / 36),
    "hue": Words("Recolour", "all colours", "hue shifted by", 360.0, "°", 0, 32 / 36),
    "blur": Words("Blur", "blur", "blurred by", 1.0, " px", 1, 1.0),
}

_component = st.components.v2.component(
    "invariance_experiment",
    html='<div class="experiment"></div>',
    css=(HERE / "experiment.css").read_text(),
    js=component_script(HERE / "experiment.js"),
)


def show_experiment() -> bool:
    """The experiment; returns whether the gallery has the numbers for it."""
    data = _data(str(gallery.GALLERY))
    if data:
        _component(key="experiment", data=data)
    return data is not None


@st.cache_resource(show_spinner=False)
def _data(_: str) -> dict[str, Any] | None:
    """Of a gallery's folder."""
    return experiment_data(gallery.lesson_table("example"), gallery.sens_table())


def experiment_data(table: pd.DataFrame, scores: pd.DataFrame) -> dict[str, Any] | None:
    """What the browser needs; None where nothing was measured.

    Args:
        table: see :func:`invariance.measures.example.example_table`, of several transformations.
        scores: see :func:`invariance.runs.gallery.sens_table`.
    """
    transforms = [name for name in EXAMPLE_TRANSFORMS if name in set(table["transform"])]
    if not transforms:
        return None
    classes = list(gallery.entry(WITHOUT).class_names)
    return {
        "transforms": [_of_transform(name, table[table["transform"] == name], scores, classes) for name in transforms],
        "classes": [name.replace("-", " ") for name in classes],
        "true": classes.index(str(table["true"].iloc[0])),
        "classSheet": SHEET.format("classes"),
    }


def _of_transform(name: str, table: pd.DataFrame, scores: pd.DataFrame, classes: list[str]) -> dict[str, Any]:
    words, rows = WORDS[name], dict(list(table.groupby("model")))
    values, neutral = rows[WITHOUT]["magnitude"], example_neutral(name)
    networks = [
        {
            "reference": reference,
            "title": title,
            "colour": colour,
            "distance": rows[reference]["distance"].round(3).tolist(),
            "says": [classes.index(said) for said in rows[reference]["says"]],
            "probability": rows[reference]["probability"].round(3).tolist(),
            "whole": f"{int(scores['num_pairs'].min()):,} pairs: {_whole(scores, reference, name)}",
        }
        for reference, title, colour in zip(
            (name, WITHOUT),
            (f"Trained with {words.trained}", "Trained without"),
            network_colours([(name,), ()]),
            strict=True,
        )
    ]
    size = gallery.entry(WITHOUT).spec.data.image_size
    untrained = rows[UNTRAINED]["says"].iloc[neutral].replace("-", " ")
    return {
        "name": name,
        "verb": words.verb,
        "values": [f"{value * words.factor:.{words.digits}f}{words.unit}".replace("-", "−") for value in values],
        "changed": words.changed,
        "neutral": neutral,
        "start": round(words.start * (len(values) - 1)),
        "sheet": SHEET.format(name),
        "networks": networks,
        "remark": f"One picture, which they get at {size} × {size} pixels; {_of_what(scores)} An untrained network has "
        f"{_whole(scores, UNTRAINED, name)} and calls it a {untrained}: a low score is no merit by itself.",
    }


def _whole(scores: pd.DataFrame, model: str, transform: str) -> Interval:
    """The conditional sens-score of a network, or of the one that all started from, with its interval."""
    is_it = scores["untrained"].astype(bool) if model == UNTRAINED else scores["model"] == model
    row = scores[is_it & (scores["transform"] == transform)].iloc[0]
    estimate, low, high = (float(row[f"sens_conditional{end}"]) for end in ("", "_low", "_high"))
    return Interval(estimate, low, high, num=int(row["num_pairs"]))


def _of_what(scores: pd.DataFrame) -> str:
    """What the scores of the whole rest on."""
    seeds = int(scores["num_seeds"].min()) if "num_seeds" in scores else 1
    networks = f", a mean over {seeds} networks" if seeds > 1 else ""
    return f"below each network its sens-score over {int(scores['num_pairs'].min()):,} pairs{networks}."

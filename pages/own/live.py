"""What follows a slider of the page Try a picture while it is dragged, without asking the server.

The picture at each of many magnitudes and what both networks make of it are sent once, as soon as picture and
transformation are chosen; the maps, which take longer, come when the slider is let go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from invariance.attribution.one_picture import Followed, PictureView, followed
from invariance.data.magnitudes import Magnitude, magnitudes
from invariance.data.preview import to_pictures
from invariance.data.uploads.one_picture import OnePicture
from invariance.figures.pictures import Picture, sheet
from invariance.runs.estimate import seconds_of_passes
from pages.own.picture import contents_of
from pages.shared import cache
from pages.shared.cells import colours_of
from pages.shared.magnitude_sliders import shown_as, slider_key
from pages.shared.networks import Models
from pages.shared.scripts import component_script
from pages.shared.serving.made import picture_address
from pages.shared.serving.once import kept

HERE: Final = Path(__file__).parent
NUM_FRAMES: Final = 73
MOST_SECONDS, MOST_PX = 1.5, 64
"""What following may take before the page is there, and the side of a picture of which so many are sent."""

_component = st.components.v2.component(
    "invariance_live",
    html='<div class="live"></div>',
    css=(HERE / "live.css").read_text(),
    js=component_script(HERE / "live.js"),
)


@dataclass(frozen=True)
class Way:
    """One slider's way from end to end, the others where they are.

    Attributes:
        slider: key of it.
        at: its value.
        low: lowest value.
        high: highest value.
        values: of the frames, as the slider writes them.
        frames: (NUM_FRAMES, S, S, 3) uint8, equally far apart.
        networks: what each makes of them; their first is the picture as it is.
    """

    slider: str
    at: float
    low: float
    high: float
    values: tuple[str, ...]
    frames: Picture
    networks: tuple[Followed, ...]

    @property
    def place(self) -> dict[str, str | float]:
        """The slider, and where it is."""
        return {"slider": self.slider, "at": self.at, "low": self.low, "high": self.high}


def units_of(models: Models, transform: str) -> list[float]:
    """Of each network the distance that counts as 1 for a transformation."""
    return [cache.pair_distance(model, replace(model.data, transforms=(transform,))) for model in models]


def ways(models: Models, picture: OnePicture, transform: str, values: Mapping[str, float], draw: int) -> list[Way]:
    """What each slider of a transformation leads to; none where that takes too long, or nothing can be dragged.

    Raises:
        SpecError: the picture cannot be used.
    """
    settable = [one for one in magnitudes(transform) if one.law.kind != "switch"]
    size = models[0].data.image_size
    names = [model.reference if model.is_published else model.model.architecture for model in models]
    num_passes = len(settable) * (NUM_FRAMES + 1)
    seconds = sum(seconds_of_passes(name, num_passes, image_size=size) for name in names)
    if seconds > MOST_SECONDS or size > MOST_PX:
        return []
    return [_way(models, picture, transform, values, draw, one) for one in settable]


def _way(
    models: Models, picture: OnePicture, transform: str, values: Mapping[str, float], draw: int, moved: Magnitude
) -> Way:
    name, units = moved.law.name, units_of(models, transform)
    steps = [float(value) for value in np.linspace(moved.low, moved.high, NUM_FRAMES)]
    networks, keys = [model.model for model in models], cache.keys_of(models)
    settings = [{**values, name: step} for step in steps]

    def follow() -> tuple[Picture, tuple[Followed, ...]]:
        frames = picture.at(transform, settings, draw=draw)
        seen = tuple(followed(network, frames, unit) for network, unit in zip(networks, units, strict=True))
        return to_pictures(frames[1:]), seen

    frames, seen = kept(follow, "followed", keys, *contents_of(picture), transform, settings, draw, units)
    written = tuple(shown_as(moved) % step for step in steps)
    return Way(slider_key(moved.law), values[name], moved.low, moved.high, written, frames, seen)


def show_changed(shown: Picture, alt: str, found: Sequence[Way]) -> None:
    """The transformed picture, which follows the slider.

    Args:
        shown: (S, S, 3) where the slider is.
        alt: what is seen.
        found: from :func:`ways`.
    """
    places = [
        {**way.place, "count": NUM_FRAMES, "values": way.values, "sheet": picture_address(sheet(way.frames))}
        for way in found
    ]
    _component(key="live_picture", data={"address": picture_address(shown), "alt": alt, "ways": places})


def show_answer(number: int, view: PictureView, models: Models, found: Sequence[Way]) -> None:
    """What a network calls the picture and how far it sees it moved, which follow the slider.

    Args:
        number: of the network.
        view: of it where the slider is.
        models: both.
        found: from :func:`ways`.
    """
    _component(
        key=f"live_answer_{number}",
        data={
            "title": models[number].short_title,
            "colour": colours_of(models)[number],
            "before": view.before[0][0] if view.before else "",
            "rest": _step(view.after[0] if view.after else ("", 0.0), view.distance),
            "ways": [{**way.place, "steps": _steps(way.networks[number])} for way in found],
        },
    )


def _steps(seen: Followed) -> list[dict[str, Any]]:
    answers = zip(seen.says[1:], seen.probability[1:], strict=True)
    return [_step(answer, distance) for answer, distance in zip(answers, seen.distance, strict=True)]


def _step(answer: tuple[str, float], distance: float) -> dict[str, Any]:
    says, probability = answer
    known = None if math.isnan(distance) else round(distance, 3)  # JSON has no NaN
    return {"says": says, "probability": round(probability, 3), "distance": known}

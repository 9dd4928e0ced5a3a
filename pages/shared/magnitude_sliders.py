"""Sliders for the magnitudes of one transformation, on every page that applies one."""

from __future__ import annotations

import math

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.data.magnitudes import Magnitude, has_field, magnitudes
from pages.shared.fields import number


def magnitude_sliders(transform: str) -> tuple[dict[str, float], int]:
    """Sliders for all magnitudes, and the number of the field of noise where there is one; part of the page's link.

    Returns:
        Parameter name to value, and the number of the draw that fills the gaps (0 where there is no field).
    """
    settable = magnitudes(transform)
    places = st.columns(len(settable) + has_field(transform))
    values = {magnitude.law.name: _slider(place, magnitude) for place, magnitude in zip(places, settable, strict=False)}
    if not has_field(transform):
        return values, 0
    draw = number(
        "Field number",
        0,
        10**9,
        0,
        key=f"{transform}_draw",
        place=places[-1],
        help="Each number is another random field.",
    )
    return values, draw


def _slider(place: DeltaGenerator, magnitude: Magnitude) -> float:
    """A slider over the whole range of a magnitude, or a switch where there is none between off and on."""
    law, key = magnitude.law, magnitude.law.key.replace(".", "_")
    if law.kind == "switch":
        return float(place.toggle(law.title, bool(magnitude.start), key=key, bind="query-params"))
    step = _step(magnitude)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    unit = "°" if law.unit == "°" else f" {law.unit}".rstrip()
    return float(
        place.slider(
            law.title,
            magnitude.low,
            magnitude.high,
            magnitude.start,
            step,
            f"%.{digits}f{unit}",
            key=key,
            bind="query-params",
        )
    )


def _step(magnitude: Magnitude) -> float:
    """About a hundredth of the range, a round number where such steps meet both ends."""
    width = magnitude.high - magnitude.low
    round_step = 10.0 ** math.floor(math.log10(width / 50))
    fits = abs(width / round_step - round(width / round_step)) < 1e-6
    return round_step if fits else width / 100

"""Sliders for the magnitudes of one transformation, on every page that applies one."""

from __future__ import annotations

import math
from contextlib import nullcontext

from streamlit.delta_generator import DeltaGenerator

from invariance.data.laws import Law
from invariance.data.magnitudes import Magnitude, has_field, magnitudes
from pages.shared.fields import number
from pages.shared.layout import at_the_bottom


def magnitude_sliders(transform: str, place: DeltaGenerator | None = None) -> tuple[dict[str, float], int]:
    """Sliders for all magnitudes, and the number of the field of noise where there is one; part of the page's link.

    Args:
        transform: its name.
        place: where they stand, one below the other; None for here and side by side.

    Returns:
        Parameter name to value, and the number of the draw that fills the gaps (0 where there is no field).
    """
    settable = magnitudes(transform)
    num = len(settable) + has_field(transform)
    with place or nullcontext():
        frame = at_the_bottom("magnitudes")
    places = frame.columns(num) if place is None else [frame] * num
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


def slider_key(law: Law) -> str:
    """Of the slider that moves a magnitude: its name in the link, too."""
    return law.key.replace(".", "_")


def shown_as(magnitude: Magnitude) -> str:
    """How a slider writes its values, for the operator %."""
    digits = max(0, -math.floor(math.log10(_step(magnitude)) + 1e-9))
    unit = magnitude.law.unit
    return f"%.{digits}f{'°' if unit == '°' else f' {unit}'.rstrip()}"


def _slider(place: DeltaGenerator, magnitude: Magnitude) -> float:
    """A slider over the whole range of a magnitude, or a switch where there is none between off and on."""
    law, key = magnitude.law, slider_key(magnitude.law)
    if law.kind == "switch":
        return float(place.toggle(law.title, bool(magnitude.start), key=key, bind="query-params"))
    return float(
        place.slider(
            law.title,
            magnitude.low,
            magnitude.high,
            magnitude.start,
            _step(magnitude),
            shown_as(magnitude),
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

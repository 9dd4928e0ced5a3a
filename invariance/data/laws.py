"""What is drawn for a sample, in words and plain numbers: for tables, sliders and histograms.

The declarations of :mod:`invariance.data.transforms` say how a parameter is drawn; here each gets a title and a unit,
and becomes a record without tensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from invariance.data.transforms import Parameter, get_transform, sample_composition
from invariance.data.transforms.base import REFERENCE_SIZE
from invariance.data.transforms.parameters import Constant, Field, Switch, Uniform
from invariance.spec import DatasetSpec

_PIXELS: Final = f"px (at {REFERENCE_SIZE})"

_TITLES: Final[dict[str, tuple[str, str]]] = {
    "translate.x": ("Place, left to right", ""),
    "translate.y": ("Place, top to bottom", ""),
    "rotate.angle_deg": ("Angle, counter-clockwise", "°"),
    "scale.factor": ("Size", "×"),
    "v_flip.applied": ("Upside down", ""),
    "h_flip.applied": ("Mirrored", ""),
    "shear.x_deg": ("Slant along x", "°"),
    "shear.y_deg": ("Slant along y", "°"),
    "hue.shift": ("Way round the colour circle", ""),
    "brightness.factor": ("Brightness", "×"),
    "sharpen.factor": ("Sharpness", "×"),
    "blur.sigma_px": ("Width of the blur (sigma)", _PIXELS),
    "noise.std": ("Standard deviation", ""),
    "noise.field": ("Which noise", ""),
    "pixelate.side": ("Resolution kept", "×"),
    "elastic.alpha": ("Amount of the warp (alpha)", ""),
    "elastic.field": ("Which warp", ""),
    "erasing.x": ("Place, left to right", ""),
    "erasing.y": ("Place, top to bottom", ""),
    "erasing.side_px": ("Side of the square", _PIXELS),
    "contrast.factor": ("Contrast", "×"),
    "pose.view": ("View, round the object", ""),
    "occlude.other": ("Which other object", ""),
    "occlude.x": ("Its place, left to right", ""),
    "occlude.y": ("Its place, top to bottom", ""),
    "occlude.scale": ("Its size", "×"),
    "pairing.applied": ("Paired with the background", ""),
    "availability.applied": ("Object is there", ""),
    "sticker.paired": ("Paired with the object", ""),
    "sticker.there": ("It is there", ""),
    "sticker.x": ("Place, left to right", ""),
    "sticker.y": ("Place, top to bottom", ""),
}
"""Title and unit by ``<transform>.<parameter>``; others are named after themselves."""


@dataclass(frozen=True)
class Law:
    """How one parameter is drawn.

    Attributes:
        transform: the transformation, such as ``rotate``.
        name: the parameter, such as ``angle_deg``.
        kind: ``uniform``, ``switch``, ``constant``, or ``field`` (a key from which a field of noise grows).
        title: for people.
        unit: after a value; empty for shares and plain numbers.
        low: lowest value; of a constant, the value.
        high: highest value (never reached by a uniform one); of a constant, the value.
        neutral: value at which nothing changes; None where there is none.
        probability: of a switch, to be on; 1 for others.
        period: of a circular quantity, or None.
    """

    transform: str
    name: str
    kind: str
    title: str
    unit: str
    low: float
    high: float
    neutral: float | None
    probability: float = 1.0
    period: float | None = None

    @property
    def key(self) -> str:
        """``<transform>.<parameter>``, as in batches and files."""
        return f"{self.transform}.{self.name}"

    @property
    def words(self) -> str:
        """The law in a few words."""
        match self.kind:
            case "switch":
                return f"yes with p = {self.probability:g}"
            case "constant":
                return f"always {self.format_value(self.low)}"
            case "field":
                return "a random field"
            case _ if self.low == self.high:  # at strength 0
                return f"always {self.format_value(self.low)}"
        return f"uniform, {_number(self.low)} to {_with_unit(self.high, self.unit)}"

    def format_value(self, value: float | bool) -> str:
        """A value with its unit."""
        if self.kind == "switch":
            return "yes" if value else "no"
        if self.kind == "field":
            return str(int(value))
        return _with_unit(float(self.centred(np.array(value, dtype=np.float64))), self.unit)

    def centred(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Circular values brought around the neutral one, where the law is an interval; others as they are."""
        if self.period is None:
            return values
        half = self.period / 2
        start = (self.neutral or 0.0) - half
        centred: NDArray[np.floating] = (values - start) % self.period + start
        return centred


def laws(transform: str, strength: float = 1.0) -> tuple[Law, ...]:
    """How a transformation's parameters are drawn at a strength, in the order of its declaration."""
    return tuple(_law(transform, parameter, strength) for parameter in get_transform(transform).parameters)


def laws_of(spec: DatasetSpec) -> dict[str, Law]:
    """How everything that ``Batch.parameters`` holds is drawn, by its key."""
    found = [law for transform in spec.transforms for law in laws(transform, spec.strength)]
    if spec.fg_bg_correlation > 0:
        found.append(_switch("pairing", "applied", spec.fg_bg_correlation))
    if spec.fg_availability < 1:
        found.append(_switch("availability", "applied", spec.fg_availability))
    if spec.sticker_correlation > 0:
        found.append(_switch("sticker", "paired", spec.sticker_correlation))
    if spec.sticker_availability < 1:
        found.append(_switch("sticker", "there", spec.sticker_availability))
    if spec.sticker_place == "anywhere":
        found += [Law("sticker", name, "uniform", *_title("sticker", name), 0.0, 1.0, None) for name in ("x", "y")]
    return {law.key: law for law in found}


def drawn_parameters(spec: DatasetSpec, *, num: int) -> dict[str, NDArray[np.generic]]:
    """What the transformations draw for the first samples of the training split, without making images.

    Returns:
        ``<transform>.<parameter>`` to (num,) values, as in a batch.
    """
    seed = spec.seed if spec.transform_seed is None else spec.transform_seed
    chosen = tuple(get_transform(name) for name in spec.transforms)
    params = sample_composition(chosen, torch.arange(num), seed=seed, strength=spec.strength)
    return {
        f"{transform.name}.{name}": value.numpy()
        for transform, values in zip(chosen, params, strict=True)
        for name, value in values.items()
    }


def _law(transform: str, parameter: Parameter, strength: float) -> Law:
    title, unit = _title(transform, parameter.name)
    match parameter:
        case Uniform():
            low, high = parameter.range(strength)
            return Law(
                transform, parameter.name, "uniform", title, unit, low, high, parameter.neutral, 1.0, parameter.period
            )
        case Constant():
            value = parameter.value_at(strength)
            return Law(transform, parameter.name, "constant", title, unit, value, value, parameter.neutral)
        case Field():
            return Law(transform, parameter.name, "field", title, unit, 0.0, 2.0**63, None)
        case Switch():
            return _switch(transform, parameter.name, parameter.probability_at(strength))


def _switch(transform: str, name: str, probability: float) -> Law:
    title, unit = _title(transform, name)
    return Law(transform, name, "switch", title, unit, 0.0, 1.0, 0.0, probability)


def _title(transform: str, name: str) -> tuple[str, str]:
    fallback = name.removesuffix("_deg").removesuffix("_px").replace("_", " ").capitalize()
    unit = "°" if name.endswith("_deg") else _PIXELS if name.endswith("_px") else ""
    return _TITLES.get(f"{transform}.{name}", (fallback, unit))


def _with_unit(value: float, unit: str) -> str:
    """``37.2°``, ``0.55 ×``, ``1.2 px (at 32)``."""
    return _number(value) + ("" if unit in ("", "°") else " ") + unit


def _number(value: float) -> str:
    """Three significant digits, with a true minus sign; whole numbers of hundreds as they are."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    text = f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
    return (text.rstrip("0").rstrip(".") if "." in text and abs(value) >= 100 else text).replace("-", "−")

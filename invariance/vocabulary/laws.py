"""How the numbers of a sample are drawn, as data: samplers, sliders, plots and tests all read the same declaration.

A transformation declares its parameters in order; each takes the next words of the sample's stream. Strength pulls
every range towards the parameter's neutral value, at which the transformation leaves the object as it is. What a
parameter's law is at a strength, in words and plain numbers, is a :class:`Law`.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Final, TypeVar

REFERENCE_SIZE: Final = 32
"""Image side in pixels for which the paper states its sizes; kernels scale them to the image they are given."""
DEGREES: Final = "°"
TIMES: Final = "×"
PIXELS: Final = f"px (at {REFERENCE_SIZE})"

Values = TypeVar("Values")
"""A number or an array of numbers."""


@dataclass(frozen=True)
class Uniform:
    """A number drawn uniformly from [low, high).

    Attributes:
        name: of the parameter, with its unit.
        low: start of the range at strength 1.
        high: its end.
        neutral: the value at which nothing changes, the middle or one end of the range; None for a position that
            strength does not scale.
        title: for people.
        unit: after a value; empty for shares and plain numbers.
        period: of a circular quantity, whose values are given in [0, period); None for others.
        circle: once round of a circular quantity whose values are given as they are drawn, on both sides of neutral.
        chooses: whether it picks one of several things, so that near values need not look alike.
        reach: how far it can be taken beyond what is drawn; None where the range is all there is: a circle is closed,
            a mix complete.
    """

    name: str
    low: float
    high: float
    _: KW_ONLY
    neutral: float | None
    title: str
    unit: str = ""
    period: float | None = None
    circle: float | None = None
    chooses: bool = False
    reach: tuple[float, float] | None = None

    num_words: ClassVar[int] = 1

    @property
    def turn(self) -> float | None:
        """After how much the quantity is the same again; None if it is not circular."""
        return self.circle if self.period is None else self.period

    def range(self, strength: float) -> tuple[float, float]:
        """Both ends at a strength, low before high, before they are wrapped to the period."""
        if self.neutral is None:
            return self.low, self.high
        low, high = (self.neutral + (end - self.neutral) * strength for end in (self.low, self.high))
        return low, high

    def law(self, transform: str, strength: float = 1.0) -> Law:
        """How it is drawn at a strength."""
        low, high = self.range(strength)
        ends = (low, high, self.neutral)
        return Law(transform, self.name, "uniform", self.title, self.unit, *ends, period=self.period, reach=self.reach)


@dataclass(frozen=True)
class Switch:
    """Whether a transformation is applied to a sample.

    Attributes:
        name: of the parameter.
        title: for people.
        probability: of "yes" at strength 1.
        scaled: whether strength scales the probability, for transformations that know no half measures.
    """

    name: str = "applied"
    _: KW_ONLY
    title: str = "Applied"
    probability: float = 0.5
    scaled: bool = False

    num_words: ClassVar[int] = 1

    def probability_at(self, strength: float) -> float:
        """The probability at a strength."""
        return self.probability * strength if self.scaled else self.probability

    def law(self, transform: str, strength: float = 1.0) -> Law:
        """How it is drawn at a strength."""
        probability = self.probability_at(strength)
        return Law(transform, self.name, "switch", self.title, "", 0.0, 1.0, 0.0, probability=probability)


@dataclass(frozen=True)
class Constant:
    """A magnitude that is the same for all samples.

    Attributes:
        name: of the parameter, with its unit.
        value: at strength 1, the paper's.
        neutral: at strength 0, where nothing changes.
        title: for people.
        unit: after a value; empty for shares and plain numbers.
        reach: as of :class:`Uniform`.
    """

    name: str
    value: float
    _: KW_ONLY
    neutral: float
    title: str
    unit: str = ""
    reach: tuple[float, float] | None = None

    num_words: ClassVar[int] = 0

    def value_at(self, strength: float) -> float:
        """The magnitude at a strength."""
        return self.neutral + (self.value - self.neutral) * strength

    def law(self, transform: str, strength: float = 1.0) -> Law:
        """What it is at a strength."""
        value = self.value_at(strength)
        ends = (value, value, self.neutral)
        return Law(transform, self.name, "constant", self.title, self.unit, *ends, reach=self.reach)


@dataclass(frozen=True)
class Field:
    """A key in [0, 2^63) from which a field of noise grows.

    Attributes:
        name: of the parameter.
        title: for people.
    """

    name: str = "field"
    _: KW_ONLY
    title: str = "Which field"

    num_words: ClassVar[int] = 2

    def law(self, transform: str, strength: float = 1.0) -> Law:
        """How it is drawn, the same at every strength."""
        return Law(transform, self.name, "field", self.title, "", 0.0, 2.0**63, None)


Parameter = Uniform | Switch | Constant | Field


@dataclass(frozen=True)
class Law:
    """How one parameter is drawn at a strength, in words and plain numbers.

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
        reach: how far it can be taken beyond what is drawn; None where the range is all there is.
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
    reach: tuple[float, float] | None = None

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
        return _with_unit(self.centred(float(value)), self.unit)

    def centred(self, values: Values) -> Values:
        """Circular values, a number or an array, brought around the neutral one, where the law is an interval."""
        if self.period is None:
            return values
        numbers: Any = values
        start = (self.neutral or 0.0) - self.period / 2
        centred: Values = (numbers - start) % self.period + start
        return centred


def _with_unit(value: float, unit: str) -> str:
    """``37.2°``, ``0.55 ×``, ``1.2 px (at 32)``."""
    return _number(value) + ("" if unit in ("", DEGREES) else " ") + unit


def _number(value: float) -> str:
    """Three significant digits, with a true minus sign; whole numbers of hundreds as they are."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    text = f"{value:.1f}" if abs(value) >= 100 else f"{value:.3g}"
    return (text.rstrip("0").rstrip(".") if "." in text and abs(value) >= 100 else text).replace("-", "−")

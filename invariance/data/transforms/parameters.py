"""What a transformation draws, as data: samplers, sliders, plots and tests all read the same declaration.

A transformation declares its parameters in order; each takes the next words of the sample's stream. Strength pulls
every range towards the parameter's neutral value, at which the transformation leaves the object as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from invariance.data.random import Draws, to_unit

Params = dict[str, Tensor]
"""Named parameters of a batch, each of shape (B,)."""


@dataclass(frozen=True)
class Uniform:
    """A number drawn uniformly from [low, high).

    Attributes:
        name: of the parameter, with its unit.
        low: start of the range at strength 1.
        high: its end.
        neutral: the value at which nothing changes, the middle or one end of the range; None for a position that
            strength does not scale.
        period: of a circular quantity, whose values are given in [0, period); None for others.
        circle: once round of a circular quantity whose values are given as they are drawn, on both sides of neutral.
        chooses: whether it picks one of several things, so that near values need not look alike.
    """

    name: str
    low: float
    high: float
    neutral: float | None
    period: float | None = None
    circle: float | None = None
    chooses: bool = False

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

    def values(self, unit: Tensor, strength: float) -> Tensor:
        """(B,) uniform numbers on [0, 1) to (B,) values."""
        if self.neutral in (self.low, self.high):  # the range hangs on its neutral end
            far = self.high if self.neutral == self.low else self.low
            return self.neutral + (far - self.neutral) * strength * unit
        middle = (self.low + self.high) / 2
        scale = 1.0 if self.neutral is None else strength
        values = middle + (unit - 0.5) * ((self.high - self.low) * scale)
        return values if self.period is None else torch.remainder(values, self.period)


@dataclass(frozen=True)
class Switch:
    """Whether a transformation is applied to a sample.

    Attributes:
        name: of the parameter.
        probability: of "yes" at strength 1.
        scaled: whether strength scales the probability, for transformations that know no half measures.
    """

    name: str = "applied"
    probability: float = 0.5
    scaled: bool = False

    def probability_at(self, strength: float) -> float:
        """The probability at a strength."""
        return self.probability * strength if self.scaled else self.probability

    def values(self, unit: Tensor, strength: float) -> Tensor:
        """(B,) uniform numbers on [0, 1) to (B,) bool."""
        return unit < self.probability_at(strength)


@dataclass(frozen=True)
class Constant:
    """A magnitude that is the same for all samples.

    Attributes:
        name: of the parameter, with its unit.
        value: at strength 1, the paper's.
        neutral: at strength 0, where nothing changes.
    """

    name: str
    value: float
    neutral: float

    def value_at(self, strength: float) -> float:
        """The magnitude at a strength."""
        return self.neutral + (self.value - self.neutral) * strength


@dataclass(frozen=True)
class Field:
    """A key in [0, 2^63) from which a field of noise grows.

    Attributes:
        name: of the parameter.
    """

    name: str = "field"


Parameter = Uniform | Switch | Constant | Field

_WORDS = {Uniform: 1, Switch: 1, Constant: 0, Field: 2}


def num_words(parameters: Sequence[Parameter]) -> int:
    """How many words of its stream a transformation takes for each sample."""
    return sum(_WORDS[type(parameter)] for parameter in parameters)


def sample_parameters(parameters: Sequence[Parameter], draws: Draws, strength: float) -> Params:
    """The values of all parameters of one transformation for a batch.

    Args:
        parameters: the declaration; its order addresses the draws.
        draws: one stream's draws for B samples.
        strength: in [0, 1]; 1 is the paper's range, 0 the identity.

    Returns:
        Name to (B,) tensor: float32, bool for a switch, int64 for a field.
    """
    return parameters_of_words(parameters, draws.words(num_words(parameters)), strength)


def parameters_of_words(parameters: Sequence[Parameter], words: Tensor, strength: float) -> Params:
    """The same from the words (B, num) of the stream."""
    result: Params = {}
    position = 0
    for parameter in parameters:
        match parameter:
            case Constant():
                full = torch.full((len(words),), parameter.value_at(strength), device=words.device)
                result[parameter.name] = full
            case Field():
                result[parameter.name] = (words[:, position] << 31) | (words[:, position + 1] >> 1)
            case _:
                result[parameter.name] = parameter.values(to_unit(words[:, position]), strength)
        position += _WORDS[type(parameter)]
    return result

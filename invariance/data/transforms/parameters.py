"""What a transformation draws: the values of its declared parameters, from the words of its stream."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from invariance.data.random import to_unit
from invariance.vocabulary.laws import Constant, Field, Parameter, Switch, Uniform

Params = dict[str, Tensor]
"""Named parameters of a batch, each of shape (B,)."""


def num_words(parameters: Sequence[Parameter]) -> int:
    """How many words of its stream a transformation takes for each sample."""
    return sum(parameter.num_words for parameter in parameters)


def parameters_of_words(parameters: Sequence[Parameter], words: Tensor, strength: float) -> Params:
    """The values of all parameters of one transformation for a batch.

    Args:
        parameters: the declaration; its order addresses the words.
        words: (B, num) of the transformation's stream.
        strength: in [0, 1]; 1 is the paper's range, 0 the identity.

    Returns:
        Name to (B,) tensor: float32, bool for a switch, int64 for a field.
    """
    result: Params = {}
    position = 0
    for parameter in parameters:
        match parameter:
            case Uniform():
                result[parameter.name] = _uniform(parameter, to_unit(words[:, position]), strength)
            case Switch():
                result[parameter.name] = to_unit(words[:, position]) < parameter.probability_at(strength)
            case Constant():
                result[parameter.name] = torch.full((len(words),), parameter.value_at(strength), device=words.device)
            case Field():
                result[parameter.name] = (words[:, position] << 31) | (words[:, position + 1] >> 1)
        position += parameter.num_words
    return result


def _uniform(parameter: Uniform, unit: Tensor, strength: float) -> Tensor:
    """(B,) uniform numbers on [0, 1) to (B,) values."""
    low, high, neutral = parameter.low, parameter.high, parameter.neutral
    if neutral is not None and neutral in (low, high):  # the range hangs on its neutral end
        far = high if neutral == low else low
        return neutral + (far - neutral) * strength * unit
    scale = 1.0 if neutral is None else strength
    values = (low + high) / 2 + (unit - 0.5) * ((high - low) * scale)
    return values if parameter.period is None else torch.remainder(values, parameter.period)

"""How a network of an architecture is made: what attaches to its declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from invariance.models.initial import initialise_convolutional
from invariance.models.layers import Layer


@dataclass(frozen=True)
class Builder:
    """What makes the networks of one architecture.

    Attributes:
        backbone: makes the part that maps (B, 3, H, W) in [-1, 1] to (B, num_features), its weights undefined.
        num_features: length of the representation.
        layers: its named layers, first to last; the last is the representation.
        initialise: gives the backbone its first weights from a generator.
    """

    backbone: Callable[[], nn.Module]
    num_features: int
    layers: tuple[Layer, ...]
    initialise: Callable[[nn.Module, torch.Generator], None] = initialise_convolutional

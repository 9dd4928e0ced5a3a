"""First weights of convolutional networks, drawn from one generator."""

from __future__ import annotations

import math

import torch
from torch import nn


def initialise_convolutional(network: nn.Module, generator: torch.Generator) -> None:
    """He et al. 2015 (arXiv 1502.01852) for convolutions, batch norm as the identity.

    Args:
        network: convolutions and batch norms; changed in place.
        generator: drawn from.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        else:
            own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
            assert not own, f"no rule to initialise {type(module).__name__}"


def initialise_linear(layer: nn.Linear, generator: torch.Generator) -> None:
    """Torch's default range for a linear layer."""
    bound = 1.0 / math.sqrt(layer.in_features)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)

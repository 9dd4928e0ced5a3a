"""Networks and layers before their first weights, and these, drawn from one generator."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


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


def blank_linear(num_in: int, num_out: int, *, device: str | torch.device = "cpu") -> nn.Linear:
    """A linear layer whose weights are whatever the memory held; torch's own would draw from its global generator."""
    with torch.device("meta"):
        layer = nn.Linear(num_in, num_out)
    give_storage(layer, device)
    return layer


def give_storage(network: nn.Module, device: str | torch.device) -> None:
    """Gives every tensor of a network on the ``meta`` device memory, with whatever that held.

    As ``Module.to_empty``, which goes through torch's reference implementations, and these load a library of symbolic
    algebra first.
    """

    def blank(tensor: Tensor) -> Tensor:
        return torch.empty(tensor.shape, dtype=tensor.dtype, device=device)

    for module in network.modules():
        for name, parameter in module.named_parameters(recurse=False):
            setattr(module, name, nn.Parameter(blank(parameter)))
        for name, buffer in module.named_buffers(recurse=False):
            setattr(module, name, blank(buffer))

"""The one list of architectures, and how a network is made from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from invariance.models.classifier import Classifier
from invariance.models.resnet import NUM_FEATURES as RESNET_FEATURES
from invariance.models.resnet import resnet18_backbone
from invariance.models.small import NUM_FEATURES as SMALL_FEATURES
from invariance.models.small import SmallBackbone
from invariance.spec import SpecError


@dataclass(frozen=True)
class Architecture:
    """What a caller, a page or the documentation needs to know of a network before making one.

    Attributes:
        name: as in ``invariance.spec.MODEL_NAMES``.
        title: for people.
        summary: one sentence.
        num_features: length of the representation.
        backbone: makes the part that maps (B, 3, H, W) in [-1, 1] to (B, num_features).
    """

    name: str
    title: str
    summary: str
    num_features: int
    backbone: Callable[[], nn.Module]


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        "small",
        "Small network",
        "Four convolutions, 0.26 million parameters: trains in seconds on a laptop.",
        SMALL_FEATURES,
        SmallBackbone,
    ),
    Architecture(
        "resnet18",
        "ResNet-18",
        "The paper's network in its CIFAR form, 11 million parameters: wants a GPU.",
        RESNET_FEATURES,
        resnet18_backbone,
    ),
)


def create_model(name: str, num_classes: int, *, seed: int) -> Classifier:
    """A network with random weights that depend on the seed alone.

    Args:
        name: one of the names of :data:`ARCHITECTURES`.
        num_classes: outputs of the head, at least 1.
        seed: of the weights, in [0, 2^63); torch's global generator is neither read nor set.

    Returns:
        The network on the CPU, in training mode, its convolutions in channels-last order.

    Raises:
        SpecError: the name is unknown.
    """
    model = empty_model(name, num_classes)
    model.to_empty(device="cpu")
    _initialise(model, torch.Generator().manual_seed(seed))
    return model.to(memory_format=torch.channels_last)


def empty_model(name: str, num_classes: int) -> Classifier:
    """A network without storage (on torch's ``meta`` device): its names, shapes and dtypes, and nothing drawn.

    Raises:
        SpecError: the name is unknown.
    """
    for architecture in ARCHITECTURES:
        if architecture.name == name:
            with torch.device("meta"):
                return Classifier(name, architecture.backbone(), architecture.num_features, num_classes)
    raise SpecError(f"unknown model {name!r}: choose from {', '.join(a.name for a in ARCHITECTURES)}")


def _initialise(model: nn.Module, generator: torch.Generator) -> None:
    """He et al. 2015 (arXiv 1502.01852) for convolutions, torch's default range for linear layers."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
            assert module.bias is None, "batch norm follows every convolution"
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_parameters()
        elif isinstance(module, nn.Linear):
            bound = 1.0 / math.sqrt(module.in_features)
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.uniform_(module.bias, -bound, bound, generator=generator)
        else:
            own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
            assert not own, f"no rule to initialise {type(module).__name__}"

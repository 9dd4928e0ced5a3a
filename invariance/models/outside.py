"""A module of another maker behind the protocol of all networks here."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, fx, nn

from invariance.data.constants import constant
from invariance.models.classifier import Classifier, last_layer
from invariance.models.initial import blank_linear
from invariance.models.layers import ROOT, Layer
from invariance.models.outputs import Reading
from invariance.models.wrapping import Wrapping
from invariance.spec import SpecError


@fx.wrap  # one step of a network that is taken apart: what has no values yet has no device
def _normalised(images: Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    less, over = (constant(numbers, images.device)[:, None, None].to(images.dtype) for numbers in (mean, std))
    return (images - less) / over


class Outside(nn.Module):
    """A module of another maker without its last layer, fed as it was trained.

    Args:
        network: whose last linear layer, if it has one, has been taken out.
        mean: of the three channels in [0, 1] that it was trained with; None for images in [0, 1] as they are.
        std: likewise.
        reading: how the representation is taken from what it returns.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
        reading: Reading = Reading(),  # noqa: B008 -- frozen, so that one may serve all
    ) -> None:
        super().__init__()
        self.network = network
        self._mean, self._std = (None if numbers is None else tuple(numbers) for numbers in (mean, std))
        # Settled here: a forward that asks for a type cannot be taken apart into its layers.
        types = {parameter.dtype for parameter in network.parameters()}
        self._is_cast = not types or not types.isdisjoint({torch.float64, torch.float16})
        self._reading = reading

    @property
    def normalisation(self) -> str:
        """What becomes of the channels, in words."""
        if self._mean is None or self._std is None:
            return "channels in [0, 1] unchanged"
        mean, std = (", ".join(f"{number:.4g}" for number in numbers) for numbers in (self._mean, self._std))
        return f"channels in [0, 1] less {mean}, over {std}"

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] to (B, F)."""
        values = images * 0.5 + 0.5
        if self._mean is not None and self._std is not None:
            values = _normalised(values, self._mean, self._std)
        features = self._reading(self.network(values))
        return features.float() if self._is_cast else features


def assemble(
    architecture: str, module: nn.Module, wrapping: Wrapping, *, num_classes: int | None = None, blueprint: str = ""
) -> Classifier:
    """The network that a module is, read as a wrapping says.

    Args:
        architecture: what says how the module is made, see :func:`invariance.models.makers.make_module`.
        module: used, and changed: the last layer is taken out.
        wrapping: how it is fed and read.
        num_classes: outputs of a last layer that is not the module's own; None keeps that, or has none.
        blueprint: what the maker needs beside the name of the architecture.

    Raises:
        SpecError: the module has no such head or layer.
    """
    head = taken_out(module, wrapping.head) if wrapping.head else None
    if num_classes and (head is None or head.out_features != num_classes):
        head = blank_linear(wrapping.num_features, num_classes)
    kept = last_layer(wrapping.num_features, 0) if head is None else with_bias(head)
    if kept.in_features != wrapping.num_features:
        raise SpecError(f"its last layer takes {kept.in_features} features, and there are {wrapping.num_features}")
    paths = dict(module.named_modules())
    if unknown := [layer.path for layer in wrapping.layers if layer.path not in paths]:
        raise SpecError(f"layer {unknown[0]!r} is no part of the network: choose from {', '.join(list(paths)[1:9])}")
    inside = (replace(layer, path=f"network.{layer.path}") for layer in wrapping.layers)
    with torch.device("meta"):
        model = Classifier(
            architecture,
            Outside(module, wrapping.mean, wrapping.std, wrapping.reading),
            wrapping.num_features,
            1,
            input_size=wrapping.input_size,
            resize_size=wrapping.resize_size,
            interpolation=wrapping.interpolation,
            layers=(*inside, Layer("representation", ROOT)),
        )
    model.head, model.num_classes = kept, kept.out_features
    model.wrapping, model.blueprint = wrapping, blueprint
    model.layout = torch.contiguous_format  # a module may ask for the order in which torch makes images
    return model


def taken_out(network: nn.Module, path: str) -> nn.Linear:
    """Puts the identity in place of a linear layer, and returns that layer.

    Raises:
        SpecError: there is no linear layer at that path.
    """
    try:
        layer: Any = network.get_submodule(path)
    except AttributeError:
        layer = None
    if not isinstance(layer, nn.Linear):
        raise SpecError(f"there is no linear layer {path!r} in the network")
    parent, _, attribute = path.rpartition(".")
    setattr(network.get_submodule(parent), attribute, nn.Identity())
    return layer


def with_bias(layer: nn.Linear) -> nn.Linear:
    """The same layer; with a bias of 0 where it has none (MaxViT), as every head here has one."""
    if layer.bias is None:
        layer.bias = nn.Parameter(layer.weight.new_zeros(layer.out_features))
    return layer


def whole(model: Classifier) -> nn.Module:
    """The module of a network of another maker, with its own last layer in it again; a copy."""
    assert model.wrapping is not None, "a network of another maker"
    module: nn.Module = copy.deepcopy(model.backbone.get_submodule("network"))
    if model.wrapping.head:
        parent, _, attribute = model.wrapping.head.rpartition(".")
        setattr(module.get_submodule(parent), attribute, copy.deepcopy(model.head))
    return module

"""The one list of architectures, and how a network is made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from invariance.models.classifier import Classifier
from invariance.models.densenet import LAYERS as DENSENET_LAYERS
from invariance.models.densenet import densenet_backbone
from invariance.models.initial import initialise_convolutional, initialise_linear
from invariance.models.layers import Layer
from invariance.models.published import PREFIX, empty_published
from invariance.models.resnet import LAYERS as RESNET_LAYERS
from invariance.models.resnet import resnet18_backbone, resnet50_backbone
from invariance.models.small import LAYERS as SMALL_LAYERS
from invariance.models.small import NUM_FEATURES as SMALL_FEATURES
from invariance.models.small import SmallBackbone
from invariance.models.small_forms import (
    SMALL_RESNET_FEATURES,
    SMALL_RESNET_LAYERS,
    SMALL_VGG_FEATURES,
    SMALL_VGG_LAYERS,
    SMALL_VIT_FEATURES,
    SMALL_VIT_LAYERS,
    SmallResNetBackbone,
    SmallVGGBackbone,
    small_vit_backbone,
)
from invariance.models.vgg import LAYERS as VGG_LAYERS
from invariance.models.vgg import vgg11_bn_backbone
from invariance.models.vit import IMAGE_SIZE as VIT_SIZE
from invariance.models.vit import LAYERS as VIT_LAYERS
from invariance.models.vit import initialise_vit, vit_backbone
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
        layers: its named layers, first to last.
        input_size: side in pixels that every image is brought to; None for a network that takes any.
        initialise: gives the backbone its first weights from a generator.
    """

    name: str
    title: str
    summary: str
    num_features: int
    backbone: Callable[[], nn.Module]
    layers: tuple[Layer, ...]
    input_size: int | None = None
    initialise: Callable[[nn.Module, torch.Generator], None] = initialise_convolutional


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture(
        "small",
        "Small network",
        "Four convolutions, 0.26 million parameters: trains in seconds on a laptop.",
        SMALL_FEATURES,
        SmallBackbone,
        SMALL_LAYERS,
    ),
    Architecture(
        "resnet18",
        "ResNet-18",
        "The paper's network in its CIFAR form, 11 million parameters: wants a GPU.",
        512,
        resnet18_backbone,
        RESNET_LAYERS,
    ),
    Architecture(
        "resnet50",
        "ResNet-50",
        "Deeper, with 24 million parameters: wants a GPU.",
        2048,
        resnet50_backbone,
        RESNET_LAYERS,
    ),
    Architecture(
        "densenet",
        "DenseNet",
        "59 densely connected layers of growth 12, one million parameters: slow without a GPU.",
        384,
        densenet_backbone,
        DENSENET_LAYERS,
    ),
    Architecture(
        "vgg11_bn",
        "VGG-11",
        "Eight plain convolutions with batch norm, 9 million parameters: wants a GPU.",
        512,
        vgg11_bn_backbone,
        VGG_LAYERS,
    ),
    Architecture(
        "vit",
        "Vision transformer",
        "7 layers on patches of 4 px, 12 million parameters: wants a GPU and more data than the others.",
        384,
        vit_backbone,
        VIT_LAYERS,
        input_size=VIT_SIZE,
        initialise=initialise_vit,
    ),
    Architecture(
        "small_resnet",
        "Small residual network",
        "A stem and two residual blocks, 0.29 million parameters: for comparing architectures on a laptop.",
        SMALL_RESNET_FEATURES,
        SmallResNetBackbone,
        SMALL_RESNET_LAYERS,
    ),
    Architecture(
        "small_vgg",
        "Small VGG",
        "Four plain convolutions with max-pooling, 0.19 million parameters: for comparing architectures on a laptop.",
        SMALL_VGG_FEATURES,
        SmallVGGBackbone,
        SMALL_VGG_LAYERS,
    ),
    Architecture(
        "small_vit",
        "Small vision transformer",
        "3 layers on patches of 8 px, 0.25 million parameters: for comparing architectures on a laptop.",
        SMALL_VIT_FEATURES,
        small_vit_backbone,
        SMALL_VIT_LAYERS,
        input_size=VIT_SIZE,
        initialise=initialise_vit,
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
    generator = torch.Generator().manual_seed(seed)
    find(name).initialise(model.backbone, generator)
    initialise_linear(model.head, generator)
    return model.to(memory_format=torch.channels_last)


def empty_model(name: str, num_classes: int) -> Classifier:
    """A network without storage (on torch's ``meta`` device): its names, shapes and dtypes, and nothing drawn.

    Args:
        name: one of the names of :data:`ARCHITECTURES`, or ``torchvision:<name>`` for one that was published.
        num_classes: outputs of the head, at least 1.

    Raises:
        SpecError: the name is unknown.
    """
    if name.startswith(PREFIX):
        model = empty_published(name)
        with torch.device("meta"):
            model.replace_head(nn.Linear(model.num_features, num_classes), ("",) * num_classes)
        model.class_names = ()
        return model
    architecture = find(name)
    with torch.device("meta"):
        backbone = architecture.backbone()
        return Classifier(
            name,
            backbone,
            architecture.num_features,
            num_classes,
            input_size=architecture.input_size,
            layers=architecture.layers,
        )


def find(name: str) -> Architecture:
    """The architecture of that name.

    Raises:
        SpecError: there is none.
    """
    for architecture in ARCHITECTURES:
        if architecture.name == name:
            return architecture
    raise SpecError(f"unknown model {name!r}: choose from {', '.join(a.name for a in ARCHITECTURES)}")

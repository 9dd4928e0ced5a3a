"""The named layers of torchvision's published networks, by family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from invariance.models.layers import ROOT, Layer, blocks_before_pooling, numbered, spread_blocks

_STAGES_OF_SEQUENCE: Final = ("features.1", "features.3", "features.5", "features.7")


def _resnet(network: Any) -> tuple[Layer, ...]:
    return (Layer("stem", "maxpool"), *numbered("stage", ("layer1", "layer2", "layer3", "layer4")))


def _densenet(network: Any) -> tuple[Layer, ...]:
    blocks = tuple(f"features.denseblock{number}" for number in range(1, 5))
    return (Layer("stem", "features.pool0"), *numbered("block", blocks))


def _plain(network: Any) -> tuple[Layer, ...]:
    return (*blocks_before_pooling(network.features, "features"), Layer("pooled", "avgpool"))


def _convnext(network: Any) -> tuple[Layer, ...]:
    return (Layer("stem", "features.0"), *numbered("stage", _STAGES_OF_SEQUENCE))


def _swin(network: Any) -> tuple[Layer, ...]:
    stem = Layer("stem", "features.0", channels_last=True)
    return (stem, *numbered("stage", _STAGES_OF_SEQUENCE, channels_last=True))


def _vit(network: Any) -> tuple[Layer, ...]:
    return (Layer("patches", "conv_proj"), *spread_blocks(network.encoder.layers, "encoder.layers"))


def _maxvit(network: Any) -> tuple[Layer, ...]:
    return (Layer("stem", "stem"), *numbered("stage", tuple(f"blocks.{number}" for number in range(4))))


def _shufflenet(network: Any) -> tuple[Layer, ...]:
    return (Layer("stem", "maxpool"), *numbered("stage", ("stage2", "stage3", "stage4")))


def _mobile(network: Any) -> tuple[Layer, ...]:
    """EfficientNet and MobileNet: one long sequence that begins with the stem."""
    return (Layer("stem", "features.0"), *spread_blocks(network.features, "features", start=1))


def _mnasnet(network: Any) -> tuple[Layer, ...]:
    return (Layer("stem", "layers.2"), *numbered("block", tuple(f"layers.{number}" for number in range(8, 14))))


def _regnet(network: Any) -> tuple[Layer, ...]:
    blocks = tuple(f"trunk_output.{name}" for name, _ in network.trunk_output.named_children())
    return (Layer("stem", "stem"), *numbered("stage", blocks))


def _inception(network: Any) -> tuple[Layer, ...]:
    """GoogLeNet and Inception: the last module of each resolution."""
    at_ends = {"inception3b", "inception4e", "inception5b", "Mixed_5d", "Mixed_6e", "Mixed_7c"}
    return (
        Layer("stem", "maxpool2"),
        *numbered("stage", tuple(n for n, _ in network.named_children() if n in at_ends)),
    )


_FAMILIES: Final[tuple[tuple[str, Callable[[Any], tuple[Layer, ...]], str], ...]] = (
    ("resne", _resnet, "pooled"),
    ("wide_resnet", _resnet, "pooled"),
    ("densenet", _densenet, "pooled"),
    ("vgg", _plain, "hidden"),
    ("alexnet", _plain, "hidden"),
    ("convnext", _convnext, "pooled"),
    ("swin", _swin, "pooled"),
    ("vit", _vit, "class token"),
    ("maxvit", _maxvit, "hidden"),
    ("shufflenet", _shufflenet, "pooled"),
    ("efficientnet", _mobile, "pooled"),
    ("mobilenet_v2", _mobile, "pooled"),
    ("mobilenet_v3", _mobile, "hidden"),
    ("mnasnet", _mnasnet, "pooled"),
    ("regnet", _regnet, "pooled"),
    ("googlenet", _inception, "pooled"),
    ("inception", _inception, "pooled"),
)
"""Start of the name, the layers before the representation, and what the representation is."""


def published_layers(name: str, network: Any, *, inside: str) -> tuple[Layer, ...]:
    """The named layers of a published network, first to last; the last is the representation.

    Args:
        name: as torchvision calls it; a family that is not known has the representation alone.
        network: the network itself, for its depth.
        inside: path of the network in the backbone.
    """
    for start, layers, last in _FAMILIES:
        if name.startswith(start):
            own = (Layer(layer.name, f"{inside}.{layer.path}", layer.channels_last) for layer in layers(network))
            return (*own, Layer(last, ROOT))
    return (Layer("representation", ROOT),)

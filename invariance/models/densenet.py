"""DenseNet in its CIFAR form, made of torchvision's class (Huang et al. 2017, arXiv 1608.06993)."""

from __future__ import annotations

from torch import nn

from invariance.models.builder import Builder
from invariance.models.layers import ROOT, Layer, numbered

_LAYERS = (
    Layer("stem", "features.conv0"),
    *numbered("block", tuple(f"features.denseblock{number}" for number in range(1, 5))),
    Layer("pooled", ROOT),
)


def densenet_backbone() -> nn.Module:
    """Growth 12, blocks of 6, 12, 24 and 16 layers, 24 initial features: (B, 3, H, W) in [-1, 1] to (B, 384).

    The stem is one 3 x 3 convolution of stride 1, without normalisation or pooling.
    """
    from torchvision.models import DenseNet

    network = DenseNet(growth_rate=12, block_config=(6, 12, 24, 16), num_init_features=24)
    network.features.conv0 = nn.Conv2d(3, 24, kernel_size=3, stride=1, padding=1, bias=False)
    for name in ("norm0", "relu0", "pool0"):
        delattr(network.features, name)
    network.classifier = nn.Identity()
    backbone: nn.Module = network
    return backbone


BUILDERS = {"densenet": Builder(densenet_backbone, 384, _LAYERS)}

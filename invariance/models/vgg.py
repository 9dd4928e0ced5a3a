"""VGG-11 with batch norm in its CIFAR form, made of torchvision's (Simonyan and Zisserman 2015, arXiv 1409.1556)."""

from __future__ import annotations

from torch import nn

from invariance.models.builder import Builder
from invariance.models.layers import ROOT, Layer, numbered

_LAYERS = (*numbered("block", ("0.2", "0.6", "0.13", "0.20", "0.27")), Layer("pooled", ROOT))
"""The activation in front of each max-pooling."""


def vgg11_bn_backbone() -> nn.Module:
    """Eight convolutions, no hidden linear layer: (B, 3, H, W) in [-1, 1], H and W at least 32, to (B, 512)."""
    from torchvision.models import vgg11_bn

    return nn.Sequential(vgg11_bn(weights=None).features, nn.AdaptiveAvgPool2d(1), nn.Flatten())


BUILDERS = {"vgg11_bn": Builder(vgg11_bn_backbone, 512, _LAYERS)}

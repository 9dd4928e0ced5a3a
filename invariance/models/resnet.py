"""ResNet-18 and ResNet-50 in their CIFAR forms, made of torchvision's class (He et al. 2015, arXiv 1512.03385)."""

from __future__ import annotations

from torch import nn

from invariance.models.builder import Builder
from invariance.models.layers import ROOT, Layer, numbered

_LAYERS = (
    Layer("stem", "maxpool"),  # which is the identity here
    *numbered("stage", ("layer1", "layer2", "layer3", "layer4")),
    Layer("pooled", ROOT),
)


def resnet18_backbone() -> nn.Module:
    """(B, 3, H, W) in [-1, 1] to (B, 512), with 18 layers."""
    from torchvision.models.resnet import BasicBlock, ResNet  # here, since it takes a second and a half to import

    return _cifar_form(ResNet(BasicBlock, [2, 2, 2, 2]))


def resnet50_backbone() -> nn.Module:
    """(B, 3, H, W) in [-1, 1] to (B, 2048), with 50 layers."""
    from torchvision.models.resnet import Bottleneck, ResNet

    return _cifar_form(ResNet(Bottleneck, [3, 4, 6, 3]))


def _cifar_form(network: nn.Module) -> nn.Module:
    """For small images: a 3 x 3 stem of stride 1 and no max-pool, as in the paper (section 2); no last layer."""
    network.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    network.fc = nn.Identity()
    return network


BUILDERS = {
    "resnet18": Builder(resnet18_backbone, 512, _LAYERS),
    "resnet50": Builder(resnet50_backbone, 2048, _LAYERS),
}

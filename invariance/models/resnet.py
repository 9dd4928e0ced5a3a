"""ResNet-18 in its CIFAR form, made of torchvision's class (He et al. 2015, arXiv 1512.03385)."""

from __future__ import annotations

from torch import nn

NUM_FEATURES = 512


def resnet18_backbone() -> nn.Module:
    """ResNet-18 for small images: a 3 x 3 stem of stride 1 and no max-pool, as in the paper (section 2).

    Returns:
        A module that maps (B, 3, H, W) in [-1, 1] to the globally pooled (B, 512).
    """
    from torchvision.models.resnet import BasicBlock, ResNet  # here, since it takes a second and a half to import

    network: nn.Module = ResNet(BasicBlock, [2, 2, 2, 2])
    network.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    network.fc = nn.Identity()
    return network

"""Small forms of the paper's families of networks, cheap enough to compare architectures without a GPU.

Each has about as many parameters and takes about as long as the small network, so that what differs is the family.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from invariance.models.builder import Builder
from invariance.models.layers import ROOT, Layer, numbered
from invariance.models.small import global_average
from invariance.models.vit import IMAGE_SIZE, as_backbone, initialise_vit

_RESNET_FEATURES = 128
_RESNET_LAYERS = (Layer("stem", "stem"), *numbered("stage", ("stages.0", "stages.1")), Layer("pooled", ROOT))
_VGG_FEATURES = 160
_VGG_LAYERS = (
    *numbered("block", ("features.2", "features.6", "features.10", "features.14")),
    Layer("pooled", ROOT),
)
_VIT_FEATURES = 96
_VIT_LAYERS = (
    Layer("patches", "conv_proj"),
    *numbered("block", tuple(f"encoder.layers.encoder_layer_{number}" for number in range(3))),
    Layer("class token", ROOT),
)


class SmallResNetBackbone(nn.Module):
    """A stem of stride 2 and two of torchvision's basic residual blocks: (B, 3, H, W) in [-1, 1] to (B, 128)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 32, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)
        )
        self.stages = nn.Sequential(_residual(32, 64), _residual(64, _RESNET_FEATURES))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] -> (B, 128)."""
        return global_average(self.stages(self.stem(images)))


def _residual(num_in: int, num_out: int) -> nn.Module:
    """A block of stride 2 with a projection on its shortcut (He et al. 2015, arXiv 1512.03385)."""
    from torchvision.models.resnet import BasicBlock

    shortcut = nn.Sequential(nn.Conv2d(num_in, num_out, 1, stride=2, bias=False), nn.BatchNorm2d(num_out))
    block: nn.Module = BasicBlock(num_in, num_out, stride=2, downsample=shortcut)
    return block


class SmallVGGBackbone(nn.Module):
    """Four plain convolutions at stride 1 with a max-pool after each of the first three: to (B, 160)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 48, 96, _VGG_FEATURES)
        layers: list[nn.Module] = []
        for num_in, num_out in pairwise(widths):
            layers += [nn.Conv2d(num_in, num_out, 3, padding=1, bias=False), nn.BatchNorm2d(num_out)]
            layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2, ceil_mode=True)]
        self.features = nn.Sequential(*layers[:-1])

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [-1, 1] -> (B, 160)."""
        return global_average(self.features(images))


def small_vit_backbone() -> nn.Module:
    """Patches of 8 px, 3 layers, width 96, 4 heads, MLP 192: (B, 3, 32, 32) in [-1, 1] to (B, 96), the class token."""
    from torchvision.models import VisionTransformer

    network = VisionTransformer(
        image_size=IMAGE_SIZE,
        patch_size=8,
        num_layers=3,
        num_heads=4,
        hidden_dim=_VIT_FEATURES,
        mlp_dim=2 * _VIT_FEATURES,
    )
    return as_backbone(network)


BUILDERS = {
    "small_resnet": Builder(SmallResNetBackbone, _RESNET_FEATURES, _RESNET_LAYERS),
    "small_vgg": Builder(SmallVGGBackbone, _VGG_FEATURES, _VGG_LAYERS),
    "small_vit": Builder(small_vit_backbone, _VIT_FEATURES, _VIT_LAYERS, initialise_vit),
}

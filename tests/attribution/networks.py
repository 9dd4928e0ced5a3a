"""Networks whose maps can be worked out by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from invariance.vocabulary.methods import METHODS

METHODS_OF_PIXELS = tuple(name for name in METHODS if name != "grad-cam")
"""All but Grad-CAM, which sees feature maps."""

FINE = {
    "gradient-shap": {"noise": 0.0},
    "occlusion": {"window": 1, "stride": 1},
    "feature-ablation": {"patches": 6},
}
"""Parameters at which each method resolves the pixels of a 6 x 6 image."""


class Linear(nn.Module):
    """logits = flatten(images) @ weight."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight.flatten(1).T


class Square(nn.Module):
    """One logit, the sum of the squares of the pixels."""

    def forward(self, images: Tensor) -> Tensor:
        return images.square().sum(dim=(1, 2, 3))[:, None]


class Region(nn.Module):
    """One logit that reads only a part of the image, and that not linearly: relu of its brightness, times two.

    Args:
        mask: (H, W), 1 where the network looks.
    """

    def __init__(self, mask: Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)
        self.active = nn.ReLU(inplace=True)

    def forward(self, images: Tensor) -> Tensor:
        seen = images * self.mask
        return self.active(2.0 * seen.sum(dim=1)).sum(dim=(1, 2))[:, None]


class Failing(nn.Module):
    """Fails at its second layer, once hooks are in place."""

    batch_size = 512

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1)
        self.model = model
        self.calls_left = 2  # the logits of the images and of the baseline

    def require_head(self, what: str) -> None:
        """It has one."""

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.model(self.first(images))
        self.calls_left -= 1
        if self.calls_left < 0:
            raise RuntimeError("no more today")
        return logits


def num_hooks(model: nn.Module) -> int:
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, name)) for module in model.modules() for name in names)


def random_images(num: int, side: int, *, seed: int = 0) -> Tensor:
    return torch.rand(num, 3, side, side, generator=torch.Generator().manual_seed(seed))

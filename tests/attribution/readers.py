"""Data whose parts have colour channels of their own, and networks of known weights that read one part alone.

Objects are shades of red, backgrounds of green, stickers of blue. Each network looks at one channel, in a region that
its own part always fills and no other part ever covers, so what it rests on is known and not learnt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from invariance.models import Classifier
from invariance.spec import DatasetSpec

SIZE = 32
SHADES = (60, 130, 200)
NAMES = ("dark", "middle", "light")
CONFIDENCE = 6.0
"""Logit of the shade that is seen; those of the others are 0."""

REGIONS = {
    "object": (0, slice(16, 22), slice(10, 18)),
    "background": (1, slice(28, 32), slice(0, 32)),
    "sticker": (2, slice(6, 10), slice(22, 26)),
}
"""Channel, rows and columns that each reader looks at."""


def colour_coded(folder: Path) -> DatasetSpec:
    """Writes the pictures: cut-outs with a transparent border of an eighth, uniform backgrounds."""
    for channel, part in enumerate(("objects", "backgrounds", "stickers")):
        for name, shade in zip(NAMES, SHADES, strict=True):
            if part == "backgrounds":
                (folder / part).mkdir(exist_ok=True)
                pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
                pixels[..., channel] = shade
                Image.fromarray(pixels).save(folder / part / f"{name}.png")
                continue
            (folder / part / name).mkdir(parents=True)
            cutout = np.zeros((64, 64, 4), np.uint8)
            cutout[8:-8, 8:-8, channel], cutout[8:-8, 8:-8, 3] = shade, 255
            Image.fromarray(cutout).save(folder / part / name / "0.png")
    return DatasetSpec(
        objects=str(folder / "objects"),
        backgrounds=str(folder / "backgrounds"),
        classes=NAMES,
        stickers=str(folder / "stickers"),
        sticker_classes=NAMES,
        image_size=SIZE,
    )


def reader(*parts: str, weights: Sequence[float] = (1.0,)) -> Classifier:
    """A network that names the shade of one part, or the mean shade of several.

    Args:
        parts: it looks at.
        weights: how much each counts.
    """
    look = torch.zeros(3, SIZE, SIZE)
    for part, weight in zip(parts, weights, strict=True):
        channel, rows, columns = REGIONS[part]
        look[channel, rows, columns] = weight / look[channel, rows, columns].numel()
    thresholds = torch.tensor([0.0, 0.35, 0.65])
    # Images come in [-1, 1]: a colour is relu(x + 1) / 2. Three ramps over it make the three shades separable.
    see, ramps = nn.Conv2d(3, 3, 1), nn.Linear(3 * SIZE * SIZE, 3)
    model = Classifier("reader", nn.Sequential(see, nn.ReLU(), nn.Flatten(), ramps, nn.ReLU()), 3, 3)
    shades = torch.tensor(SHADES) / 255
    with torch.no_grad():
        see.weight.copy_(torch.eye(3)[:, :, None, None] / 2)
        see.bias.fill_(0.5)
        ramps.weight.copy_(look.flatten().expand(3, -1))
        ramps.bias.copy_(-thresholds)
        features = (shades[:, None] - thresholds).clamp_min(0)
        model.head.weight.copy_(CONFIDENCE * torch.linalg.inv(features).T)
        model.head.bias.zero_()
    model.class_names = NAMES
    return model.eval()


def read_shades(images: Tensor, part: str) -> Tensor:
    """Which shade a part has, read off the pixels: (B,) int64."""
    channel, rows, columns = REGIONS[part]
    seen = images[:, channel, rows, columns].mean(dim=(1, 2)) * 255
    return (seen[:, None] - torch.tensor(SHADES)).abs().argmin(dim=1)

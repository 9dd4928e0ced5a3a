"""Pasting objects on backgrounds, as floats and as bytes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from invariance.data.constants import constant
from invariance.data.transforms.frame import Frame


def paste(rgba: Tensor, backgrounds: Tensor) -> Tensor:
    """Premultiplied objects (B, 4, S, S) over backgrounds (B or 1, 3, S, S): (B, 3, S, S) in [0, 1]."""
    return _over(rgba, backgrounds).clamp_(0.0, 1.0)


def paste_content(pixels: Tensor, frame: Frame, backgrounds: Tensor) -> Tensor:
    """The same for what lies in a frame, (B, 4, W, W); backgrounds of one colour may be (B or 1, 3, 1, 1)."""
    if frame.is_whole:
        return paste(pixels, backgrounds)
    images = backgrounds.expand(len(pixels), -1, frame.size, frame.size).clone()
    inside = frame.of(images)
    inside.copy_(paste(pixels, inside))
    return images


def paste_content_on_bytes(pixels: Tensor, frame: Frame, images: Tensor) -> None:
    """Changes images (B, 3, S, S) uint8, so far backgrounds, to the bytes of what :func:`paste_content` gives."""
    behind = frame.of(images)
    # A colour is within its alpha but for rounding, far less than the half of a level that a cut could change.
    behind.copy_(to_bytes(_over(pixels, behind.to(torch.float32).div_(255.0))))


def _over(rgba: Tensor, backgrounds: Tensor) -> Tensor:
    clear = (1.0 - rgba[:, 3:]).clamp_(min=0.0)  # rounding may take a sum of weights a little above 1
    return torch.addcmul(rgba[:, :3], clear, backgrounds)


def to_bytes(images: Tensor) -> Tensor:
    """Float images in [0, 1] to the nearest of 256 levels, uint8."""
    levels = torch.add(constant(0.5, images.device), images, alpha=255.0)
    if images.device.type == "cpu":  # numpy converts at once what torch takes three times as long for
        return torch.from_numpy(levels.numpy().astype(np.uint8))
    return levels.to(torch.uint8)

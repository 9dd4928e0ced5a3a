"""The six photometric transformations. Colours change, alpha stays; only sharpen filters alpha too.

All work on premultiplied colour directly: each formula is the straight-colour one multiplied by alpha, so nothing is
divided by a small alpha and the identity changes no pixel.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.transforms.base import REFERENCE_SIZE, Transform, luma, per_sample, split_alpha, where_applied
from invariance.data.transforms.parameters import Constant, Params, Switch, Uniform

MAX_SHARPNESS = 7.0
BLEND = (Switch(), Constant("amount", 1.0, neutral=0.0))
"""With probability one half, a mix of the image and its changed form; at strength 1 the changed form alone."""


def _apply_hue(rgba: Tensor, params: Params) -> Tensor:
    """Moves the hue around the colour circle (1 = once round) at constant HSV saturation and value."""
    rgb, alpha = split_alpha(rgba)
    value, chroma, hue = _hue_chroma_value(rgb)
    sectors = rgba.new_tensor([5.0, 3.0, 1.0])[None, :, None, None]
    position = torch.remainder(sectors + 6.0 * (hue + per_sample(params["shift"])), 6.0)
    weight = torch.minimum(position, 4.0 - position).clamp(0.0, 1.0)
    changed = torch.cat((value - chroma * weight, alpha), dim=1)
    return torch.where(per_sample(params["shift"] == 0), rgba, changed)


def _hue_chroma_value(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """HSV value, chroma and hue (in [0, 1)) of colour, each (B, 1, H, W); hue is 0 for greys."""
    red, green, blue = rgb.split(1, dim=1)
    value, low = rgb.amax(dim=1, keepdim=True), rgb.amin(dim=1, keepdim=True)
    chroma = value - low
    safe = torch.where(chroma > 0, chroma, torch.ones_like(chroma))
    from_red = torch.remainder((green - blue) / safe, 6.0)
    from_green = (blue - red) / safe + 2.0
    from_blue = (red - green) / safe + 4.0
    hue = torch.where(value == red, from_red, torch.where(value == green, from_green, from_blue))
    return value, chroma, hue / 6.0


def _apply_brightness(rgba: Tensor, params: Params) -> Tensor:
    rgb, alpha = split_alpha(rgba)
    return torch.cat((torch.minimum(rgb * per_sample(params["factor"]), alpha), alpha), dim=1)


def _blend(rgba: Tensor, changed_rgb: Tensor, params: Params) -> Tensor:
    rgb, alpha = split_alpha(rgba)
    mixed = torch.lerp(rgb, changed_rgb, per_sample(params["amount"]))
    return where_applied(params, torch.cat((mixed, alpha), dim=1), rgba)


def _apply_grayscale(rgba: Tensor, params: Params) -> Tensor:
    rgb, _ = split_alpha(rgba)
    return _blend(rgba, luma(rgb).expand_as(rgb), params)


def _apply_posterize(rgba: Tensor, params: Params) -> Tensor:
    """Keeps the highest of 8 bits: 128/255 of alpha where the colour reaches it, else 0."""
    rgb, alpha = split_alpha(rgba)
    # Half a level below 128/255, which is where the colour would round to the byte 128.
    high = (rgb >= alpha * (127.5 / 255.0)) & (alpha > 0)
    return _blend(rgba, high * alpha * (128.0 / 255.0), params)


def _apply_invert(rgba: Tensor, params: Params) -> Tensor:
    rgb, alpha = split_alpha(rgba)
    return _blend(rgba, alpha - rgb, params)


def _apply_sharpen(rgba: Tensor, params: Params) -> Tensor:
    """Moves away from the 3 x 3 smoothed image (centre weight 5 of 13), alpha included, and clips.

    The eight neighbours are one pixel of a 32 px image away, to the nearest whole pixel.
    """
    step = max(1, round(rgba.shape[-1] / REFERENCE_SIZE))
    kernel = rgba.new_ones(3, 3)
    kernel[1, 1] = 5.0
    kernel = (kernel / kernel.sum()).expand(4, 1, 3, 3)
    padded = F.pad(rgba, (step, step, step, step), mode="replicate")
    smooth = F.conv2d(padded, kernel, groups=4, dilation=step)
    sharp = smooth + per_sample(params["factor"]) * (rgba - smooth)
    rgb, alpha = split_alpha(sharp)
    alpha = alpha.clamp(0.0, 1.0)
    clipped = torch.cat((torch.minimum(rgb.clamp(min=0.0), alpha), alpha), dim=1)
    return where_applied(params, clipped, rgba)


PHOTOMETRIC: tuple[Transform, ...] = (
    Transform(
        "hue",
        "Hue",
        "The hue moves round the colour circle by a uniformly drawn amount.",
        (Uniform("shift", -0.5, 0.5, neutral=0.0),),
        _apply_hue,
    ),
    Transform(
        "brightness",
        "Brightness",
        "Colours are multiplied by a factor drawn uniformly from 0 to 2 and clipped.",
        (Uniform("factor", 0.0, 2.0, neutral=1.0),),
        _apply_brightness,
    ),
    Transform(
        "grayscale",
        "Grayscale",
        "With probability one half the colours become their luma.",
        BLEND,
        _apply_grayscale,
    ),
    Transform(
        "posterize",
        "Posterize",
        "With probability one half each channel keeps one bit.",
        BLEND,
        _apply_posterize,
    ),
    Transform(
        "invert",
        "Invert",
        "With probability one half the colours are inverted.",
        BLEND,
        _apply_invert,
    ),
    Transform(
        "sharpen",
        "Sharpen",
        "With probability one half the object is sharpened by a factor of 7.",
        (Switch(), Constant("factor", MAX_SHARPNESS, neutral=1.0)),
        _apply_sharpen,
    ),
)

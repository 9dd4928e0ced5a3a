"""The six photometric transformations. Colours change, alpha stays.

Each formula is the straight-colour one multiplied by alpha and works on premultiplied colour directly, so nothing is
divided by a small alpha and the identity changes no pixel. Sharpen alone compares straight colours of neighbours.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.constants import constant
from invariance.data.transforms.base import (
    HALF_LEVEL,
    Transform,
    change_where,
    luma,
    per_sample,
    split_alpha,
    with_alpha,
)
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Params
from invariance.vocabulary.laws import REFERENCE_SIZE

_TINY = 1e-30  # a divisor for what is 0 where it would be 0


def _change_hue(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Moves the hue around the colour circle (1 = once round) at constant HSV saturation and value."""
    return change_where(params["shift"] != 0, rgba, params, _turn_hue)


def _turn_hue(rgba: Tensor, params: Params) -> Tensor:
    rgb, alpha = split_alpha(rgba)
    low, chroma, hue = _low_chroma_hue(rgb)
    # A channel is at its highest within one sector of its own hue, and at its lowest from two on. Distances from the
    # opposite hue are taken, which are three less those.
    opposite = constant((3.0, 5.0, 1.0), rgba.device)[None, :, None, None]
    distance = (hue + 6.0 * per_sample(params["shift"])) - opposite
    distance -= (distance / 6.0).round_().mul_(6.0)
    weight = distance.abs_().sub_(1.0).clamp_(0.0, 1.0)
    return with_alpha(weight.mul_(chroma).add_(low), alpha)


def _low_chroma_hue(rgb: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Lowest channel, chroma, and HSV hue in sectors (6 = once round, from -1 to 5), each (B, 1, H, W)."""
    red, green, blue = rgb.split(1, dim=1)
    value = torch.maximum(torch.maximum(red, green), blue)
    low = torch.minimum(torch.minimum(red, green), blue)
    chroma = value - low
    # Comparisons in place give 0.0 and 1.0; torch.where would take longer than all of this.
    is_red = red.clone().eq_(value)
    is_green = green.clone().eq_(value).mul_(1.0 - is_red)
    is_blue = (1.0 - is_red).sub_(is_green)
    hue = (green - blue).mul_(is_red).addcmul_(blue - red, is_green).addcmul_(red - green, is_blue)
    hue = hue.div_(chroma.clamp(min=_TINY)).add_(is_green, alpha=2.0).add_(is_blue, alpha=4.0)
    return low, chroma, hue


def _change_brightness(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    rgb, alpha = split_alpha(rgba)
    return with_alpha(rgb * per_sample(params["factor"]), alpha)


def _blend(rgba: Tensor, params: Params, change: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """Mixes applied samples with their changed colour, ``change(rgb, alpha)``; a share of 0 or 1 mixes nothing."""
    rgb, alpha = split_alpha(rgba)
    share = per_sample(params["amount"] * params["applied"])
    return torch.cat((torch.lerp(rgb, change(rgb, alpha), share), alpha), dim=1)


def _change_grayscale(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    return _blend(rgba, params, lambda rgb, alpha: luma(rgb))


def _change_posterize(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Keeps the highest of 8 bits: 128/255 of alpha where the colour reaches it, else 0."""

    def posterized(rgb: Tensor, alpha: Tensor) -> Tensor:
        # Half a level below 128/255, which is where the colour would round to the byte 128.
        return rgb.clone().ge_(alpha * (127.5 / 255.0)).mul_(alpha * (128.0 / 255.0))

    return _blend(rgba, params, posterized)


def _change_invert(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    return _blend(rgba, params, lambda rgb, alpha: alpha - rgb)


def _change_sharpen(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Moves straight colour away from its 3 x 3 smoothed image (centre weight 5 of 13) and clips.

    As published, what is smoothed is straight colour, clear pixels being black, and alpha is left as it is.
    """
    return change_where(params["applied"], rgba, params, lambda rgba, params: _sharpen(rgba, params, frame))


def pixel(size: int) -> int:
    """How many pixels of an image are one of a 32 px image."""
    return max(1, round(size / REFERENCE_SIZE))


def _sharpen(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """The eight neighbours are some pixels away; beyond the border of the canvas is as it, beyond the frame clear."""
    step = pixel(frame.size)
    rgb, alpha = split_alpha(rgba)
    # Below half a level of alpha a colour fades to black: a neighbour that a byte would call clear is nearly so.
    straight = rgb / alpha.clamp(min=HALF_LEVEL)
    wider = frame.grown(step)
    before, after = step - (frame.start - wider.start), step - (wider.stop - frame.stop)
    padded = frame.spread(straight, wider)
    if before or after:
        padded = F.pad(padded, (before, after, before, after), mode="replicate")
    columns = (padded[..., : -2 * step, :] + padded[..., step:-step, :]).add_(padded[..., 2 * step :, :])
    square = (columns[..., : -2 * step] + columns[..., step:-step]).add_(columns[..., 2 * step :])
    smooth = square.add_(straight, alpha=4.0).mul_(1.0 / 13.0)
    change = straight.sub_(smooth).mul_(per_sample(params["factor"] - 1.0)).mul_(alpha)
    return with_alpha(change.add_(rgb).clamp_(min=0.0), alpha)


PHOTOMETRIC: tuple[Transform, ...] = (
    Transform("hue", _change_hue, compiled=True),
    Transform("brightness", _change_brightness, compiled=True),
    Transform("grayscale", _change_grayscale, compiled=True),
    Transform("posterize", _change_posterize, compiled=True),
    Transform("invert", _change_invert, compiled=True),
    Transform("sharpen", _change_sharpen, compiled=True),
)

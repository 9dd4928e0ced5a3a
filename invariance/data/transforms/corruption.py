"""The six corruptions. Blur, pixelate, elastic and erasing change alpha too; noise and contrast leave it."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.random import normal_field, unit_field
from invariance.data.transforms.base import (
    REFERENCE_SIZE,
    Transform,
    change_where,
    filter_separably,
    luma,
    per_sample,
    split_alpha,
    with_alpha,
)
from invariance.data.transforms.parameters import Constant, Field, Params, Switch, Uniform
from invariance.data.transforms.resample import base_box, resample

BLUR_RADIUS_PX, MIN_BLUR_SIGMA_PX, MAX_BLUR_SIGMA_PX = 3, 0.1, 1.5
PIXELATE_SIDE, ERASE_SIDE_PX = 9, 14
ELASTIC_SIGMA_PX, ELASTIC_ALPHA = 5.0, 150.0
HALF_LEVEL = 0.5 / 255.0
_LEVELS = 256.0 / 255.0  # at which a byte wraps
_TINY = 1e-30  # a divisor for the colour 0 of clear pixels


def _apply_blur(rgba: Tensor, params: Params) -> Tensor:
    """Separable Gaussian of 7 x 7 pixels with mirrored borders; sigma in pixels of a 32 px image.

    The smallest sigma changes nothing there, and by definition nothing in a larger image.
    """
    return change_where(params["sigma_px"] > MIN_BLUR_SIGMA_PX, rgba, params, _blur)


def _blur(rgba: Tensor, params: Params) -> Tensor:
    zoom = rgba.shape[-1] / REFERENCE_SIZE
    radius = max(1, round(BLUR_RADIUS_PX * zoom))
    offsets = torch.arange(-radius, radius + 1, device=rgba.device, dtype=rgba.dtype)
    weights = torch.exp(-0.5 * (offsets[None] / (params["sigma_px"][:, None] * zoom)) ** 2)
    weights = weights / weights.sum(dim=1, keepdim=True)
    return filter_separably(rgba, *[_mirrored_filter(weights, rgba.shape[-1])] * 2)


def _mirrored_filter(weights: Tensor, size: int) -> Tensor:
    """The convolution of ``size`` pixels with (B, taps) weights and mirrored borders, as matrices (B, size, size)."""
    radius = weights.shape[1] // 2
    # Row i holds the weights from column i on, for pixels -radius to size + radius - 1; what lies outside is folded in.
    wide = F.pad(weights, (size - 1, size - 1)).unfold(1, size + 2 * radius, 1).flip(1)
    matrix = wide[:, :, radius:-radius].clone()
    matrix[:, :, 1 : radius + 1] += wide[:, :, :radius].flip(2)
    matrix[:, :, size - 1 - radius : size - 1] += wide[:, :, size + radius :].flip(2)
    return matrix


def _apply_noise(rgba: Tensor, params: Params) -> Tensor:
    """Adds max(0, N(0, std)) clipped to 1 to the colour; the sum wraps modulo 256 as when stored as bytes.

    The wrap is a slip of the published pipeline that defines the published transformation, and is kept on purpose.
    """
    return change_where(params["applied"], rgba, params, _add_noise)


def _add_noise(rgba: Tensor, params: Params) -> Tensor:
    rgb, alpha = split_alpha(rgba)
    total = normal_field(params["field"], (3, *rgba.shape[-2:])).mul_(per_sample(params["std"])).clamp_(0.0, 1.0)
    total += rgb / alpha.clamp(min=_TINY)
    total.sub_(total.clone().ge_(_LEVELS), alpha=_LEVELS).clamp_(0.0, 1.0)
    return torch.cat((total.mul_(alpha), alpha), dim=1)


def _apply_pixelate(rgba: Tensor, params: Params) -> Tensor:
    """Box filter down to ``side`` (share of a 32 px image's side, 9 / 32), then nearest neighbour up.

    At other sizes 9 / 32 is 9 cells too and 1 still every pixel; between them their number is linear in the share.
    """
    return change_where(params["applied"], rgba, params, _pixelate)


def _pixelate(rgba: Tensor, params: Params) -> Tensor:
    size = rgba.shape[-1]
    coarseness = (1.0 - params["side"]) / (1.0 - PIXELATE_SIDE / REFERENCE_SIZE)
    # The slack lets a whole number of cells survive rounding.
    cells = torch.floor(size - (size - PIXELATE_SIDE) * coarseness + 1e-3).clamp(max=size)[:, None, None]
    pixel = torch.arange(size, device=rgba.device, dtype=rgba.dtype)
    cell = torch.floor((pixel[None, :, None] + 0.5) * cells / size)
    first = torch.floor(cell * size / cells + 0.5)
    last = torch.floor((cell + 1) * size / cells + 0.5)
    weights = ((pixel >= first) & (pixel < last)).to(rgba.dtype)
    weights /= weights.sum(dim=2, keepdim=True)
    return filter_separably(rgba, weights, weights)


def _elastic_displacement(params: Params, size: int) -> Tensor:
    """Smoothed uniform noise times alpha / 32, in units of half the image side, where it was drawn.

    The noise is made on the 32 px grid whatever the image, so that its law in relation to the image stays the same.
    """
    noise = unit_field(params["field"], (2, REFERENCE_SIZE, REFERENCE_SIZE)) * 2.0 - 1.0
    smoothing = _smoothing_matrix(REFERENCE_SIZE, ELASTIC_SIGMA_PX).to(noise.device)
    amount = params["alpha"] * params["applied"] / REFERENCE_SIZE * (size / 2)
    field = smoothing @ noise @ smoothing.T * per_sample(amount)
    if size != REFERENCE_SIZE:
        field = F.interpolate(field, size=(size, size), mode="bilinear", align_corners=False)
    return field


@lru_cache(maxsize=4)
def _smoothing_matrix(size: int, sigma_px: float) -> Tensor:
    """(size, size): convolution with a Gaussian of 8 sigma width and mirrored borders, as a matrix."""
    radius = int(8 * sigma_px + 1) // 2
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.exp(-0.5 * (offsets / sigma_px) ** 2)
    weights = weights / weights.sum()
    read = torch.arange(size)[:, None] + offsets[None]
    period = 2 * (size - 1)
    read = torch.remainder(read, period)
    read = torch.where(read < size, read, period - read)
    matrix = torch.zeros(size, size)
    return matrix.scatter_add_(1, read, weights.expand(size, -1).contiguous())


def _apply_elastic(rgba: Tensor, params: Params) -> Tensor:
    def warped(rgba: Tensor, params: Params) -> Tensor:
        box = base_box(rgba.shape[0], rgba.shape[-1], rgba.device)
        return resample(rgba, [(ELASTIC, params)], box=box)[0]

    return change_where(params["applied"], rgba, params, warped)


def _apply_erasing(rgba: Tensor, params: Params) -> Tensor:
    """A square becomes transparent; x and y in [0, 1) choose among its whole-pixel places inside the image."""
    size = rgba.shape[-1]
    side = torch.round(params["side_px"] * size / REFERENCE_SIZE)
    pixel = torch.arange(size, device=rgba.device)[None]
    inside = []
    for position in (params["y"], params["x"]):
        start = torch.floor(position * (size - side + 1))[:, None]
        inside.append(((pixel >= start) & (pixel < start + side[:, None])).to(rgba.dtype))
    columns = inside[1] * params["applied"][:, None]
    return rgba * (1.0 - inside[0][:, None, :, None] * columns[:, None, None, :])


def _apply_contrast(rgba: Tensor, params: Params) -> Tensor:
    """Colours move towards (factor < 1) or away from the mean luma of the whole canvas, clear pixels being black.

    As published, the mean is that of straight colour: a pixel counts in full from half a level of alpha on.
    """
    rgb, alpha = split_alpha(rgba)
    counts = alpha.clone().ge_(HALF_LEVEL)
    mean = luma(rgb).div_(alpha.clamp(min=HALF_LEVEL)).mul_(counts).mean(dim=(2, 3), keepdim=True)
    factor = per_sample(params["factor"])
    changed = (rgb * factor).addcmul_((1.0 - factor) * mean, alpha).clamp_(min=0.0)
    return with_alpha(changed, alpha)


ELASTIC = Transform(
    "elastic",
    "Elastic",
    "With probability one half the object is warped by a smooth random displacement field.",
    (Field(), Switch(), Constant("alpha", ELASTIC_ALPHA, neutral=0.0)),
    _apply_elastic,
    displace=_elastic_displacement,
)

CORRUPTION: tuple[Transform, ...] = (
    Transform(
        "blur",
        "Blur",
        "The object is blurred by a Gaussian whose width is drawn uniformly from 0.1 to 1.5 pixels (at 32 px).",
        (Uniform("sigma_px", MIN_BLUR_SIGMA_PX, MAX_BLUR_SIGMA_PX, neutral=MIN_BLUR_SIGMA_PX),),
        _apply_blur,
    ),
    Transform(
        "noise",
        "Noise",
        "With probability one half strong coloured noise is added to the object and wraps round.",
        (Field(), Switch(), Constant("std", 1.0, neutral=0.0)),
        _apply_noise,
    ),
    Transform(
        "pixelate",
        "Pixelate",
        "With probability one half the image is reduced to 9 x 9 coarse pixels.",
        (Switch(), Constant("side", PIXELATE_SIDE / REFERENCE_SIZE, neutral=1.0)),
        _apply_pixelate,
    ),
    ELASTIC,
    Transform(
        "erasing",
        "Erasing",
        "With probability one half a square of 14 x 14 pixels (at 32 px) becomes transparent.",
        (
            Uniform("x", 0.0, 1.0, neutral=None),
            Uniform("y", 0.0, 1.0, neutral=None),
            Switch(),
            Constant("side_px", ERASE_SIDE_PX, neutral=0.0),
        ),
        _apply_erasing,
    ),
    Transform(
        "contrast",
        "Contrast",
        "The contrast to the mean is multiplied by a factor drawn uniformly from 0 to 2.",
        (Uniform("factor", 0.0, 2.0, neutral=1.0),),
        _apply_contrast,
    ),
)

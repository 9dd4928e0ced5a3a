"""The six corruptions. Blur, pixelate, elastic and erasing change alpha too; noise and contrast leave it."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from invariance.data.products import product
from invariance.data.random import normal_field, unit_field
from invariance.data.transforms.base import (
    HALF_LEVEL,
    Transform,
    change_where,
    filter_separably,
    luma,
    per_sample,
    split_alpha,
    with_alpha,
)
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Params
from invariance.vocabulary.laws import REFERENCE_SIZE
from invariance.vocabulary.transforms import MIN_BLUR_SIGMA_PX, PIXELATE_CELLS

BLUR_RADIUS_PX, ELASTIC_SIGMA_PX = 3, 5.0
_LEVELS = 256.0 / 255.0  # at which a byte wraps
_TINY = 1e-30  # a divisor for the colour 0 of clear pixels


def _change_blur(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Separable Gaussian of 7 x 7 pixels with mirrored borders; sigma in pixels of a 32 px image."""
    weights, _ = blur_weights(params, frame.size)
    radius = weights.shape[1] // 2
    wider = frame.grown(radius)
    # The mirror is on the middle of the last pixel, so that a pixel ``radius`` away from it is seen in it once more.
    if frame.start > radius and frame.stop + radius < frame.size:  # too far from the border to be mirrored
        wide = F.pad(weights, (frame.width - 1, frame.width - 1)).unfold(1, frame.width, 1).flip(1)
    else:
        wide = _mirrored_filter(weights, frame.size)[:, wider.start : wider.stop, frame.start : frame.stop]
    return filter_separably(rgba, wide, wide)


def blur_weights(params: Params, size: int) -> tuple[Tensor, Tensor]:
    """The Gaussians (B, taps) of samples and whether they change anything, (B,) bool.

    The smallest sigma changes nothing in an image of 32 px, and by definition nothing in a larger one.
    """
    chosen = params["sigma_px"] > MIN_BLUR_SIGMA_PX
    unchanged = _unchanged(size, params["sigma_px"])
    return torch.where(chosen[:, None], _gaussian(params["sigma_px"], size), unchanged), chosen


def _blur_radius(size: int) -> int:
    """In pixels: 3 of a 32 px image."""
    return max(1, round(BLUR_RADIUS_PX * size / REFERENCE_SIZE))


def _gaussian(sigma_px: Tensor, size: int) -> Tensor:
    """Weights (B, taps) of a Gaussian of (B,) pixels of a 32 px image."""
    offsets = torch.arange(-_blur_radius(size), _blur_radius(size) + 1, device=sigma_px.device, dtype=sigma_px.dtype)
    weights = torch.exp(-0.5 * (offsets[None] / (sigma_px[:, None] * (size / REFERENCE_SIZE))) ** 2)
    return weights / weights.sum(dim=1, keepdim=True)


def _unchanged(size: int, like: Tensor) -> Tensor:
    """Weights (taps,) that leave an image as it is."""
    weights = like.new_zeros(2 * _blur_radius(size) + 1)
    weights[_blur_radius(size)] = 1.0
    return weights


def _mirrored_filter(weights: Tensor, size: int) -> Tensor:
    """The convolution of ``size`` pixels with (B, taps) weights and mirrored borders, as matrices (B, size, size)."""
    radius = weights.shape[1] // 2
    # Row i holds the weights from column i on, for pixels -radius to size + radius - 1; what lies outside is folded in.
    wide = F.pad(weights, (size - 1, size - 1)).unfold(1, size + 2 * radius, 1).flip(1)
    matrix = wide[:, :, radius:-radius].clone()
    matrix[:, :, 1 : radius + 1] += wide[:, :, :radius].flip(2)
    matrix[:, :, size - 1 - radius : size - 1] += wide[:, :, size + radius :].flip(2)
    return matrix


def _change_noise(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Adds max(0, N(0, std)) clipped to 1 to the colour; the sum wraps modulo 256 as when stored as bytes.

    The wrap is a slip of the published pipeline that defines the published transformation, and is kept on purpose.
    """
    return change_where(params["applied"], rgba, params, lambda rgba, params: _add_noise(rgba, params, frame))


def _add_noise(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """The field is that of the whole canvas, of which only the rows of the frame are grown."""
    rgb, alpha = split_alpha(rgba)
    field = normal_field(params["field"], (3, frame.size, frame.size), rows=(frame.start, frame.stop))
    total = (field[..., frame.start : frame.stop] * per_sample(params["std"])).clamp_(0.0, 1.0)
    total += rgb / alpha.clamp(min=_TINY)
    total.sub_(total.clone().ge_(_LEVELS), alpha=_LEVELS).clamp_(0.0, 1.0)
    return torch.cat((total.mul_(alpha), alpha), dim=1)


def _change_pixelate(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Box filter down to ``side`` (share of a 32 px image's side, 9 / 32), then nearest neighbour up.

    At other sizes 9 / 32 is 9 cells too and 1 still every pixel; between them their number is linear in the share.
    """
    wider = frame.grown(_cell(frame.size))
    spread = frame.spread(rgba, wider)
    return change_where(params["applied"], spread, params, lambda rgba, params: _pixelate(rgba, params, wider))


def _cell(size: int) -> int:
    """How many pixels of its coarsest cell can lie beyond the one that reaches into it."""
    return -(-size // PIXELATE_CELLS) - 1


def _pixelate(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    size, cells = frame.size, num_cells(params, frame.size)[:, None, None]
    pixel = frame.positions(rgba.device)
    cell = torch.floor((pixel[None, :, None] + 0.5) * cells / size)
    first = torch.floor(cell * size / cells + 0.5)
    last = torch.floor((cell + 1) * size / cells + 0.5)
    weights = ((pixel >= first) & (pixel < last)).to(rgba.dtype)
    weights /= last - first
    return filter_separably(rgba, weights, weights)


def num_cells(params: Params, size: int) -> Tensor:
    """Along a side of the image, (B,) float32."""
    coarseness = (1.0 - params["side"]) / (1.0 - PIXELATE_CELLS / REFERENCE_SIZE)
    # The slack lets a whole number of cells survive rounding.
    return torch.floor(size - (size - PIXELATE_CELLS) * coarseness + 1e-3).clamp(max=size)


def _elastic_displacement(params: Params, size: int) -> Tensor:
    """Smoothed uniform noise times alpha / 32, in units of half the image side, where it was drawn.

    So does torchvision's elastic transformation with alpha 150; in pixels it would move nothing visible (0.15 px).
    The noise is made on the 32 px grid whatever the image, so that its law in relation to the image stays the same.
    """
    still = torch.zeros(len(params["applied"]), 2, size, size, device=params["applied"].device)
    return change_where(params["applied"], still, params, lambda still, params: _smooth_field(params, size))


def _smooth_field(params: Params, size: int) -> Tensor:
    noise = unit_field(params["field"], (2, REFERENCE_SIZE, REFERENCE_SIZE)) * 2.0 - 1.0
    smoothing = smoothing_matrix(noise.device)
    field = product(product(smoothing, noise), smoothing.T) * per_sample(displacement_px(params, size))
    if size != REFERENCE_SIZE:
        field = F.interpolate(field, size=(size, size), mode="bilinear", align_corners=False)
    return field


def displacement_px(params: Params, size: int) -> Tensor:
    """By how many pixels a smoothed noise of 1 displaces, (B,); 0 where elastic is not applied."""
    return params["alpha"] / REFERENCE_SIZE * (size / 2) * params["applied"]


@lru_cache(maxsize=8)
def smoothing_matrix(device: torch.device) -> Tensor:
    """(32, 32): convolution of the noise with a Gaussian of 8 sigma width and mirrored borders, as a matrix."""
    size, radius = REFERENCE_SIZE, int(8 * ELASTIC_SIGMA_PX + 1) // 2
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.exp(-0.5 * (offsets / ELASTIC_SIGMA_PX) ** 2)
    weights = weights / weights.sum()
    read = torch.arange(size)[:, None] + offsets[None]
    period = 2 * (size - 1)
    read = torch.remainder(read, period)
    read = torch.where(read < size, read, period - read)
    matrix = torch.zeros(size, size)
    return matrix.scatter_add_(1, read, weights.expand(size, -1).contiguous()).to(device)


def _change_erasing(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """A square becomes transparent; x and y in [0, 1) choose among its whole-pixel places inside the image."""
    top, bottom, left, right = erased_squares(params, frame.size)[:, :, None].unbind(1)
    pixel = frame.positions(rgba.device)[None]
    rows, columns = ((pixel >= start) & (pixel < stop) for start, stop in ((top, bottom), (left, right)))
    return rgba * ~(rows[:, None, :, None] & columns[:, None, None, :])


def erased_squares(params: Params, size: int) -> Tensor:
    """First row, row after the last, first column, column after the last: (B, 4) int64; empty where not applied."""
    side = torch.round(params["side_px"] * size / REFERENCE_SIZE)
    starts = torch.floor(torch.stack((params["y"], params["x"]), dim=1) * (size - side + 1)[:, None])
    stops = starts + (side * params["applied"])[:, None]
    return torch.stack((starts, stops), dim=2).flatten(1).to(torch.int64)


def _change_contrast(rgba: Tensor, params: Params, frame: Frame) -> Tensor:
    """Colours move towards (factor < 1) or away from the mean luma of the whole canvas, clear pixels being black.

    As published, the mean is that of straight colour: a pixel counts in full from half a level of alpha on, and in
    proportion to its alpha below.
    """
    rgb, alpha = split_alpha(rgba)
    luminance = luma(rgb).div_(alpha.clamp(min=HALF_LEVEL))
    # Row by row: of a single large image one sum would be split among threads, and its last bit depend on their number.
    mean = luminance.sum(dim=3, keepdim=True).sum(dim=2, keepdim=True) / frame.size**2
    factor = per_sample(params["factor"])
    changed = (rgb * factor).addcmul_((1.0 - factor) * mean, alpha).clamp_(min=0.0)
    return with_alpha(changed, alpha)


CORRUPTION: tuple[Transform, ...] = (
    Transform("blur", _change_blur, margin=_blur_radius, compiled=True),
    Transform("noise", _change_noise, compiled=True),
    Transform("pixelate", _change_pixelate, margin=_cell, compiled=True),
    Transform("elastic", displace=_elastic_displacement, compiled=True),
    Transform("erasing", _change_erasing, compiled=True),
    Transform("contrast", _change_contrast, compiled=True),
)

"""Which pixels move a representation when an image is transformed: integrated gradients of a squared distance.

With f the representation, x an image, t(x) the transformed one and C the mean distance of random pairs,

    g(z) = ||f(z) - f(x)||^2 / C^2

is 0 at x, and at t(x) the square of the distance in the unit of the sens-score. The integral of its gradient along a
path from x to t(x) shares g(t(x)) out among the pixels, exactly, whatever the path (the gradient theorem). The distance
itself would not do: at z = x, where the path begins, the unsquared norm has no gradient.

Two paths: the cross-fade of the two images (integrated gradients, Sundararajan, Taly, Yan 2017, arXiv 1703.01365, with
x as the baseline), and the images at growing magnitudes of the transformation, which stay on the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from invariance.extras import require_extra
from invariance.models import images_at_once
from invariance.models.checks import needing_gradients
from invariance.spec import SpecError

WAYS: Final[dict[str, str]] = {
    "magnitude": "growing magnitude: every image on the way is one that the transformation makes",
    "cross-fade": "cross-fade of the two images: straight in pixels, by way of double exposures",
}
"""Name and meaning of the paths, the default first."""

NUM_STEPS: Final = 64
NUM_POINTS: Final = 256


@dataclass(frozen=True)
class DistanceAttribution:
    """What each pixel's change did to the representation.

    Attributes:
        relevance: (H, W), signed, summed over the channels, in squared units of random pairs: positive where the change
            moved the representation away, negative where it brought it back. Its sum is ``distance`` squared.
        distance: ||f(t(x)) - f(x)|| / C; 0 is invariant, 1 as far as another image.
        completeness_error: |sum of relevance - distance^2| / distance^2; 0 is exact. NaN where nothing was moved.
    """

    relevance: Tensor
    distance: float
    completeness_error: float


class SquaredDistance(nn.Module):
    """g(z), see the module's docstring: images (B, 3, H, W) to (B,).

    Args:
        represent: maps images (B, 3, H, W) to (B, F).
        image: x, (1, 3, H, W).
        unit: C.

    Raises:
        SpecError: the unit is 0, as for a network that represents all images as the same.
    """

    def __init__(self, represent: Callable[[Tensor], Tensor], image: Tensor, *, unit: float) -> None:
        super().__init__()
        if not (math.isfinite(unit) and unit > 0):
            raise SpecError(
                f"mean distance of random pairs = {unit:g}: this network represents all images as the "
                "same, so nothing can move its representation"
            )
        self.represent = represent
        self.unit = unit
        with torch.no_grad():
            self.reference = represent(image)

    def forward(self, images: Tensor) -> Tensor:
        """The value g of each image."""
        moved: Tensor = (self.represent(images) - self.reference).div(self.unit).square().sum(dim=1)
        return moved


def along_path(
    represent: Callable[[Tensor], Tensor],
    path: Tensor,
    *,
    unit: float,
    num_points: int = NUM_POINTS,
    batch_size: int = 128,
) -> DistanceAttribution:
    """Shares the squared distance of a path's ends out among the pixels, along the path.

    Between neighbouring images the path is straight. It is cut into pieces of about equal length in pixels, so that a
    jump (a pixelated grid that changes, noise that wraps) gets as many as it needs; on each piece the gradient at its
    middle, times the piece, is what each pixel contributes.

    Args:
        represent: maps images (B, 3, H, W) to (B, F), in eval mode.
        path: (N + 1, 3, H, W) float in [0, 1], from x to t(x), on the network's device.
        unit: mean distance of random pairs in this representation.
        num_points: pieces of the whole path, about; at least one for each step that changes anything.
        batch_size: images that pass through the network at once.

    Raises:
        SpecError: the unit is 0.
    """
    moved = SquaredDistance(represent, path[:1], unit=unit)
    relevance = torch.zeros_like(path[0])
    batch_size = images_at_once(represent, path, batch_size)
    for middle, piece in zip(*(part.split(batch_size) for part in _pieces(path, num_points)), strict=True):
        middle.requires_grad_()
        with torch.enable_grad(), needing_gradients(represent, middle):
            (gradient,) = torch.autograd.grad(moved(middle).sum(), middle)
        relevance += (gradient * piece).sum(dim=0)
    return _attribution(relevance, moved, path[-1:])


def _pieces(path: Tensor, num_points: int) -> tuple[Tensor, Tensor]:
    """Middle and extent, (M, 3, H, W) each, of pieces of a path that are about equally long in pixels."""
    steps = path[1:] - path[:-1]
    lengths = torch.linalg.vector_norm(steps.flatten(1), dim=1)
    counts = (num_points * lengths / lengths.sum().clamp_min(1e-12)).ceil().long()
    step = torch.arange(len(steps), device=path.device).repeat_interleave(counts)
    number = torch.arange(len(step), device=path.device) - (counts.cumsum(0) - counts)[step]
    share = ((number + 0.5) / counts[step])[:, None, None, None]
    return path[step] + share * steps[step], steps[step] / counts[step, None, None, None]


def along_cross_fade(
    represent: Callable[[Tensor], Tensor],
    image: Tensor,
    transformed: Tensor,
    *,
    unit: float,
    num_points: int = NUM_POINTS,
    batch_size: int = 128,
) -> DistanceAttribution:
    """Shares the squared distance out along the straight line in pixels, by Captum's integrated gradients.

    Args:
        represent: as for :func:`along_path`.
        image: x, (1, 3, H, W) float in [0, 1].
        transformed: t(x), of the same shape.
        unit: as for :func:`along_path`.
        num_points: of the Gauss-Legendre rule.
        batch_size: images that pass through the network at once.

    Raises:
        SpecError: the unit is 0, or Captum is not installed.
    """
    require_extra("captum", "the way cross-fade")
    from captum.attr import IntegratedGradients  # here, so that a page opens before anybody asks for a map

    moved = SquaredDistance(represent, image, unit=unit)
    explainer = IntegratedGradients(moved, multiply_by_inputs=True)
    size = images_at_once(represent, image, batch_size)
    relevance = explainer.attribute(transformed, baselines=image, n_steps=num_points, internal_batch_size=size)
    return _attribution(relevance[0].detach(), moved, transformed)


def _attribution(relevance: Tensor, moved: SquaredDistance, transformed: Tensor) -> DistanceAttribution:
    with torch.no_grad():
        squared = float(moved(transformed))
    summed = relevance.sum(dim=0)
    missed = abs(float(summed.sum()) - squared)
    return DistanceAttribution(summed, math.sqrt(squared), missed / squared if squared > 0 else math.nan)

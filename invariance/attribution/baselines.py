"""What an image is compared with: the picture that stands for "nothing to see here"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from invariance.spec import SpecError
from invariance.spec.checks import require
from invariance.vocabulary.attach import attach
from invariance.vocabulary.methods import BASELINES, GIVEN_BASELINE

BLUR_SIGMA: Final = 0.25
"""Standard deviation of the blurred baseline, relative to the image side."""


def make_baseline(baseline: str | Tensor, images: Tensor) -> Tensor:
    """The pictures that images are compared with: (B, 3, H, W).

    Args:
        baseline: ``black``, ``blurred``, ``mean``, or a tensor that broadcasts to the images.
        images: (B, 3, H, W) float in [0, 1].

    Raises:
        SpecError: another name; ``background`` has to be given as a tensor, since only the data set knows it.
    """
    if isinstance(baseline, Tensor):
        fits = baseline.dim() == 4 and baseline.shape[1:] == images.shape[1:] and len(baseline) in (1, len(images))
        require(fits, "baseline", baseline, f"images {tuple(images.shape)}, or one of them for all")
        return baseline.to(images).expand_as(images)
    if not isinstance(baseline, str) or baseline not in _MAKERS:
        raise SpecError(f"baseline = {baseline!r}: expected {', '.join(_MAKERS)}, or the images to compare with")
    return _MAKERS[baseline](images)


def _blurred(images: Tensor) -> Tensor:
    from torchvision.transforms.functional import gaussian_blur  # here, since it takes a second and a half

    sigma = BLUR_SIGMA * images.shape[-1]
    half = min(round(2 * sigma), images.shape[-1] - 1)  # reflection needs a kernel within the image
    blurred: Tensor = gaussian_blur(images, [2 * half + 1, 2 * half + 1], [sigma, sigma])
    return blurred


def _mean(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3), keepdim=True).expand_as(images)


_MAKERS: Final[dict[str, Callable[[Tensor], Tensor]]] = attach(
    "baseline",
    (name for name in BASELINES if name != GIVEN_BASELINE),
    {"black": torch.zeros_like, "blurred": _blurred, "mean": _mean},
)

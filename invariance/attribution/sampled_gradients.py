"""Gradient SHAP and SmoothGrad: means of gradients at points that are drawn.

Captum's own versions draw from torch's and numpy's global generators. Here the draws have addresses, (method, number of
the draw, pixel), so that a map depends neither on what was drawn before nor on the batch, and no generator is touched;
Captum takes the gradients.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from invariance.attribution.question import Question
from invariance.data.random import STREAMS, Draws, normal_field

_SHAP_SEED: Final = 1
_SMOOTH_SEED: Final = 2


def gradient_shap(model: nn.Module, question: Question, *, samples: int, noise: float) -> Tensor:
    """Expected gradients between a baseline and the image (Lundberg and Lee 2017, arXiv 1705.07874).

    Each sample goes a uniformly drawn part of the way from the baseline to the image with noise, and takes the
    gradient there times that way.

    Args:
        model: maps images to logits; in eval mode.
        question: B images of side H x W.
        samples: draws, the same for every image.
        noise: standard deviation of what is added to the image, whose range is 1.

    Returns:
        (B, H, W), summed over the channels.
    """
    draws = _draws(_SHAP_SEED, samples, question.images)
    share = draws.uniform()[:, :, None, None]  # (N, 1, 1, 1)
    shift = noise * normal_field(draws.fields(), tuple(question.images.shape[1:]))
    found = []
    for part in question.parts(samples):
        way = (part.images - part.start)[:, None] + shift
        slopes = _gradients(model, part.start[:, None] + share * way, part)
        found.append((slopes * way).mean(dim=1).sum(dim=1))
    return torch.cat(found)


def smooth_grad(model: nn.Module, question: Question, *, samples: int, noise: float) -> Tensor:
    """(x - x0) times the mean gradient at copies of the image with noise (Smilkov et al. 2017, arXiv 1706.03825).

    The paper shows the mean gradient, and its product with the image; the product with x - x0 is in logits like the
    maps of the other methods.

    Args:
        model: maps images to logits; in eval mode.
        question: B images of side H x W.
        samples: copies of each image.
        noise: standard deviation of what is added, where the image's range is 1.

    Returns:
        (B, H, W), summed over the channels.
    """
    draws = _draws(_SMOOTH_SEED, samples, question.images)
    shift = noise * normal_field(draws.fields(), tuple(question.images.shape[1:]))
    found = []
    for part in question.parts(samples):
        slopes = _gradients(model, part.images[:, None] + shift, part).mean(dim=1)
        found.append((slopes * (part.images - part.start)).sum(dim=1))
    return torch.cat(found)


def _draws(seed: int, samples: int, images: Tensor) -> Draws:
    return Draws(seed, torch.arange(samples, device=images.device), STREAMS["attribution"])


def _gradients(model: nn.Module, points: Tensor, part: Question) -> Tensor:
    """Gradients of the logits at points (B, N, 3, H, W), same shape."""
    from captum.attr import Saliency

    targets = part.targets.repeat_interleave(points.shape[1])
    flat = points.flatten(0, 1).requires_grad_()
    slopes: Tensor = Saliency(model).attribute(flat, target=targets, abs=False)
    return slopes.detach().unflatten(0, points.shape[:2])

"""Occlusion and feature ablation: parts of the image are replaced by the baseline, and the logit is read again."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from invariance.attribution.question import Question
from invariance.spec import SpecError


def occlusion(model: nn.Module, question: Question, *, window: int, stride: int) -> Tensor:
    """Change of the logit behind a sliding window (Zeiler and Fergus 2013, arXiv 1311.2901).

    Args:
        model: maps images to logits; in eval mode.
        question: B images of side H x W.
        window: side of the square in pixels.
        stride: pixels from one place to the next, at most the window.

    Returns:
        (B, H, W): for each pixel the mean over the windows that cover it of logit change / pixels of the window.

    Raises:
        SpecError: the window does not fit into the image, or the stride leaves gaps.
    """
    from captum.attr import Occlusion

    side = min(question.images.shape[-2:])
    if window > side:
        raise SpecError(f"window = {window}: expected at most the image's side of {side} px")
    if stride > window:
        raise SpecError(f"stride = {stride}: expected at most the window of {window} px, or pixels would be left out")
    channels = question.images.shape[1]
    found = []
    for part in question.parts():
        relevance = Occlusion(model).attribute(
            part.images,
            sliding_window_shapes=(channels, window, window),
            strides=(channels, stride, stride),
            baselines=part.start,
            target=part.targets,
            perturbations_per_eval=max(1, question.batch_size // len(part.images)),
        )
        found.append(relevance.detach()[:, 0] / window**2)
    return torch.cat(found)


def feature_ablation(model: nn.Module, question: Question, *, patches: int) -> Tensor:
    """Change of the logit where each patch of a grid alone is replaced.

    Args:
        model: maps images to logits; in eval mode.
        question: B images of side H x W.
        patches: in a row and in a column; patches differ by a pixel where the side is no multiple of it.

    Returns:
        (B, H, W): logit change / pixels of the patch, the same all over a patch.

    Raises:
        SpecError: there are more patches than pixels.
    """
    from captum.attr import FeatureAblation

    height, width = question.images.shape[-2:]
    if patches > min(height, width):
        raise SpecError(f"patches = {patches}: expected at most the image's side of {min(height, width)} px")
    device = question.images.device
    row = torch.arange(height, device=device) * patches // height
    column = torch.arange(width, device=device) * patches // width
    grid = row[:, None] * patches + column
    area = grid.flatten().bincount()[grid]
    found = []
    for part in question.parts():
        relevance = FeatureAblation(model).attribute(
            part.images,
            baselines=part.start,
            target=part.targets,
            feature_mask=grid.expand(1, question.images.shape[1], height, width),
            perturbations_per_eval=max(1, question.batch_size // len(part.images)),
        )
        found.append(relevance.detach()[:, 0] / area)
    return torch.cat(found)

"""Integrated gradients (Sundararajan, Taly, Yan 2017, arXiv 1703.01365)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from invariance.attribution.question import Question


def integrated_gradients(model: nn.Module, question: Question, *, steps: int) -> Tensor:
    """(x - x0) times the mean gradient on the straight path from x0 to x.

    Args:
        model: maps images to logits; in eval mode.
        question: B images of side H x W.
        steps: points of the Gauss-Legendre rule on the path.

    Returns:
        (B, H, W), summed over the channels.
    """
    from captum.attr import IntegratedGradients  # here, so that a page opens before anybody asks for a map

    explainer = IntegratedGradients(model, multiply_by_inputs=True)
    found = []
    # Captum keeps one row an image in every internal batch, so more images than that have to be split before.
    for part in question.parts():
        size = max(question.batch_size, len(part.images))
        relevance = explainer.attribute(
            part.images, baselines=part.start, target=part.targets, n_steps=steps, internal_batch_size=size
        )
        found.append(relevance.detach().sum(dim=1))
    return torch.cat(found)

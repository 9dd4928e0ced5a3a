"""DeepLift's rescale rule (Shrikumar, Greenside, Kundaje 2017, arXiv 1704.02685)."""

from __future__ import annotations

import warnings
from typing import Final

import torch
from torch import Tensor, nn

from invariance.attribution.question import Question
from invariance.attribution.separate import ACTIVATIONS, leaf_modules, mixing_modules, separate_activations
from invariance.attribution.windows import Windows
from invariance.spec import SpecError

COVERED: Final = (
    nn.Conv2d,
    nn.Linear,
    nn.BatchNorm2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.Flatten,
    nn.Identity,
    nn.Dropout,
    *ACTIVATIONS,
    nn.MaxPool2d,
    Windows,
)
"""What is linear in eval mode, and what the rule has a multiplier for."""


def deep_lift(model: nn.Module, question: Question) -> Tensor:
    """Multipliers (change of the output / change of the input) of every activation, chained from logit to pixels.

    Complete up to rounding where every layer that is not linear is a module of ``COVERED``; what a network computes by
    other functions (a product of two branches, GELU) is taken for linear, and the completeness error shows it.

    Args:
        model: maps images to logits; in eval mode.
        question: B images of side H x W.

    Returns:
        (B, H, W), summed over the channels.

    Raises:
        SpecError: the network has a layer without a rule, such as a transformer's.
    """
    from captum.attr import DeepLift

    if not (unknown := mixing_modules(model)):  # said of a transformer, whether or not it can be taken apart
        twin = separate_activations(model)
        unknown = sorted({type(module).__name__ for module in leaf_modules(twin) if not isinstance(module, COVERED)})
    if unknown:
        raise SpecError(
            f"method = 'deep-lift': it has no rule for {', '.join(unknown)} of this network; choose "
            "integrated-gradients, which works for any"
        )
    # Where two inputs of a max-pool are equal, Captum takes the gradient of the first image of the batch for all.
    pools = any(isinstance(module, nn.MaxPool2d) for module in twin.modules())
    found = []
    for part in question.parts(question.batch_size if pools else 2):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Setting forward, backward hooks", category=UserWarning)
            relevance = DeepLift(twin).attribute(
                part.images.detach().clone().requires_grad_(), baselines=part.start, target=part.targets
            )
        found.append(relevance.detach().sum(dim=1))
    return torch.cat(found)

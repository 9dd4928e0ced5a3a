"""Grad-CAM (Selvaraju et al. 2016, arXiv 1610.02391)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from invariance.attribution.question import Question
from invariance.attribution.separate import leaf_modules, mixing_modules, separate_activations
from invariance.models import Classifier
from invariance.spec import SpecError


def grad_cam(model: nn.Module, question: Question) -> Tensor:
    """The last feature maps, each weighted by its mean gradient, summed, and the positive part of that sum.

    Upsampled bilinearly and divided by the enlargement, so that the map's unit is logits a pixel as elsewhere: where
    global average pooling and a linear head follow, its sum is the logit less the bias, if nothing was negative.

    Args:
        model: a convolutional network in eval mode.
        question: B images of side H x W; there is no baseline.

    Returns:
        (B, H, W), not negative, as coarse as the last feature maps (4 x 4 for images of 32 px), and 0 on
        borders that a published network cuts off.

    Raises:
        SpecError: the network is not convolutional.
    """
    from captum.attr import LayerAttribution, LayerGradCam

    if mixed := mixing_modules(model):
        raise _not_convolutional(f"has {', '.join(mixed)}")
    twin = separate_activations(model)
    layer = last_feature_layer(twin, question.images[:1])
    height, width = question.images.shape[-2:]
    share = model.seen_share if isinstance(model, Classifier) else 1.0
    seen = round(height * share), round(width * share)
    top, left = (height - seen[0]) // 2, (width - seen[1]) // 2
    borders = (left, width - seen[1] - left, top, height - seen[0] - top)
    found = []
    for part in question.parts():
        coarse = LayerGradCam(twin, layer).attribute(part.images, target=part.targets, relu_attributions=True)
        coarse = coarse.detach()
        fine = LayerAttribution.interpolate(coarse, seen, interpolate_mode="bilinear")
        found.append(functional.pad(fine[:, 0] * (coarse[0].numel() / fine[0].numel()), borders))
    return torch.cat(found)


def last_feature_layer(model: nn.Module, image: Tensor) -> nn.Module:
    """The last module from the last convolution on whose output (1, C, h, w) still has more than one place.

    Usually the activation behind the last convolution; where pooling has left a single place (VGG at 32 px), the one
    before that.

    Args:
        model: each of its modules is used once.
        image: (1, 3, H, W).

    Raises:
        SpecError: there is no convolution.
    """
    leaves = leaf_modules(model)
    if not any(isinstance(module, nn.Conv2d) for module in leaves):
        raise _not_convolutional("has no convolution")
    seen: list[nn.Module] = []

    def remember(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(output, Tensor) and output.dim() == 4 and output[0, 0].numel() > 1:
            seen.append(module)

    handles = [module.register_forward_hook(remember) for module in leaves]
    try:
        with torch.no_grad():
            model(image)
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise SpecError("method = 'grad-cam': no layer of this network has feature maps; choose integrated-gradients")
    return seen[-1]


def _not_convolutional(reason: str) -> SpecError:
    return SpecError(
        f"method = 'grad-cam': it needs feature maps of a convolutional network (no transformer), and this one {reason}; "
        "choose integrated-gradients, which works for any"
    )

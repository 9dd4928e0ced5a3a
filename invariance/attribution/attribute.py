"""Integrated gradients (Sundararajan, Taly, Yan 2017, arXiv 1703.01365) through Captum, with its error beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from invariance.spec import SpecError

METHODS: Final[tuple[str, ...]] = ("integrated-gradients",)
BASELINES: Final[dict[str, str]] = {
    "blurred": "the image blurred beyond recognition",
    "black": "a black image",
    "background": "the same background without the object",
}
"""What an image is compared with: name and meaning."""

BLUR_SIGMA: Final = 0.25
"""Standard deviation of the blurred baseline, relative to the image side."""

_EPSILON: Final = 1e-6


@dataclass(frozen=True)
class Attribution:
    """How much each pixel speaks for a class.

    Attributes:
        relevance: (B, H, W), signed, summed over the channels; its sum over the pixels is the logit at the image minus
            the logit at the baseline, up to ``completeness_error``.
        targets: (B,) int64, the class whose logit is explained.
        probabilities: (B, K) softmax of the logits at the images.
        completeness_error: (B,) |sum of relevance - (F(x) - F(x0))| / |F(x) - F(x0)|; 0 is exact.
        method: one of :data:`METHODS`.
    """

    relevance: Tensor
    targets: Tensor
    probabilities: Tensor
    completeness_error: Tensor
    method: str


def attribute(
    model: nn.Module,
    images: Tensor,
    *,
    targets: Tensor | None = None,
    method: str = "integrated-gradients",
    baseline: str | Tensor = "black",
    steps: int = 32,
    batch_size: int = 256,
) -> Attribution:
    """Attributes logits to pixels.

    Args:
        model: maps (B, 3, H, W) to logits (B, K); in eval mode, since batch statistics would mix the images.
        images: (B, 3, H, W) float in [0, 1], on the model's device.
        targets: (B,) int64, the class to explain for each image; None for the predicted one.
        method: one of :data:`METHODS`.
        baseline: ``black``, ``blurred``, or images (B, 3, H, W) or (1, 3, H, W) to compare with, such as the clean
            backgrounds.
        steps: points of the Gauss-Legendre rule along the path from baseline to image.
        batch_size: images that pass through the network at once, whatever B and ``steps`` are: it bounds memory.

    Raises:
        SpecError: method, baseline or steps are not known.
    """
    if method not in METHODS:
        raise SpecError(f"method = {method!r}: expected {' or '.join(METHODS)}")
    if not 1 <= steps <= 1024:
        raise SpecError(f"steps = {steps}: expected a whole number from 1 to 1024")
    assert not model.training, "attribution needs a model in eval mode"
    start = make_baseline(baseline, images)
    with torch.no_grad():
        logits, start_logits = model(images), model(start)
    targets = logits.argmax(dim=1) if targets is None else targets
    relevance = _integrated_gradients(model, images, start, targets, steps=steps, batch_size=batch_size)
    change = (logits - start_logits).gather(1, targets[:, None])[:, 0]
    error = (relevance.sum(dim=(1, 2)) - change).abs() / change.abs().clamp_min(_EPSILON)
    return Attribution(relevance, targets, logits.softmax(dim=1), error, method)


def make_baseline(baseline: str | Tensor, images: Tensor) -> Tensor:
    """The images at which the path begins: (B, 3, H, W).

    Args:
        baseline: ``black``, ``blurred``, or a tensor that broadcasts to the images.
        images: (B, 3, H, W) float in [0, 1].

    Raises:
        SpecError: another name; ``background`` has to be given as a tensor, since only the data set knows it.
    """
    if isinstance(baseline, Tensor):
        return baseline.to(images).expand_as(images)
    if baseline == "black":
        return torch.zeros_like(images)
    if baseline == "blurred":
        sigma = BLUR_SIGMA * images.shape[-1]
        half = min(round(2 * sigma), images.shape[-1] - 1)  # reflection needs a kernel within the image
        from torchvision.transforms.functional import gaussian_blur  # here, since it takes a second and a half

        blurred: Tensor = gaussian_blur(images, [2 * half + 1, 2 * half + 1], [sigma, sigma])
        return blurred
    raise SpecError(f"baseline = {baseline!r}: expected black, blurred, or the images to compare with")


def _integrated_gradients(
    model: nn.Module, images: Tensor, start: Tensor, targets: Tensor, *, steps: int, batch_size: int
) -> Tensor:
    from captum.attr import IntegratedGradients  # here, so that a page opens before anybody asks for a map

    explainer = IntegratedGradients(model, multiply_by_inputs=True)
    parts = []
    # Captum keeps one row an image in every internal batch, so more images than that have to be split before.
    chunks = zip(images.split(batch_size), start.split(batch_size), targets.split(batch_size), strict=True)
    for image, origin, target in chunks:
        relevance = explainer.attribute(
            image, baselines=origin, target=target, n_steps=steps, internal_batch_size=max(batch_size, len(image))
        )
        parts.append(relevance.detach().sum(dim=1))
    return torch.cat(parts)

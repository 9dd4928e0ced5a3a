"""The one verb: logits of a network attributed to the pixels of images, by any of the methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from invariance.attribution.baselines import make_baseline
from invariance.attribution.methods import APPLY, chosen_values, find_method
from invariance.attribution.question import Question
from invariance.extras import require_extra
from invariance.models import Classifier, images_at_once
from invariance.models.checks import needing_gradients, require_images, require_network
from invariance.spec.checks import require, require_count
from invariance.vocabulary.methods import METHODS

_EPSILON: Final = 1e-6
POOR: Final = 0.1
"""A completeness error above which a map is remarked on."""


@dataclass(frozen=True)
class Attribution:
    """How much each pixel speaks for a class.

    Attributes:
        relevance: (B, H, W), signed (Grad-CAM: not negative), summed over the channels, in logits a pixel.
        targets: (B,) int64, the class whose logit is explained.
        probabilities: (B, K) softmax of the logits at the images.
        completeness_error: (B,) |sum of relevance - (F(x) - F(x0))| / |F(x) - F(x0)|; 0 is exact. NaN for methods
            that do not claim completeness (``Method.is_complete``).
        method: name of one of :data:`~invariance.vocabulary.methods.METHODS`.
    """

    relevance: Tensor
    targets: Tensor
    probabilities: Tensor
    completeness_error: Tensor
    method: str

    @property
    def remark(self) -> str:
        """What to know of the maps' sums; empty where they are what the method claims."""
        return completeness_remark(self.method, float(self.completeness_error.nan_to_num().max()))


def completeness_remark(method: str, error: float) -> str:
    """A warning with the number where the sums of maps miss what they explain by more than a tenth; else empty.

    Args:
        method: of the maps.
        error: the largest of their completeness errors; NaN for methods that do not claim completeness.
    """
    if not error > POOR:
        return ""
    steps = [parameter.name for parameter in METHODS[method].parameters if parameter.name in ("steps", "samples")]
    remedy = f"raise {steps[0]}" if steps else "it takes some of this network's operations for linear"
    other = "" if method == "integrated-gradients" else ", or choose integrated-gradients"
    return f"The sums of these {method} maps miss the change of the logit by up to {error:.0%}: {remedy}{other}."


def attribute(
    model: nn.Module,
    images: Tensor,
    *,
    method: str = "integrated-gradients",
    target: Tensor | int | None = None,
    baseline: str | Tensor = "black",
    batch_size: int = 256,
    **parameters: float,
) -> Attribution:
    """Attributes logits to pixels.

    Args:
        model: maps (B, 3, H, W) to logits (B, K); in eval mode, since batch statistics would mix the images.
        images: (B, 3, H, W) float in [0, 1], on the model's device.
        method: name of one of :data:`~invariance.vocabulary.methods.METHODS`.
        target: the class to explain, one for all or (B,) int64; None for each image's predicted one.
        baseline: ``black``, ``blurred``, ``mean``, or images (B, 3, H, W) or (1, 3, H, W) to compare with, such as the
            clean backgrounds. Grad-CAM has none and ignores it.
        batch_size: images that pass through the network at once, whatever B and the parameters are: it bounds memory.
            One that enlarges its images gets fewer.
        **parameters: of the method; what is not given keeps its default.

    Returns:
        The maps. No method changes the network, its mode or any global generator, or leaves a hook.

    Raises:
        SpecError: an argument is none of these, the method cannot explain this network, or Captum is not installed.
    """
    require_extra("captum", "attribution")
    chosen = find_method(method)
    values = chosen_values(chosen, parameters)
    require_network(model)
    if isinstance(model, Classifier):
        model.require_head("attribution")
    require_images(images)
    require_count("batch_size", batch_size, 1, 2**20)
    start = make_baseline(baseline, images)
    batch_size = images_at_once(model, images, batch_size)
    with torch.no_grad():
        logits, start_logits = _logits(model, images, batch_size), _logits(model, start, batch_size)
    targets = _targets(target, logits)
    with needing_gradients(model, images, others="occlusion or feature-ablation"):
        relevance = APPLY[method](model, Question(images.detach(), start, targets, batch_size), **values)
    change = (logits - start_logits).gather(1, targets[:, None])[:, 0]
    error = (relevance.sum(dim=(1, 2)) - change).abs() / change.abs().clamp_min(_EPSILON)
    if not chosen.is_complete:
        error = torch.full_like(error, torch.nan)
    return Attribution(relevance, targets, logits.softmax(dim=1), error, method)


def _targets(target: Any, logits: Tensor) -> Tensor:
    """(B,) the outputs to explain; SpecError unless the network has them."""
    num, outputs = logits.shape
    if target is None:
        return logits.argmax(dim=1)
    accepted = f"None or whole numbers from 0 to {outputs - 1}, one for all images or for each of the {num}"
    is_whole = isinstance(target, int) or (isinstance(target, Tensor) and not target.is_floating_point())
    require(is_whole, "target", target, accepted)
    found = torch.as_tensor(target, device=logits.device)
    fits = found.shape in ((), (1,), (num,)) and bool(((found >= 0) & (found < outputs)).all())
    require(fits, "target", target.tolist() if isinstance(target, Tensor) else target, accepted)
    return found.to(torch.int64).expand(num)


def _logits(model: nn.Module, images: Tensor, batch_size: int) -> Tensor:
    found = torch.cat([model(part) for part in images.split(batch_size)])
    require(found.dim() == 2, "output of the network", found, "logits (B, K)")
    return found

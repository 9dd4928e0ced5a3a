"""What the functions that look at networks ask of what they are given, in one line each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from torch import Tensor, nn

from invariance.spec.checks import SpecError, require

_SLACK: Final = 0.01  # beyond [0, 1], for resizing and noise


def require_network(model: Any, name: str = "model") -> None:
    """Raises SpecError unless it is a network, or another function of images, in eval mode."""
    require(callable(model), name, model, "a network, such as load_weights gives")
    owner: Any = getattr(model, "__self__", model)
    if isinstance(owner, nn.Module) and owner.training:
        raise SpecError(
            f"{name} = {type(owner).__name__} in training mode, in which the images of a batch change each other's "
            "results: call its eval() first"
        )


def require_networks(models: Any, name: str = "models") -> None:
    """Raises SpecError unless these are several networks in eval mode."""
    is_several = isinstance(models, Iterable) and not isinstance(models, nn.Module | str)
    require(is_several, name, models, "a list of networks")
    for model in models:
        require_network(model, f"one of {name}")


@contextmanager
def needing_gradients(function: Callable[[Tensor], Tensor], images: Tensor, *, others: str = "") -> Iterator[None]:
    """A SpecError where what is done inside fails because no gradient of the function reaches the images.

    Args:
        function: that is differentiated.
        images: (B, 3, H, W), of which it is asked after a failure, so that nothing is spent without one.
        others: what needs no gradients, for the remedy.
    """
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, torch.OutOfMemoryError) or _reaches(function, images[:1].detach().requires_grad_()):
            raise
        raise SpecError(
            "no gradient of the network reaches its images, as where its forward turns gradients off (torch.no_grad, "
            f"inference_mode) or it is quantised: leave that out{others and f', or choose {others}'}"
        ) from error


def _reaches(function: Callable[[Tensor], Tensor], image: Tensor) -> bool:
    with torch.enable_grad():
        try:
            answer = function(image).sum()
        except RuntimeError:  # of another cause, which is told
            return True
        return answer.requires_grad and torch.autograd.grad(answer, image, allow_unused=True)[0] is not None


def require_images(images: Any, name: str = "images") -> None:
    """Raises SpecError unless these are images (B, 3, H, W) as float in [0, 1], at least one."""
    expected = "a (B, 3, H, W) float tensor in [0, 1]"
    require(isinstance(images, Tensor), name, images, expected)
    got = f"{tuple(images.shape)} {str(images.dtype).removeprefix('torch.')}"
    remedy = "; divide bytes by 255: images.float() / 255" if images.dtype == torch.uint8 else ""
    is_batch = images.dim() == 4 and images.shape[1] == 3 and len(images) > 0
    if not is_batch or not images.is_floating_point():
        raise SpecError(f"{name} = a tensor {got}: expected {expected}{remedy}")
    low, high = (float(end) for end in images.detach().aminmax())
    if not (low >= -_SLACK and high <= 1 + _SLACK):
        raise SpecError(
            f"{name} = values from {low:.3g} to {high:.3g}: expected {expected}; to normalise is the network's own part"
        )

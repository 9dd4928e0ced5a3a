"""What a transformation is: parameters drawn by address, and a pure kernel that applies them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from invariance.data.random import STREAMS, Draws
from invariance.data.transforms.parameters import Parameter, Params, sample_parameters
from invariance.spec import ALL_CATEGORIES

REFERENCE_SIZE = 32
"""Image side in pixels for which the paper states its sizes; kernels scale them to the image they are given."""

OBJECT_SCALE = 0.7
"""Side of the base object relative to the image (22 px of 32)."""


@dataclass(frozen=True)
class Transform:
    """One transformation.

    Attributes:
        name: as in the paper and on the command line.
        title: for people.
        summary: what is drawn and what it does, one sentence.
        parameters: what is drawn for a sample, in the order of the words of its stream.
        apply: ``(rgba, params) -> rgba``; (B, 4, H, W) float32 premultiplied in [0, 1], pure, on any device.
        matrix: for affine ones ``(params, box, size) -> (B, 3, 3)``, input to output pixel coordinates.
        displace: for warps ``(params, size) -> (B, 2, H, W)``, offsets (x, y) in pixels at which the input is read.
        minifies: whether it can shrink, so that its resampling has to average.
    """

    name: str
    title: str
    summary: str
    parameters: tuple[Parameter, ...]
    apply: Callable[[Tensor, Params], Tensor]
    matrix: Callable[[Params, Tensor, int], Tensor] | None = None
    displace: Callable[[Params, int], Tensor] | None = None
    minifies: bool = False

    @property
    def category(self) -> str:
        """``geometric``, ``photometric``, ``corruption`` or ``beyond 2-D``."""
        return next(category for category, names in ALL_CATEGORIES.items() if self.name in names)

    @property
    def stream(self) -> int:
        """The stream its draws come from."""
        return STREAMS[self.name]

    def sample(self, draws: Draws, strength: float) -> Params:
        """Parameters of a batch; strength in [0, 1], 1 is the paper's range, 0 the identity."""
        return sample_parameters(self.parameters, draws, strength)

    @property
    def resamples(self) -> bool:
        """Whether it only moves pixels, and so can be fused with its neighbours into one resampling."""
        return self.matrix is not None or self.displace is not None


def per_sample(parameter: Tensor) -> Tensor:
    """(B,) to (B, 1, 1, 1), to broadcast over an image."""
    return parameter[:, None, None, None]


def where_applied(params: Params, changed: Tensor, original: Tensor) -> Tensor:
    """The changed image where ``params["applied"]`` holds and exactly the original elsewhere."""
    return torch.where(per_sample(params["applied"]), changed, original)


def split_alpha(rgba: Tensor) -> tuple[Tensor, Tensor]:
    """Premultiplied colour (B, 3, H, W) and alpha (B, 1, H, W)."""
    return rgba[:, :3], rgba[:, 3:]


def luma(rgb: Tensor) -> Tensor:
    """ITU-R 601 luma, (B, 3, H, W) to (B, 1, H, W); linear, so it may be taken of premultiplied colour."""
    weights = rgb.new_tensor([0.299, 0.587, 0.114])[None, :, None, None]
    return (rgb * weights).sum(dim=1, keepdim=True)

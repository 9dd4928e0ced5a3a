"""What a transformation is: parameters drawn by address, and a pure kernel that applies them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from invariance.data.products import product
from invariance.data.random import Draws
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Params, num_words, parameters_of_words
from invariance.spec.registrations import import_modules
from invariance.vocabulary.laws import Parameter
from invariance.vocabulary.transforms import TRANSFORMATIONS, Transformation

HALF_LEVEL = 0.5 / 255.0
"""The smallest alpha that a byte does not call clear; below it a straight colour counts in proportion to its alpha."""

Change = Callable[[Tensor, Params, Frame], Tensor]
"""``(rgba, params, frame) -> rgba``: the pixels of a frame, (B, 4, W, W) float32 premultiplied in [0, 1], on any
device, to those of the frame grown by the transformation's margin; pure."""


def no_margin(size: int) -> int:
    """Of what changes a pixel only where something is."""
    return 0


@dataclass(frozen=True)
class Transform:
    """The kernel of one transformation, which finds its declaration by its name.

    It has a ``change``, or it only moves pixels and has a ``matrix`` or a ``displace``; a pose, for which the engine
    looks up another picture, has none of them.

    Attributes:
        name: of the declaration.
        change: the kernel on the part of the canvas where something is, see :data:`Change`.
        margin: image size to how many pixels what is there can spread into what is clear.
        matrix: for affine ones ``(params, box, size) -> (B, 3, 3)``, input to output pixel coordinates.
        displace: for warps ``(params, size) -> (B, 2, H, W)``, offsets (x, y) in pixels at which the input is read.
        minifies: whether it can shrink, so that its resampling has to average.
        axis_aligned: whether its matrix is diagonal but for the move, so that rows and columns stay such.
        whole_pixels: whether it takes each pixel to a pixel, so that nothing has to be interpolated.
        stays: whether it leaves what is inside a square about the image centre inside it.
        compiled: whether compiled kernels know it, see :mod:`invariance.data.compiled.steps`; they know every matrix.
    """

    name: str
    change: Change | None = None
    margin: Callable[[int], int] = no_margin
    matrix: Callable[[Params, Tensor, int], Tensor] | None = None
    displace: Callable[[Params, int], Tensor] | None = None
    minifies: bool = False
    axis_aligned: bool = False
    whole_pixels: bool = False
    stays: bool = False
    compiled: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its name; whoever reads it imports the module that registers it, if one does."""
        return _unpickled, (self.name, self.declared.module)

    @property
    def declared(self) -> Transformation:
        """Its declaration."""
        return TRANSFORMATIONS[self.name]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What is drawn for a sample, in the order of the words of its stream."""
        return self.declared.parameters

    @property
    def stream(self) -> int:
        """The stream its draws come from."""
        return self.declared.stream

    @property
    def resamples(self) -> bool:
        """Whether it only moves pixels, and so can be fused with its neighbours into one resampling."""
        return self.matrix is not None or self.displace is not None

    @property
    def is_compiled(self) -> bool:
        """Whether compiled kernels know it; torch makes the compositions that contain one that they do not know."""
        return self.compiled or self.matrix is not None

    def sample(self, draws: Draws, strength: float) -> Params:
        """Parameters of a batch; strength in [0, 1], 1 is the paper's range, 0 the identity."""
        return parameters_of_words(self.parameters, draws.words(num_words(self.parameters)), strength)

    def apply(self, rgba: Tensor, params: Params) -> Tensor:
        """Alone on whole canvases, (B, 4, S, S) float32 premultiplied in [0, 1]: pure, on any device."""
        from invariance.data.transforms.compose import apply_composition  # which is made of transformations

        return apply_composition(rgba, (self,), (params,))[0]


def _unpickled(name: str, module: str) -> Transform:
    from invariance.data.transforms import get_transform  # which is made of transformations

    if name not in TRANSFORMATIONS and module:
        import_modules([module])
    return get_transform(name)


def per_sample(parameter: Tensor) -> Tensor:
    """(B,) to (B, 1, 1, 1), to broadcast over an image."""
    return parameter[:, None, None, None]


def change_where(chosen: Tensor, rgba: Tensor, params: Params, change: Callable[[Tensor, Params], Tensor]) -> Tensor:
    """Changes some samples of a batch and leaves the others exactly as they are.

    Args:
        chosen: (B,) bool, which.
        rgba: (B, 4, H, W).
        params: parameters of all samples.
        change: ``(rgba, params) -> rgba`` of any number of samples; on the CPU it is given the chosen ones alone.
    """
    if rgba.device.type != "cpu":  # to know how many are chosen would mean to wait for the device
        return torch.where(per_sample(chosen), change(rgba, params), rgba)
    rows = chosen.nonzero()[:, 0]
    if len(rows) == 0:
        return rgba
    if len(rows) == len(rgba):
        return change(rgba, params)
    changed = change(rgba.index_select(0, rows), {name: value[rows] for name, value in params.items()})
    return rgba.index_copy(0, rows, changed)


def split_alpha(rgba: Tensor) -> tuple[Tensor, Tensor]:
    """Premultiplied colour (B, 3, H, W) and alpha (B, 1, H, W)."""
    return rgba[:, :3], rgba[:, 3:]


def with_alpha(rgb: Tensor, alpha: Tensor) -> Tensor:
    """Premultiplied colour, cut off at ``alpha``, and alpha: (B, 4, H, W). Overwrites ``rgb``."""
    return torch.cat((torch.minimum(rgb, alpha, out=rgb), alpha), dim=1)


def filter_separably(rgba: Tensor, vertical: Tensor, horizontal: Tensor) -> Tensor:
    """Weighted sums along columns and then rows.

    Args:
        rgba: (B, C, H, W).
        vertical: (B, H', H), row i holds the weights of output row i.
        horizontal: (B, W', W), likewise for columns.
    """
    rows = product(rgba.flatten(1, 2), horizontal.transpose(1, 2)).unflatten(1, rgba.shape[1:3])
    return product(vertical[:, None], rows)


def luma(rgb: Tensor) -> Tensor:
    """ITU-R 601 luma, (B, 3, H, W) to (B, 1, H, W); linear, so it may be taken of premultiplied colour."""
    red, green, blue = rgb.split(1, dim=1)
    return (red * 0.299).add_(green, alpha=0.587).add_(blue, alpha=0.114)

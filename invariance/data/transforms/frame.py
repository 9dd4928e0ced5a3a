"""Which part of the canvas a tensor of pixels covers.

A cut-out fills 0.7 of the side of its canvas and is clear around it, so that most kernels need to work on half of the
pixels only. What lies outside a frame is clear.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

OBJECT_SCALE = 0.7
"""Side of the base object relative to the image (22 px of 32)."""


@dataclass(frozen=True)
class Frame:
    """A square of the canvas, the same range of rows and columns.

    Attributes:
        size: side of the canvas in pixels.
        start: first row and column inside.
        stop: first row and column after it.
    """

    size: int
    start: int
    stop: int

    @classmethod
    def whole(cls, size: int) -> Frame:
        """All of the canvas."""
        return cls(size, 0, size)

    @classmethod
    def of_object(cls, size: int) -> Frame:
        """Where an untransformed cut-out lies: 0.7 of the side, in the middle or half a pixel before it."""
        width = round(OBJECT_SCALE * size)
        start = (size - width) // 2
        return cls(size, start, start + width)

    @property
    def width(self) -> int:
        """Number of rows, and of columns."""
        return self.stop - self.start

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the canvas."""
        return self.width == self.size

    def grown(self, margin: int) -> Frame:
        """With ``margin`` pixels more on each side, as far as the canvas goes."""
        return Frame(self.size, max(0, self.start - margin), min(self.size, self.stop + margin))

    def centred(self) -> Frame:
        """The smallest one around it that is its own mirror image."""
        start = min(self.start, self.size - self.stop)
        return Frame(self.size, start, self.size - start)

    def of(self, canvas: Tensor) -> Tensor:
        """The part (..., W, W) of a canvas (..., S, S), as a view."""
        return canvas[..., self.start : self.stop, self.start : self.stop]

    def spread(self, pixels: Tensor, wider: Frame) -> Tensor:
        """Its pixels (..., W, W) on a wider frame, clear around them."""
        if wider == self:
            return pixels
        before, after = self.start - wider.start, wider.stop - self.stop
        return F.pad(pixels, (before, after, before, after))

    def on_canvas(self, pixels: Tensor) -> Tensor:
        """Its pixels (..., W, W) on the whole canvas, (..., S, S)."""
        return self.spread(pixels, Frame.whole(self.size))

    def positions(self, device: torch.device) -> Tensor:
        """Rows, or columns, of the canvas inside it: (W,) float32."""
        return torch.arange(self.start, self.stop, device=device, dtype=torch.float32)

"""Max-pools whose windows overlap, as ones whose windows do not: each window gets its own copy of what it looks at."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_NEVER_THE_MAXIMUM = -1e30  # of a border; minus infinity would make a NaN of differences


class Windows(nn.Module):
    """Lays the windows of a max-pool side by side: (B, C, H, W) to (B, C, h k, w k) for h x w windows of k x k.

    Captum's rule writes what two windows say of one pixel into one place, where the second overwrites the first. Of
    copies, which are linear, both are counted.

    Args:
        pool: whose windows.
    """

    def __init__(self, pool: nn.MaxPool2d) -> None:
        super().__init__()
        sizes = (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
        self.kernel, self.stride, self.padding, self.dilation = (_pair(size) for size in sizes)
        self.ceil_mode = pool.ceil_mode

    @property
    def overlap(self) -> bool:
        """Whether a pixel can be in two windows, or a window has gaps, for which there is no rule either."""
        return any(step < side for step, side in zip(self.stride, self.kernel, strict=True)) or self.dilation != (1, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """See the class."""
        empty = torch.empty(1, 1, *maps.shape[2:], device="meta")
        how = (self.kernel, self.stride, self.padding, self.dilation, self.ceil_mode)
        shape = functional.max_pool2d(empty, *how).shape[2:]
        for axis, num in enumerate(shape):
            offsets = torch.arange(self.kernel[axis], device=maps.device) * self.dilation[axis]
            places = (torch.arange(num, device=maps.device)[:, None] * self.stride[axis] + offsets).flatten()
            after = max(0, int(places[-1]) + 1 - self.padding[axis] - maps.shape[2 + axis])
            border = [0, 0, self.padding[axis], after] if axis == 0 else [self.padding[axis], after, 0, 0]
            maps = functional.pad(maps, border, value=_NEVER_THE_MAXIMUM).index_select(2 + axis, places)
        return maps


def _pair(size: int | tuple[int, ...]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])

"""Which of the numbered regions of a picture count."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.integer]
"""(H, W): 0 outside all regions, 1, 2, ... in them."""


def touching_border(labels: Labels) -> NDArray[np.bool_]:
    """The pixels of every region that reaches the border of the picture: (H, W)."""
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching: NDArray[np.bool_] = np.isin(labels, border[border > 0])
    return touching


def large_regions(labels: Labels, min_pixels: float) -> NDArray[np.bool_]:
    """The pixels of every region of at least ``min_pixels``: (H, W)."""
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    large: NDArray[np.bool_] = (areas >= max(1.0, min_pixels))[labels]
    return large

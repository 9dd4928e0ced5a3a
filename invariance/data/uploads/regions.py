"""Connected regions of a mask, in numpy alone.

A row's run of equal pixels is one node, two runs that touch in neighbouring rows are one edge, and the regions are
the components of that graph. It has far fewer nodes than there are pixels, and no number of turns makes it slow.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def label_regions(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Numbers the regions of a mask; neighbours share a side, not a corner.

    Args:
        mask: (H, W).

    Returns:
        (H, W): 0 outside the mask, 1, 2, ... in the order in which regions are met row by row.
    """
    starts = _run_starts(mask)
    runs = np.where(mask, np.cumsum(starts.ravel()).reshape(mask.shape), 0)
    meeting = _run_starts(mask[:-1] & mask[1:])  # two runs meet in one stretch, whose first pixel stands for it
    edges = np.stack([runs[:-1][meeting], runs[1:][meeting]])
    region = _components(int(starts.sum()) + 1, edges)
    numbers = np.zeros_like(region)
    roots = np.unique(region[1:])
    numbers[roots] = np.arange(1, len(roots) + 1)
    labels: NDArray[np.int64] = numbers[region][runs]
    return labels


def touching_border(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """The pixels of every region that reaches the border of the picture: (H, W)."""
    reached = np.zeros(int(labels.max()) + 1, dtype=bool)
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        reached[edge] = True
    reached[0] = False
    found: NDArray[np.bool_] = reached[labels]
    return found


def large_regions(labels: NDArray[np.int64], min_pixels: float) -> NDArray[np.bool_]:
    """The pixels of every region of at least ``min_pixels``: (H, W)."""
    areas = np.bincount(labels.ravel())
    areas[0] = 0
    large: NDArray[np.bool_] = (areas >= max(1.0, min_pixels))[labels]
    return large


def _run_starts(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    return starts


def _components(num_nodes: int, edges: NDArray[np.int64]) -> NDArray[np.int64]:
    """The smallest node that each node is connected with: (num_nodes,).

    Every root takes the smallest root that an edge leads to, then paths are halved until they are flat; the number
    of rounds grows with the logarithm of the longest path.
    """
    parent = np.arange(num_nodes)
    while True:
        first, second = parent[edges[0]], parent[edges[1]]
        if np.array_equal(first, second):
            return parent
        np.minimum.at(parent, np.maximum(first, second), np.minimum(first, second))
        while not np.array_equal(flat := parent[parent], parent):
            parent = flat

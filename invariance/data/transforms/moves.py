"""Flips and moves by whole pixels, which take each pixel to a pixel, without interpolating."""

from __future__ import annotations

import torch
from torch import Tensor

from invariance.data.transforms.base import change_where
from invariance.data.transforms.frame import Frame


def move_pixels(rgba: Tensor, frame: Frame, matrix: Tensor) -> tuple[Tensor, Frame] | None:
    """Mirrors and moves pictures by copying, on the CPU.

    Args:
        rgba: (B, 4, W, W) the pixels of the frame, outside which all is clear.
        frame: where they are on the canvas.
        matrix: (B, 3, 3) with -1 or 1 on the diagonal and whole moves.

    Returns:
        The pictures and the frame that they cover; None on another device, where to know the moves would mean to wait,
        and where a move takes a part of the frame out of the canvas.
    """
    if rgba.device.type != "cpu":
        return None
    target = frame.centred()
    signs = matrix.diagonal(dim1=1, dim2=2)[:, :2]
    moves = matrix[:, :2, 2] - (signs < 0) * float(frame.size)  # what is left once the canvas has been mirrored
    furthest = float(moves.abs().amax()) if len(moves) else 0.0
    if furthest > target.start:
        return None
    mirrored = frame.spread(rgba, target)
    mirrored = change_where(signs[:, 0] < 0, mirrored, {}, lambda part, _: part.flip(3))
    mirrored = change_where(signs[:, 1] < 0, mirrored, {}, lambda part, _: part.flip(2))
    if furthest == 0.0:
        return mirrored, target
    return _roll(mirrored, target, moves), Frame.whole(frame.size)


def _roll(rgba: Tensor, frame: Frame, moves: Tensor) -> Tensor:
    """Moves by whole pixels (x, y), (B, 2), that keep the frame inside the canvas: (B, 4, S, S).

    A canvas read row by row moves by moving its start: what this takes around a border is clear.
    """
    size, length = frame.size, rgba.shape[1] * frame.size**2
    furthest = frame.start * (size + 1)
    padded = rgba.new_zeros(furthest + len(rgba) * length + furthest)
    frame.of(padded[furthest : furthest + len(rgba) * length].view(-1, rgba.shape[1], size, size)).copy_(rgba)
    starts = torch.arange(len(rgba)) * length + furthest - (moves[:, 1] * size + moves[:, 0]).to(torch.int64)
    windows = padded.as_strided((len(padded) - length + 1, length), (1, 1))
    return windows.index_select(0, starts).view(-1, rgba.shape[1], size, size)

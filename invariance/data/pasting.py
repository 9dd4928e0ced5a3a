"""Pasting objects on backgrounds, as floats and as bytes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import numpy as np
import torch
from torch import Tensor

from invariance.data.transforms.frame import Frame

_SETTING_THREADS = Lock()


def paste(rgba: Tensor, backgrounds: Tensor) -> Tensor:
    """Premultiplied objects (B, 4, S, S) over backgrounds (B or 1, 3, S, S): (B, 3, S, S) in [0, 1]."""
    return _over(rgba, backgrounds).clamp_(0.0, 1.0)


def paste_content(pixels: Tensor, frame: Frame, backgrounds: Tensor) -> Tensor:
    """The same for what lies in a frame, (B, 4, W, W); backgrounds of one colour may be (B or 1, 3, 1, 1)."""
    if frame.is_whole:
        return paste(pixels, backgrounds)
    images = backgrounds.expand(len(pixels), -1, frame.size, frame.size).clone()
    inside = frame.of(images)
    inside.copy_(paste(pixels, inside))
    return images


def paste_content_on_bytes(pixels: Tensor, frame: Frame, images: Tensor) -> None:
    """Changes images (B, 3, S, S) uint8, so far backgrounds, to the bytes of what :func:`paste_content` gives."""
    behind = frame.of(images)
    # A colour is within its alpha but for rounding, far less than the half of a level that a cut could change.
    behind.copy_(to_bytes(_over(pixels, behind.to(torch.float32).div_(255.0))))


def _over(rgba: Tensor, backgrounds: Tensor) -> Tensor:
    clear = (1.0 - rgba[:, 3:]).clamp_(min=0.0)  # rounding may take a sum of weights a little above 1
    return torch.addcmul(rgba[:, :3], clear, backgrounds)


def to_bytes(images: Tensor) -> Tensor:
    """Float images in [0, 1] to the nearest of 256 levels, uint8."""
    levels = torch.add(images.new_tensor(0.5), images, alpha=255.0)
    if images.device.type == "cpu":  # numpy converts at once what torch takes three times as long for
        return torch.from_numpy(levels.numpy().astype(np.uint8))
    return levels.to(torch.uint8)


def share_out(num: int, work: Callable[[int, int], None], *, unit: int, most: int) -> None:
    """Calls ``work(start, stop)`` for stretches of range(num), on as many threads as torch may use.

    Each thread computes alone. Threads that share every operation, which is torch's way, wait for each other a hundred
    times a batch, and when another program takes one of their cores, all of them wait for it.

    Args:
        num: of samples.
        work: makes the samples from ``start`` to ``stop``.
        unit: samples that are not parted, too few to be worth the start of a thread. Since stretches begin at
            multiples of it, samples are made together with the same others on any number of threads.
        most: units in a stretch.
    """
    num_threads = torch.get_num_threads()
    length = unit * max(1, min(most, -(-num // (unit * num_threads))))
    starts = range(0, num, length)
    num_threads = min(num_threads, len(starts))
    if num_threads <= 1:
        for start in starts:
            work(start, min(start + length, num))
        return
    before, ready = torch.get_num_threads(), Barrier(num_threads + 1)

    def compute_alone() -> None:
        torch.get_num_threads()  # a thread's first use of torch sets what it starts with, and would undo the next line
        torch.set_num_threads(1)
        ready.wait()

    with ThreadPoolExecutor(num_threads) as pool:
        with _SETTING_THREADS:  # what a thread sets for itself is also what threads yet to come will start with
            alone = [pool.submit(compute_alone) for _ in range(num_threads)]
            ready.wait()
            torch.set_num_threads(before)
        jobs = [pool.submit(work, start, min(start + length, num)) for start in starts]
        for job in (*alone, *jobs):
            job.result()

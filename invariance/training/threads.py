"""With how many threads a network computes on a CPU: a small one with one, wherever and with whatever others it runs.

Sums are split among threads, so the last digits of a result depend on their number. What a run does with a small
network, be it alone, beside others in one process, in a worker, on a cluster or in a notebook, comes through
:func:`in_threads_of` and has the same bits on any number of cores. Larger networks compute with torch's threads.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from typing import TypeVar

import torch

from invariance.data.threads import one_thread
from invariance.vocabulary.architectures import are_small

T = TypeVar("T")


def threads_of(models: Iterable[str], device: str | torch.device) -> AbstractContextManager[None]:
    """The context in which networks compute.

    Args:
        models: names of architectures; published networks are none of the small ones.
        device: a torch device; on a GPU the threads of the CPU compute nothing.
    """
    return one_thread() if torch.device(device).type == "cpu" and are_small(models) else nullcontext()


def in_threads_of(
    models: Iterable[str], device: str | torch.device, events: Generator[T, None, None]
) -> Generator[T, None, None]:
    """The events of a run whose work is done inside :func:`threads_of`, while whoever hears of them is outside."""
    names = list(models)
    with closing(events):
        while True:
            with threads_of(names, device):
                try:
                    event = next(events)
                except StopIteration:
                    return
            yield event

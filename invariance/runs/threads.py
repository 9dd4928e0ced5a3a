"""How many threads a run computes with: one rule for the worker and for the command line.

Sums are split among threads, so the last digits of a result depend on their number. Everything that executes a run
comes through :func:`chosen_threads`, so a spec gives the same bits on a machine whichever way it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

THREADS_VARIABLE = "INVARIANCE_THREADS"


def wanted_threads() -> int | None:
    """The number in ``INVARIANCE_THREADS``; None leaves it to torch: ``OMP_NUM_THREADS``, or one for each core."""
    wanted = os.environ.get(THREADS_VARIABLE, "")
    return int(wanted) if wanted.isdecimal() and int(wanted) > 0 else None


def num_threads() -> int:
    """Threads of one run, as far as it can be told without loading torch."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return wanted_threads() or cores


@contextmanager
def chosen_threads() -> Iterator[None]:
    """Gives torch the number of threads of a run for the body."""
    if (wanted := wanted_threads()) is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        yield
    finally:
        torch.set_num_threads(before)

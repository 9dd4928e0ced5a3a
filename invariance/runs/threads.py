"""How many threads torch has while a run is executed: one rule for the worker and for the command line.

They make samples, and compute with networks that are not small (:mod:`invariance.training.threads`); the last digits of
these depend on their number. Everything that executes a run comes through :func:`chosen_threads`, so a spec gives the
same bits on a machine whichever way it is asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from invariance.spec import SpecError

THREADS_VARIABLE = "INVARIANCE_THREADS"


def wanted_threads() -> int | None:
    """The number in ``INVARIANCE_THREADS``, at most one for each core: more wait for each other.

    Returns:
        None leaves it to torch: ``OMP_NUM_THREADS``, or one for each core.

    Raises:
        SpecError: the variable holds anything but a whole number from 1.
    """
    wanted = os.environ.get(THREADS_VARIABLE, "").strip()
    if not wanted:
        return None
    if not wanted.isdecimal() or int(wanted) < 1:
        raise SpecError(
            f"{THREADS_VARIABLE} = {wanted!r}: expected a whole number from 1; unset it for a thread a core"
        )
    return min(int(wanted), num_cores())


def num_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def num_threads() -> int:
    """Threads of one run, as far as it can be told without loading torch; raises as :func:`wanted_threads`."""
    return wanted_threads() or num_cores()


def shared_threads(num_workers: int) -> dict[str, str]:
    """The environment of each of several workers that share the cores of this machine, unless somebody chose it.

    Raises:
        SpecError: see :func:`wanted_threads`.
    """
    if wanted_threads() is not None or num_workers < 2:
        return {}
    return {THREADS_VARIABLE: str(max(1, num_cores() // num_workers))}


def compute_with_one_thread() -> None:
    """Leaves the other cores to whoever trains: for the process of a server that many use at once.

    What it computes for pages is recorded nowhere; runs are executed by workers, which have threads of their own.
    """
    import torch

    torch.set_num_threads(1)


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

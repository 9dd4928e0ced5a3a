"""The threads that make samples on a CPU: each computes alone.

Threads that share every operation, which is torch's way, wait for each other a hundred times a batch, and when another
program takes one of their cores, all of them wait for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from threading import Barrier, Lock, local
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
T = TypeVar("T")
_SETTING_THREADS = Lock()
_OWN = local()


def num_sample_threads() -> int:
    """How many threads make samples for this one: as many as torch may use here, or might before :func:`one_thread`."""
    return getattr(_OWN, "num_sample_threads", None) or torch.get_num_threads()


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes with this thread alone in the body; samples, whose bits stay the same, are made by all as ever."""
    before, outside = torch.get_num_threads(), getattr(_OWN, "num_sample_threads", None)
    _OWN.num_sample_threads = num_sample_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _OWN.num_sample_threads = outside


def begin(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Has work done by another thread, of :func:`num_sample_threads`; where that is one, by this one at once."""
    num_threads = num_sample_threads()
    if num_threads > 1:
        return _threads(num_threads).submit(work, *args, **kwargs)
    done: Future[T] = Future()
    done.set_result(work(*args, **kwargs))
    return done


def share_out(num: int, work: Callable[[int, int], None], *, unit: int, most: int) -> None:
    """Calls ``work(start, stop)`` for stretches of range(num), on :func:`num_sample_threads`.

    Args:
        num: of samples.
        work: makes the samples from ``start`` to ``stop``.
        unit: samples that are not parted, too few to be worth another thread. Since stretches begin at
            multiples of it, samples are made together with the same others on any number of threads.
        most: units in a stretch.
    """
    num_threads = num_sample_threads()
    length = unit * max(1, min(most, -(-num // (unit * num_threads))))
    stretches = [(start, min(start + length, num)) for start in range(0, num, length)]
    if len(stretches) == 1:
        work(*stretches[0])
        return
    jobs = [begin(work, *stretch) for stretch in stretches]
    wait(jobs)
    for job in jobs:
        job.result()


@cache
def _threads(num: int) -> ThreadPoolExecutor:
    """Kept, since to start one takes as long as a hundred samples."""
    pool, ready = ThreadPoolExecutor(num, thread_name_prefix="samples"), Barrier(num + 1)

    def compute_alone() -> None:
        torch.get_num_threads()  # a thread's first use of torch sets what it starts with, and would undo the next line
        torch.set_num_threads(1)
        ready.wait()

    with _SETTING_THREADS:  # what a thread sets for itself is also what threads yet to come will start with
        before = torch.get_num_threads()
        for _ in range(num):
            pool.submit(compute_alone)
        ready.wait()
        torch.set_num_threads(before)
    return pool


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_threads.cache_clear)  # a forked process has none of them

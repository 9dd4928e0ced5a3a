"""Executing a handful of runs in this process, each after those that it builds on, as many at once as there are cores.

A step of a small network keeps one core busy, and a worker takes a third as long to start as such a network to train:
what a what-if needs is done by threads of this process, with the bits of each run alone. Of larger networks, and on a
GPU, one run is done after the other. A study, which has hundreds, goes through the coordinator and its workers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager

import torch

from invariance.runs.device import choose_device
from invariance.runs.execute import run_here
from invariance.runs.interrupt import interrupt_flag
from invariance.runs.run import Run, State
from invariance.runs.store import Store
from invariance.runs.threads import num_threads
from invariance.runs.together import pays_together, run_together
from invariance.spec import PretrainSpec, RunSpec
from invariance.vocabulary.architectures import are_small

OnDone = Callable[[int, int], None]
"""Told how many runs are done, of how many."""


def run_side_by_side(
    specs: Sequence[RunSpec], store: Store, device: str = "auto", on_done: OnDone = lambda done, num: None
) -> dict[str, Run]:
    """Executes pretrainings and what builds on them, as :func:`invariance.runs.execute.run_here` executes one.

    Args:
        specs: sources that are not among them are done already.
        store: where they are recorded.
        device: see :func:`invariance.runs.device.choose_device`.
        on_done: called in this thread.

    Returns:
        The runs by the identity of what was asked for, all done; or, once one ends otherwise, that one after those that
        were done before it.

    Raises:
        SpecError: as for :func:`~invariance.runs.execute.run_here`, of the first run that raised it; so is any other.
        Stopped: likewise. Whatever ends it early, the runs that had begun have saved their states.
    """
    device = choose_device(device)
    pretrainings = [spec for spec in dict.fromkeys(specs) if isinstance(spec, PretrainSpec)]
    places = {spec.run_id: place for place, spec in enumerate(pretrainings)}
    others = [spec for spec in dict.fromkeys(specs) if not isinstance(spec, PretrainSpec)]
    # Those of the first networks first: a thread waits for the source of what it has taken up.
    others.sort(key=lambda spec: max((places.get(source, 0) for source in spec.depends_on), default=0))
    if pays_together(pretrainings, device):
        run_together(pretrainings, store, device)
    asked: dict[str, Future[Run]] = {}
    ended: dict[str, Run] = {}
    is_over = threading.Event()
    with interrupt_flag() as stop, _pool(_num_at_once(pretrainings, others, device)) as pool:

        def one(spec: RunSpec) -> Run:
            for source in spec.depends_on:
                if source in asked and (run := asked[source].result()).state != State.DONE:
                    return run
            return run_here(spec, store, device, cancelled=lambda: stop.is_set() or is_over.is_set())

        try:
            for spec in (*pretrainings, *others):  # so that nobody waits for one that has not begun
                asked[spec.run_id] = pool.submit(one, spec)
            known = {future: run_id for run_id, future in asked.items()}
            for future in as_completed(known):
                # By the identity that was asked for: the store knows a folder by its contents, and may name it so.
                ended[known[future]] = run = future.result()
                if run.state != State.DONE:
                    break
                on_done(len(ended), len(asked))
        finally:
            is_over.set()
            for future in asked.values():
                future.cancel()
    stop.raise_if_set()
    return ended


def _num_at_once(pretrainings: Sequence[PretrainSpec], others: Sequence[RunSpec], device: str) -> int:
    known = {spec.run_id for spec in pretrainings}
    is_known = all(known.issuperset(spec.depends_on) for spec in others)
    return num_threads() if device == "cpu" and is_known and are_small(spec.model for spec in pretrainings) else 1


@contextmanager
def _pool(num_at_once: int) -> Iterator[ThreadPoolExecutor]:
    """Threads, each computing alone where there are several; torch would give their number to threads to come."""
    before = torch.get_num_threads()

    def begin() -> None:
        if num_at_once > 1:
            torch.set_num_threads(1)

    try:
        with ThreadPoolExecutor(num_at_once, initializer=begin) as pool:
            yield pool
    finally:
        torch.set_num_threads(before)

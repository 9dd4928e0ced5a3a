"""Several pretrainings in one process, each with the result that it has alone.

Two ways. On a CPU the networks are trained side by side, one core for each (``threads``): a step of a small network
does not keep several cores busy all the time, separate networks do. Their results are, bit for bit, those of training
alone on one thread, which is how a small network is trained alone. On a GPU one launch of a kernel works on all
networks (``stacked``), see :mod:`invariance.training.stacked`; results are those of training alone up to rounding. In
the other way a GPU trains them one after the other, since what it computes in is set for the whole process.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from invariance.events import CancelFlag, Cancelled, Event, Finished, never
from invariance.spec import PretrainSpec, SpecError, to_dict
from invariance.spec.checks import require
from invariance.training.loop import Pretraining, pretrain
from invariance.training.resume import clear_state
from invariance.training.stacked import optimise_stacked

NumberedEvent = tuple[int, Event | Exception]
"""The number of a run, and its event or the exception that ended it."""
TOGETHER_WAYS = ("threads", "stacked")
_CANCEL_POLL_S = 0.25


def pretrain_together(
    specs: Sequence[PretrainSpec],
    directories: Sequence[Path],
    *,
    device: str = "cpu",
    cancelled: CancelFlag = never,
    checkpoint_every_s: float = 10.0,
    way: str | None = None,
) -> Iterator[NumberedEvent]:
    """Pretrains several networks; see :func:`invariance.training.loop.pretrain` for one.

    Args:
        specs: what to train. They differ in data and seed; architecture, objective, batch size, number of steps and
            settings of Adam are the same.
        directories: of the runs.
        device: a torch device.
        cancelled: asked before every step of a stack, and a few times a second of networks side by side.
        checkpoint_every_s: least time between two checkpoints of a run.
        way: one of :data:`TOGETHER_WAYS`; None chooses by device.

    Yields:
        The number of a run and its event: every run has events, a state and files as if it were alone. In place of an
        event there may be the exception that ended the run (Diverged, SpecError); the others go on.

    Raises:
        Cancelled: the flag was set; the states of all runs are saved.
        SpecError: the specs cannot be trained together.
    """
    check_together(specs)
    way = way or ("stacked" if torch.device(device).type == "cuda" else "threads")
    require(way in TOGETHER_WAYS, "way", way, " or ".join(TOGETHER_WAYS))
    train = _stacked if way == "stacked" else _side_by_side
    yield from train(specs, directories, device=device, cancelled=cancelled, checkpoint_every_s=checkpoint_every_s)


def check_together(specs: Sequence[PretrainSpec]) -> None:
    """Raises SpecError unless the specs differ in nothing but seed and data of the same size."""
    if not specs:
        raise SpecError("no specs: give at least one pretraining")
    first, *others = (_shared(spec) for spec in specs)
    for other in others:
        if different := sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name)):
            raise SpecError(
                f"specs that differ in {', '.join(different)} cannot be trained together: only seeds and data of one "
                "size may differ"
            )


def _shared(spec: PretrainSpec) -> dict[str, Any]:
    size = {"num_samples": spec.data.num_samples, "image_size": spec.data.image_size}
    return {**to_dict(replace(spec, seed=0)), "data": None, **size}


def _side_by_side(
    specs: Sequence[PretrainSpec], directories: Sequence[Path], *, cancelled: CancelFlag, **options: Any
) -> Generator[NumberedEvent, None, None]:
    """As many at once as torch has threads here, each in a thread of its own that computes alone."""
    num_threads = torch.get_num_threads()
    num_at_once = num_threads if torch.device(options["device"]).type == "cpu" else 1
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    said: queue.Queue[tuple[int, Event | Exception | None, threading.Event]] = queue.Queue(maxsize=1)
    stop, is_closed, is_heard = threading.Event(), threading.Event(), threading.Event()
    for number in range(len(specs)):
        waiting.put(number)

    def say(number: int, what: Event | Exception | None) -> None:
        is_heard = threading.Event()
        said.put((number, what, is_heard))
        if isinstance(what, Finished):  # the state goes when the result is recorded, and not before
            is_heard.wait()
            if is_closed.is_set():
                raise Cancelled

    def work() -> None:
        torch.set_num_threads(1)  # of this thread alone
        while not stop.is_set():
            try:
                number = waiting.get_nowait()
            except queue.Empty:
                break
            try:
                events = pretrain(specs[number], directories[number], cancelled=stop.is_set, **options)
                for event in events:
                    say(number, event)
            except Exception as error:
                say(number, error)
        say(-1, None)

    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(num_at_once, len(specs)))]
    for worker in workers:
        worker.start()
    was_cancelled, num_at_work = False, len(workers)
    try:
        while num_at_work:
            if not was_cancelled and cancelled():  # asked in this thread alone: the flag may read a database
                was_cancelled = True
                stop.set()
            try:
                number, what, is_heard = said.get(timeout=_CANCEL_POLL_S)
            except queue.Empty:
                continue
            if what is None:
                num_at_work -= 1
            elif not isinstance(what, Cancelled):
                yield number, what
            is_heard.set()
    finally:
        stop.set()
        if num_at_work:  # whoever closed this generator hears no more, but states are saved
            is_closed.set()
            is_heard.set()
        while num_at_work:
            _, what, is_heard = said.get()
            num_at_work -= what is None
            is_heard.set()
        for worker in workers:
            worker.join()
        torch.set_num_threads(num_threads)  # what threads to come start with
    if was_cancelled:
        raise Cancelled


def _stacked(
    specs: Sequence[PretrainSpec],
    directories: Sequence[Path],
    *,
    device: str,
    cancelled: CancelFlag,
    checkpoint_every_s: float,
) -> Generator[NumberedEvent, None, None]:
    runs: dict[int, Pretraining] = {}
    for number, (spec, directory) in enumerate(zip(specs, directories, strict=True)):
        try:
            runs[number] = Pretraining(spec, directory, device=device, cancelled=cancelled)
        except SpecError as error:
            yield number, error
    if len(sizes := {run.engine.num_classes for run in runs.values()}) > 1:
        raise SpecError(f"data sets of {sorted(sizes)} classes cannot be trained on together: give each as many")
    if not runs:
        return
    events = _stacked_events(runs, cancelled=cancelled, checkpoint_every_s=checkpoint_every_s)
    yield from next(iter(runs.values())).train_state.precision.during(device, events)


def _stacked_events(
    runs: dict[int, Pretraining], *, cancelled: CancelFlag, checkpoint_every_s: float
) -> Generator[NumberedEvent, None, None]:
    """The trainings of a stack from open feeds to results."""
    numbers, failed = list(runs), set()
    for number, run in runs.items():
        opening = run.open()
        while True:
            try:
                yield number, next(opening)
            except StopIteration:
                break
    for position, what in optimise_stacked(
        list(runs.values()), cancelled=cancelled, checkpoint_every_s=checkpoint_every_s
    ):
        if isinstance(what, Exception):
            failed.add(numbers[position])
        yield numbers[position], what
    for number, run in runs.items():
        if number not in failed:
            yield number, run.finish()
            clear_state(run.directory)

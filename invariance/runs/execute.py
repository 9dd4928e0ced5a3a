"""Executing a run: the one place that knows which library function does which kind of run."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from invariance.data.picture_contents import identified_run
from invariance.events import CancelFlag, Cancelled, Event, Finished, event_from_dict, never
from invariance.runs.claim import writing
from invariance.runs.device import choose_device
from invariance.runs.interrupt import interrupt_flag
from invariance.runs.life import Life, take_up
from invariance.runs.locate import weights_of
from invariance.runs.outcome import (
    Failure,
    error_line,
    event_message,
    failed_message,
    failure_of,
    write_result,
)
from invariance.runs.run import Run, State
from invariance.runs.store import Store
from invariance.runs.threads import chosen_threads, wanted_threads
from invariance.spec import FactorSpec, MeasureSpec, PretrainSpec, RunSpec, SpecError, TransferSpec

Locate = Callable[[str], Path]
FOLLOW_EVERY_S = 0.25


def execute(
    spec: RunSpec,
    locate: Store | Locate,
    directory: Path,
    device: str = "cpu",
    cancelled: CancelFlag = never,
) -> Iterator[Event]:
    """Does what a spec asks for and yields its events; the last one is ``Finished``.

    Args:
        spec: the run.
        locate: from the name of a source to its file of weights, or the store that knows it.
        directory: where the run keeps its files; what an interrupted execution left there is continued.
        device: a torch device that is here.
        cancelled: asked at every step; once it answers True, the state is saved and ``Cancelled`` is raised.

    Raises:
        SpecError: the spec asks for something that is not here, or another process writes in ``directory``.
        Cancelled: see ``cancelled``.
    """
    with writing(directory), chosen_threads():
        history: list[dict[str, Any]] = []
        for event in events_of(spec, locate, directory, device, cancelled):
            keep(event, directory, history)
            yield event


def keep(event: Event, directory: Path, history: list[dict[str, Any]]) -> None:
    """Writes down how a run ended, with its history, before anybody hears of it; what it could go on from is removed.

    Args:
        event: of the run; anything but its end is only remembered, if something was measured.
        directory: of the run.
        history: the measured events so far; added to.
    """
    from invariance.training.resume import clear_state

    if isinstance(event, Finished):
        write_result(directory, event.to_dict(), history)
        clear_state(directory)  # before anybody records the run as done, after which nobody would
    elif event.metrics:
        history.append(event.to_dict())


def events_of(
    spec: RunSpec, locate: Store | Locate, directory: Path, device: str, cancelled: CancelFlag
) -> Iterator[Event]:
    """What :func:`execute` yields, for who holds the directory and keeps the events."""

    def path_of(reference: str) -> Path:
        return weights_of(reference, locate) if isinstance(locate, Store) else locate(reference)

    match spec:  # each kind imports what it needs: who only asks the store must not pay for torch
        case PretrainSpec():
            from invariance.training.loop import pretrain

            yield from pretrain(spec, directory, device=device, cancelled=cancelled)
        case TransferSpec():
            from invariance.training.transfer import transfer

            yield from transfer(spec, path_of(spec.source), directory, device=device, cancelled=cancelled)
        case MeasureSpec() | FactorSpec():
            from invariance.measures.measure import measure

            sources = {source: path_of(source) for source in spec.sources}
            yield from measure(spec, sources, directory, device=device, cancelled=cancelled)


def run_here(
    spec: RunSpec,
    store: Store,
    device: str = "auto",
    on_event: Callable[[Event], None] = lambda event: None,
    cancelled: CancelFlag = never,
) -> Run:
    """Executes a run in this process, as the command line does, and records it in the store.

    A run that is done is answered from the store; one that was interrupted, cancelled, failed or killed is resumed; one
    that another living process executes is followed until it ends, and taken over if that process dies.

    Args:
        spec: the run; its sources must be done.
        store: where it is recorded.
        device: see :func:`invariance.runs.device.choose_device`.
        on_event: called with every event, in this thread.
        cancelled: asked at every step: once it answers True, the run saves its state and is ``interrupted``.

    Returns:
        The run: ``done``, as another process left it (``failed``, ``cancelled``), or ``interrupted``.

    Raises:
        SpecError: the spec cannot be executed here (also: out of memory, or the disk is full). It is recorded as
            ``failed`` if it had begun.
        Stopped: see :func:`live_here`.
    """
    device = choose_device(device)
    spec = identified_run(spec)
    wanted_threads()  # what is refused is refused before anything is recorded
    for source in spec.depends_on:
        weights_of(source, store)
    run = store.submit(spec)
    while run.state != State.DONE and not cancelled():
        if (life := take_up(store, run.id, device)) is not None:
            live_here(
                [life],
                lambda must_stop: _alone(spec, store, life.directory, device, must_stop),
                device,
                on_event,
                cancelled,
            )
            return store.get(run.id)
        run = _follow(store.get(run.id), store, on_event, cancelled)
        if run.state in (State.FAILED, State.CANCELLED):
            return run
    return run


NumberedEvents = Generator[tuple[int, "Event | Exception"], None, None]


def _alone(spec: RunSpec, store: Store, directory: Path, device: str, must_stop: CancelFlag) -> NumberedEvents:
    for event in execute(spec, store, directory, device, must_stop):
        yield 0, event


def live_here(
    lives: Sequence[Life],
    work: Callable[[CancelFlag], NumberedEvents],
    device: str,
    on_event: Callable[[Event], None],
    cancelled: CancelFlag = never,
) -> None:
    """Executes runs in this process to their ends, and settles them.

    Args:
        lives: the runs.
        work: given the question whether to stop, yields the number of a run and its event, or what it failed with.
        device: that they are executed on.
        on_event: called with every event, in this thread.
        cancelled: asked at every step, whether all of them are to be interrupted.

    Raises:
        Stopped: the process was asked to stop; the states of the runs are saved, they are ``interrupted``. A second
            signal stops at once: steps since the last checkpoint are lost.
        SpecError: there is not enough memory or disk; or what ``work`` raises.
    """
    with interrupt_flag() as stop, ExitStack() as stack:
        for life in lives:
            stack.enter_context(life)

        def must_stop() -> bool:
            is_closing = stop.is_set() or cancelled()
            asked = [life.must_stop(is_closing) for life in lives if not life.is_over]  # each, for what it ends as
            return any(asked)

        try:
            for number, event in stack.enter_context(closing(work(must_stop))):
                if isinstance(event, Exception):
                    lives[number].hear(failed_message(event, device))
                else:
                    lives[number].hear(event_message(event))
                    on_event(event)
        except BaseException as error:
            failed = isinstance(error, Exception) and not isinstance(error, Cancelled)
            for life in lives:
                if not life.is_over:
                    life.hear(failed_message(error, device) if failed else {"type": "cancelled"})
            if failed and failure_of(error) in (Failure.OUT_OF_MEMORY, Failure.DISK_FULL):
                raise SpecError(error_line(error, device)) from error
            if not isinstance(error, Cancelled):
                raise
        stop.raise_if_set()


def _follow(run: Run, store: Store, on_event: Callable[[Event], None], cancelled: CancelFlag) -> Run:
    """Reads what another process does with a run, until it is not active, that process is gone, or nobody asks."""
    last_progress: dict[str, Any] | None = None
    while run.is_active and not cancelled():
        if run.progress is not None and run.progress != last_progress:
            last_progress = run.progress
            on_event(event_from_dict(run.progress))
        time.sleep(FOLLOW_EVERY_S)
        store.sweep()
        run = store.get(run.id)
    if run.state == State.DONE and run.result is not None:
        on_event(event_from_dict(run.result))
    return run

"""Executing a run: the one place that knows which library function does which kind of run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invariance.runs.claim import try_claim, writing
from invariance.runs.device import choose_device
from invariance.runs.interrupt import interrupt_flag
from invariance.runs.locate import weights_of
from invariance.runs.outcome import error_line, is_out_of_memory, read_result, read_told, write_result
from invariance.runs.store import Run, Store
from invariance.runs.threads import chosen_threads
from invariance.spec import FactorSpec, MeasureSpec, PretrainSpec, RunSpec, SpecError, TransferSpec

if TYPE_CHECKING:
    from invariance.events import Finished, Progress

Locate = Callable[[str], Path]
FOLLOW_EVERY_S = 0.25
CANCEL_POLL_S = 0.25


def execute(
    spec: RunSpec,
    locate: Store | Locate,
    directory: Path,
    device: str = "cpu",
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[Progress | Finished]:
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
    from invariance.events import Finished, event_from_dict
    from invariance.training.resume import clear_state

    with writing(directory), chosen_threads():
        if (result := read_result(directory)) is not None:
            clear_state(directory)
            for progress in read_told(directory):
                yield event_from_dict(progress)
            yield event_from_dict(result)
            return
        told: list[dict[str, Any]] = []
        for event in _events(spec, locate, directory, device, cancelled):
            if isinstance(event, Finished):
                write_result(directory, event.to_dict(), told)
                clear_state(directory)  # before anybody records the run as done, after which nobody would
            elif event.metrics:
                told.append(event.to_dict())
            yield event


def _events(
    spec: RunSpec, locate: Store | Locate, directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
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
    on_event: Callable[[Progress | Finished], None] = lambda event: None,
) -> Run:
    """Executes a run in this process, as the command line does, and records it in the store.

    A run that is done is answered from the store; one that was interrupted, cancelled, failed or killed is resumed; one
    that another living process executes is followed until it ends, and taken over if that process dies. Ctrl-C saves
    the state and leaves the run ``interrupted``; a second Ctrl-C stops at once.

    Args:
        spec: the run; its sources must be done.
        store: where it is recorded.
        device: see :func:`invariance.runs.device.choose_device`.
        on_event: called with every event, in this thread.

    Returns:
        The run: ``done``, or ``interrupted`` after Ctrl-C, or as another process left it (``failed``, ``cancelled``).

    Raises:
        SpecError: the spec cannot be executed here (also: out of memory). It is recorded as ``failed`` if it had begun.
    """
    device = choose_device(device)
    for source in spec.depends_on:
        weights_of(source, store)
    run = store.submit(spec)
    while run.state != "done":
        with try_claim(store.directory(run.id)) as claimed:
            run = store.get(run.id)
            if claimed and run.state == "running":  # an orphan: its process ended without a word
                run = store.transition(run.id, "interrupted")
            if claimed and run.state != "done":
                return _execute_claimed(run, store, device, on_event)
        if not claimed:
            run = _follow(run, store, on_event)
            if run.state in ("failed", "cancelled"):
                return run
    return run


def _execute_claimed(run: Run, store: Store, device: str, on_event: Callable[[Progress | Finished], None]) -> Run:
    from invariance.events import Cancelled, Finished

    store.transition(run.id, "running", device=device)
    with interrupt_flag() as interrupted:
        asked_to_stop = throttled(lambda: store.cancel_requested(run.id))
        events = execute(
            run.spec, store, store.directory(run.id), device, lambda: interrupted.is_set() or asked_to_stop()
        )
        try:
            for event in events:
                if isinstance(event, Finished):
                    run = store.transition(run.id, "done", result=event.to_dict())
                else:
                    store.record(run.id, event.to_dict())
                on_event(event)
        except Cancelled:
            return store.transition(run.id, "interrupted" if interrupted.is_set() else "cancelled")
        except KeyboardInterrupt:
            store.transition(run.id, "interrupted")
            raise
        except Exception as error:
            line = error_line(error, device)
            if store.get(run.id).state == "running":
                store.transition(run.id, "failed", error=line)
            if is_out_of_memory(error):
                raise SpecError(line) from error
            raise
    return run


def _follow(run: Run, store: Store, on_event: Callable[[Progress | Finished], None]) -> Run:
    """Reports what another process does with a run, until it is not active or that process is gone."""
    from invariance.events import event_from_dict

    last_progress: dict[str, Any] | None = None
    while run.is_active:
        if run.progress is not None and run.progress != last_progress:
            last_progress = run.progress
            on_event(event_from_dict(run.progress))
        time.sleep(FOLLOW_EVERY_S)
        store.sweep()
        run = store.get(run.id)
    if run.state == "done" and run.result is not None:
        on_event(event_from_dict(run.result))
    return run


def throttled(question: Callable[[], bool]) -> Callable[[], bool]:
    """Asks a question at most every ``CANCEL_POLL_S`` seconds, since the loop asks at every step."""
    next_time = time.monotonic() + CANCEL_POLL_S

    def answer() -> bool:
        nonlocal next_time
        if time.monotonic() < next_time:
            return False
        next_time = time.monotonic() + CANCEL_POLL_S
        return question()

    return answer

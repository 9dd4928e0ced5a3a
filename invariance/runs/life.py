"""One life of a run, whoever executes it: claimed, looked at for what was left, executed, recorded, settled.

The app's manager, the command line, groups and studies differ in who does the work and who waits for it; what becomes
of a run does not. They all take it up with :func:`take_up`, pass on what is said of it in the messages of
:mod:`invariance.runs.worker` to :meth:`Life.hear`, and stop it when :meth:`Life.must_stop` says so. A lost process is
tried again from the last checkpoint; what was said to have failed is not, since it would fail again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from invariance.files import write_bytes_atomically
from invariance.runs.claim import try_claim, writing
from invariance.runs.outcome import crash_line, located, read_history, read_result
from invariance.runs.run import State
from invariance.runs.store import Store
from invariance.spec import SpecError

CANCEL_POLL_S = 0.25
_log = logging.getLogger(__name__)


class Life:
    """A run in this process's hands, from its claim to its settlement; as a context it ends with the body.

    Args:
        store: where it is recorded.
        run_id: its full identity; it is ``running``.
        claim: what is given up at the end.

    Attributes:
        stopped_by: the state that it is asked to stop in; None if it may go on.
        is_over: whether it is settled; if it is not after its process was lost, it is to be tried again.
    """

    def __init__(self, store: Store, run_id: str, claim: ExitStack) -> None:
        self.run_id = run_id
        self.directory = store.directory(run_id)
        self.stopped_by: State | None = None
        self._store, self._claim = store, claim
        self.is_over = False
        self._next_look = 0.0

    def must_stop(self, is_closing: bool = False) -> bool:
        """Whether to stop; asked at every step, so the store is looked at only now and then.

        Args:
            is_closing: who executes runs is about to end.
        """
        if self.stopped_by is None:
            if is_closing:
                self.stopped_by = State.INTERRUPTED
            elif (now := time.monotonic()) >= self._next_look:
                self._next_look = now + CANCEL_POLL_S
                if self._store.cancel_requested(self.run_id):
                    self.stopped_by = State.CANCELLED
        return self.stopped_by is not None

    def hear(self, message: dict[str, Any]) -> None:
        """Records what is said of the run.

        Args:
            message: of the worker's protocol, or of :mod:`invariance.runs.executors.executor`. ``exit`` says that the
                process is gone: a run that had its result by then is done, one that was to stop has stopped.
        """
        match message["type"]:
            case "started":
                self._store.set_device(self.run_id, message["device"])
            case "progress":
                self._store.record(self.run_id, message["progress"])
            case "checkpoint" | "files":
                for name, content in message["files"].items():
                    write_bytes_atomically(self.directory / Path(name).name, content)
            case "done":
                self.settle(State.DONE, result=located(message["result"], self.directory))
            case "cancelled":
                self.settle(self.stopped_by or State.INTERRUPTED)
            case "failed":
                self.settle(State.FAILED, error=message["error"])
            case "exit" if (result := read_result(self.directory)) is not None:
                self.settle(State.DONE, result=result)
            case "exit" if self.stopped_by is not None:
                self.settle(self.stopped_by)
            case "exit" if not self._store.lose(self.run_id, crash_line(message["how"], self.directory), is_held=True):
                self._let_go()

    def settle(self, state: State, **details: Any) -> None:
        """Ends this life, unless somebody else has just ended it, or deleted the run."""
        try:
            self._store.transition(self.run_id, state, **details)
        except SpecError as error:
            _log.info("run %s stays as it is: %s", self.run_id, error)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        self.is_over = True
        self._claim.close()

    def __enter__(self) -> Life:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if not self.is_over:
            self.settle(State.INTERRUPTED, error="it could not be executed to its end; resume it")


def take_up(store: Store, run_id: str, device: str, states: Collection[str] | None = None) -> Life | None:
    """Claims a run and makes it ``running``, if it is there to be executed.

    A run that finished without being recorded is recorded now; one that lost its process goes on.

    Args:
        store: where it is.
        run_id: its full identity.
        device: where it is going to be executed.
        states: those that it may be in; None for all but ``done``.

    Returns:
        None if another process has it, or it is done (by now), deleted, or in none of ``states``.

    Raises:
        SpecError: another process still writes its files; then it has failed. Or it is of an earlier schema.
    """
    with ExitStack() as claim:
        run = store.find(run_id) if claim.enter_context(try_claim(store.directory(run_id))) else None
        if run is None or run.state == State.DONE or (states is not None and run.state not in states):
            return None
        run.require_current()
        if run.state == State.RUNNING:  # an orphan
            store.lose(run_id, "the process that executed it ended; resume it")
        store.transition(run_id, State.RUNNING, device=device)
        life = Life(store, run_id, claim.pop_all())
    try:
        _take_what_was_left(life, store)
    except SpecError as error:
        life.settle(State.FAILED, error=str(error))
        raise
    return None if life.is_over else life


def _take_what_was_left(life: Life, store: Store) -> None:
    """Records a result that nobody has recorded, once whoever made it is gone."""
    from invariance.training.resume import clear_state

    with writing(life.directory):
        if (result := read_result(life.directory)) is None:
            return
        clear_state(life.directory)
    for progress in read_history(life.directory):
        store.record(life.run_id, progress)
    life.settle(State.DONE, result=result)

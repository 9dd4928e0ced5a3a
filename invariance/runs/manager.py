"""The manager of a server: takes runs, keeps their order and their dependencies, and has workers execute them.

Its threads only supervise; the training is in child processes, so the page stays alive and a crash ends one run alone.
The queue is the store itself: what is queued survives a restart, and everything asked of the manager (submit, cancel)
is a change of the store, which the threads then act on. Runs and specs cross its interface as plain data (or JSON), so
that a manager kept alive by a server whose code was reloaded still understands what it is given.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from invariance.data.picture_contents import identified_run
from invariance.files import disk_trouble
from invariance.runs.child import GRACE_S, WORKER_COMMAND, Child, follow
from invariance.runs.claim import make_directory
from invariance.runs.device import server_devices
from invariance.runs.fair_queue import place, require_disk, require_room, startable
from invariance.runs.life import Life, take_up
from invariance.runs.locate import shipped_weights, weights_of
from invariance.runs.outcome import ends_worker
from invariance.runs.run import RESUMABLE_STATES, Run, State
from invariance.runs.slots import Slot, slots_of
from invariance.runs.store import Store
from invariance.runs.threads import shared_threads
from invariance.spec import RunSpec, SpecError, canonical_json, run_from_json
from invariance.training.watched import watch, watched_tasks

POLL_S = 0.5
SWEEP_EVERY_S = 10.0
IDLE_S = 60.0
"""Until a worker that used a GPU, or the second one of a CPU, is ended: whoever looks and asks again finds it warm."""
_log = logging.getLogger(__name__)


class Manager:
    """One per store and server; a lock in the store's folder keeps a second one out.

    Args:
        store: the store, or its folder.
        device: see :func:`~invariance.runs.device.server_devices`.
        num_workers: runs executed at once; None as in :func:`~invariance.runs.slots.slots_of`, by which a CPU of
            several cores has a second worker for small networks, that lives while the first one has its hands full.
        command: the worker's program.
        grace_s: seconds that a run has to stop by itself, before its process is ended.
        idle_s: until a worker is ended that is not kept, see :data:`IDLE_S`.

    Attributes:
        trouble: why the queue stands, in a line; empty while it moves.

    Raises:
        SpecError: another process manages this store, there is no such device, or ``INVARIANCE_THREADS`` is no number.
    """

    def __init__(
        self,
        store: Store | Path | str,
        device: str = "auto",
        num_workers: int | None = None,
        *,
        command: Sequence[str] = WORKER_COMMAND,
        grace_s: float = GRACE_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self.store = store if isinstance(store, Store) else Store(store)
        self._grace_s = grace_s
        self._idle_s = idle_s
        self.trouble = ""
        self._asking = threading.Lock()
        self._stopped: list[str] = []
        slots = slots_of(server_devices(device).names, num_workers)
        # A second worker of a CPU takes nothing from the first: its networks compute with one thread anyway.
        environment = shared_threads(sum(not slot.is_second for slot in slots))
        self._lock = FileLock(self.store.root / "manager.lock", thread_local=False)
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise SpecError(
                f"the runs in {str(self.store.root)!r} are managed by another server: use that one, stop it, or give "
                "this one its own folder with INVARIANCE_RUNS"
            ) from error
        self._closing = threading.Event()
        self._wake = threading.Condition()
        self._first_is_busy = threading.Event()
        self._expected_until = -math.inf
        self.store.go_on(self.store.sweep())
        log = self.store.root / "worker.log"
        self._children = [Child(log, command=command, environment=environment) for _ in slots]
        self._threads = [
            threading.Thread(target=self._supervise, args=each, name=f"supervisor-{number}", daemon=True)
            for number, each in enumerate(zip(self._children, slots, strict=True))
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, spec: RunSpec | str, owner: str = "") -> Run:
        """Asks for a run: one that is done or under way is left as it is, any other is queued (again).

        Args:
            spec: the run, or its canonical JSON.
            owner: who asks; runs go round the owners, and the second of a named one does not begin while one of
                somebody else, who has none under way, could.

        Raises:
            SpecError: the spec is not valid or names a source that is not known, or the owner has too many waiting.
        """
        return self.submit_all([spec], owner)[0]

    def submit_all(
        self,
        specs: Sequence[RunSpec | str],
        owner: str = "",
        *,
        max_queued: int | None = None,
        is_watched: bool = False,
    ) -> list[Run]:
        """As :meth:`submit` of each in turn, sources first; asks for all of them or, if one cannot be, for none.

        Args:
            specs: the runs.
            owner: who asks.
            max_queued: runs that one owner may have waiting; None for any number.
            is_watched: somebody looks on, so that pretrainings say how they would do on their target tasks.
        """
        read = [identified_run(run_from_json(spec) if isinstance(spec, str) else spec) for spec in specs]
        with self._asking:  # so that what two people ask for at once is not divided between them
            if max_queued is not None:
                require_room(self.store, read, owner, max_queued)
            asked: set[str] = set()
            for spec in read:
                self._require_sources(spec, asked)
                asked.add(spec.run_id)
            for run_id, task in watched_tasks(read).items() if is_watched else ():
                make_directory(directory := self.store.directory(run_id))
                watch(directory, task)  # before the run may begin
            return [self._requeue(self.store.submit(spec, owner)) for spec in read]

    def _require_sources(self, spec: RunSpec, asked: set[str]) -> None:
        for source in spec.depends_on:
            if source not in asked and self.store.find(source) is None and shipped_weights(source) is None:
                raise SpecError(f"source {source!r} is not known here: submit the run it names first")

    def expect(self) -> None:
        """Somebody is about to ask for several runs: the second worker of a CPU, if there is one, loads torch now.

        So that two networks begin together. It goes after its time like one that has done its work.
        """
        self._expected_until = time.monotonic() + self._idle_s
        self._notify()

    def resume(self, run_id: str) -> Run:
        """Queues a run that failed or was stopped, and the sources it needs.

        Raises:
            SpecError: it is unknown, or one of them is of an earlier schema.
        """
        run = self.store.get(run_id)
        if run.state in RESUMABLE_STATES:
            run.require_current()
            for source in run.spec.depends_on:
                if self.store.find(source) is not None:
                    self.resume(source)
        return self._requeue(run)

    def cancel(self, run_id: str) -> Run:
        """Stops a run: a waiting one at once, a running one within its grace; one that has ended is left."""
        run = self.store.request_cancel(run_id)
        self._notify()
        return run

    def position(self, run_id: str) -> int:
        """The place of a waiting run in the queue, 1 for the next one; 0 if it does not wait."""
        return place(self.store, run_id)[0]

    def worker_pids(self) -> list[int]:
        """The process numbers of the living workers."""
        return [child.pid for child in self._children if child.pid is not None]

    def close(self) -> None:
        """Stops what runs, ends the workers, frees the store.

        What ran for a named owner goes on first when the store is managed again; the rest is ``interrupted`` and can be
        resumed.
        """
        self._closing.set()
        self._notify()
        for thread in self._threads:
            thread.join()
        try:
            self.store.go_on(self._stopped)
        except SpecError as error:
            _log.warning("what was stopped does not go on by itself: %s", error)
        self._lock.release(force=True)

    def _requeue(self, run: Run) -> Run:
        if run.state in RESUMABLE_STATES:
            try:
                run = self.store.transition(run.id, State.QUEUED)
            except SpecError:  # somebody else was faster
                run = self.store.get(run.id)
        self._notify()
        return run

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _supervise(self, child: Child, slot: Slot) -> None:
        next_sweep, last_use = time.monotonic() + SWEEP_EVERY_S, math.inf
        while not self._closing.is_set():
            try:
                is_needed = not slot.is_second or self._is_second_needed(slot)
                is_expected = slot.is_second and time.monotonic() < self._expected_until
                if slot.is_second and (is_needed or is_expected):
                    last_use = time.monotonic()
                if not slot.is_kept and time.monotonic() > last_use + self._idle_s:
                    child.end()  # until there is a job
                elif is_needed or is_expected:
                    child.start()  # ahead of the first job, so that nobody waits for torch to load
                if time.monotonic() > next_sweep:
                    next_sweep = time.monotonic() + SWEEP_EVERY_S
                    self.store.go_on(self.store.sweep())  # what a full disk, or a kill, took out of our hands
                # While the second loads torch the first may come to be free, and be done sooner with what waits.
                worked = is_needed and (not slot.is_second or child.is_ready) and self._execute_next(child, slot)
                last_use = time.monotonic() if worked else last_use
                if self.trouble and (worked or not self.store.has_active()):
                    self.trouble = ""
            except (OSError, SpecError) as error:  # a full disk must not end the queue
                words = disk_trouble(error) or str(error)
                if words != self.trouble:  # once, however often it is tried
                    is_told = isinstance(error, SpecError) or bool(disk_trouble(error))
                    _log.error("runs stand still: %s", words, exc_info=not is_told)
                self.trouble = words
                child.end()
                worked = False
            with self._wake:
                if not worked and not self._closing.is_set():
                    self._wake.wait(POLL_S)
        child.end()
        self.store.close()

    def _is_second_needed(self, slot: Slot) -> bool:
        return self._first_is_busy.is_set() and next(self._takeable(slot), None) is not None

    def _takeable(self, slot: Slot) -> Iterator[tuple[Run, dict[str, str]]]:
        """The runs that a worker may begin now, each with the weights that it needs."""
        for run in startable(self.store):
            if slot.takes(run.spec, self.store) and (sources := self._sources(run)) is not None:
                yield run, sources

    def _execute_next(self, child: Child, slot: Slot) -> bool:
        for run, sources in self._takeable(slot):
            try:
                run.require_current()
                require_disk(run.spec, self.store.root)
            except SpecError as error:
                self._give_up(run.id, State.FAILED, str(error))
                continue
            if (life := take_up(self.store, run.id, slot.device, states=(State.QUEUED,))) is not None:
                if not slot.is_second:
                    self._first_is_busy.set()
                    self._notify()
                try:
                    with life:
                        self._execute(life, run.spec, sources, child, slot.device)
                finally:
                    if not slot.is_second:
                        self._first_is_busy.clear()
                    self._notify()  # what builds on it may begin
                return True
        return False

    def _sources(self, run: Run) -> dict[str, str] | None:
        """The weights that a run needs; None if it has to wait, or cannot run (then that is settled here)."""
        for source in run.spec.depends_on:
            other = self.store.find(source)
            if other is None or other.state == State.DONE or shipped_weights(source) is not None:
                continue
            if other.is_active:
                return None
            state = State.INTERRUPTED if other.state == State.INTERRUPTED else State.FAILED
            reason = f"its source {source} is {other.state}" + (f" ({other.error})" if other.error else "")
            self._give_up(run.id, state, f"{reason}: resume this run to repeat both")
            return None
        try:
            return {source: str(weights_of(source, self.store)) for source in run.spec.depends_on}
        except SpecError as error:
            self._give_up(run.id, State.FAILED, str(error))
            return None

    def _give_up(self, run_id: str, state: State, error: str) -> None:
        """Ends a waiting run, unless somebody else has just done something with it."""
        try:
            self.store.transition(run_id, state, error=error)
        except SpecError as settled:
            _log.info("run %s stays as it is: %s", run_id, settled)

    def _execute(self, life: Life, spec: RunSpec, sources: dict[str, str], child: Child, device: str) -> None:
        """Has the worker do a run, again if it is lost on the way."""

        def hear(message: dict[str, Any]) -> None:
            life.hear(message)
            if message["type"] == "progress":  # it was written down: the queue moves again
                self.trouble = ""

        job = {"id": life.run_id, "spec": canonical_json(spec), "directory": str(life.directory), "sources": sources}
        try:
            while not life.is_over:
                child.start()
                child.send(type="job", **job, device=device)
                last = follow(child, life.run_id, hear, lambda: life.must_stop(self._closing.is_set()), self._grace_s)
                if ends_worker(last):
                    child.end()  # before the claim is released: nobody else may begin while our worker still writes
                life.must_stop(self._closing.is_set())  # what was lost meanwhile is not tried again
                life.hear(last)
            if life.stopped_by == State.INTERRUPTED:
                self._stopped.append(life.run_id)
        except BaseException:
            child.end()
            raise

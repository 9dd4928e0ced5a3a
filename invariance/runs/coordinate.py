"""The coordinator: has an executor do the runs of a study, each after those it builds on, and records all of it.

It alone knows the graph pretrain, transfer, measure, and it alone writes to the store, in its own thread. What is done
already is not done again; what another process executes is waited for, and taken over if that process dies. Every
run that is handed over is claimed until it has ended and carries the number of its attempt, so that nothing is done
twice at once and what an attempt says after it was given up is not heard.
"""

from __future__ import annotations

import math
import queue
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from invariance.files import write_atomically
from invariance.runs.claim import try_claim
from invariance.runs.execute import execute
from invariance.runs.executors.executor import Executor, Job, Work, WorkerLost
from invariance.runs.locate import weights_of
from invariance.runs.outcome import crash_line, error_line, located, read_result, read_told
from invariance.runs.store import Store
from invariance.runs.study_progress import StudyProgress, outcomes_of, progress_of
from invariance.spec import RunSpec, SpecError, canonical_json
from invariance.studies.study import Study

POLL_S = 0.2
EVENT_EVERY_S = 1.0
CHECK_EVERY_S = 0.5


@dataclass(frozen=True)
class StudyEvent:
    """What a study reports while it is executed.

    Attributes:
        progress: how far it is.
        table: of the results there are; None if there are no new ones since the last event.
    """

    progress: StudyProgress
    table: pd.DataFrame | None


@dataclass
class _Active:
    """A run that was handed over."""

    job: Job
    claim: ExitStack
    has_begun: bool = False
    stopped_by: str | None = None


@dataclass
class Coordinator:
    """Executes a study.

    Args:
        study: what to execute.
        store: where it is recorded.
        executor: what executes the runs; closed by the coordinator if it has to give up.
        device: for estimates, and for display until a worker says which it has.
        retries: how often a run whose worker died is tried again, from its last checkpoint.
        function: what does a run.
    """

    study: Study
    store: Store
    executor: Executor
    device: str = "cpu"
    retries: int = 2
    function: Work = execute
    _specs: dict[str, RunSpec] = field(init=False)
    _done: set[str] = field(init=False, default_factory=set)
    _given_up: dict[str, str] = field(init=False, default_factory=dict)
    _attempts: Counter[str] = field(init=False, default_factory=Counter)
    _losses: Counter[str] = field(init=False, default_factory=Counter)
    _active: dict[str, _Active] = field(init=False, default_factory=dict)
    _num_batches: int = field(init=False, default=0)
    _inbox: queue.Queue[Callable[[], None]] = field(init=False, default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._specs = {spec.run_id: spec for spec in self.study.runs}

    @property
    def failures(self) -> dict[str, str]:
        """Why runs were given up, by their identity; those that build on them are not named."""
        return dict(self._given_up)

    def run(self, stop: Callable[[], bool] = lambda: False) -> Iterator[StudyEvent]:
        """Executes what is not done yet.

        Args:
            stop: asked several times a second; once it answers True, runs save their state and end as ``interrupted``.

        Yields:
            Events: at least one, and afterwards about one a second, the last when nothing more can be done.

        Raises:
            SpecError: a source outside of the study is not here.
        """
        self._require_outside_sources()
        stopping, next_check, next_event, num_tabulated = False, 0.0, 0.0, -1
        try:
            while True:
                self._hear()
                now = time.monotonic()
                if not stopping and stop():
                    stopping = True
                    for run_id in self._active:
                        self._stop(run_id, "interrupted")
                if now >= next_check:
                    next_check = now + CHECK_EVERY_S
                    self._heed_cancelling()
                    self._look_around()
                if not stopping:
                    self._hand_over()
                over = not self._active and not self._num_batches and (stopping or not self._has_ready())
                if over or len(self._done) != num_tabulated or now >= next_event:
                    next_event = now + EVENT_EVERY_S
                    changed = len(self._done) != num_tabulated
                    num_tabulated = len(self._done)
                    yield self._event(changed)
                if over:
                    return
        finally:
            self._abandon()

    def _event(self, changed: bool) -> StudyEvent:
        progress = progress_of(self.study, self.store, num_slots=self.executor.num_slots, device=self.device)
        table = self.study.tabulate(outcomes_of(self.study, self.store)) if changed else None
        return StudyEvent(progress, table)

    def _require_outside_sources(self) -> None:
        for spec in self._specs.values():
            for source in spec.depends_on:
                if source not in self._specs:
                    weights_of(source, self.store)

    def _look_around(self) -> None:
        """Takes notice of what is done, by whomever."""
        self.store.sweep()
        for run_id, standing in self.store.standings(self._specs).items():
            if standing.state == "done" and run_id not in self._active:
                self._done.add(run_id)

    # Handing over

    def _hand_over(self) -> None:
        """Fills the executor."""
        free = self.executor.num_slots - self._num_batches
        if free <= 0:
            return
        ready = [run_id for run_id in self._specs if self._is_ready(run_id)]
        for batch in self._batches(ready, free):
            if free <= 0:
                break
            if jobs := [job for run_id in batch if (job := self._take(run_id)) is not None]:
                free -= 1
                self._submit(jobs)

    def _has_ready(self) -> bool:
        """Whether something is still to be done: here, once there is room, or by the process that has it now."""
        return any(self._is_ready(run_id) for run_id in self._specs)

    def _batches(self, ready: Sequence[str], free: int) -> Iterator[list[str]]:
        """Runs of the same sources, next to each other, those that build on others first: they give results early."""
        of_sources: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for run_id in sorted(ready, key=lambda run_id: not self._specs[run_id].depends_on):
            of_sources[self._specs[run_id].depends_on].append(run_id)
        size = max(1, min(self.executor.max_batch, math.ceil(len(ready) / free)))
        for run_ids in of_sources.values():
            yield from (run_ids[start : start + size] for start in range(0, len(run_ids), size))

    def _is_ready(self, run_id: str) -> bool:
        if run_id in self._done or run_id in self._active or run_id in self._given_up:
            return False
        sources = self._specs[run_id].depends_on
        return all(source in self._done or source not in self._specs for source in sources)

    def _take(self, run_id: str) -> Job | None:
        """Claims a run and makes its job; None if another process has it, or it is done, or cannot be done."""
        spec = self._specs[run_id]
        try:
            sources = {source: str(weights_of(source, self.store)) for source in spec.depends_on}
        except SpecError as error:
            self._given_up[run_id] = str(error)
            return None
        self.store.submit(spec, owner=self.study.name)
        directory = self.store.directory(run_id)
        claim = ExitStack()
        if not claim.enter_context(try_claim(directory)) or self._is_settled(run_id):
            claim.close()
            return None
        self.store.transition(run_id, "running", device=self.device)
        self._attempts[run_id] += 1
        attempt = self._attempts[run_id]
        job = Job(run_id=run_id, spec=canonical_json(spec), directory=directory, sources=sources, attempt=attempt)
        self._active[run_id] = _Active(job, claim)
        return job

    def _is_settled(self, run_id: str) -> bool:
        """Whether a claimed run turns out to be done; one that lost its process is made ready."""
        state = self.store.get(run_id).state
        if state == "running":
            self.store.transition(run_id, "interrupted")
        if state != "done" and (result := read_result(self.store.directory(run_id))) is not None:
            self.store.transition(run_id, "running", device=result.get("device"))
            for progress in read_told(self.store.directory(run_id)):
                self.store.record(run_id, progress)
            state = self.store.transition(run_id, "done", result=result).state
        if state == "done":
            self._done.add(run_id)
        return state == "done"

    def _submit(self, jobs: Sequence[Job]) -> None:
        self._num_batches += 1
        future = self.executor.submit(
            self.function, jobs, lambda job, message: self._inbox.put(lambda: self._take_message(job, message))
        )
        future.add_done_callback(lambda future: self._inbox.put(lambda: self._end_batch(jobs, future)))

    # Listening

    def _hear(self) -> None:
        """Does what threads of the executor left to be done in this one."""
        try:
            self._inbox.get(timeout=POLL_S)()
            while True:
                self._inbox.get_nowait()()
        except queue.Empty:
            pass

    def _take_message(self, job: Job, message: dict[str, Any]) -> None:
        active = self._active.get(job.run_id)
        if active is None or active.job != job:
            return  # an attempt that was given up
        match message["type"]:
            case "started":
                active.has_begun = True
                self.store.set_device(job.run_id, message["device"])
            case "progress":
                self.store.record(job.run_id, message["progress"])
            case "checkpoint" | "files":
                _write_files(job.directory, message["files"])
            case "done":
                self._end(job.run_id, "done", result=located(message["result"], job.directory))
            case "failed":
                self._end(job.run_id, "failed", error=message["error"])
            case "cancelled":
                self._end(job.run_id, active.stopped_by or "interrupted")

    def _end_batch(self, jobs: Sequence[Job], future: Future[list[dict[str, Any]]]) -> None:
        self._num_batches -= 1
        error = future.exception()
        for job in jobs:
            active = self._active.get(job.run_id)
            if active is None or active.job != job:
                continue
            if (result := read_result(job.directory)) is not None:  # finished, and killed before it could say so
                self._end(job.run_id, "done", result=result)
            elif active.stopped_by is not None:
                self._end(job.run_id, active.stopped_by)
            elif isinstance(error, WorkerLost):
                self._losses[job.run_id] += active.has_begun
                retry = self._losses[job.run_id] <= self.retries
                line = crash_line(str(error), job.directory)
                self._end(job.run_id, "interrupted" if retry else "failed", error=line, retry=retry)
            else:
                line = "it ended without a word" if error is None else error_line(error, self.device)
                self._end(job.run_id, "failed", error=line)

    def _end(self, run_id: str, state: str, *, retry: bool = False, **details: Any) -> None:
        active = self._active.pop(run_id)
        try:
            run = self.store.transition(run_id, state, **details)
        except SpecError as error:  # somebody deleted it, or it was ended from elsewhere
            self._given_up[run_id] = str(error)
            return
        finally:
            active.claim.close()
        if state == "done":
            self._done.add(run_id)
        elif not retry:
            self._given_up[run_id] = run.error or state

    # Stopping

    def _heed_cancelling(self) -> None:
        for run_id, active in self._active.items():
            if active.stopped_by is None and self.store.cancel_requested(run_id):
                self._stop(run_id, "cancelled")

    def _stop(self, run_id: str, state: str) -> None:
        self._active[run_id].stopped_by = state
        self.executor.cancel(run_id)

    def _abandon(self) -> None:
        """Ends what is still under way when the coordinator cannot go on."""
        if not self._active:
            return
        self.executor.close()  # before the claims are released: nobody else may begin while our workers still write
        self._hear()  # what was finished meanwhile
        for run_id in list(self._active):
            self._end(run_id, "interrupted", error="its study was stopped; ask for it again to go on")


def _write_files(directory: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        write_atomically(directory / Path(name).name, _writer(content))


def _writer(content: bytes) -> Callable[[BinaryIO], object]:
    return lambda stream: stream.write(content)

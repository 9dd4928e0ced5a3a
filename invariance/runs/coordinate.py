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
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from invariance.data.picture_contents import identified_run
from invariance.runs.execute import execute
from invariance.runs.executors.executor import Executor, Job, Work, WorkerLost
from invariance.runs.life import Life, take_up
from invariance.runs.locate import weights_of
from invariance.runs.outcome import failed_message
from invariance.runs.run import State
from invariance.runs.store import Store
from invariance.runs.study_progress import StudyProgress, outcomes_of, progress_of
from invariance.spec import RunSpec, SpecError, canonical_json
from invariance.spec.sources import SOURCES
from invariance.studies.study import Study

POLL_S = 0.2
EVENT_EVERY_S = 1.0
EVENT_SHARE = 0.05
"""Of the time, at most, goes into events: each reads and tabulates all of a study, which may have thousands of runs."""
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
    """A run that was handed over, in its present attempt."""

    job: Job
    life: Life


@dataclass
class Coordinator:
    """Executes a study.

    Args:
        study: what to execute.
        store: where it is recorded.
        executor: what executes the runs; closed by the coordinator if it has to give up.
        device: for estimates, and for display until a worker says which it has.
        function: what does a run.
    """

    study: Study
    store: Store
    executor: Executor
    device: str = "cpu"
    function: Work = execute
    _specs: dict[str, RunSpec] = field(init=False)
    _done: set[str] = field(init=False, default_factory=set)
    _given_up: dict[str, str] = field(init=False, default_factory=dict)
    _active: dict[str, _Active] = field(init=False, default_factory=dict)
    _num_batches: int = field(init=False, default=0)
    _inbox: queue.Queue[Callable[[], None]] = field(init=False, default_factory=queue.Queue)

    def __post_init__(self) -> None:
        self._specs = self.study.by_id

    @property
    def failures(self) -> dict[str, str]:
        """Why runs were given up, by their identity; those that build on them are not named."""
        return dict(self._given_up)

    def run(self, stop: Callable[[], bool] = lambda: False) -> Iterator[StudyEvent]:
        """Executes what is not done yet.

        Args:
            stop: asked several times a second; once it answers True, runs save their state and end as ``interrupted``.

        Yields:
            Events: at least one, and afterwards about one a second and one whenever there is a new result, fewer of a
            study so large that this would take time from its runs; the last when nothing more can be done.

        Raises:
            SpecError: a source outside of the study is not here, or a folder is not written as runs name it.
        """
        self._require_identities()
        self._require_outside_sources()
        stopping, next_check, next_event, next_table, num_tabulated = False, 0.0, 0.0, 0.0, -1
        try:
            while True:
                self._hear()
                now = time.monotonic()
                if not stopping and stop():
                    stopping = True
                self._stop_what_must(stopping)
                if now >= next_check:
                    next_check = now + CHECK_EVERY_S
                    self._look_around()
                if not stopping:
                    self._hand_over()
                over = not self._active and not self._num_batches and (stopping or not self._has_ready())
                is_new = len(self._done) != num_tabulated
                if over or now >= next_event or (is_new and now >= next_table):
                    num_tabulated = len(self._done)
                    began = time.monotonic()
                    yield self._event(is_new)
                    now = time.monotonic()  # with what was made of the event
                    next_table = now + (now - began) / EVENT_SHARE
                    next_event = max(now + EVENT_EVERY_S, next_table)
                if over:
                    return
        finally:
            self._abandon()

    def _event(self, changed: bool) -> StudyEvent:
        progress = progress_of(self.study, self.store, num_slots=self.executor.num_slots, device=self.device)
        table = self.study.tabulate(outcomes_of(self.study, self.store)) if changed else None
        return StudyEvent(progress, table)

    def _require_identities(self) -> None:
        """Refuses folders that are recorded under another name than the study has: no run of it would ever be done."""
        for spec in self._specs.values():
            if (known := identified_run(spec)).run_id != spec.run_id:
                for role in SOURCES:
                    asked, named = getattr(spec.data, role), getattr(known.data, role)
                    if asked != named:
                        raise SpecError(
                            f"{role} = {asked}: a study names folders by their full path and contents, here {named}; "
                            "make it with make_study, or of what resolve_source gives"
                        )

    def _require_outside_sources(self) -> None:
        for spec in self._specs.values():
            for source in spec.depends_on:
                if source not in self._specs:
                    weights_of(source, self.store)

    def _look_around(self) -> None:
        """Takes notice of what is done, by whomever."""
        self.store.sweep()
        for run_id, standing in self.store.standings(self._specs.keys() - self._done).items():
            if standing.state == State.DONE and run_id not in self._active:
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
            self.store.submit(spec, owner=self.study.name)
            life = take_up(self.store, run_id, self.device)
        except SpecError as error:
            self._given_up[run_id] = str(error)
            return None
        if life is None:
            return None
        job = Job(run_id=run_id, spec=canonical_json(spec), directory=life.directory, sources=sources)
        self._active[run_id] = _Active(job, life)
        return job

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
        active.life.hear(message)
        self._let_go_if_over(job.run_id)

    def _end_batch(self, jobs: Sequence[Job], future: Future[list[dict[str, Any]]]) -> None:
        """What is not over when its batch is lost its worker; the first of it was at work, the others waited."""
        self._num_batches -= 1
        error = future.exception() or RuntimeError("it ended without a word")
        is_lost = isinstance(error, WorkerLost)
        message = {"type": "exit", "how": str(error)} if is_lost else failed_message(error, self.device)
        left = [active for job in jobs if (active := self._active.get(job.run_id)) is not None and active.job == job]
        again = []
        for active in left:
            if active is left[0] or active.life.stopped_by is not None or not is_lost:
                active.life.hear(message)
            if not self._let_go_if_over(active.job.run_id):
                active.job = replace(active.job, attempt=active.job.attempt + 1)
                again.append(active.job)
        if again:
            self._submit(again)

    def _let_go_if_over(self, run_id: str) -> bool:
        """Takes notice of how a run ended, if it did."""
        if not self._active[run_id].life.is_over:
            return False
        del self._active[run_id]
        standing = self.store.standings([run_id]).get(run_id)
        if standing is not None and standing.state == State.DONE:
            self._done.add(run_id)
        else:
            self._given_up[run_id] = "it was deleted" if standing is None else standing.error or standing.state
        return True

    # Stopping

    def _stop_what_must(self, is_closing: bool) -> None:
        for run_id, active in self._active.items():
            if active.life.stopped_by is None and active.life.must_stop(is_closing):
                self.executor.cancel(run_id)

    def _abandon(self) -> None:
        """Ends what is still under way when the coordinator cannot go on."""
        if not self._active:
            return
        for active in self._active.values():
            active.life.must_stop(is_closing=True)  # so that nothing lost is tried again
        self.executor.close()  # before the claims are released: nobody else may begin while our workers still write
        self._hear()  # what was finished meanwhile
        for active in self._active.values():
            active.life.settle(State.INTERRUPTED, error="its study was stopped; ask for it again to go on")
        self._active.clear()

"""What all executors share: ``submit(function, jobs) -> Future``, and messages while it works.

An executor knows nothing of the store or of what depends on what: whoever submits (the coordinator) holds the claim on
each run, has its sources ready, and records what is reported. The messages are those of the worker's protocol
(:mod:`invariance.runs.worker`), and two more from workers that do not share a disk with the coordinator, with files to
be put into the run's directory: ``{"type": "checkpoint", "files": {name: bytes}}``, and ``files`` with the results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from invariance.spec import RunSpec

if TYPE_CHECKING:
    from invariance.events import Finished, Progress

Work = Callable[[RunSpec, Callable[[str], Path], Path, str, Callable[[], bool]], "Iterator[Progress | Finished]"]
"""A function of a module, called as :func:`invariance.runs.execute.execute` is, and imported where it works."""

FINAL_TYPES = ("done", "cancelled", "failed")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One attempt at a run.

    Attributes:
        run_id: identity of the run.
        spec: its canonical JSON.
        directory: of the run, on the coordinator's machine.
        sources: from the name of each source to its file of weights, on the coordinator's machine.
        attempt: counts the attempts at this run. It is the lease: what an earlier attempt still says is not heard.
    """

    run_id: str
    spec: str
    directory: Path
    sources: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1


Report = Callable[[Job, dict[str, Any]], None]


def unheard(job: Job, message: dict[str, Any]) -> None:
    """The report of someone who only wants the result."""


class WorkerLost(RuntimeError):
    """The process that worked is gone; the message says how. Its jobs may be tried again."""


class Executor(Protocol):
    """Where jobs are done.

    Attributes:
        name: for display.
        max_batch: jobs that are worth submitting together; 1 where workers stay warm anyway.
    """

    name: str
    max_batch: int

    @property
    def num_slots(self) -> int:
        """How many submissions are worked on at once."""

    def submit(self, function: Work, jobs: Sequence[Job], report: Report = unheard) -> Future[list[dict[str, Any]]]:
        """Has jobs done one after the other in one process, which saves its start and shares their sources.

        Args:
            function: does one job; see :data:`Work`.
            jobs: at least one.
            report: called with every message, from a thread of the executor.

        Returns:
            The last message of each job, of a type in ``FINAL_TYPES``; raises :class:`WorkerLost` if the process ended
            before it was through.
        """

    def cancel(self, run_id: str) -> None:
        """Has a job stop after saving its state; a process that does not obey is ended."""

    def close(self) -> None:
        """Ends all workers and returns when they are gone."""

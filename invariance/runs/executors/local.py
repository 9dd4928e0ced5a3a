"""Runs on this machine, each worker a warm child process: a crash, or memory that runs out, ends its run alone."""

from __future__ import annotations

import queue
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from invariance.runs.child import GRACE_S, WORKER_COMMAND, Child, follow
from invariance.runs.device import choose_device, cuda_devices, spread, wanted_device
from invariance.runs.executors.executor import Job, Report, Work, WorkerLost, unheard
from invariance.runs.outcome import ends_worker
from invariance.runs.threads import num_threads, shared_threads

MAX_CPU_WORKERS: Final = 8
"""Each keeps torch in memory, about half a gigabyte."""
_Batch = tuple[Work, Sequence[Job], Report, "Future[list[dict[str, Any]]]"]


def local_devices(device: str, num_workers: int | None = None) -> list[str]:
    """One device a worker: all GPUs in turn, or the CPU.

    Args:
        device: as for :func:`~invariance.runs.device.choose_device`; ``auto`` and ``cuda`` are all GPUs that compute.
        num_workers: None for one a GPU, or one a core and at most :data:`MAX_CPU_WORKERS`.
    """
    devices = (cuda_devices() if wanted_device(device) in ("auto", "cuda") else []) or [choose_device(device)]
    if num_workers is None:
        # On a CPU one thread a run wastes least: a small network takes no more.
        num_workers = len(devices) if devices != ["cpu"] else min(MAX_CPU_WORKERS, num_threads())
    return spread(devices, num_workers)


class LocalExecutor:
    """Child processes on this machine.

    Args:
        log: file for what workers print before their first job.
        devices: the device of each worker; their number is the number of workers. On the CPU the cores are shared out.
        command: the worker's program.
        grace_s: seconds that a job has to stop by itself.
    """

    name = "local"
    max_batch = 1

    def __init__(
        self,
        log: Path,
        devices: Sequence[str] = ("auto",),
        *,
        command: Sequence[str] = WORKER_COMMAND,
        grace_s: float = GRACE_S,
    ) -> None:
        self._grace_s = grace_s
        self._batches: queue.Queue[_Batch | None] = queue.Queue()
        self._closing = threading.Event()
        self._stopped: set[str] = set()
        environment = shared_threads(len(devices))
        self._children = [Child(log, command=command, environment=environment) for _ in devices]
        self._threads = [
            threading.Thread(target=self._serve, args=(child, device), name=f"executor-{number}", daemon=True)
            for number, (child, device) in enumerate(zip(self._children, devices, strict=True))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def num_slots(self) -> int:
        """The number of workers."""
        return len(self._children)

    def submit(self, function: Work, jobs: Sequence[Job], report: Report = unheard) -> Future[list[dict[str, Any]]]:
        """See :meth:`~invariance.runs.executors.executor.Executor.submit`."""
        future: Future[list[dict[str, Any]]] = Future()
        self._stopped -= {job.run_id for job in jobs}
        self._batches.put((function, jobs, report, future))
        return future

    def cancel(self, run_id: str) -> None:
        """See :meth:`~invariance.runs.executors.executor.Executor.cancel`."""
        self._stopped.add(run_id)

    def close(self) -> None:
        """Stops what runs within its grace, and ends the workers."""
        self._closing.set()
        for _ in self._threads:
            self._batches.put(None)
        for thread in self._threads:
            thread.join()

    def worker_pids(self) -> list[int]:
        """The process numbers of the living workers."""
        return [child.pid for child in self._children if child.pid is not None]

    def _serve(self, child: Child, device: str) -> None:
        child.start()  # ahead of the first job, so that nobody waits for torch to load
        while (batch := self._batches.get()) is not None:
            function, jobs, report, future = batch
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result([self._do(function, job, report, child, device) for job in jobs])
            except BaseException as error:
                future.set_exception(error)
        child.end()

    def _do(self, function: Work, job: Job, report: Report, child: Child, device: str) -> dict[str, Any]:
        if self._must_stop(job):
            last = {"type": "cancelled", "id": job.run_id}
        else:
            child.start()
            child.send(
                type="job",
                id=job.run_id,
                spec=job.spec,
                directory=str(job.directory),
                device=device,
                sources=dict(job.sources),
                function=f"{function.__module__}:{function.__qualname__}",
            )
            last = follow(
                child,
                job.run_id,
                lambda message: report(job, message),
                lambda: self._must_stop(job),
                self._grace_s,
            )
            if ends_worker(last):
                child.end()
        if last["type"] == "exit":
            raise WorkerLost(last["how"])
        report(job, last)
        return last

    def _must_stop(self, job: Job) -> bool:
        return self._closing.is_set() or job.run_id in self._stopped

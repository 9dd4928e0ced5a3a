"""Runs on the machines of a Ray cluster, or on a Ray of its own on this machine: each batch of runs is a Ray task.

Ray places tasks, moves their data and tells which worker died; retries, leases and the store are the coordinator's
(:mod:`invariance.runs.coordinate`), since it knows where a run can go on. Messages come back through one actor.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import invariance
from invariance.extras import require_extra
from invariance.runs.executors.executor import Job, Report, Work, WorkerLost, unheard
from invariance.runs.executors.remote import Mailbox, files_to_resume, perform
from invariance.spec import SpecError
from invariance.spec.registrations import registered_files

POLL_S = 0.2
GRACE_S = 15.0
MIRROR_EVERY_S = 60.0
RESOURCES_EVERY_S = 2.0
CONNECT_TIMEOUT_S = 10.0


@dataclass
class _Batch:
    function: Work
    jobs: Sequence[Job]
    report: Report
    future: Future[list[dict[str, Any]]]
    deadline: float | None = field(default=None)


class RayExecutor:
    """Workers of Ray.

    Args:
        address: of the cluster: ``auto``, ``host:port`` or ``ray://host:port``; None for ``$RAY_ADDRESS`` if that is
            set, and else a Ray of its own on this machine, which ends with the executor.
        num_workers: submissions worked on at once; None for as many as the cluster has room for. A cluster that grows
            on demand needs the number, since it grows for what waits.
        cpus_per_run: processor cores of a run, and torch's threads.
        gpus_per_run: GPUs of a run, or a share of one; None for one if the cluster has any.
        mirror_every_s: least time between two checkpoints that a worker sends back.
        grace_s: seconds that a job has to stop by itself.

    Raises:
        SpecError: Ray is not installed, does not answer at the address, or has no GPU.
    """

    name = "ray"
    max_batch = 8

    def __init__(
        self,
        address: str | None = None,
        *,
        num_workers: int | None = None,
        cpus_per_run: float = 1.0,
        gpus_per_run: float | None = None,
        mirror_every_s: float = MIRROR_EVERY_S,
        grace_s: float = GRACE_S,
    ) -> None:
        self._ray = _start_ray(address, num_workers, cpus_per_run)
        self._num_workers, self._grace_s, self._mirror_every_s = num_workers, grace_s, mirror_every_s
        self._slots, self._slots_until = 1, 0.0
        self._pending: dict[Any, _Batch] = {}
        self._sources: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        num_gpus = self._ray.cluster_resources().get("GPU", 0.0)
        if gpus_per_run is None:
            gpus_per_run = 1.0 if num_gpus else 0.0
        if gpus_per_run > 0 and not num_gpus and num_workers is None:
            self._ray.shutdown()
            raise SpecError(
                f"gpus = {gpus_per_run:g}: this Ray has no GPU; give 0, or --num-workers if it grows on demand"
            )
        self._cpus_per_run, self._gpus_per_run = cpus_per_run, gpus_per_run
        # Ray ends a worker after a task with a GPU, which frees the GPU; others stay warm.
        resources = {"num_cpus": cpus_per_run, "num_gpus": gpus_per_run}
        self._perform = self._ray.remote(max_retries=0, **resources)(_perform_with)
        self._mailbox = self._ray.remote(num_cpus=0, max_concurrency=1)(Mailbox).remote()
        self._thread = threading.Thread(target=self._serve, name="executor-ray", daemon=True)
        self._thread.start()

    @property
    def device(self) -> str:
        """What runs are executed on."""
        return "cuda" if self._gpus_per_run else "cpu"

    @property
    def num_slots(self) -> int:
        """See :class:`~invariance.runs.executors.executor.Executor`; follows the size of the cluster."""
        if self._num_workers is not None:
            return self._num_workers
        if time.monotonic() >= self._slots_until:
            self._slots_until = time.monotonic() + RESOURCES_EVERY_S
            resources = self._ray.cluster_resources()
            needs = {"CPU": self._cpus_per_run, "GPU": self._gpus_per_run}
            room = [resources.get(name, 0.0) / need for name, need in needs.items() if need > 0]
            self._slots = max(1, int(min(room, default=1)))
        return self._slots

    def submit(self, function: Work, jobs: Sequence[Job], report: Report = unheard) -> Future[list[dict[str, Any]]]:
        """See :meth:`~invariance.runs.executors.executor.Executor.submit`."""
        future: Future[list[dict[str, Any]]] = Future()
        future.set_running_or_notify_cancel()
        self._ray.get([self._mailbox.grant.remote(job.run_id, job.attempt) for job in jobs])
        sources = {name: path for job in jobs for name, path in job.sources.items()}
        reference = self._perform.remote(
            self._mailbox,
            function,
            list(jobs),
            {job.run_id: files for job in jobs if (files := files_to_resume(job.directory))},
            list(sources),
            *map(self._put, sources.values()),
            device=self.device,
            num_threads=max(1, int(self._cpus_per_run)),
            mirror_every_s=self._mirror_every_s,
        )
        with self._lock:
            self._pending[reference] = _Batch(function, jobs, report, future)
        return future

    def cancel(self, run_id: str) -> None:
        """See :meth:`~invariance.runs.executors.executor.Executor.cancel`."""
        self._mailbox.stop.remote(run_id)
        with self._lock:
            for batch in self._pending.values():
                if batch.deadline is None and any(job.run_id == run_id for job in batch.jobs):
                    batch.deadline = time.monotonic() + self._grace_s

    def close(self) -> None:
        """Stops what runs within its grace, and leaves the cluster (or ends the Ray of its own)."""
        if self._closing.is_set():
            return
        with self._lock:
            run_ids = [job.run_id for batch in self._pending.values() for job in batch.jobs]
        for run_id in run_ids:
            self.cancel(run_id)
        self._closing.set()
        self._thread.join()
        self._ray.shutdown()

    def _put(self, path: str) -> Any:
        """A file's content in Ray's store, from where each machine fetches it once."""
        if path not in self._sources:
            self._sources[path] = self._ray.put(Path(path).read_bytes())
        return self._sources[path]

    def _serve(self) -> None:
        while True:
            with self._lock:
                references = list(self._pending)
            if not references and self._closing.is_set():
                return
            try:
                self._serve_once(references)
            except Exception as error:  # the actor or the cluster is gone, and with it all that was under way
                for reference in references:
                    self._resolve(reference, error)

    def _serve_once(self, references: list[Any]) -> None:
        ready: list[Any] = []
        if references:
            ready, _ = self._ray.wait(references, num_returns=len(references), timeout=POLL_S)
        else:
            time.sleep(POLL_S)
        # After a task is ready all it has posted is in the mailbox, so nothing comes after its last word.
        messages = self._ray.get(self._mailbox.take.remote())
        with self._lock:
            batches = list(self._pending.items())
        jobs = {(job.run_id, job.attempt): (batch.report, job) for _, batch in batches for job in batch.jobs}
        for run_id, attempt, message in messages:
            if (run_id, attempt) in jobs:
                report, job = jobs[run_id, attempt]
                report(job, message)
        for reference in ready:
            self._resolve(reference)
        for reference, batch in batches:
            if reference not in ready and batch.deadline is not None and time.monotonic() > batch.deadline:
                batch.deadline = time.monotonic() + self._grace_s
                self._ray.cancel(reference, force=True)

    def _resolve(self, reference: Any, error: Exception | None = None) -> None:
        with self._lock:
            batch = self._pending.pop(reference)
        try:
            if error is not None:
                raise error
            batch.future.set_result(self._ray.get(reference))
        except self._ray.exceptions.RayTaskError as failure:
            batch.future.set_exception(failure.cause if isinstance(failure.cause, Exception) else failure)
        except Exception as failure:
            batch.future.set_exception(WorkerLost(f"Ray: {type(failure).__name__}"))


def _perform_with(
    mailbox: Any,
    function: Work,
    jobs: Sequence[Job],
    checkpoints: Mapping[str, Mapping[str, bytes]],
    names: Sequence[str],
    *sources: bytes,
    **how: Any,
) -> list[dict[str, Any]]:
    """The task: :func:`~invariance.runs.executors.remote.perform`, with an actor as its mailbox."""
    import ray

    def post(run_id: str, attempt: int, message: dict[str, Any] | None) -> bool:
        wanted: bool = ray.get(mailbox.post.remote(run_id, attempt, message))
        return wanted

    return perform(function, jobs, checkpoints, dict(zip(names, sources, strict=True)), post, **how)


def _start_ray(address: str | None, num_workers: int | None, cpus_per_run: float) -> Any:
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    require_extra("ray", "executor = ray")
    import ray

    address = address or os.environ.get("RAY_ADDRESS") or "local"
    quiet: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address == "local":
        cores = None if num_workers is None else max(1, round(num_workers * cpus_per_run))
        ray.init(address="local", num_cpus=cores, include_dashboard=False, **quiet)
        return ray
    _require_answer(address)
    # The cluster runs this code, and the user's that registers something, whatever is installed there.
    modules = [str(Path(invariance.__file__).parent), *registered_files()]
    try:
        ray.init(address=address, runtime_env={"py_modules": modules}, **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_cluster(address, error) from error
    return ray


def _require_answer(address: str) -> None:
    """Raises SpecError unless something listens at an address with a port: Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIMEOUT_S).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(address, error) from error


def _no_cluster(address: str, error: Exception) -> SpecError:
    line = (str(error).strip().splitlines() or ["no answer"])[0]
    return SpecError(
        f"address = {address!r}: no Ray cluster answers there ({line[:200]}); start one with "
        "ray start, and if it wants a token set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH"
    )

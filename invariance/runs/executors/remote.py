"""Runs on a machine that shares no disk with the coordinator: what travels there, and what is sent back.

Sources and the last checkpoint come along; progress, checkpoints and results go back as messages, since the coordinator
alone may open the store. Every message is answered by whether the attempt is still wanted: an attempt that was given
up, because its machine was thought lost or somebody cancelled it, learns so from the answer, and its words are dropped.
"""

from __future__ import annotations

import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invariance.runs.device import free_memory
from invariance.runs.executors.executor import Job, Work
from invariance.runs.outcome import FILE_KEYS, LOG_FILE, RESULT_FILE, event_message, failed_message
from invariance.spec import job_from_json
from invariance.training.resume import CURRENT, PREVIOUS

ASK_EVERY_S = 0.5
SENDING_SHARE = 0.05  # of the time, at most, goes into sending checkpoints
Post = Callable[[str, int, "dict[str, Any] | None"], bool]
"""Sends a message of a run's attempt, or none, and returns whether the attempt is still wanted."""


class Mailbox:
    """Where messages of all attempts meet; it lives in one process, so that order and leases are clear."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[int, bool]] = {}
        self._messages: list[tuple[str, int, dict[str, Any]]] = []

    def grant(self, run_id: str, attempt: int) -> None:
        """Begins an attempt, and ends every other of the same run."""
        self._leases[run_id] = (attempt, True)

    def stop(self, run_id: str) -> None:
        """Has the present attempt stop; what it still says is heard."""
        if run_id in self._leases:
            self._leases[run_id] = (self._leases[run_id][0], False)

    def post(self, run_id: str, attempt: int, message: dict[str, Any] | None = None) -> bool:
        """See :data:`Post`."""
        current, wanted = self._leases.get(run_id, (0, False))
        if attempt != current:
            return False
        if message is not None:
            self._messages.append((run_id, attempt, message))
        return wanted

    def take(self) -> list[tuple[str, int, dict[str, Any]]]:
        """The messages since the last call; of checkpoints that were not fetched in time, only the newest."""
        messages, self._messages = self._messages, []
        newest = {(run_id, message["type"]): index for index, (run_id, _, message) in enumerate(messages)}
        return [
            message
            for index, message in enumerate(messages)
            if message[2]["type"] != "checkpoint" or newest[(message[0], "checkpoint")] == index
        ]


def files_to_resume(directory: Path) -> dict[str, bytes]:
    """The checkpoint that is in a run's directory, if any."""
    return {name: (directory / name).read_bytes() for name in (CURRENT, PREVIOUS) if (directory / name).is_file()}


def perform(
    function: Work,
    jobs: Sequence[Job],
    checkpoints: Mapping[str, Mapping[str, bytes]],
    sources: Mapping[str, bytes],
    post: Post,
    *,
    device: str,
    num_threads: int,
    mirror_every_s: float,
) -> list[dict[str, Any]]:
    """Does jobs in this process, in temporary folders.

    Args:
        function: does one job.
        jobs: in order.
        checkpoints: for each run that has one, its files.
        sources: for each source of these jobs, its file of weights.
        post: sends a message to the coordinator.
        device: a torch device.
        num_threads: of torch.
        mirror_every_s: least time between two checkpoints that are sent.

    Returns:
        The last message of each job.
    """
    import torch

    torch.set_num_threads(num_threads)
    last = []
    with tempfile.TemporaryDirectory(prefix="invariance-") as folder:
        paths = {}
        for number, (name, content) in enumerate(sources.items()):
            paths[name] = Path(folder) / f"source-{number}.safetensors"
            paths[name].write_bytes(content)
        for job in jobs:
            directory = Path(folder) / job.run_id
            directory.mkdir()
            for name, content in checkpoints.get(job.run_id, {}).items():
                (directory / name).write_bytes(content)
            last.append(_Attempt(job, directory, post, mirror_every_s).carry_out(function, paths, device))
    return last


@dataclass
class _Attempt:
    """A job on its way."""

    job: Job
    directory: Path
    post: Post
    mirror_every_s: float
    _is_wanted: bool = field(init=False, default=True)
    _next_ask: float = field(init=False, default=0.0)
    _next_mirror: float = field(init=False, default=0.0)
    _mirrored: int = field(init=False, default=0)

    def carry_out(self, function: Work, paths: Mapping[str, Path], device: str) -> dict[str, Any]:
        from invariance.events import Cancelled

        run_id = self.job.run_id
        self._say(type="started", device=device)
        self._next_mirror = time.monotonic() + self.mirror_every_s
        try:
            if self._must_stop():
                raise Cancelled
            with _room_on(device):
                last = self._follow(
                    function(job_from_json(self.job.spec), paths.__getitem__, self.directory, device, self._must_stop)
                )
        except Cancelled:
            self._mirror()
            last = {"type": "cancelled", "id": run_id}
        except Exception as error:
            self._say(type="files", files={LOG_FILE: traceback.format_exc().encode()})
            last = {"id": run_id, **failed_message(error, device)}
        self._say(**last)
        return last

    def _follow(self, events: Iterator[Any]) -> dict[str, Any]:
        from invariance.events import Finished

        last: dict[str, Any] = {"type": "failed", "id": self.job.run_id, "error": "it ended without a result"}
        for event in events:
            if isinstance(event, Finished):
                last = {"id": self.job.run_id, **event_message(event)}
                self._say(type="files", files=self._results(event.to_dict()))
            else:
                self._say(**event_message(event))
                if time.monotonic() >= self._next_mirror:
                    self._mirror()
        return last

    def _results(self, result: dict[str, Any]) -> dict[str, bytes]:
        """Everything that a finished run leaves; the result last, since it vouches for the others."""
        names = [Path(result[key]).name for key in FILE_KEYS if result.get(key)]
        return {name: (self.directory / name).read_bytes() for name in (*names, RESULT_FILE)}

    def _say(self, **message: Any) -> None:
        self._next_ask = time.monotonic() + ASK_EVERY_S
        self._is_wanted = self.post(self.job.run_id, self.job.attempt, {"id": self.job.run_id, **message})

    def _must_stop(self) -> bool:
        if self._is_wanted and time.monotonic() >= self._next_ask:
            self._next_ask = time.monotonic() + ASK_EVERY_S
            self._is_wanted = self.post(self.job.run_id, self.job.attempt, None)
        return not self._is_wanted

    def _mirror(self) -> None:
        """Sends the newest checkpoint, if there is one that was not sent."""
        began = time.monotonic()
        path = self.directory / CURRENT
        if path.is_file() and (modified := path.stat().st_mtime_ns) != self._mirrored:
            self._mirrored = modified
            self._say(type="checkpoint", files={CURRENT: path.read_bytes()})
        took = time.monotonic() - began
        self._next_mirror = time.monotonic() + max(self.mirror_every_s, took / SENDING_SHARE)


@contextmanager
def _room_on(device: str) -> Iterator[None]:
    """Gives a GPU's memory back to others that share it when a run is over."""
    yield
    free_memory(device)

"""The parent's side of one worker process: start it, talk to it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import invariance
from invariance.spec.registrations import registered_folders

WORKER_COMMAND: tuple[str, ...] = (sys.executable, "-m", "invariance.runs.worker")
END_TIMEOUT_S = 2.0
GRACE_S = 5.0


def child_environment() -> dict[str, str]:
    """This process's own, in which a child finds this package from any working directory.

    That one stays the user's, since folders in a spec may be relative to it. Modules that register something are found
    as well.
    """
    package_root = str(Path(invariance.__file__).resolve().parents[1])
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")]), *registered_folders()]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


class Child:
    """A worker process that is started when it is needed, and again after it died.

    Args:
        log: file for what the process prints before its first job.
        command: the program; it speaks the protocol of :mod:`invariance.runs.worker`.
        environment: variables added to this process's own.
    """

    def __init__(
        self, log: Path, *, command: Sequence[str] = WORKER_COMMAND, environment: dict[str, str] | None = None
    ) -> None:
        self._log = log
        self._command = list(command)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[str] | None = None
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._ready = threading.Event()

    @property
    def pid(self) -> int | None:
        """The process's number while it lives."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def is_ready(self) -> bool:
        """Whether the process lives and has said that it waits for a job, having loaded torch."""
        return self.pid is not None and self._ready.is_set()

    def start(self) -> None:
        """Starts the process unless it lives; returns without waiting for it to be ready."""
        if self.pid is not None:
            return
        self.end()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**child_environment(), **self._environment},
                text=True,
                encoding="utf-8",
                # A signal of the terminal reaches this process alone, which then stops the child in good order.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
            )
        self._messages, self._ready = queue.Queue(), threading.Event()
        assert self._process.stdout is not None
        heard = (self._process.stdout, self._messages, self._ready)
        reader = threading.Thread(target=_read, args=heard, daemon=True)
        reader.start()

    def send(self, **message: Any) -> None:
        """Writes one line to the process; a process that just died is noticed by :meth:`receive`."""
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass

    def receive(self, timeout_s: float) -> dict[str, Any] | None:
        """The next message; None if there is none in time; type ``exit`` (with ``how``) once the process is gone."""
        try:
            message = self._messages.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is not None:
            return message
        self._messages.put(None)  # so that whoever asks again hears the same
        assert self._process is not None
        return {"type": "exit", "how": _how(self._process.wait())}

    def signal(self, number: int) -> None:
        """Sends a signal to the process if it lives."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def end(self) -> None:
        """Ends the process (end of input, then terminate, then kill) and frees its pipes."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        for stop in (process.terminate, process.kill, None):
            try:
                process.wait(END_TIMEOUT_S)
                break
            except subprocess.TimeoutExpired:
                assert stop is not None, "a killed process does not end"
                stop()
        process.stdout.close()


def _read(stream: IO[str], messages: queue.Queue[dict[str, Any] | None], ready: threading.Event) -> None:
    try:
        for line in stream:
            messages.put(message := json.loads(line))
            if message["type"] == "ready":
                ready.set()
    except ValueError:  # a line torn by a kill, or the pipe closed by end()
        pass
    messages.put(None)


def _how(return_code: int) -> str:
    if return_code >= 0:
        return f"exit code {return_code}"
    try:
        return signal.Signals(-return_code).name
    except ValueError:
        return f"signal {-return_code}"


class Deadline:
    """The escalation against a process that does not stop by itself: first a word, then terminate, then kill."""

    def __init__(self, child: Child, run_id: str, grace_s: float) -> None:
        child.send(type="cancel", id=run_id)
        self._child = child
        self._grace_s = grace_s
        self._next = time.monotonic() + grace_s
        self._signals = [signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)]

    def enforce(self) -> None:
        """Takes the next step if its time has come."""
        if self._signals and time.monotonic() >= self._next:
            self._child.signal(self._signals.pop(0))
            self._next = time.monotonic() + self._grace_s / 2


def follow(
    child: Child,
    run_id: str,
    report: Callable[[dict[str, Any]], None],
    must_stop: Callable[[], bool],
    grace_s: float = GRACE_S,
) -> dict[str, Any]:
    """Passes on what a worker says of a job it was sent, and has it stop when that is wanted.

    Args:
        child: the worker.
        run_id: of the job.
        report: called with each message before the last.
        must_stop: asked ten times a second; once it answers True, the worker is told, and ended if it does not obey.
        grace_s: seconds that the worker has to stop by itself.

    Returns:
        The last message: ``done``, ``cancelled``, ``failed`` or ``exit``.
    """
    deadline: Deadline | None = None
    while True:
        message = child.receive(timeout_s=0.1) or {"type": "silence"}
        match message["type"]:
            case "exit" | "done" | "cancelled" | "failed":
                return message
            case "started" | "progress":
                report(message)
        if deadline is None and must_stop():
            deadline = Deadline(child, run_id, grace_s)
        if deadline is not None:
            deadline.enforce()

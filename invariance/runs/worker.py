"""The child process that executes runs: ``python -m invariance.runs.worker``, started and fed by the manager.

It stays alive from run to run, so that only the first one pays for loading torch. The protocol is JSON lines:

    in   {"type": "job", "id", "spec" (canonical JSON), "directory", "device", "sources" (name -> file of weights),
          "function" ("module:name" of what does it; if it is absent, invariance.runs.execute:execute)}
         {"type": "cancel", "id"}            end of input: the parent is gone
    out  {"type": "ready"}
         {"type": "started", "id", "device"}   {"type": "progress", "id", "progress"}
         and one of  {"type": "done", "id", "result"}   {"type": "cancelled", "id"}
                     {"type": "failed", "id", "kind" (a :class:`~invariance.runs.outcome.Failure`), "error"}

Without a parent, and after SIGTERM or SIGHUP (which a batch system sends to every process of a job), it saves the state
of the run in hand and ends; the run goes on from there when somebody asks for it again. Whatever a library prints goes
to the log of the run, never into the protocol.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from invariance.runs.device import choose_device
from invariance.runs.interrupt import STOP_SIGNALS
from invariance.runs.outcome import LOG_FILE, ends_worker, event_message, failed_message, is_expected
from invariance.spec import job_from_json

DEFAULT_FUNCTION = "invariance.runs.execute:execute"
LAST_GRACE_S = 10.0
"""For the run in hand to save its state when this process is to end."""
NICENESS = 5
"""So that the page, whose process is not niced, stays alive while all cores train, and training is not starved by it:
beside a page that always computes a worker gets a quarter of a core, with a niceness of 10 a tenth."""


def function_named(name: str) -> Callable[..., Iterator[Any]]:
    """The function ``module:name``."""
    module, _, attribute = name.partition(":")
    function: Callable[..., Iterator[Any]] = getattr(importlib.import_module(module), attribute)
    return function


class Channel:
    """The parent's end of stdin and stdout, and which run it wants to be stopped.

    Attributes:
        jobs: what is to be done; None at the end.
        is_busy: whether a run is in hand, so that ending at once would cost its last steps.
    """

    def __init__(self, reader: IO[str], writer: IO[str]) -> None:
        self._reader = reader
        self._writer = writer
        self._cancelled_id = ""
        self._is_ending = False
        self.jobs: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.is_busy = False

    def send(self, **message: Any) -> None:
        """Writes one line; if nobody reads any more, this process is to end."""
        try:
            self._writer.write(json.dumps(message) + "\n")
            self._writer.flush()
        except (OSError, ValueError):
            self.end()

    def is_cancelled(self, run_id: str) -> bool:
        """Whether this run is to be stopped."""
        return self._is_ending or self._cancelled_id == run_id

    def listen(self) -> None:
        """Reads lines until the parent is gone; runs in its own thread."""
        for line in self._reader:
            message = json.loads(line)
            if message["type"] == "job":
                self._cancelled_id = ""
                self.jobs.put(message)
            elif message["type"] == "cancel":
                self._cancelled_id = message["id"]
        self.end()

    def end(self) -> None:
        """Ends this process, at once if it has nothing to save; else it has its grace for that."""
        if not self.is_busy:
            os._exit(0)  # not sys.exit: this may be any thread, and the main one in the middle of loading torch
        if not self._is_ending:
            self._is_ending = True
            self.jobs.put(None)
            # Checkpoints are replaced atomically, so nothing tears whenever this strikes.
            last = threading.Timer(LAST_GRACE_S, os._exit, (0,))
            last.daemon = True
            last.start()

    def hear_signal(self, number: int, frame: object) -> None:
        """The first signal ends this process in good order, one after another request at once."""
        if self._is_ending or self._cancelled_id:
            os._exit(128 + number)
        self.end()


def _take_standard_streams() -> Channel:
    """Keeps private copies of stdin and stdout and points the public ones where stray output does no harm."""
    reader = os.fdopen(os.dup(0), "r", encoding="utf-8")
    writer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return Channel(reader, writer)


def _flush_output() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _send_output_to(log: Path) -> None:
    _flush_output()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _do(job: dict[str, Any], channel: Channel) -> bool:
    """Executes one job; returns whether the process is still fit for another one."""
    from invariance.events import Cancelled

    run_id, directory = job["id"], Path(job["directory"])
    device = job["device"]
    try:
        _send_output_to(directory / LOG_FILE)
        device = choose_device(device)
        channel.send(type="started", id=run_id, device=device)
        sources = {name: Path(path) for name, path in job["sources"].items()}
        work = function_named(job.get("function", DEFAULT_FUNCTION))
        for event in work(
            job_from_json(job["spec"]), sources.__getitem__, directory, device, lambda: channel.is_cancelled(run_id)
        ):
            channel.send(id=run_id, **event_message(event))
    except Cancelled:
        channel.send(type="cancelled", id=run_id)
    except Exception as error:
        if not is_expected(error):
            traceback.print_exc()
        message = failed_message(error, device)
        channel.send(id=run_id, **message)
        return not ends_worker(message)
    finally:  # the process may end without Python's own last flush
        _flush_output()
    return True


def main() -> None:
    """Serves jobs until the parent is gone."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    channel = _take_standard_streams()
    for number in STOP_SIGNALS:
        # Ctrl-C in the terminal is for the parent, which then stops us.
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else channel.hear_signal)
    threading.Thread(target=channel.listen, daemon=True).start()

    import torch  # noqa: F401 - now, and not in the first run

    channel.send(type="ready")
    is_fit = True
    while is_fit and (job := channel.jobs.get()) is not None:
        channel.is_busy = True
        is_fit = _do(job, channel)
        channel.is_busy = False
    os._exit(0)  # whatever threads libraries have left behind


if __name__ == "__main__":
    main()

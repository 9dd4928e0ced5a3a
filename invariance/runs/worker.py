"""The child process that executes runs: ``python -m invariance.runs.worker``, started and fed by the manager.

It stays alive from run to run, so that only the first one pays for loading torch. The protocol is JSON lines:

    in   {"type": "job", "id", "spec" (canonical JSON), "directory", "device", "sources" (name -> file of weights),
          "function" ("module:name" of what does it; if it is absent, invariance.runs.execute:execute)}
         {"type": "cancel", "id"}            end of input: the parent is gone, and so are we, at once
    out  {"type": "ready"}
         {"type": "started", "id", "device"}   {"type": "progress", "id", "progress"}
         and one of  {"type": "done", "id", "result"}   {"type": "cancelled", "id"}   {"type": "failed", "id", "error"}
         (with "ends_worker": true if this process is not fit for another run)

Whatever a library prints goes to the log of the run, never into the protocol.
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
from invariance.runs.outcome import LOG_FILE, error_line, is_expected
from invariance.spec import run_from_json

DEFAULT_FUNCTION = "invariance.runs.execute:execute"
NICENESS = 10  # so that the page, whose process is not niced, stays alive while all cores train


def function_named(name: str) -> Callable[..., Iterator[Any]]:
    """The function ``module:name``."""
    module, _, attribute = name.partition(":")
    function: Callable[..., Iterator[Any]] = getattr(importlib.import_module(module), attribute)
    return function


class Channel:
    """The parent's end of stdin and stdout, and which run it wants to be stopped."""

    def __init__(self, reader: IO[str], writer: IO[str]) -> None:
        self._reader = reader
        self._writer = writer
        self._cancelled_id = ""
        self.jobs: queue.Queue[dict[str, Any]] = queue.Queue()

    def send(self, **message: Any) -> None:
        """Writes one line; ends the process if nobody reads any more."""
        try:
            self._writer.write(json.dumps(message) + "\n")
            self._writer.flush()
        except OSError:
            os._exit(0)

    def is_cancelled(self, run_id: str) -> bool:
        """Whether the parent asked for this run to be stopped."""
        return self._cancelled_id == run_id

    def listen(self) -> None:
        """Reads lines until the parent is gone; runs in its own thread."""
        for line in self._reader:
            message = json.loads(line)
            if message["type"] == "job":
                self._cancelled_id = ""
                self.jobs.put(message)
            elif message["type"] == "cancel":
                self._cancelled_id = message["id"]
        # Not sys.exit: the main thread may be deep in a step. Checkpoints are replaced atomically, so nothing tears.
        os._exit(0)


def _take_standard_streams() -> Channel:
    """Keeps private copies of stdin and stdout and points the public ones where stray output does no harm."""
    reader = os.fdopen(os.dup(0), "r", encoding="utf-8")
    writer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return Channel(reader, writer)


def _send_output_to(log: Path) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _do(job: dict[str, Any], channel: Channel) -> bool:
    """Executes one job; returns whether the process is still fit for another one."""
    from invariance.events import Cancelled, Finished

    run_id, directory = job["id"], Path(job["directory"])
    device = job["device"]
    _send_output_to(directory / LOG_FILE)
    try:
        device = choose_device(device)
        channel.send(type="started", id=run_id, device=device)
        sources = {name: Path(path) for name, path in job["sources"].items()}
        work = function_named(job.get("function", DEFAULT_FUNCTION))
        for event in work(
            run_from_json(job["spec"]), sources.__getitem__, directory, device, lambda: channel.is_cancelled(run_id)
        ):
            if isinstance(event, Finished):
                channel.send(type="done", id=run_id, result=event.to_dict())
            else:
                channel.send(type="progress", id=run_id, progress=event.to_dict())
    except Cancelled:
        channel.send(type="cancelled", id=run_id)
    except Exception as error:
        if is_expected(error):
            channel.send(type="failed", id=run_id, error=error_line(error, device))
            return True
        traceback.print_exc()
        sys.stderr.flush()
        channel.send(type="failed", id=run_id, error=error_line(error, device), ends_worker=True)
        return False  # after an unexpected error a GPU context or half of the memory may be lost: start afresh
    return True


def main() -> None:
    """Serves jobs until the parent is gone."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the server, which then ends us
    channel = _take_standard_streams()
    threading.Thread(target=channel.listen, daemon=True).start()

    import torch  # noqa: F401 - now, and not in the first run

    channel.send(type="ready")
    while _do(channel.jobs.get(), channel):
        pass


if __name__ == "__main__":
    main()

"""How a run ended: its result on disk, the last message of who executed it, and one line for what went wrong.

The result is written next to the weights before it is reported, so that a run whose executor is killed between the two
is found finished, and not executed again. With it are written the measured events: whoever records them may be another
process (the manager, a coordinator), which may be killed before it has heard the last of them.
"""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from invariance.events import Diverged, Finished, Progress
from invariance.files import disk_trouble, is_disk_full, write_bytes_atomically
from invariance.spec import SpecError

RESULT_FILE = "result.json"
LOG_FILE = "log.txt"
FILE_KEYS = ("checkpoint", "table", "answers")
MAX_LINE_LENGTH = 400
_HISTORY, _FORMER_HISTORY = "history", "told"
_NO_MEMORY = re.compile(
    r"out of memory|can(?:'t|not) allocate memory|not enough memory|ALLOC(ATION)?_FAILED|unable to find an engine"
    r"|(NOT_INITIALIZED|INTERNAL_ERROR),? when calling `?(cublas|cusolverDn)Create|CUDNN_STATUS_NOT_INITIALIZED",
    re.IGNORECASE,
)
"""What torch says besides its own OutOfMemoryError: CUDA and its driver, and the allocator of a CPU, by words; cuBLAS,
cuDNN, cuSOLVER and cuFFT by a status, also where they lack what they keep for themselves (that they work at all is
tried before a GPU is chosen); and cuDNN, after it tried all its ways and each lacked memory, of an engine."""


class Failure(StrEnum):
    """What kept a run from its end, as the protocol says it; only the last says something bad about the process."""

    SPEC = "spec"
    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out of memory"
    DISK_FULL = "disk full"
    UNEXPECTED = "unexpected"


def write_result(directory: Path, result: dict[str, Any], history: Sequence[dict[str, Any]] = ()) -> None:
    """Writes ``Finished.to_dict()``, and ``Progress.to_dict()`` of what was measured, whole or not at all."""
    write_bytes_atomically(directory / RESULT_FILE, json.dumps({**result, _HISTORY: list(history)}).encode())


def read_result(directory: Path) -> dict[str, Any] | None:
    """The result of a run that finished in this directory and whose files are still there, or None."""
    if (written := _read(directory)) is None:
        return None
    result = {key: value for key, value in written.items() if key not in (_HISTORY, _FORMER_HISTORY)}
    result = located(result, directory)
    return result if all(Path(result[key]).is_file() for key in FILE_KEYS if result.get(key)) else None


def read_history(directory: Path) -> list[dict[str, Any]]:
    """The measured events of a run that finished in this directory, each a ``Progress.to_dict()``."""
    written = _read(directory) or {}
    history: list[dict[str, Any]] = written.get(_HISTORY, written.get(_FORMER_HISTORY, []))
    return history


def _read(directory: Path) -> dict[str, Any] | None:
    try:
        written = json.loads((directory / RESULT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return written if isinstance(written, dict) else None


def located(result: dict[str, Any], directory: Path) -> dict[str, Any]:
    """A result with its files in this directory, wherever they were when they were made."""
    return {**result, **{key: str(directory / Path(result[key]).name) for key in FILE_KEYS if result.get(key)}}


def event_message(event: Progress | Finished) -> dict[str, Any]:
    """What an event is in the protocol of :mod:`invariance.runs.worker`."""
    if isinstance(event, Finished):
        return {"type": "done", "result": event.to_dict()}
    return {"type": "progress", "progress": event.to_dict()}


def failed_message(error: BaseException, device: str) -> dict[str, Any]:
    """What an exception is in the protocol of :mod:`invariance.runs.worker`: its kind, and one line for a person."""
    return {"type": "failed", "kind": failure_of(error).value, "error": error_line(error, device)}


def ends_worker(message: dict[str, Any]) -> bool:
    """Whether a process is gone, or not fit for another run, after the last thing it said of one.

    After an unexpected error, or without memory, a GPU context or half of the memory may be lost.
    """
    return message["type"] == "exit" or message.get("kind") in (Failure.UNEXPECTED, Failure.OUT_OF_MEMORY)


def failure_of(error: BaseException) -> Failure:
    """The kind of an exception."""
    if isinstance(error, SpecError):
        return Failure.SPEC
    if isinstance(error, Diverged):
        return Failure.DIVERGED
    if is_disk_full(error):
        return Failure.DISK_FULL
    return Failure.OUT_OF_MEMORY if is_out_of_memory(error) else Failure.UNEXPECTED


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that the memory of the CPU or the GPU did not suffice."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"  # torch's, without torch
    return named or (isinstance(error, RuntimeError | OSError) and _NO_MEMORY.search(str(error)) is not None)


def is_expected(error: BaseException) -> bool:
    """Whether an exception speaks to the user, and says nothing bad about the process: bad values, divergence."""
    return failure_of(error) in (Failure.SPEC, Failure.DIVERGED)


def error_line(error: BaseException, device: str) -> str:
    """One line for a person: what speaks to the user as it is, what is lacking with its remedy, the rest by name."""
    match failure_of(error):
        case Failure.OUT_OF_MEMORY:
            return f"out of memory on {device}: choose a smaller batch, a smaller image size or a smaller model"
        case Failure.DISK_FULL:
            return disk_trouble(error)
        case kind:
            lines = str(error).strip().splitlines()
            text = lines[0] if lines else "no message"
            return (f"{type(error).__name__}: {text}" if kind == Failure.UNEXPECTED else text)[:MAX_LINE_LENGTH]


def last_line(log: Path) -> str:
    """The last line that is not blank in a log file; empty if there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:MAX_LINE_LENGTH] for line in reversed(lines) if line.strip()), "")


def crash_line(how: str, directory: Path) -> str:
    """One line for a run whose worker is gone: how it went, and what it last said."""
    hint = ", perhaps out of memory" if how == signal.Signals(9).name else ""
    said = last_line(directory / LOG_FILE)
    return f"the worker process ended ({how}{hint}) during this run" + (f": {said}" if said else "; resume it")

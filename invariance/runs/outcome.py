"""How a run ended: its result on disk, and one line for what went wrong.

The result is written next to the weights before it is reported, so that a run whose executor is killed between the two
is found finished, and not executed again. With it are written the measured events: whoever records them may be another
process (the manager, a coordinator), which may be killed before it has heard the last of them.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from invariance.spec import SpecError

RESULT_FILE = "result.json"
LOG_FILE = "log.txt"
FILE_KEYS = ("checkpoint", "table")
MAX_LINE_LENGTH = 400
_TOLD = "told"


def write_result(directory: Path, result: dict[str, Any], told: Sequence[dict[str, Any]] = ()) -> None:
    """Writes ``Finished.to_dict()``, and ``Progress.to_dict()`` of what was measured, whole or not at all."""
    temporary = directory / (RESULT_FILE + ".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump({**result, _TOLD: list(told)}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, directory / RESULT_FILE)


def read_result(directory: Path) -> dict[str, Any] | None:
    """The result of a run that finished in this directory and whose files are still there, or None."""
    if (written := _read(directory)) is None:
        return None
    result = located({key: value for key, value in written.items() if key != _TOLD}, directory)
    return result if all(Path(result[key]).is_file() for key in FILE_KEYS if result.get(key)) else None


def read_told(directory: Path) -> list[dict[str, Any]]:
    """The measured events of a run that finished in this directory, each a ``Progress.to_dict()``."""
    told: list[dict[str, Any]] = (_read(directory) or {}).get(_TOLD, [])
    return told


def _read(directory: Path) -> dict[str, Any] | None:
    try:
        written = json.loads((directory / RESULT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return written if isinstance(written, dict) else None


def located(result: dict[str, Any], directory: Path) -> dict[str, Any]:
    """A result with its files in this directory, wherever they were when they were made."""
    return {**result, **{key: str(directory / Path(result[key]).name) for key in FILE_KEYS if result.get(key)}}


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception means that the memory of the CPU or the GPU did not suffice."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))


def is_expected(error: BaseException) -> bool:
    """Whether an exception speaks to the user, and says nothing bad about the process: bad values, divergence."""
    return isinstance(error, SpecError) or type(error).__name__ == "Diverged"


def error_line(error: BaseException, device: str) -> str:
    """One line for a person: what speaks to the user as it is, out of memory with its remedy, the rest by name."""
    if is_out_of_memory(error):
        return f"out of memory on {device}: choose a smaller batch, a smaller image size or a smaller model"
    lines = str(error).strip().splitlines()
    text = lines[0] if lines else "no message"
    if not is_expected(error):
        text = f"{type(error).__name__}: {text}"
    return text[:MAX_LINE_LENGTH]


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

"""Who executes a run holds an operating-system lock on a file in its directory.

The operating system frees the lock when the process ends, however it ends, so a killed process never leaves a run that
nobody can take over. Two files are used: ``executor.lock`` is held by whoever is in charge of the run (the manager's
thread, or the command line), ``writer.lock`` by the process that writes its files. When a manager is killed, its lock
is free at once while its worker may still be in its last step; the next executor then waits for the writer to be gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from invariance.spec import SpecError

WRITER_TIMEOUT_S = 30.0


@contextmanager
def try_claim(directory: Path) -> Iterator[bool]:
    """Takes charge of the run in this directory for the body, if nobody else is; yields whether it was possible."""
    try:
        lock = _acquired(directory / "executor.lock", timeout_s=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_claimed(directory: Path) -> bool:
    """Whether a living process is in charge of the run in this directory."""
    if not (directory / "executor.lock").exists():
        return False
    with try_claim(directory) as claimed:
        return not claimed


@contextmanager
def writing(directory: Path, *, timeout_s: float = WRITER_TIMEOUT_S) -> Iterator[None]:
    """Keeps every other process from writing this run's files during the body.

    Raises:
        SpecError: another process was still writing after ``timeout_s`` seconds.
    """
    try:
        lock = _acquired(directory / "writer.lock", timeout_s=timeout_s)
    except Timeout as error:
        raise SpecError(f"run {directory.name} is still written by another process: end it, then resume") from error
    try:
        yield
    finally:
        lock.release()


def make_directory(directory: Path) -> None:
    """Makes a run's directory if it is absent; raises SpecError if that cannot be done."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(directory, error) from error


def _acquired(path: Path, *, timeout_s: float) -> BaseFileLock:
    make_directory(path.parent)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout:  # which is an OSError too
        raise
    except OSError as error:
        raise _unusable(path.parent, error) from error
    return lock


def _unusable(directory: Path, error: OSError) -> SpecError:
    return SpecError(
        f"{str(directory)!r} cannot be written ({error.strerror}): make room there, or choose another --runs"
    )

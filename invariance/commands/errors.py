"""What goes wrong for a user in one line: bad values, a failed run, a full disk, a locked store, no memory."""

from __future__ import annotations

import errno
import sqlite3

from invariance.runs.outcome import Failure, error_line, failure_of

_REMEDIES = {
    errno.EFBIG: "choose another disk, or ask for less",
    errno.EACCES: "choose a place that you may write, or ask its owner",
    errno.EPERM: "choose a place that you may write, or ask its owner",
    errno.EROFS: "choose a place that can be written",
    errno.EIO: "the disk may be damaged; choose another one",
    errno.EMFILE: "allow more open files (ulimit -n), or ask for fewer runs at once",
    errno.ENFILE: "close other programs",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "its links lead in a circle; choose another place",
    errno.ENOTDIR: "choose another place",
}
"""Of errors of the system that speak of the user's machine, and not of a mistake of this program."""


class RunFailed(RuntimeError):
    """A run that did not end as done; the message is its one-line reason."""


def explain(error: Exception) -> tuple[str, int] | None:
    """One line and an exit code for what a user can do something about; None for a mistake of this program.

    Returns:
        The line, and 2 for a value that cannot be used, 1 for what failed on the way.
    """
    line = " ".join(str(error).split())
    if isinstance(error, RunFailed):  # first: its reason may speak of memory, and says whose run lacked it
        return line, 1
    failure = failure_of(error)
    if failure == Failure.SPEC:
        return line, 1 if _is_of_machine(error.__cause__) else 2
    if failure != Failure.UNEXPECTED:
        return error_line(error, "this device"), 1
    match error:
        case sqlite3.Error():
            return f"the store of the runs: {line}; it may be damaged, give another folder with --runs", 1
        case OSError() if error.errno in _REMEDIES:
            place = f" ({error.filename})" if error.filename else ""
            return f"{error.strerror}{place}: {_REMEDIES[error.errno]}", 1
    return None


def _is_of_machine(cause: BaseException | None) -> bool:
    """Whether a refusal comes from what is full or busy, and would be none at another time."""
    if isinstance(cause, sqlite3.Error):
        return True
    return cause is not None and failure_of(cause) in (Failure.OUT_OF_MEMORY, Failure.DISK_FULL)

"""What goes wrong for a user in one line: bad values, a failed run, a full disk, a locked store, no memory."""

from __future__ import annotations

import errno
import sqlite3

from invariance.runs.outcome import error_line, is_expected, is_out_of_memory
from invariance.spec import SpecError

_FREE_SPACE = "free some, or choose another disk with --runs, --out or TMPDIR"
_REMEDIES = {
    errno.ENOSPC: _FREE_SPACE,
    errno.EDQUOT: _FREE_SPACE,
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
    match error:
        case SpecError():
            return line, 2
        case RunFailed():
            return line, 1
        case sqlite3.Error():
            return f"the store of the runs: {line}; {_store_remedy(line)}", 1
        case OSError() if error.errno in _REMEDIES:
            place = f" ({error.filename})" if error.filename else ""
            return f"{error.strerror}{place}: {_REMEDIES[error.errno]}", 1
    if is_out_of_memory(error):
        return error_line(error, "this device"), 1
    if "No space left on device" in line:  # from a library that wraps what the system says
        return f"No space left on device: {_FREE_SPACE}", 1
    return (line, 1) if is_expected(error) else None


def _store_remedy(line: str) -> str:
    if "locked" in line or "busy" in line:
        return "another process writes it; try again when that has ended, or give another folder with --runs"
    if "full" in line:
        return _FREE_SPACE
    if "disk I/O" in line or "readonly" in line or "unable to open" in line:
        return "give a folder on a local disk that can be written, with --runs"
    return "it may be damaged; give another folder with --runs"

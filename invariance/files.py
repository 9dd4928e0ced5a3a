"""Files that are either the old one or the new one, whenever the machine stops.

A plain write that is killed leaves half a file. Here the content goes to a temporary file beside its destination, is
forced to the disk, and is then renamed over it, which a POSIX file system does at once or not at all.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".part"


def write_atomically(path: Path, write: Callable[[BinaryIO], object], *, mode: int = 0o666) -> None:
    """Replaces a file by what ``write`` puts into the stream it is given; makes the directory if there is none.

    Args:
        path: destination; keeps its old content if ``write`` raises.
        write: called once with a binary stream.
        mode: permissions of the file, of which the process's mask takes some away.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not from tempfile, whose files nobody else may read: the destination is an ordinary file.
    name = path.with_name(f"{path.name}.{secrets.token_hex(4)}{TEMPORARY}")
    try:
        with open(name, "xb", opener=lambda place, flags: os.open(place, flags, mode)) as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(name, path)
    except BaseException:
        name.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_bytes_atomically(path: Path, content: bytes) -> None:
    """As :func:`write_atomically`, of what is there already."""
    write_atomically(path, lambda stream: stream.write(content))


def sync_directory(directory: Path) -> None:
    """Forces the names in a directory to the disk, without which a rename may be forgotten in a power cut."""
    if os.name == "nt":  # Windows opens no directories and writes its names through
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep_temporaries(directory: Path) -> None:
    """Removes what killed writers left; only for the directory's one writer, at its start."""
    for leftover in directory.glob(f"*{TEMPORARY}"):
        leftover.unlink(missing_ok=True)


def disk_trouble(error: BaseException) -> str:
    """One line for a person where an exception means that a disk takes nothing more; empty for all others."""
    if is_disk_full(error):
        return "the disk is full: delete runs that are no longer needed, or make room, then ask again to go on"
    if isinstance(error, OSError) and error.errno == errno.EROFS:
        return "the disk can only be read: nothing is stored there until it can be written again"
    return ""


def is_disk_full(error: BaseException) -> bool:
    """Whether an exception means that a disk, or somebody's share of it, is full.

    Libraries written in other languages pass on the system's words without its number.
    """
    has_number = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return has_number or "No space left on device" in str(error)

"""The compiler's memory, which nothing needs while its kernels run."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

from llvmlite.utils import get_library_name

_LISTING = Path("/proc/self/smaps")
_MAPPING = re.compile(r"^(?P<start>\w+)-(?P<stop>\w+) [-rwxsp]{4} \w+ \w+:\w+ \d+ *(?P<path>.*)$")
_DONT_NEED = 4
"""``MADV_DONTNEED`` of Linux."""


def give_back_compiler() -> None:
    """Tells the system that LLVM's pages are not needed; it reads them again should something be compiled.

    They are some 70 MB of each process that renders. Pages of a file that nobody has written to cannot be lost, so only
    mappings without any other are named. Where the system does not list its mappings this does nothing.
    """
    try:
        listing = _LISTING.read_text()
    except OSError:
        return
    advise = ctypes.CDLL(None).madvise
    advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for start, stop in unwritten_mappings(listing, get_library_name()):
        advise(start, stop - start, _DONT_NEED)


def unwritten_mappings(listing: str, file_name: str) -> Iterator[tuple[int, int]]:
    """First and last address of those of a file's mappings in memory that hold nothing but what the file does.

    Args:
        listing: ``/proc/PID/smaps``.
        file_name: without its folder.
    """
    start, stop = 0, 0
    for line in listing.splitlines():
        if mapping := _MAPPING.match(line):
            is_wanted = Path(mapping["path"]).name == file_name
            start, stop = (int(mapping[end], 16) if is_wanted else 0 for end in ("start", "stop"))
        elif start and line.split() == ["Anonymous:", "0", "kB"]:
            yield start, stop

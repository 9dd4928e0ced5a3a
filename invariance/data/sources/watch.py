"""How far a download is, where the library that does it has a bar but no hook."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POLL_SECONDS = 0.2


@contextmanager
def watch_file(path: Path, total: int, on_progress: Callable[[int, int], None] | None) -> Iterator[None]:
    """Tells how much has come of a file until the block ends, and that all has if it ends well.

    Args:
        path: the file, which torchvision writes under its own name and torch beside it, under a name of its making.
        total: its size in bytes.
        on_progress: told (done, in all) in bytes, from another thread; None to be told nothing.
    """
    if on_progress is None:
        yield
        return
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_POLL_SECONDS):
            with suppress(FileNotFoundError):  # moved when it is whole, between our looking for it and at it
                sizes = [
                    part.stat().st_size
                    for part in (path, *path.parent.glob(f"{path.name}.*.partial"))
                    if part.is_file()
                ]
                if sizes:
                    on_progress(min(max(sizes), total), total)

    watcher = threading.Thread(target=watch, name=f"watch {path.name}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    on_progress(total, total)

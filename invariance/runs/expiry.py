"""What visitors of a shared server made goes after a while: runs of which nobody else is an owner, and pictures."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

from invariance.data.uploads.collection import expire_collections
from invariance.runs.store import Store
from invariance.spec import SpecError

LOOK_EVERY_S = 600.0
PICTURES = "pictures"
"""Folder of uploaded pictures beside the store."""
_log = logging.getLogger(__name__)


def expire(root: Path, before: float, keepers: Collection[str]) -> int:
    """Removes what visitors made and have not asked for since.

    Args:
        root: folder of the store.
        before: unix seconds; what ended, or was stored or used, later stays.
        keepers: owners whose runs stay; those without an owner, as of scripts, stay too.

    Returns:
        How many runs and collections of pictures went.
    """
    store, gone = Store(root), 0
    try:
        for run in store.list():
            ended = run.finished or run.created
            if run.is_active or ended >= before or not run.owners or not set(keepers).isdisjoint(run.owners):
                continue
            try:
                store.delete(run.id)
                gone += 1
            except SpecError as error:  # somebody has just asked for it again
                _log.info("run %s stays: %s", run.id, error)
    finally:
        store.close()
    return gone + expire_collections(root / PICTURES, before)


class Housekeeper:
    """A thread that removes what has become too old, every now and then.

    Args:
        root: folder of the store.
        oldest: returns the unix seconds before which things are too old.
        keepers: see :func:`expire`.
    """

    def __init__(self, root: Path, oldest: Callable[[], float], keepers: Collection[str]) -> None:
        self._closing = threading.Event()
        self._work = root, oldest, keepers
        self._thread = threading.Thread(target=self._keep_house, name="housekeeper", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread."""
        self._closing.set()
        self._thread.join()

    def _keep_house(self) -> None:
        root, oldest, keepers = self._work
        while not self._closing.is_set():
            try:
                if gone := expire(root, oldest(), keepers):
                    _log.info("%d runs and collections of visitors are removed", gone)
            except (OSError, SpecError) as error:
                _log.warning("what is too old could not be removed: %s", error)
            self._closing.wait(LOOK_EVERY_S)


def hours_ago(hours: float) -> float:
    """Unix seconds of then."""
    return time.time() - 3600 * hours

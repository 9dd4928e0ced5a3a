"""What belongs to the server's process: neither to a visitor, nor to a cache, which any visitor's browser may empty.

It is kept in a module of its own that has no file, so that a server whose code was reloaded finds what it began with.
"""

from __future__ import annotations

import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from types import ModuleType
from typing import Any

_NAME = "invariance_server_process"


class _Kept(ModuleType):
    def __init__(self) -> None:
        super().__init__(_NAME)
        self.lock = threading.Lock()
        self.making: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self.things: dict[tuple[str, str], Any] = {}


def keep(name: str, of: str, make: Callable[[], Any]) -> Any:
    """The thing of that name, made once for this process.

    Args:
        name: what it is.
        of: what it belongs to, such as a folder; there is one for each.
        make: makes it; what it raises is passed on, and it is tried again the next time.
    """
    kept = _kept()
    with kept.lock:
        making = kept.making[name]
    with making:  # nothing else waits for what takes long to make
        if (name, of) not in kept.things:
            kept.things[name, of] = make()
        return kept.things[name, of]


def end(name: str | None = None) -> None:
    """Lets go of all things, or those of one name, and closes those that can be closed."""
    kept = _kept()
    with kept.lock:
        gone = [key for key in kept.things if name in (None, key[0])]
        things = [kept.things.pop(key) for key in gone]
    for thing in things:
        close = getattr(thing, "close", None)
        if close is not None:
            close()


def _kept() -> Any:
    return sys.modules.setdefault(_NAME, _Kept())

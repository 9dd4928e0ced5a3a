"""The pictures that a visitor has brought.

They stay while other pages are visited, and through a reload of the browser: the server keeps those of the browsers
that were here last in its memory, and writes nothing.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import streamlit as st

from invariance.data.uploads.shelf import ObjectPicture, Shelf
from pages.shared import process, visitor

TYPES = ("png", "jpg", "jpeg", "jfif", "webp")
"""Endings of the files that are taken."""
MAX_BROWSERS: Final = 40
KEPT_S: Final = 3600.0
"""Seconds after the last page that a closed window showed."""
NAME: Final = "belongings"


@dataclass
class Belongings:
    """What a browser has brought.

    Attributes:
        shelf: for a data set.
        picture: the one to try, with its digest.
        seen_s: when it was last asked for, on the monotonic clock.
    """

    shelf: Shelf = field(default_factory=Shelf)
    picture: tuple[str, ObjectPicture] | None = None
    seen_s: float = 0.0


class Cloakroom:
    """Belongings by browser, those of the one that was here last at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Belongings] = OrderedDict()

    def of(self, browser: str, now_s: float, mine: Belongings | None = None) -> Belongings:
        """A browser's, and lets go of what was left too long, and of the oldest where there are too many.

        Args:
            browser: its name.
            now_s: on the monotonic clock.
            mine: what its window holds, for when it was let go of.
        """
        with self._lock:
            while self._kept and next(iter(self._kept.values())).seen_s < now_s - KEPT_S:
                self._kept.popitem(last=False)
            found = mine or self._kept.get(browser) or Belongings()
            found.seen_s = now_s
            self._kept[browser] = found
            self._kept.move_to_end(browser)
            if len(self._kept) > MAX_BROWSERS:
                self._kept.popitem(last=False)
            return found


def belongings() -> Belongings:
    """This visitor's, the same in all windows of a browser."""
    room: Cloakroom = process.keep(NAME, "", Cloakroom)
    mine = room.of(visitor.owners()[0], time.monotonic(), st.session_state.get(NAME))
    st.session_state[NAME] = mine
    return mine


def current() -> Shelf:
    """This visitor's pictures for a data set."""
    return belongings().shelf

"""The pictures that a visitor has brought.

They stay while other pages are visited, and through a reload of the browser: the server keeps those of the browsers
that were here last in its memory, and writes nothing.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from invariance.data.uploads.reading import MAX_BYTES
from invariance.data.uploads.shelf import ObjectPicture, Shelf
from invariance.spec import SpecError
from pages.shared.serving import process, visitor

TYPES = ("png", "jpg", "jpeg", "jfif", "webp")
"""Endings of the files that are taken."""
MAX_MEGABYTES: Final = MAX_BYTES // 2**20
"""Of a file."""
MAX_BROWSERS: Final = 40
KEPT_S: Final = 3600.0
"""Seconds after the last page that a closed window showed."""
SPARE_S: Final = 600.0
"""The same where others need the room."""
MOST_OF_ONE, MOST_OF_ALL = 64_000_000, 384_000_000
"""Bytes of memory that the pictures of a visitor of a shared server may take, and those of all: some 60 photographs,
and some 350."""
NAME: Final = "belongings"


@dataclass(eq=False)
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

    @property
    def num_bytes(self) -> int:
        """Of memory."""
        return self.shelf.num_bytes + (self.picture[1].num_bytes if self.picture else 0)


class Cloakroom:
    """Belongings by browser, those of the one that was here last at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Belongings] = OrderedDict()
        self._all: weakref.WeakSet[Belongings] = weakref.WeakSet()

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
            self._all.add(found)  # a window may hold what is let go of here
            found.seen_s = now_s
            self._kept[browser] = found
            self._kept.move_to_end(browser)
            if len(self._kept) > MAX_BROWSERS:
                self._kept.popitem(last=False)
            return found

    def room_bytes(self, now_s: float, most: int) -> int:
        """How much more all may bring; where that is nothing, what nobody has looked at for a while is let go of."""
        with self._lock:
            while (left := most - sum(each.num_bytes for each in self._all)) <= 0 < len(self._kept):
                if next(iter(self._kept.values())).seen_s > now_s - SPARE_S:
                    break
                self._kept.popitem(last=False)
            return left


def belongings() -> Belongings:
    """This visitor's, the same in all windows of a browser."""
    mine = _room().of(visitor.owners()[0], time.monotonic(), st.session_state.get(NAME))
    st.session_state[NAME] = mine
    if not visitor.may_do_all():
        mine.shelf.most_bytes = partial(_most_bytes, weakref.ref(mine))
    return mine


def _most_bytes(mine: weakref.ref[Belongings]) -> int:
    """Of somebody's shelf, now."""
    found, left = mine(), _room().room_bytes(time.monotonic(), MOST_OF_ALL)
    return min(MOST_OF_ONE, (found.shelf.num_bytes if found else 0) + left)


def require_room() -> None:
    """Raises SpecError if this server holds as many pictures as it can."""
    if not visitor.may_do_all() and _room().room_bytes(time.monotonic(), MOST_OF_ALL) <= 0:
        raise SpecError(
            "there is no room for another picture on this server, whose visitors have brought very many: use an "
            "example, or try again in a while"
        )


def let_go(file: UploadedFile, *, is_shown: bool) -> None:
    """Frees the memory of a file that was read, which Streamlit would keep until the session ends.

    Args:
        file: from an uploader.
        is_shown: whether its field goes on showing it, which is then empty.
    """
    file.seek(0)
    file.truncate()
    context = get_script_run_ctx()
    if context is None or not isinstance(files := context.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    if is_shown:
        files.add_file(context.session_id, UploadedFileRec(file.file_id, file.name, file.type, b""))
    else:
        files.remove_file(context.session_id, file.file_id)


def _room() -> Cloakroom:
    room: Cloakroom = process.keep(NAME, "", Cloakroom)
    return room


def current() -> Shelf:
    """This visitor's pictures for a data set."""
    return belongings().shelf

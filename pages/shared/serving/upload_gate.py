"""What visitors of a shared server may send to it in files: so much each, and so much at once of all.

Streamlit holds each file that a browser sends in the server's memory, of any number of them, until a script has read it
and lets go of it (:func:`pages.shared.serving.shelf.let_go`), or its session ends. A page reads within seconds, so a
file that nobody has read for long goes where others need its room.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from invariance.data.uploads.reading import MAX_BYTES
from pages.shared.serving import visitor

MOST_OF_ONE, MOST_OF_ALL = 160 * 2**20, 256 * 2**20
"""Bytes of files that wait to be read: of a session, and of all."""
LEAST = 4096
"""Bytes that a file counts for at least: an empty one takes memory too."""
FRAME = 2**16
"""Bytes of a request around its file, at most."""
PATIENCE_S = 30.0
"""That a file waits for others to be read."""
UNREAD_S = 90.0
"""After which a file that nobody reads may go."""
LOOK_EVERY_S = 0.25
_PATH = "/_stcore/upload_file/"


class UploadGate:
    """Lets files of a shared server's visitors in while there is room; the teacher's, and of one's own machine, all."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._coming: Counter[str] = Counter()
        self._came: dict[tuple[str, str], float] = {}
        """When each file was let in that may still be held, from the oldest on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        is_file = scope["type"] == "http" and scope["method"] == "PUT" and _PATH in scope["path"]
        if not is_file or visitor.sender_may_do_all(scope):
            await self._app(scope, receive, send)
            return
        session, _, file_id = scope["path"].partition(_PATH)[2].partition("/")
        size = dict(scope["headers"]).get(b"content-length", b"")
        if not size.isdigit() or len(size) > 15:
            refusal = PlainTextResponse("send the length of the file with it", 411)
        elif (num_bytes := max(LEAST, int(size))) > MAX_BYTES + FRAME:
            refusal = PlainTextResponse(f"a file may have {MAX_BYTES // 2**20} MB", 413)
        elif not await self._has_room(num_bytes):
            refusal = PlainTextResponse("too many people bring files at this moment: try again", 503)
        elif _held(session) + self._coming[session] + num_bytes > MOST_OF_ONE:
            refusal = PlainTextResponse("too many files at once: bring fewer, then the others", 413)
        else:
            await self._pass(session, num_bytes, scope, receive, send)
            self._came.pop((session, file_id), None)
            self._came[session, file_id] = time.monotonic()
            return
        await refusal(scope, receive, send)

    async def _has_room(self, num_bytes: int) -> bool:
        until = time.monotonic() + PATIENCE_S
        while _held() + self._coming.total() + num_bytes > MOST_OF_ALL:
            if self._let_go_of_the_oldest():
                continue
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK_EVERY_S)
        return True

    def _let_go_of_the_oldest(self) -> bool:
        """Frees the file that has waited longest, if that is long; whether there was one."""
        files = _files()
        before = time.monotonic() - UNREAD_S
        while self._came and next(iter(self._came.values())) < before:
            session, file_id = next(iter(self._came))
            del self._came[session, file_id]
            if file_id in files.file_storage.get(session, {}):  # else its session has ended
                files.remove_file(session, file_id)
                return True
        return False

    async def _pass(self, session: str, num_bytes: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._coming[session] += num_bytes
        try:
            await self._app(scope, receive, send)
        finally:
            self._coming[session] -= num_bytes
            self._coming += Counter()  # those that are at nothing go


def _held(session: str | None = None) -> int:
    """Bytes of the files of a session, or of all, that nobody has let go of."""
    files = _files()
    chosen = [files.file_storage.get(session, {})] if session is not None else [*files.file_storage.values()]
    return sum(max(LEAST, len(file.data)) for one in chosen for file in [*one.values()])


def _files() -> MemoryUploadedFileManager:
    found = runtime.get_instance().uploaded_file_mgr
    assert isinstance(found, MemoryUploadedFileManager)
    return found

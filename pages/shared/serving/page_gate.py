"""How many pages visitors of a shared server may have open at once: one computer's cannot take it from the class.

An open page is a websocket and a session, about 0.6 MB of the server's memory, whatever its browser does. The limits
are far above what a class opens, and what one address may have leaves as much for the others; behind a proxy all
visitors have its address. The teacher comes in always.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.shared.navigation import PAGES
from pages.shared.serving import visitor

MOST_OF_ALL: Final = 300
MOST_OF_ONE: Final = MOST_OF_ALL // 2
"""Of an address."""
TRY_AGAIN: Final = 1013
"""Of a websocket (RFC 6455's registry of close codes)."""
_FULL: Final = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="20"><title>Full</title>
<body style="font: 1.1rem/1.6 system-ui; margin: 3rem auto; max-width: 34rem; padding: 0 1rem;
color-scheme: light dark">
<h1>This server is full</h1>
<p>{num} pages are open at once{where}. Close some that nobody looks at; this one tries again by itself.</p>"""


class PageGate:
    """Lets visitors of a shared server open pages while there is room; on one's own machine all."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        is_socket = scope["type"] == "websocket"
        if not (is_socket or _asks_for_a_page(scope)) or visitor.sender_may_do_all(scope):
            await self._app(scope, receive, send)
            return
        client = scope.get("client")
        address = client[0] if client else ""
        is_full = self._open.total() >= MOST_OF_ALL
        has_room = not is_full and self._open[address] < MOST_OF_ONE
        if has_room and is_socket:
            await self._count(address, scope, receive, send)
        elif has_room:
            await self._app(scope, receive, send)
        elif is_socket:
            await receive()  # that it wants to connect
            await send({"type": "websocket.close", "code": TRY_AGAIN})
        else:
            told = _FULL.format(
                num=MOST_OF_ALL if is_full else MOST_OF_ONE, where="" if is_full else " from this address"
            )
            await HTMLResponse(told, 503, {"retry-after": "20"})(scope, receive, send)

    async def _count(self, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._open[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._open[address] -= 1
            self._open += Counter()  # those that are at nothing go


def _asks_for_a_page(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    folder = scope["path"].rstrip("/").rpartition("/")[2]
    is_document = b"text/html" in dict(scope["headers"]).get(b"accept", b"")
    return is_document and folder in {"", *(page.folder for page in PAGES if page.is_listed)}

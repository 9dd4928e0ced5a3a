"""What the server does beside running scripts: its manager's life, visitors' cookies, and the teacher's page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import get_option, runtime

from pages.lesson.routes import routes as class_routes
from pages.shared.serving import cookies, made, process, share, teacher, visitor
from pages.shared.serving.page_gate import PageGate
from pages.shared.serving.upload_gate import UploadGate

HEARD = ("rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request")
"""What browsers of a shared server may say. Of the rest one empties the caches of all, and one tells which files lie
beside the app, for which git looks while nobody is answered."""
_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[dict[str, Any]]:
    """From the server's start, without any visitor, to its end: the manager of runs is at work."""
    from pages.shared.serving import rehearsal, server  # here, since a script that is merely read needs none of it

    warming: asyncio.Task[None] | None = None
    try:
        await asyncio.to_thread(server.begin)
        if visitor.is_shared() and runtime.exists():  # which caches of the pages' code belong to
            warming = asyncio.create_task(rehearsal.rehearse())
        yield {}
    finally:
        if warming is not None:
            warming.cancel()
        await asyncio.to_thread(process.end)


def routes() -> list[Route]:
    """What is answered beside the pages."""
    base = str(get_option("server.baseUrlPath") or "").strip("/")
    prefix = f"/{base}" if base else ""
    return [
        Route(prefix + teacher.PATH, teacher.sign_in, methods=["GET", "POST"]),
        Route(prefix + made.PATH, made.answer),
        Route(prefix + share.QR_PATH, share.qr),
        *class_routes(prefix),
        Route(prefix + "/pulse", _pulse),
    ]


async def _pulse(request: Request) -> Response:
    from pages.shared.serving import pulse  # as above

    return await pulse.answer(request)


def middleware() -> list[Middleware]:
    """What each request goes through."""
    return [Middleware(KnownVisitors), Middleware(PageGate), Middleware(UploadGate)]


class KnownVisitors:
    """Leaves a cookie in each new browser; and of a class's browsers hears alone what a page needs, see HEARD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on."""
        if scope["type"] == "http" and _is_page(scope) and not cookies.visitors(cookies.sent(scope)):
            send = _with_cookie(scope, send)
        elif scope["type"] == "websocket" and visitor.is_shared():
            receive = _only_heard(receive)
        await self._app(scope, receive, send)


def _is_page(scope: Scope) -> bool:
    return scope["method"] == "GET" and b"text/html" in dict(scope["headers"]).get(b"accept", b"")


def _with_cookie(scope: Scope, send: Send) -> Send:
    forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"").decode("latin-1")
    is_secure = teacher.is_tls(scope.get("scheme", "http"), forwarded)

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            name, value = cookies.new_visitor()
            cookie = cookies.header(name, value, cookies.VISITOR_S, is_secure=is_secure)
            # Of one browser alone: nothing between it and the server may keep the answer for others.
            headers = [(key, value) for key, value in message["headers"] if key.lower() != b"cache-control"]
            message = {**message, "headers": [*headers, (b"cache-control", b"private, no-cache"), cookie]}
        await send(message)

    return send_on


def _only_heard(receive: Receive) -> Receive:
    from google.protobuf.message import DecodeError
    from streamlit.proto.BackMsg_pb2 import BackMsg

    async def receive_next() -> Message:
        while True:
            message = await receive()
            if message["type"] != "websocket.receive" or not message.get("bytes"):
                return message
            said = BackMsg()
            try:
                said.ParseFromString(message["bytes"])
            except DecodeError:  # Streamlit says so
                return message
            if (kind := said.WhichOneof("type")) in HEARD:
                return message
            _log.warning("a browser sent %s, which is not done on a shared server", kind)

    return receive_next

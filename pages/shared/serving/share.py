"""Addresses that are handed out: their QR codes, and whether a request comes from a page of this server."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import segno
from starlette.responses import PlainTextResponse, Response
from streamlit import get_option
from streamlit.net_util import get_internal_ip

from pages.shared.serving import visitor

if TYPE_CHECKING:
    from starlette.requests import Request

QR_PATH = "/share/qr.svg"
MAX_CHARACTERS = 1000
"""Of an address; beyond them no telephone reads its code from a projector anyway."""


async def qr(request: Request) -> Response:
    """Answers at :data:`QR_PATH`: the code of the address in ``of``, as a picture.

    The browser says the address: it alone knows it behind a proxy.
    """
    of = request.query_params.get("of", "")
    if is_foreign(request):
        return refused("codes are for pages of this server", 403)
    if not (of.startswith(("http://", "https://")) and len(of) <= MAX_CHARACTERS and of.isascii()):
        return refused(f"of: an http address of at most {MAX_CHARACTERS} characters", 400)
    picture = BytesIO()
    segno.make(of, micro=False).save(picture, kind="svg", xmldecl=False, border=3, light="#ffffff", omitsize=True)
    return Response(picture.getvalue(), media_type="image/svg+xml", headers={"cache-control": "private, max-age=3600"})


def is_foreign(request: Request) -> bool:
    """Whether a page of somebody else's has the browser ask.

    Browsers say so themselves where they speak TLS or to their own machine; else the page's host is compared with ours.
    """
    if site := request.headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:  # no browser leaves it out where it matters
        return False
    ours = {request.headers.get(name, "").lower() for name in ("host", "x-forwarded-host")} - {""}
    try:
        return urlsplit(origin).netloc.lower() not in ours
    except ValueError:
        return True


def refused(words: str, status: int) -> Response:
    """An answer in one line."""
    return PlainTextResponse(words, status, {"cache-control": "no-store"})


def beyond() -> str:
    """The host under which others reach this server, for who opened it as this machine; empty where nobody does."""
    listens = str(get_option("server.address") or "")
    if visitor.is_this_machine(listens or None):
        return ""
    return listens if listens not in ("", "0.0.0.0", "::") else get_internal_ip() or ""

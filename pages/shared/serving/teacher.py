"""Where the teacher signs in: a page of its own at ``/teacher``, outside of what Streamlit serves.

A script of Streamlit's has no response whose header could leave a cookie; and a form sends the password in a request's
body, which neither the address bar nor a history or a log shows.
"""

from __future__ import annotations

import hmac
import html
import ipaddress
import logging
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, RedirectResponse, Response

from pages.shared.serving import cookies, visitor

if TYPE_CHECKING:
    from starlette.requests import Request

PATH = "/teacher"
MAX_WAIT_S = 120.0
FORGET_S = 3600.0
_MOST = 10_000
"""Addresses that are remembered."""
_MAX_BYTES = 4096
_log = logging.getLogger(__name__)

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Teacher</title>
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 22rem; margin: 15vh auto; padding: 0 1.2rem;
  background: light-dark(#fbfbf9, #12191b); color: light-dark(#1d2b2a, #e8efed); }}
input, button {{ font: inherit; width: 100%; box-sizing: border-box; padding: .55rem .7rem; margin-top: .7rem;
  border-radius: .6rem; border: 1px solid light-dark(#aab5b1, #566a6b); background: transparent; color: inherit; }}
button {{ background: #0b7f70; border-color: #0b7f70; color: #fff; cursor: pointer; }}
a {{ color: light-dark(#0b7f70, #5fd3c0); }} [role=alert] {{ color: light-dark(#a3341a, #ff9d80); }}
</style></head><body><h1>Teacher</h1>{body}<p><a href="./">Back to the app</a></p></body></html>"""
_SIGN_IN = """<form method="post"><label for="password">The password that this server was started with</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button></form>"""
_SIGN_OUT = """<p>You are signed in: you may stop and delete all runs, get networks and data sets, and ask for runs
that take long.</p><form method="post"><input type="hidden" name="out" value="1"><button>Sign out</button></form>"""
_NONE = (
    """<p>This server has no teacher. Who started it gives it a password with <code>INVARIANCE_TEACHER</code>.</p>"""
)


class Guesses:
    """Makes an address wait after wrong passwords: 1 s after the first, twice as long after each further one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}

    def wait_s(self, address: str) -> float:
        """Seconds that this address still has to wait, 0 for none."""
        with self._lock:
            number, since = self._wrong.get(_network(address), (0, 0.0))
        return max(0.0, since + min(2.0 ** (number - 1), MAX_WAIT_S) - time.monotonic()) if number else 0.0

    def was_wrong(self, address: str) -> int:
        """Notes a wrong password, and returns how many this address has given."""
        now, network = time.monotonic(), _network(address)
        with self._lock:
            if len(self._wrong) >= _MOST:
                self._wrong = {key: value for key, value in self._wrong.items() if now - value[1] < FORGET_S / 60}
            number, since = self._wrong.get(network, (0, now))
            number = 1 if now - since > FORGET_S else min(number + 1, 60)
            self._wrong[network] = number, now
        return number

    def was_right(self, address: str) -> None:
        """Forgets what was wrong before."""
        with self._lock:
            self._wrong.pop(_network(address), None)


GUESSES = Guesses()


async def sign_in(request: Request) -> Response:
    """Answers at :data:`PATH`: the form, and what was sent with it."""
    if not visitor.password():
        return _page(_NONE, 404)
    if request.method != "POST":
        is_in = cookies.is_teacher(request.cookies, visitor.password())
        return _page(_SIGN_OUT if is_in else _SIGN_IN)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MAX_BYTES:
            return _page(_SIGN_IN, 413)
    sent = parse_qs(body.decode("utf-8", "replace"))
    is_secure = is_tls(request.url.scheme, request.headers.get("x-forwarded-proto"))
    if sent.get("out"):
        return _leave(cookies.header(cookies.TEACHER, "", 0, is_secure=is_secure))
    address = request.client.host if request.client else ""
    if (wait_s := GUESSES.wait_s(address)) > 0:
        words = f"After a wrong password the next is looked at in {wait_s + 0.5:.0f} s: wait, then try again."
        return _page(_told(words) + _SIGN_IN, 429)
    said = sent.get("password", [""])[0]
    if not hmac.compare_digest(said.encode(), visitor.password().encode()):
        number = GUESSES.was_wrong(address)
        _log.warning("wrong teacher's password from %s, number %d", address, number)
        return _page(_told("That is not the password.") + _SIGN_IN, 403)
    GUESSES.was_right(address)
    _log.warning("the teacher signed in from %s", address)
    value = cookies.new_teacher(visitor.password())
    return _leave(cookies.header(cookies.TEACHER, value, cookies.TEACHER_S, is_secure=is_secure))


def is_tls(scheme: str, forwarded: str | None) -> bool:
    """Whether a browser speaks TLS, to this server or to one before it."""
    return scheme in ("https", "wss") or (forwarded or "").split(",")[0].strip() == "https"


def _network(address: str) -> str:
    """An address as guesses are counted by: of IPv6 one machine has very many, which begin alike."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address


def _page(body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(body=body), status, {"cache-control": "no-store"})


def _told(words: str) -> str:
    return f'<p role="alert">{html.escape(words)}</p>'


def _leave(cookie: tuple[bytes, bytes]) -> Response:
    answer = RedirectResponse("./runs", 303)
    answer.raw_headers.append(cookie)
    return answer

"""What a browser is known by: cookies that the server signs, and that no script in the browser can read.

A visitor's cookie is ``<when>-<secret>.<mac>`` under a name of its own, so that two windows of a new browser, each of
which is given one, do not overwrite each other's; the browser is known by the first, and owns what any of them asked
for. The teacher's is ``<until>.<mac>``, whose key holds the password: another password signs everybody out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any

from invariance.files import write_atomically
from invariance.runs.store import default_root
from pages.shared.serving import process

VISITOR, TEACHER = "invariance_visitor_", "invariance_teacher"
VISITOR_S, TEACHER_S = 365 * 24 * 3600, 12 * 3600
"""Seconds that a browser keeps them."""
KEY_FILE = "server.key"
_KEY_BYTES = 32
_MOST = 8
"""Cookies of one browser that are looked at."""
_WRITTEN = re.compile(r"[0-9]{1,15}-[0-9a-f]{32}")


def new_visitor() -> tuple[str, str]:
    """Name and value of a cookie for a browser that has none."""
    secret = secrets.token_hex(16)
    return VISITOR + secret[:8], _signed(f"{time.time_ns() // 1_000_000}-{secret}", "visitor")


def visitors(cookies: Mapping[str, str]) -> tuple[str, ...]:
    """What of a browser's cookies this server gave it: the first first, each without its signature."""
    given = [value for name, value in cookies.items() if name.startswith(VISITOR)][:_MOST]
    found = {said for value in given if (said := _checked(value, "visitor")) is not None and _WRITTEN.fullmatch(said)}
    return tuple(sorted(found, key=lambda said: (int(said.partition("-")[0]), said)))


def sent(scope: Mapping[str, Any]) -> dict[str, str]:
    """The cookies of a request, as ASGI has it."""
    try:
        found = SimpleCookie(dict(scope["headers"]).get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in found.items()}


def new_teacher(password: str) -> str:
    """Value of the cookie of a browser in which the teacher's password was given."""
    return _signed(str(int(time.time()) + TEACHER_S), f"teacher {password}")


def is_teacher(cookies: Mapping[str, str], password: str) -> bool:
    """Whether a browser has that cookie, and it is not too old."""
    said = _checked(cookies.get(TEACHER, ""), f"teacher {password}")
    return said is not None and said.isdecimal() and int(said) > time.time()


def header(name: str, value: str, max_age_s: int, *, is_secure: bool) -> tuple[bytes, bytes]:
    """The response header that leaves a cookie in a browser.

    Args:
        name: of the cookie.
        value: of the cookie.
        max_age_s: seconds that it is kept; 0 takes it away.
        is_secure: whether the browser speaks to the server over TLS, and is to send it over TLS alone.
    """
    text = f"{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax" + "; Secure" * is_secure
    return b"set-cookie", text.encode("ascii")


def _signed(said: str, kind: str) -> str:
    return f"{said}.{_mac(said, kind)}"


def _checked(value: str, kind: str) -> str | None:
    said, _, mac = value.rpartition(".")
    return said if said.isascii() and mac.isascii() and hmac.compare_digest(mac, _mac(said, kind)) else None


def _mac(said: str, kind: str) -> str:
    key: bytes = process.keep("key", str(default_root()), _read_key)
    return hmac.digest(hmac.digest(key, kind.encode(), "sha256"), said.encode(), hashlib.sha256).hex()[:32]


def _read_key() -> bytes:
    """The server's key, the same after a restart; of a folder that cannot be written, one for this process."""
    path = Path(default_root(), KEY_FILE)
    try:
        if path.is_file() and len(key := path.read_bytes()) == _KEY_BYTES:
            return key
        key = secrets.token_bytes(_KEY_BYTES)
        write_atomically(path, lambda stream: stream.write(key), mode=0o600)
        return key
    except OSError:
        return secrets.token_bytes(_KEY_BYTES)

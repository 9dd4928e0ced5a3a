"""Who a visitor is: a secret in a cookie of the browser, of which the store and other visitors only see a hash.

On a server for a class (the environment variable ``INVARIANCE_TEACHER`` holds the teacher's password) people may stop
and delete their own runs alone; whoever opens the app with ``?teacher=`` and the password may do so with all.
The teacher alone gets data sets and weights onto such a server: they are large, and on one disk for all.
Without that variable everybody may do everything, as on one's own machine.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets

import streamlit as st

from pages.shared.scripts import run_script

COOKIE = "invariance_visitor"
TEACHER_VARIABLE = "INVARIANCE_TEACHER"
_SECRET = re.compile(r"[0-9a-f]{32}")
_COOKIE_S = 365 * 24 * 3600


def owner() -> str:
    """The visitor's name in the queue: 12 hexadecimal digits, the same in all of the browser's windows."""
    return hashlib.sha256(_secret().encode()).hexdigest()[:12]


def remember() -> None:
    """Leaves the cookie in a browser that has none, once a session; and hears a teacher's password."""
    if (said := st.query_params.get("teacher")) is not None:
        st.session_state["is_teacher"] = is_password(said)
        del st.query_params["teacher"]  # not to be passed on with a link
    if st.session_state.get("visitor_remembered") or _of_cookie() is not None:
        return
    st.session_state["visitor_remembered"] = True
    cookie = f"{COOKIE}={_secret()}; path=/; max-age={_COOKIE_S}; samesite=lax"
    run_script(f"document.cookie = {cookie!r}", key="visitor_cookie")


def is_shared() -> bool:
    """Whether this is a server for a class."""
    return bool(os.environ.get(TEACHER_VARIABLE))


def is_password(said: str) -> bool:
    """Whether this is the teacher's password."""
    return is_shared() and hmac.compare_digest(said.encode(), os.environ[TEACHER_VARIABLE].encode())


def may_change(run_owner: str) -> bool:
    """Whether the visitor may stop, resume or delete what this owner asked for."""
    return not is_shared() or bool(st.session_state.get("is_teacher")) or run_owner == owner()


def may_download() -> bool:
    """Whether the visitor may get data sets and weights onto the server."""
    return not is_shared() or bool(st.session_state.get("is_teacher"))


def _secret() -> str:
    if "visitor_secret" not in st.session_state:
        st.session_state["visitor_secret"] = _of_cookie() or secrets.token_hex(16)
    secret: str = st.session_state["visitor_secret"]
    return secret


def _of_cookie() -> str | None:
    value = str(st.context.cookies.get(COOKIE, ""))
    return value if _SECRET.fullmatch(value) else None

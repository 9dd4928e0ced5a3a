"""Who a visitor is: a secret in a cookie of the browser, of which the store and other visitors only see a hash.

A server is shared when it has a teacher's password (the environment variable ``INVARIANCE_TEACHER``) or listens beyond
this machine. There people may stop and delete their own runs alone, and only who has signed in as the teacher, see
:mod:`pages.shared.serving.teacher`, may do so with all, get data sets and weights onto the server, and ask for runs
that take long. On a server that is not shared everybody may do everything, as on one's own machine.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from invariance.runs.limits import TEACHER_VARIABLE
from pages.shared.serving import cookies

TEACHER = "teacher"
"""Owner of what the teacher asked for."""


def is_shared() -> bool:
    """Whether this server is for a class: it has a teacher's password, or listens beyond this machine."""
    return bool(password()) or not is_this_machine(st.get_option("server.address"))


def password() -> str:
    """The teacher's; empty where there is none, and then nobody is the teacher."""
    return os.environ.get(TEACHER_VARIABLE, "")


def is_teacher() -> bool:
    """Whether the visitor has signed in as the teacher."""
    return bool(password()) and cookies.is_teacher(given_cookies(), password())


def owner() -> str:
    """The visitor's name in the queue, the same in all windows of a browser: 12 digits, or the teacher's."""
    return TEACHER if is_teacher() else owners()[0]


def owners() -> tuple[str, ...]:
    """All names under which this browser has asked for runs, the one of today first."""
    return tuple(hashlib.sha256(said.encode()).hexdigest()[:12] for said in _known_by())


def names() -> list[str]:
    """All names under which the visitor has asked for anything, also as the teacher."""
    return list(dict.fromkeys([owner(), *owners()]))


def may_change(asked_by: Iterable[str]) -> bool:
    """Whether the visitor may stop, resume or delete what these owners asked for."""
    return may_do_all() or not set(names()).isdisjoint(asked_by)


def may_do_all() -> bool:
    """Whether the visitor may do what others have to leave: change all runs, download, ask for what takes long."""
    return not is_shared() or is_teacher()


def sender_may_do_all(scope: Mapping[str, Any]) -> bool:
    """The same of who sent a request, as ASGI has it."""
    return not is_shared() or (bool(password()) and cookies.is_teacher(cookies.sent(scope), password()))


def in_words(asked_by: Iterable[str]) -> str:
    """Who asked for something: oneself, the teacher, and others by the first digits of their names."""
    mine = names()
    words = ["you" if name in mine else name if name == TEACHER else name[:4] for name in asked_by]
    return ", ".join(dict.fromkeys(sorted(words, key=lambda word: word != "you")))


def given_cookies() -> Mapping[str, str]:
    """What the visitor's browser sent."""
    return dict(st.context.cookies)


def _known_by() -> tuple[str, ...]:
    """By its cookies; a browser that takes none is known for as long as its session lasts."""
    if found := cookies.visitors(given_cookies()):
        return found
    secret: str = st.session_state.setdefault("visitor_secret", secrets.token_hex(16))
    return (secret,)


def is_this_machine(address: str | None) -> bool:
    """Whether a server that listens at an address is reached from its own machine alone."""
    if address is None:  # Streamlit then listens on all that the machine has
        return False
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"

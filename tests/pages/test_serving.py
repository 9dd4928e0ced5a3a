"""What the server does beside running scripts, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.requests import Request
from streamlit.proto.BackMsg_pb2 import BackMsg

from invariance.runs.store import Store
from pages.shared.serving import cookies, life, page_gate, process, teacher, visitor
from pages.shared.serving.life import KnownVisitors
from pages.shared.serving.page_gate import PageGate

PASSWORD = "chalk and talk"
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _own_process(store: Store, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("INVARIANCE_TEACHER", PASSWORD)
    monkeypatch.setattr(teacher, "GUESSES", teacher.Guesses())
    yield
    process.end()


def scope(*headers: tuple[str, str], method: str = "GET", scheme: str = "http", address: str = "10.0.0.7") -> Any:
    written = [(name.encode(), value.encode()) for name, value in headers]
    told = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": "/runs",
        "headers": written,
        "query_string": b"",
    }
    return told | {"client": (address, 5), "server": ("testserver", 80)}


def in_a_loop(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to, in a thread of its own: the browser of other tests keeps a loop in this one."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


def cookie_given(asked: Any) -> str | None:
    """The cookie that an answer to a request leaves."""
    said: list[Any] = []

    async def page(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})

    async def send(message: Any) -> None:
        said.append(message)

    in_a_loop(KnownVisitors(page)(asked, None, send))  # type: ignore[arg-type]
    headers = dict(said[0]["headers"])
    assert (b"set-cookie" in headers) == (headers[b"cache-control"] == b"private, no-cache")
    return headers[b"set-cookie"].decode() if b"set-cookie" in headers else None


def test_a_new_browser_gets_a_cookie_that_no_script_reads_and_keeps_it() -> None:
    page = ("accept", "text/html,*/*")
    given = cookie_given(scope(page))
    assert given is not None and given.endswith("; HttpOnly; SameSite=Lax")
    pair = given.split(";")[0]
    assert cookie_given(scope(page, ("cookie", f"other=1; {pair}"))) is None
    assert cookie_given(scope(page, ("cookie", pair[:-1] + "x"))) is not None, "it was not given by this server"
    assert cookie_given(scope(("accept", "image/png"))) is None
    for asked in (scope(page, scheme="https"), scope(page, ("x-forwarded-proto", "https"))):
        assert (cookie_given(asked) or "").endswith("; Secure")


def opened(gate: PageGate, asked: Any, inside: Any = None) -> Any:
    """What an open page or a request for one is answered with; ``inside`` is called while it is open."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    OPEN.append(inside or (lambda: None))
    in_a_loop(gate(asked, receive, send))
    OPEN.clear()
    return said[0]


OPEN: list[Any] = []


async def page(asked: Any, receive: Any, send: Any) -> None:
    """A page that is open for as long as something goes on in it."""
    await send({"type": "passed"})
    OPEN.pop()()


def socket(address: str, *headers: tuple[str, str]) -> Any:
    return scope(*headers, address=address) | {"type": "websocket", "path": "/_stcore/stream"}


def test_one_computer_cannot_take_all_pages_and_the_teacher_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_gate, "MOST_OF_ALL", 3)
    monkeypatch.setattr(page_gate, "MOST_OF_ONE", 2)
    gate, document, passed = PageGate(page), ("accept", "text/html"), {"type": "passed"}
    teachers = ("cookie", f"{cookies.TEACHER}={cookies.new_teacher(PASSWORD)}")
    refused = {"type": "websocket.close", "code": page_gate.TRY_AGAIN}

    def while_two_are_open() -> None:
        assert opened(gate, socket("10.0.0.7")) == refused
        answer = opened(gate, scope(document))
        assert answer["status"] == 503 and (b"retry-after", b"20") in answer["headers"]
        assert opened(gate, scope(("accept", "image/png"))) == passed, "what is open already goes on"
        assert opened(gate, scope(document) | {"path": "/teacher"}) == passed
        assert opened(gate, socket("10.0.0.7", teachers)) == passed
        assert opened(gate, scope(document, address="10.0.0.8")) == passed
        assert opened(gate, socket("10.0.0.8"), while_three_are_open) == passed

    def while_three_are_open() -> None:
        assert opened(gate, socket("10.0.0.9")) == refused
        assert opened(gate, scope(document, address="10.0.0.9"))["status"] == 503

    assert opened(gate, socket("10.0.0.7"), lambda: opened(gate, socket("10.0.0.7"), while_two_are_open)) == passed
    assert opened(gate, socket("10.0.0.7"), lambda: opened(gate, socket("10.0.0.7"))) == passed, "they have left"
    monkeypatch.setattr(page_gate, "MOST_OF_ALL", 0)
    monkeypatch.setattr(visitor, "is_shared", lambda: False)
    assert opened(gate, socket("127.0.0.1")) == passed, "one's own machine"


def sent(body: str, address: str = "10.0.0.7", **more: str) -> Any:
    """The answer to a form."""

    async def receive() -> Any:
        return {"type": "http.request", "body": body.encode(), "more_body": False}

    headers = [(name.replace("_", "-"), value) for name, value in more.items()]
    return in_a_loop(teacher.sign_in(Request(scope(*headers, method="POST", address=address), receive)))


def test_guesses_take_longer_and_longer_and_are_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1000.0
    monkeypatch.setattr(teacher.time, "monotonic", lambda: now)
    waits = []
    for number in range(1, 6):
        assert sent("password=x").status_code == 403
        waits.append(teacher.GUESSES.wait_s("10.0.0.7"))
        assert sent(f"password={PASSWORD}").status_code == 429, "not even the right one while one waits"
        assert caplog.messages[-1] == f"wrong teacher's password from 10.0.0.7, number {number}"
        now += waits[-1]
    assert waits == [1, 2, 4, 8, 16]
    assert sent("password=chalk+and+talk", address="10.0.0.8").status_code == 303, "others need not wait"
    answer = sent("password=chalk+and+talk", x_forwarded_proto="https")
    given = dict(answer.raw_headers)[b"set-cookie"].decode()
    assert given.startswith("invariance_teacher=") and given.endswith("; HttpOnly; SameSite=Lax; Secure")
    assert PASSWORD not in given and PASSWORD not in caplog.text
    assert cookies.is_teacher({cookies.TEACHER: given.split(";")[0].split("=")[1]}, PASSWORD)


@pytest.mark.parametrize("body", ["", "password=", "password=%ff%fe", "password=" + "x" * 9000, "a=1&" * 9, "out=1"])
def test_what_is_sent_instead_of_a_password_opens_nothing(body: str) -> None:
    answer = sent(body)
    given = dict(answer.raw_headers).get(b"set-cookie", b"").decode()
    assert not given or given.startswith("invariance_teacher=;")


def test_one_machine_of_many_addresses_waits_for_all_of_them() -> None:
    teacher.GUESSES.was_wrong("2001:db8::1")
    assert teacher.GUESSES.wait_s("2001:db8::ffff") > 0 and teacher.GUESSES.wait_s("2001:db8:1::1") == 0


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_browser_of_a_class_empties_no_caches_and_is_not_told_of_files(
    monkeypatch: pytest.MonkeyPatch, is_shared: bool
) -> None:
    if not is_shared:
        monkeypatch.delenv("INVARIANCE_TEACHER")
    said = [BackMsg(clear_cache=True), BackMsg(stop_script=True)]
    said[:0] = [BackMsg(load_git_info=True)] * is_shared
    messages = [{"type": "websocket.receive", "bytes": one.SerializeToString()} for one in said]
    messages.insert(1, {"type": "websocket.receive", "bytes": b"\xff\xff\xff"})
    heard: list[Any] = []

    async def script(scope: Any, receive: Any, send: Any) -> None:
        while messages:
            heard.append(await receive())

    async def receive() -> Any:
        return messages.pop(0)

    in_a_loop(KnownVisitors(script)({"type": "websocket", "headers": []}, receive, None))  # type: ignore[arg-type]
    assert len(heard) == (2 if is_shared else 3) and heard[-1]["bytes"] == said[-1].SerializeToString()


def test_the_key_of_cookies_outlives_the_server_and_is_nobody_elses(store: Store) -> None:
    name, value = cookies.new_visitor()
    path = store.root / cookies.KEY_FILE
    assert path.stat().st_mode & 0o077 == 0
    process.end()  # as a restart
    assert cookies.visitors({name: value}) and Path(path).read_bytes()
    path.write_bytes(b"")  # as a full disk leaves it
    process.end()
    assert not cookies.visitors({name: value})
    name, value = cookies.new_visitor()
    process.end()
    assert cookies.visitors({name: value}) and path.stat().st_mode & 0o077 == 0


def test_the_queue_moves_without_a_visitor_and_ends_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    began: list[str] = []
    monkeypatch.setattr("pages.shared.serving.server.begin", lambda: began.append("begun"))
    monkeypatch.setattr(process, "end", lambda: began.append("ended"))

    async def serve() -> None:
        async with life.lifespan(None):
            assert began == ["begun"]

    in_a_loop(serve())
    assert began == ["begun", "ended"]

"""How much visitors of a shared server may send to it in files."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from invariance.runs.store import Store
from pages.shared.serving import cookies, process, upload_gate
from pages.shared.serving.upload_gate import UploadGate
from tests.pages.test_serving import PASSWORD, in_a_loop, scope


@pytest.fixture
def files(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryUploadedFileManager]:
    """What Streamlit holds; a session may have 10,000 bytes there, and all together 20,000."""
    monkeypatch.setenv("INVARIANCE_TEACHER", PASSWORD)
    for name, value in {"MOST_OF_ONE": 10_000, "MOST_OF_ALL": 20_000, "PATIENCE_S": 0.05, "LOOK_EVERY_S": 0.01}.items():
        monkeypatch.setattr(upload_gate, name, value)
    found = MemoryUploadedFileManager("/upload")
    monkeypatch.setattr(upload_gate.runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=found))
    yield found
    process.end()


def status_of(length: str | None, session: str = "a", *cookie: str, path: str = "/_stcore/upload_file") -> int:
    """Of the answer to a file of so many bytes; 204 where it came through."""
    said: list[Any] = []

    async def streamlit(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})

    async def send(message: Any) -> None:
        said.append(message)

    headers = [("content-length", length)] * (length is not None) + [("cookie", value) for value in cookie]
    asked = scope(*headers, method="PUT") | {"path": f"{path}/{session}/1"}
    in_a_loop(UploadGate(streamlit)(asked, None, send))  # type: ignore[arg-type]
    return int(said[0]["status"])


def hold(files: MemoryUploadedFileManager, session: str, *sizes: int) -> None:
    for number, size in enumerate(sizes):
        files.add_file(session, UploadedFileRec(f"{session}{number}", "x.png", "image/png", bytes(size)))


def test_files_are_let_in_while_there_is_room_and_the_teachers_always(files: MemoryUploadedFileManager) -> None:
    assert status_of("5000") == 204
    assert {status_of(length) for length in (None, "", "-1", "1e3", "\u0663", "9" * 20)} == {411}
    assert status_of(str(30 * 2**20)) == 413, "no picture is so large"
    hold(files, "a", 6000)
    assert status_of("5000") == 413 and status_of("5000", "b") == 204
    hold(files, "b", 0, 0, 0)
    assert status_of("1", "c") == 503, "empty files count too"
    teacher = f"{cookies.TEACHER}={cookies.new_teacher(PASSWORD)}"
    assert status_of(str(30 * 2**20), "c", teacher) == 204
    assert status_of("1", "c", path="/elsewhere") == 204
    files.remove_session_files("b")
    assert status_of("1", "c") == 204


def test_a_file_that_nobody_reads_goes_where_others_need_its_room(
    files: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def streamlit(scope: Any, receive: Any, send: Any) -> None:
        files.add_file(scope["path"].split("/")[-2], UploadedFileRec("1", "x.png", "image/png", bytes(9000)))
        await send({"type": "http.response.start", "status": 204, "headers": []})

    said: list[int] = []

    async def send(message: Any) -> None:
        said.append(message["status"]) if "status" in message else None

    gate = UploadGate(streamlit)

    def bring(session: str) -> int:
        asked = scope(("content-length", "9000"), method="PUT") | {"path": f"/_stcore/upload_file/{session}/1"}
        in_a_loop(gate(asked, None, send))  # type: ignore[arg-type]
        return said[-1]

    assert [bring(session) for session in "abc"] == [204, 204, 503], "two have all the room"
    monkeypatch.setattr(upload_gate, "UNREAD_S", 0.0)
    assert bring("c") == 204 and sorted(session for session in "abc" if files.file_storage.get(session)) == ["b", "c"]
    monkeypatch.setattr(upload_gate, "UNREAD_S", 60.0)
    assert bring("d") == 503, "these have not waited long"


def test_on_ones_own_machine_all_files_are_let_in(
    files: MemoryUploadedFileManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INVARIANCE_TEACHER")
    hold(files, "a", 50_000)
    assert status_of(str(400 * 2**20)) == 204

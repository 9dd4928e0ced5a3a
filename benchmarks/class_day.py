"""A class's day in some minutes, played against a real server: what must not happen, and whether it did.

    python -m benchmarks.class_day --students 8 --json

Students come, guess at lessons that the teacher reveals, bring pictures, ask for what-ifs and cancel them; somebody
rude sends nonsense to every page and route, and files and pages without end; the server is killed once in the middle
and starts again on the same runs; at the end the teacher removes what does not run or wait. Says what went wrong, which
is hoped to be nothing: errors on pages and in the log, answers of 500, anything of one visitor's seen by another, runs
lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import secrets
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.exceptions import InvalidStatus

from benchmarks.bare_session import PATIENCE_S, Session, cookie_of
from benchmarks.class_load import PASSWORD, megabytes, served
from invariance.figures.pictures import png_bytes
from invariance.runs.run import ACTIVE_STATES
from invariance.runs.store import Store
from pages.shared.navigation import PAGES
from pages.shared.serving.page_gate import MOST_OF_ONE

NONSENSE = (
    "",
    "nan",
    "-1e999",
    "99999999999999999999",
    "../../etc/passwd",
    "/proc/self",
    "a\0b",
    "<script>",
    "x" * 5000,
)
PARAMETERS = (
    *("seed", "names", "objects_source", "objects_folder", "backgrounds_folder", "size", "view", "file", "split"),
    *("transform", "left", "right", "model", "example", "n", "study", "results_of", "runs", "row", "column", "measure"),
    *("kind", "state", "page", "sources", "targets", "seeds", "index", "strength", "prototypes", "classes", "present"),
)
PROBES = (
    *("app/static/../../app.py", "app/static/%2e%2e/app.py", "app/static/made/..%2f..%2fapp.py", "media/../app.py"),
    *(
        "class/AAAAA",
        "class/AAAAA/state",
        "class/%00",
        "sheet/blank/99999999999999999999",
        "sheet/x/1",
        "sheet/answer/0",
    ),
    *("pulse?runs=%27%20OR%201", "pulse?runs=" + "a," * 3000, "share/qr.svg?of=javascript:1", "share/qr.svg"),
    *("component/x/../../app.py", "_stcore/bidi-components/x/../../app.py", "%2e%2e/%2e%2e/etc/passwd", "teacher?x=1"),
)
SECRET_LINE = "import streamlit as st"


class Browser(Session):
    """A session that remembers what its last page said, and brings files."""

    def __init__(self, address: str, cookie: str) -> None:
        super().__init__(f"ws://{address}/_stcore/stream", cookie)
        self.address, self.cookie = address, cookie
        self.text = ""
        self._session_id = ""

    async def open(self, page: str, query: str = "") -> None:
        """Opens a page by its address."""
        self.text = ""
        await super().open(page, query)

    def _heard(self, said: Any) -> bool:
        self.text += str(said)
        if said.WhichOneof("type") == "new_session":
            self._session_id = said.new_session.initialize.session_id
        return super()._heard(said)

    async def bring(self, key: str, name: str, data: bytes) -> int:
        """Puts a file into an uploader; the status of the answer."""
        file_id, limit = secrets.token_hex(8), secrets.token_hex(8)
        _, _, headers = await asked(self.address, "_stcore/health")
        xsrf = headers.get("set-cookie", "").partition(";")[0]
        body = f'--{limit}\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'.encode() + data
        body += f"\r\n--{limit}--\r\n".encode()
        sent = {"Cookie": f"{self.cookie}; {xsrf}", "X-Xsrftoken": xsrf.partition("=")[2].strip('"')}
        sent["Content-Type"] = f"multipart/form-data; boundary={limit}"
        path = f"_stcore/upload_file/{self._session_id}/{file_id}"
        status, _, _ = await asked(self.address, path, body, sent, method="PUT")
        if status == 204:
            state = WidgetState(id=self._id_of(key))
            info = state.file_uploader_state_value.uploaded_file_info.add(name=name, size=len(data), file_id=file_id)
            info.file_urls.file_id = file_id
            self._set[state.id] = state
            await self._run()
            self._set.pop(state.id)
        return status


async def asked(
    address: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}, method: str | None = None
) -> tuple[int, str, Mapping[str, str]]:
    """Status, text and headers of an answer; status 0 where the server would not hear the question to its end."""

    def ask() -> tuple[int, str, Mapping[str, str]]:
        request = urllib.request.Request(f"http://{address}/{path}", body, dict(headers), method=method)
        try:
            with urllib.request.build_opener(_Stays).open(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read().decode("utf-8", "replace"), _plain(answer.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8", "replace"), _plain(error.headers)
        except urllib.error.URLError as error:
            return 0, str(error), {}

    return await asyncio.to_thread(ask)


def _plain(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Takes a redirection as the answer."""


class Day:
    """The class, and what went wrong.

    Args:
        num: students.
    """

    def __init__(self, num: int) -> None:
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self._num, self._cookies, self._teacher = num, [""] * num, ""

    async def morning(self, address: str) -> None:
        """All come at once, guess together, and bring pictures."""
        self._teacher = await self._signed_in(address)
        self._cookies = [await asyncio.to_thread(cookie_of, f"http://{address}/") for _ in range(self._num)]
        await self._guess(address, "", 403)
        await asyncio.gather(*(self._student(address, number) for number in range(self._num)), self.be_rude(address))

    async def afternoon(self, address: str, store: Store) -> None:
        """After the server came again: everybody finds what was theirs, and the teacher removes what has ended.

        What is under way then may end a moment later, and stays.
        """
        for cookie in self._cookies:
            _, _, headers = await asked(address, "", headers={"Cookie": cookie, "Accept": "text/html"})
            self._check("a student is known after a restart", "set-cookie" not in headers)
        await self.be_rude(address)
        await self.crowd(address)
        async with Browser(address, self._teacher) as browser:
            await browser.open("runs")
            ended = {run.id for run in store.list() if run.state not in ACTIVE_STATES}
            await browser.click("end_class")
            self.done["ended runs that the teacher cleared"] = len(ended)
            left = ended & {run.id for run in store.list()}
            self._check("the teacher removed the class's runs, and some are there", not left)
            self.wrong += browser.failures

    async def _signed_in(self, address: str) -> str:
        cookie = await asyncio.to_thread(cookie_of, f"http://{address}/")
        status, _, _ = await asked(address, "teacher", b"password=wrong")
        self._check("a wrong password is refused", status == 403)
        await asyncio.sleep(1.5)
        status, _, headers = await asked(address, "teacher", urlencode({"password": PASSWORD}).encode())
        self._check("the password is taken", status == 303)
        return f"{cookie}; {headers.get('set-cookie', '').partition(';')[0]}"

    async def _guess(self, address: str, cookie: str, expected: int) -> None:
        status, _, _ = await asked(address, "class", b"n=1", {"Cookie": cookie} if cookie else {})
        self._check(f"begin a class: {expected}", status == expected)

    async def _student(self, address: str, number: int) -> None:
        cookie = self._cookies[number]
        try:
            async with Browser(address, cookie) as browser:
                await browser.open("")
                await self._lesson(address, cookie)
                await browser.open("pictures")
                for part, name in enumerate((f"mug{number}.png", f"cup{number}.png")):
                    pixels = np.full((64, 64, 4), (40 * part, number, 90, 0), np.uint8)
                    pixels[10:50, 10:50, 3] = 255
                    status = await browser.bring(f"objects_{part}_False", name, png_bytes(pixels))
                    self._check("a picture is taken", status == 204 and name in browser.text)
                await browser.click("use")
                await browser.open("train", f"seed={number}")
                await browser.click("go")
                if number % 2:
                    await browser.click("cancel")
                self.done["students"] += 1
                self.wrong += browser.failures
        except (OSError, TimeoutError, StopIteration) as error:
            self.wrong.append(f"student {number}: {error!r}"[:200])

    async def _lesson(self, address: str, cookie: str) -> None:
        _, _, headers = await asked(address, "class", headers={"Cookie": self._teacher})
        if not (code := headers.get("location", "").rpartition("/")[2]):
            _, _, headers = await asked(address, "class", b"n=1", {"Cookie": self._teacher})
            code = headers.get("location", "").rpartition("/")[2]
        status, text, _ = await asked(address, f"class/{code}/state", headers={"Cookie": cookie})
        self._check("a lesson is shown", status == 200 and "question" in text)
        kind = {"Cookie": cookie, "content-type": "application/json"}
        for sent, expected in ((b"[", 400), (b'{"n": 1, "guess": {"no": 1}}', 422), (b"x" * 9000, 413)):
            status, _, _ = await asked(address, f"class/{code}/guess", sent, kind)
            self._check(f"nonsense is no guess: {status}", status in (expected, 409))
        status, _, _ = await asked(address, f"class/{code}/show", b'{"n": 2}', kind)
        self._check("a student turns no page", status == 403)
        status, _, _ = await asked(
            address, f"class/{code}/show", b'{"n": 1, "reveal": true}', kind | {"Cookie": self._teacher}
        )
        self._check("the teacher reveals", status == 204)

    async def be_rude(self, address: str) -> None:
        """Nonsense to every page and every route, and files without end."""
        cookie = await asyncio.to_thread(cookie_of, f"http://{address}/")
        for probe in PROBES:
            status, text, _ = await asked(address, probe)
            is_harmless = status < 500 and SECRET_LINE not in text and "Traceback" not in text and "root:" not in text
            self._check(f"{probe[:60]}: {status}", is_harmless)
        async with Browser(address, cookie) as browser:
            for page in PAGES:
                value = NONSENSE[self.done["rude pages"] % len(NONSENSE)]
                await browser.open(page.folder, urlencode(dict.fromkeys(PARAMETERS, value)))
                self.done["rude pages"] += 1
                for word in ("/pictures/", "root:", "Traceback"):
                    self._check(f"{page.folder} with {value[:20]!r} tells {word}", word not in browser.text)
            await browser.open("pictures")
            status = await browser.bring("objects_0_False", "huge.png", bytes(30 * 2**20))
            self._check(f"a huge file: {status}", status in (413, 0))
            status = await browser.bring("objects_0_False", "../../x.png", b"<html>")
            self._check("a page is no picture", status == 204 and "a web page" in browser.text)
            self.wrong += [f"rude: {one}" for one in browser.failures]

    async def crowd(self, address: str) -> None:
        """Opens pages without end from one address; the teacher comes in meanwhile, and others once they are closed."""
        stranger = await asyncio.to_thread(cookie_of, f"http://{address}/")
        async with AsyncExitStack() as pages:
            num = 0
            while num <= MOST_OF_ONE:
                try:
                    await pages.enter_async_context(Browser(address, stranger))
                except InvalidStatus:
                    break
                num += 1
            self._check(f"{num} pages of an address are open", num == MOST_OF_ONE)
            status, _, _ = await asked(address, "train", headers={"Cookie": stranger, "Accept": "text/html"})
            self._check(f"one page more is refused: {status}", status == 503)
            async with Browser(address, self._teacher) as browser:
                await browser.open("")
                self.wrong += browser.failures
        await asyncio.sleep(1.0)
        async with Browser(address, stranger) as browser:
            await browser.open("")
            self.wrong += browser.failures

    def _check(self, what: str, holds: bool) -> None:
        self.done["checks"] += 1
        if not holds:
            self.wrong.append(what)
            print(f"wrong: {what}", file=sys.stderr)


def play(num: int) -> dict[str, Any]:
    """Has the day played, and says what came of it."""
    day, began = Day(num), time.monotonic()
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with served(place) as (address, process):
            memory.append(megabytes(process.pid))
            asyncio.run(day.morning(address))
            memory.append(megabytes(process.pid))
            process.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            process.wait()
        store = Store(place / "runs")
        before = {run.id for run in store.list()}
        with served(place) as (address, process):
            if {run.id for run in store.list()} != before:
                day.wrong.append("runs were lost with the server")
            asyncio.run(day.afternoon(address, store))
            memory.append(megabytes(process.pid))
        states = Counter(str(run.state) for run in store.list())
        store.close()
        log = (place / "log.txt").read_text()
        day.wrong += [line for line in log.splitlines() if re.search(r"Traceback|Error:|Exception", line)][:20]
    done, seconds = dict(day.done), round(time.monotonic() - began, 1)
    return {"students": num, "seconds": seconds, "done": done, "wrong": day.wrong, "runs": states, "server_mb": memory}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=8)
    parser.add_argument("--json", action="store_true", help="print one JSON object alone")
    args = parser.parse_args()
    found = play(max(1, min(args.students, 60)))
    print(json.dumps(found) if args.json else "\n".join(f"{key}: {value}" for key, value in found.items()))


if __name__ == "__main__":
    main()

"""A real server with its own store, and a real browser, for the tests of pages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from invariance.runs.manager import Manager
from invariance.runs.store import Store
from pages.shared import cells, exports
from pages.shared.serving import process
from pages.shared.serving import server as page_server
from tests.runs.conftest import FAKE_WORKER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 90.0
RUN_TIMEOUT_MS = 90_000
IS_STYLED = """() => getComputedStyle(document.querySelector(
  "[data-testid=stMainBlockContainer]")).paddingTop === "72px" """
"""Whether the style that app.py puts on each page (4.5 rem above the title) is in effect."""
IS_IN = """scheme => {
  const levels = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor.match(/[\\d.]+/g);
  return (levels.slice(0, 3).reduce((sum, level) => sum + Number(level), 0) > 384) === (scheme === "light");
}"""
"""Whether the page's ground is that of a colour scheme."""
READY = "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"


@dataclass(frozen=True)
class Server:
    """A running app: where it answers, and the store it works on."""

    url: str
    runs: Path
    log: Path

    @property
    def store(self) -> Store:
        """The runs of this server."""
        return Store(self.runs)


@pytest.fixture
def saved_pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The HTML files that a page offers, each made when it is offered."""
    made: list[str] = []
    monkeypatch.setattr(exports, "_download", lambda label, make, *_: made.append(make().decode()))
    return made


@pytest.fixture(autouse=True)
def _own_main_module() -> Iterator[None]:
    """Puts back what Streamlit replaces by the script it runs, and from which new processes would start."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks and pictures that whoever runs the tests has added are none of theirs."""
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store that pages tested without a browser work on."""
    monkeypatch.setenv("INVARIANCE_RUNS", str(tmp_path / "runs"))
    store = Store()
    yield store
    store.close()


@pytest.fixture
def shown_cells(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the browser would draw of each heatmap that a page shows."""
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(cells, "_cells", lambda *, data, **_: shown.append(data))
    return shown


@pytest.fixture(scope="session", autouse=True)
def _packages_looked_through_once() -> Iterator[None]:
    """For components, of which Streamlit would look for some in all that is installed whenever an app begins."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def app(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app without a browser, and with a worker that only pretends."""
    monkeypatch.setattr(page_server, "Manager", partial(Manager, command=FAKE_WORKER, grace_s=0.5))
    yield AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    process.end()
    st.cache_resource.clear()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a random port; its output goes to a file, since a full pipe would stop it."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    own = {"INVARIANCE_RUNS": str(folder / "runs"), "INVARIANCE_DATA": str(folder / "data")}
    environment = {**os.environ, **own, "PYTHONPATH": str(ROOT)}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    server = Server(f"http://127.0.0.1:{port}", folder / "runs", folder / "log.txt")
    try:
        _wait_until_healthy(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_healthy(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            pass
        alive = process.poll() is None and time.monotonic() < deadline
        assert alive, f"the server did not start:\n{server.log.read_text()[-2000:]}"
        time.sleep(0.2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium of this machine, or a skip that says what is missing."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    executable = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("needs Chromium on the PATH: apt install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class Visitor:
    """A browser window on the app."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.problems: list[str] = []
        self.elsewhere: list[str] = []
        """Addresses on other hosts that were asked for anything."""
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        self._in_flight: set[Request] = set()
        page.on("request", lambda request: self._in_flight.add(request))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda request: self._in_flight.discard(request))

    def _note(self, url: str) -> None:
        """Keeps an address that is not the server's, nor within the page."""
        address = urlsplit(url)
        if address.scheme not in ("data", "blob") and address.netloc != urlsplit(self.server.url).netloc:
            self.elsewhere.append(url)

    def open(self, path: str) -> Page:
        """Opens a page by its path (and query) and waits until its script has run."""
        self.page.goto(f"{self.server.url}/{path}")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Waits until the script has run, says nothing new for a moment, and all that it needs is loaded and applied.

        A kind of element is loaded when the first of it is shown: until then what stands after it is seen without it.
        The app's own style is the last thing that a busy browser comes to.
        """
        deadline = time.monotonic() + RUN_TIMEOUT_MS / 1_000
        while True:
            self.page.wait_for_selector(READY, timeout=RUN_TIMEOUT_MS)
            self.page.wait_for_timeout(300)
            if not self._in_flight and self.page.locator(READY).count() and self.page.evaluate(IS_STYLED):
                return
            waited_for = sorted(request.url for request in self._in_flight)
            assert time.monotonic() < deadline, f"the page does not come to rest: {waited_for}"

    def turn(self, scheme: Literal["light", "dark"]) -> None:
        """Has the page in light or in dark, without opening it again: no script knows of either."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.wait_for_function(IS_IN, arg=scheme, timeout=RUN_TIMEOUT_MS)
        self.settle()

    def exceptions(self) -> list[str]:
        """What the page shows of exceptions (with the log, since pages hide details), and the browser's own."""
        shown = self.page.locator("[data-testid=stException]").all_inner_texts()
        return [*(f"{text}\n{self.server.log.read_text()[-3000:]}" for text in shown), *self.problems]


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Iterator[Visitor]:
    """A window of 1280 x 900, in light."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield Visitor(context.new_page(), server)
    context.close()

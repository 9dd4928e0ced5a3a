"""A class on one server: sessions that open pages, move a slider and ask for what-ifs, and how long each waits.

    python -m benchmarks.class_load --sessions 30 --seconds 150 --json
    python -m benchmarks.class_load --sessions 30 --seconds 120 --drain 30 --json

Starts a shared server of its own on this machine, with runs in a temporary folder, and speaks to it as browsers do,
over websockets. First one what-if is executed alone, for how fast training is without a class (``--no-alone`` leaves
that out). Every session does something every 2 to 8 seconds; a third of them asks for the same what-if, the others
each for one of their own, before the first half is over. Ends after the seconds asked for (at most 600) and what is
then under way. ``--drain`` has so many others each ask for a what-if of their own on a server that is then idle, and
waits until all are done; then the same while the class is there again and asks for nothing. Each at most 900 seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import websockets

from benchmarks.bare_session import PATIENCE_S, Session, cookie_of
from invariance.resources import project_folder
from invariance.runs.run import Run
from invariance.runs.store import Store

ACTIONS = ("first_page", "page", "slider", "submit", "panel")
MAX_SECONDS = 600.0
MAX_DRAIN_S = 900.0
LOAD_BEFORE = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
"""Of the machine, by others; what waits is told beside it."""
START_S = 180.0
PASSWORD = "of the load test"
"""The teacher's."""
PAGES = ("", "dataset", "runs", "studies", "invariance", "factors", "own", "pictures")


class Class:
    """All sessions, and what they waited.

    Args:
        address: of the server, host and port.
        seconds: how long they stay.
        asks: whether each asks for a what-if.
    """

    def __init__(self, address: str, seconds: float, *, asks: bool = True) -> None:
        self._address, self._end = address, time.monotonic() + seconds
        self._seconds, self._asks = seconds, asks
        self.waited: defaultdict[str, list[float]] = defaultdict(list)
        self.failures: list[str] = []

    async def attend(self, num: int) -> None:
        """Has that many sessions come at once and stay to the end."""
        await asyncio.gather(*(self._student(number, num) for number in range(num)))

    def dismiss(self) -> None:
        """Has them go."""
        self._end = time.monotonic()

    async def _timed(self, action: str, doing: Any) -> None:
        begin = time.monotonic()
        await doing
        self.waited[action].append(time.monotonic() - begin)

    async def _student(self, number: int, num: int) -> None:
        chance = random.Random(number)
        query = "" if number < num / 3 else f"seed={1000 + number}"
        asks_at = self._end - self._seconds * chance.uniform(0.5, 0.8)
        try:
            begin = time.monotonic()
            cookie = await asyncio.to_thread(cookie_of, f"http://{self._address}/")
            async with Session(f"ws://{self._address}/_stcore/stream", cookie) as session:
                await session.open("")
                self.waited["first_page"].append(time.monotonic() - begin)
                while time.monotonic() < self._end:
                    if self._asks and time.monotonic() > asks_at:
                        asks_at = self._end + PATIENCE_S
                        await self._what_if(session, query)
                    else:
                        await self._look(session, chance)
                    await asyncio.sleep(max(0.0, min(chance.uniform(2, 8), self._end - time.monotonic())))
                self.failures += session.failures
        except (OSError, TimeoutError, StopIteration, websockets.WebSocketException) as error:
            self.failures.append(f"session {number}: {error!r}"[:200])

    async def _look(self, session: Session, chance: random.Random) -> None:
        """Opens a page; on that of a data set, slides."""
        page = chance.choice((*PAGES, "dataset", "dataset"))
        await self._timed("page", session.open(page, f"seed={chance.randrange(4)}" if page == "dataset" else ""))
        for _ in range(2 if page == "dataset" else 0):
            if time.monotonic() < self._end:
                await self._timed("slider", session.slide(chance.randrange(21) / 20))

    async def _what_if(self, session: Session, query: str) -> None:
        """Asks for one, and watches it for a while."""
        await self._timed("page", session.open("train", query))
        await self._timed("submit", session.click("go"))
        until = min(self._end, time.monotonic() + 40)
        while session.is_live and time.monotonic() < until:
            await asyncio.sleep(2)
            await self._timed("panel", session.refresh())


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A shared server on a free port: its address, and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "streamlit", "run", str(project_folder() / "app.py"), "--server.headless=true"]
    words += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    environment = os.environ | {"INVARIANCE_RUNS": str(folder / "runs"), "INVARIANCE_TEACHER": PASSWORD}
    with (folder / "log.txt").open("a") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log, cwd=project_folder())
    try:
        deadline = time.monotonic() + START_S
        while True:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the server did not start: {(folder / 'log.txt').read_text()[-500:]}")
            time.sleep(0.2)
        yield f"127.0.0.1:{port}", process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def megabytes(pid: int) -> float:
    """Memory of a process, where the system tells it; NaN elsewhere."""
    with suppress(OSError):
        if found := re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()):
            return round(int(found[1]) / 1024, 1)
    return float("nan")


def cpu_ms(pid: int) -> float:
    """CPU time that a process has taken, without its children's, where the system tells it; NaN elsewhere."""
    with suppress(OSError):
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return 1000 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return float("nan")


def summary(waited: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Median and 95th percentile in seconds, and the number, of each action that was taken."""
    return {
        action: {
            "p50": round(float(np.percentile(waited[action], 50)), 3),
            "p95": round(float(np.percentile(waited[action], 95)), 3),
            "n": len(waited[action]),
        }
        for action in ACTIONS
        if waited.get(action)
    }


async def watched(lesson: Class, sessions: int, pid: int) -> list[float]:
    """Has the class attend, and returns the server's memory every few seconds, in MB."""
    memory, attending = [megabytes(pid)], asyncio.create_task(lesson.attend(sessions))
    while not attending.done():
        await asyncio.wait([attending], timeout=5)
        memory.append(megabytes(pid))
    attending.result()
    return memory


async def ask(address: str, seed: int) -> None:
    """Somebody asks for a what-if and goes."""
    cookie = await asyncio.to_thread(cookie_of, f"http://{address}/")
    async with Session(f"ws://{address}/_stcore/stream", cookie) as session:
        await session.open("train", f"seed={seed}")
        await session.click("go")


async def ask_all(address: str, seeds: Sequence[int]) -> None:
    """Several people do, one after the other."""
    for seed in seeds:
        await ask(address, seed)


def wait_until_done(store: Store) -> float:
    """Seconds until nothing waits or runs; at most :data:`MAX_DRAIN_S`."""
    begin = time.monotonic()
    while store.has_active() and time.monotonic() < begin + MAX_DRAIN_S:
        time.sleep(0.5)
    return time.monotonic() - begin


def speed(runs: Iterable[Run]) -> float | None:
    """Images a second of the pretrainings that got anywhere, their mean; None without any."""
    found = [
        run.progress["images_per_second"]
        for run in runs
        if run.kind == "pretrain" and run.progress and run.progress["images_per_second"] > 0
    ]
    return round(float(np.mean(found)), 1) if found else None


async def drain(address: str, store: Store, seeds: Sequence[int], lesson: Class | None, num: int) -> dict[str, Any]:
    """How long as many different what-ifs take as people ask for, one after the other, and then look no more.

    Args:
        address: of the server.
        store: its store.
        seeds: of the what-ifs.
        lesson: who is there meanwhile; None for nobody.
        num: how many these are.
    """
    for run in store.list(states=("queued", "running")):
        store.request_cancel(run.id)
    await asyncio.to_thread(wait_until_done, store)
    before = len(store.list(states=("done",)))
    attending = None if lesson is None else asyncio.create_task(lesson.attend(num))
    begin = time.monotonic()
    await ask_all(address, seeds)
    await asyncio.to_thread(wait_until_done, store)
    seconds = round(time.monotonic() - begin, 1)
    found: dict[str, Any] = {
        "what_ifs": len(seeds),
        "runs_done": len(store.list(states=("done",))) - before,
        "seconds": seconds,
    }
    if lesson is None or attending is None:
        return found
    lesson.dismiss()
    await attending
    return found | {"actions": summary(lesson.waited), "failures": lesson.failures}


def measure(sessions: int, seconds: float, *, alone: bool = True, num_drained: int = 0) -> dict[str, Any]:
    """Starts a server, lets a class at it, and says what came of it."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as (address, process):
        pid = process.pid
        store = Store(Path(folder, "runs"))
        alone_s = None
        if alone:
            asyncio.run(ask(address, 4999))
            alone_s = round(wait_until_done(store), 1)
        first = {run.id for run in store.list()}
        lesson = Class(address, seconds)
        cpu_before = cpu_ms(pid)
        memory = asyncio.run(watched(lesson, sessions, pid))
        num_actions = sum(map(len, lesson.waited.values()))
        cpu_per_action = (cpu_ms(pid) - cpu_before) / max(1, num_actions)
        runs = store.list()
        states = Counter(str(run.state) for run in runs if run.id not in first)
        speeds = (
            speed(run for run in runs if run.id in first),
            speed(run for run in runs if run.id not in first),
        )
        drained = loaded = None
        if num_drained:
            drained = asyncio.run(drain(address, store, range(5000, 5000 + num_drained), None, 0))
            again = Class(address, MAX_DRAIN_S, asks=False)
            loaded = asyncio.run(drain(address, store, range(6000, 6000 + num_drained), again, sessions))
        store.close()
    return {
        "sessions": sessions,
        "seconds": seconds,
        "cores": os.cpu_count(),
        "load_before": round(LOAD_BEFORE, 1),
        "actions": summary(lesson.waited),
        "failures": lesson.failures,
        "runs": dict(states),
        "training": {
            "alone_images_per_s": speeds[0],
            "loaded_images_per_s": speeds[1],
            "share": round(speeds[1] / speeds[0], 2) if speeds[0] and speeds[1] else None,
            "one_what_if_alone_s": alone_s,
        },
        "server_cpu_ms_per_action": round(cpu_per_action, 1),
        "server_mb": {"first": memory[0], "last": memory[-1], "most": max(memory)},
        "drain": drained,
        "drain_under_load": loaded,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=150.0)
    parser.add_argument("--no-alone", action="store_true", help="do not measure training without a class first")
    parser.add_argument("--drain", type=int, default=0, metavar="N", help="then time N different what-ifs")
    parser.add_argument("--json", action="store_true", help="print one JSON object alone")
    args = parser.parse_args()
    found = measure(
        max(1, min(args.sessions, 200)),
        max(5.0, min(args.seconds, MAX_SECONDS)),
        alone=not args.no_alone,
        num_drained=max(0, min(args.drain, 100)),
    )
    if args.json:
        print(json.dumps(found))
        return
    for action, numbers in found["actions"].items():
        print(f"{action:12s} n {numbers['n']:5.0f}   p50 {numbers['p50']:7.2f} s   p95 {numbers['p95']:7.2f} s")
    print(f"training {found['training']}; load of the machine before {found['load_before']}")
    print(f"drain {found['drain']}, under load {found['drain_under_load']}")
    print(f"failures {found['failures'] or 'none'}; runs {found['runs']}; server {found['server_mb']} MB")
    print(f"the server took {found['server_cpu_ms_per_action']} ms of CPU an action")


if __name__ == "__main__":
    main()

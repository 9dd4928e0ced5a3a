"""Runs the parts in a child process, each within its deadline, and sums up.

A kernel that hangs, a process that is killed for its memory, or a device that refuses everything after one wrong
address cost the part in which they happen: the child is ended and another one goes on with the next part.
"""

from __future__ import annotations

import datetime
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.gpu.goals import judge
from benchmarks.gpu.parts import PARTS, SUMMARY

GRACE_S: Final = 15.0
"""How much longer than its deadline a part may take before it is ended: deadlines are asked for between pieces."""
RESERVE: Final = 0.05
"""Of the seconds that are left, which no deadline has: pieces may end after theirs, and nothing after the budget."""
_START_S: Final = 60.0
"""For a child to say what it begins with: it loads torch first, over a network's disk in the worst case."""
_LEAST_S: Final = 1.0
_ENDED: Final[dict[str, Any]] = {}

Line = dict[str, Any]


@dataclass
class Bench:
    """The whole benchmark.

    Attributes:
        device: a torch device.
        budget_s: seconds for all parts.
        threads: of the child.
        names: of the parts that are run.
        command: as it was typed.
        started: when the budget began, on the monotonic clock.
        lines: of the parts that ended, by name.
    """

    device: str
    budget_s: float
    threads: int
    names: Sequence[str] = tuple(part.name for part in PARTS)
    command: str = ""
    started: float = field(default_factory=time.monotonic)
    lines: dict[str, Line] = field(default_factory=dict)
    _kept: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_gpu(self) -> bool:
        """Whether the numbers count; on a CPU small stand-ins run."""
        return self.device.startswith("cuda")

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds of the budget."""
        return max(0.0, self.budget_s - self.seconds)

    def run(self) -> Iterator[Line]:
        """A line for each part as it ends, in their order, and the summary."""
        left = [part.name for part in PARTS if part.name in self.names]
        while left and self.left > _LEAST_S:
            for line in self._in_child(tuple(left)):
                left.remove(line["part"])
                yield self._noted(line)
        for name in left:
            yield self._noted({"part": name, "status": "left out", "said": "the budget is spent"})
        yield self.summary()

    def _noted(self, line: Line) -> Line:
        (part,) = (part for part in PARTS if part.name == line["part"])
        line = {"part": part.name, "title": part.title, "device": self.device, "is_stand_in": not self.is_gpu, **line}
        if part.name in self._kept:
            line.setdefault("result", self._kept[part.name])
        self.lines[part.name] = line
        return line

    def _in_child(self, names: Sequence[str]) -> Iterator[Line]:
        """The lines of one child, the last of which may be that of the part that it broke off in."""
        process = self._started(names)
        heard: queue.Queue[Line] = queue.Queue()
        threading.Thread(target=_listen, args=(process.stdout, heard), daemon=True).start()
        num_ended, begun, patience = 0, "", min(_START_S, self.left)
        since = time.monotonic()
        try:
            while num_ended < len(names):
                try:
                    line = heard.get(timeout=max(0.0, since + patience - time.monotonic()))
                except queue.Empty:
                    line = {
                        "part": begun or names[num_ended],
                        "said": f"ended after {patience:.0f} s without an answer",
                    }
                    yield {**line, "status": "failed", "seconds": round(patience, 1)}
                    return
                if line is _ENDED:
                    if begun or not num_ended:
                        said = f"its process ended with code {process.wait()}"
                        yield {"part": begun or names[0], "status": "failed", "said": said}
                    return  # otherwise it knows that the device needs another process
                if "keeps" in line:
                    self._kept[line["keeps"]] = line["result"]
                elif "begins" in line:
                    begun, since = line["begins"], time.monotonic()
                    patience = min(line["deadline_s"] + GRACE_S, self.left)
                else:
                    begun, since, num_ended = "", time.monotonic(), num_ended + 1
                    patience = min(_START_S, self.left)
                    yield line
        finally:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def _started(self, names: Sequence[str]) -> subprocess.Popen[str]:
        folder = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        seconds = self.left * (1 - RESERVE)
        words = [
            f"--device={self.device}",
            f"--seconds={seconds}",
            f"--since={time.time()}",
            f"--threads={self.threads}",
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gpu.child", *words, f"--parts={','.join(names)}"],
            # torch's profiler tells of its own beginnings and ends otherwise.
            env={"KINETO_LOG_LEVEL": "99", **os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,  # closed when this process ends, however it does
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def summary(self) -> Line:
        """Goals, and what became of each part."""
        machine = self.lines.get("machine", {}).get("result", {})
        return {
            "part": SUMMARY,
            "device": self.device,
            "card": machine.get("card"),
            "is_stand_in": not self.is_gpu,
            "budget_s": self.budget_s,
            "seconds": round(self.seconds, 1),
            "date": datetime.date.today().isoformat(),
            "command": self.command,
            "missing": machine.get("missing", []),
            "parts": {name: line["status"] for name, line in self.lines.items()},
            "goals": judge(self.lines, is_gpu=self.is_gpu),
        }


def _listen(stream: IO[str] | None, heard: queue.Queue[Line]) -> None:
    """Puts what a child says into a queue; what is not a line of its own goes where errors go."""
    assert stream is not None
    with stream:
        for text in stream:
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                sys.stderr.write(text)
                continue
            heard.put(line)
    heard.put(_ENDED)

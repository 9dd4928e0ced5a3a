"""Kills children at random moments: run as a program, so that forking is safe and torch is imported once.

Usage: ``fork_and_kill.py train SPEC FOLDER``, ``fork_and_kill.py tune SPEC SOURCE FOLDER`` or
``fork_and_kill.py save FOLDER``; prints JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from invariance.events import Progress
from invariance.files import sweep_temporaries
from invariance.spec import RunSpec, run_from_json
from invariance.training import loop, transfer
from invariance.training.loop import pretrain
from invariance.training.resume import load_state, save_state

NUM_KILLS = 20
MOST_STEPS = 10.0
"""That a child takes before it is killed, about."""


def killed_after(seconds: float, work: Callable[[], None]) -> bool:
    """Runs work in a child and kills it -9; whether it was still at work."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def pace(spec: RunSpec, folder: Path) -> tuple[float, float]:
    """Seconds to the first step and for each later one; what a process makes once is made by this one."""
    for _ in range(2):
        started, times = time.monotonic(), []
        for event in pretrain(spec, folder, checkpoint_every_s=0.0):
            times.append((event.step, time.monotonic() - started))
            if len(times) == 8:
                break
    (first, startup), (last, end) = times[0], times[-1]
    return startup, (end - startup) / (last - first)


def train(text: str, folder: Path) -> None:
    """Prints what each child found when it started and the hash of the weights in the end."""
    spec, chance = run_from_json(text), random.Random(0)

    def work() -> None:
        for _ in pretrain(spec, folder, checkpoint_every_s=0.0):
            pass

    startup, per_step = pace(spec, folder.with_name("warm"))
    steps, num_killed = [], 0
    for _ in range(NUM_KILLS):
        num_killed += killed_after(
            startup * chance.uniform(0.3, 1.2) + per_step * chance.uniform(0.0, MOST_STEPS), work
        )
        state = load_state(folder)
        steps.append(0 if state is None else state["step"])
    *_, finished = pretrain(spec, folder)
    print(json.dumps({"steps": steps, "num_killed": num_killed, "sha256": finished.to_dict()["sha256"]}))


def tune(text: str, source: Path, folder: Path) -> None:
    """Kills a fine-tuning in the middle and goes on with it; prints the step it was at, and the end of another one."""
    transfer.NUM_VALIDATION_SAMPLES = 20  # a large network would take a minute for what is not tested here
    spec, ended = run_from_json(text), []
    loop.EVENT_EVERY_S = 0.0  # an event of every step
    child = os.fork()
    if child == 0:
        for event in transfer.transfer(spec, source, folder / "killed", checkpoint_every_s=0.0):
            if isinstance(event, Progress) and event.step >= 5:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it ended before it was killed"
    state = load_state(folder / "killed")
    for name in ("killed", "whole"):
        *_, finished = transfer.transfer(spec, source, folder / name)
        ended.append(finished.to_dict())
    print(json.dumps({"step": None if state is None else state["step"], "killed": ended[0], "whole": ended[1]}))


def save(folder: Path) -> None:
    """Prints, for each child that was killed while it saved numbered states, what could be loaded afterwards."""
    chance = random.Random(1)
    found: list[list[int]] = []
    save_state(folder, {"number": -1, "weights": torch.full((1,), -1)})
    for generation in range(NUM_KILLS):

        def work(first: int = 1_000_000 * generation) -> None:
            for number in range(first, first + 1_000_000):
                save_state(folder, {"number": number, "weights": torch.full((250_000,), number)})

        assert killed_after(chance.uniform(0.05, 0.3), work)
        state = load_state(folder)
        assert state is not None
        found.append([state["number"], int(state["weights"].unique().item())])
    sweep_temporaries(folder)
    print(json.dumps({"found": found, "left": sorted(path.name for path in folder.iterdir())}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "train":
        train(sys.argv[2], Path(sys.argv[3]))
    elif sys.argv[1] == "tune":
        tune(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        save(Path(sys.argv[2]))

"""Functions for executors, in the place of :func:`invariance.runs.execute.execute`: called in worker processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from invariance.runs.execute import execute
from invariance.runs.outcome import write_result
from invariance.spec import PretrainSpec, RunSpec
from invariance.training.events import Cancelled, Finished, Progress
from invariance.training.loop import pretrain

STARTS = "starts.txt"


def noisy(
    spec: RunSpec, locate: Callable[[str], Path], directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
    """Prints in all ways there are, and runs out of memory."""
    print("printed by a library")
    os.system("echo printed by a child")
    os.write(1, b"written to the descriptor\n")
    raise MemoryError("4 GB")
    yield


def saving_often(
    spec: RunSpec, locate: Callable[[str], Path], directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
    """Like ``execute``, with many checkpoints and pauses, so that a kill finds the run on its way.

    The first step of each attempt is noted in the file ``STARTS`` of the run.
    """
    if not isinstance(spec, PretrainSpec):
        yield from execute(spec, locate, directory, device, cancelled)
        return
    noted = False
    for event in pretrain(spec, directory, device=device, cancelled=cancelled, checkpoint_every_s=0.0):
        if isinstance(event, Finished):
            write_result(directory, event.to_dict())
        elif event.metrics and not noted:
            noted = True
            with (directory / STARTS).open("a") as file:
                file.write(f"{event.step}\n")
        yield event
        time.sleep(0.02)


def starts(directory: Path) -> list[int]:
    """The first step of each attempt of ``saving_often``."""
    return [int(line) for line in (directory / STARTS).read_text().split()]


def killed_once(
    spec: RunSpec, locate: Callable[[str], Path], directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
    """Like ``saving_often``; a pretraining kills its process in its middle, unless it was resumed."""
    for event in saving_often(spec, locate, directory, device, cancelled):
        yield event
        halfway = isinstance(event, Progress) and event.step >= event.num_steps // 2
        if halfway and isinstance(spec, PretrainSpec) and not (directory / "killed").exists():
            (directory / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)


def always_killed(
    spec: RunSpec, locate: Callable[[str], Path], directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
    """A pretraining of odd seed kills its process; others are done."""
    if isinstance(spec, PretrainSpec) and spec.seed % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    yield from execute(spec, locate, directory, device, cancelled)


def patient(
    spec: RunSpec, locate: Callable[[str], Path], directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
    """Works until it is cancelled."""
    step = 0
    while not cancelled():
        step += 1
        yield Progress(step=step, num_steps=10**6, metrics={"train_loss": 1.0})
        time.sleep(0.02)
    raise Cancelled

"""Functions for executors, in the place of :func:`invariance.runs.execute.execute`: called in worker processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

from invariance.events import Cancelled, Finished, Progress
from invariance.runs.execute import execute
from invariance.runs.outcome import write_result
from invariance.spec import PretrainSpec, RunSpec
from invariance.training import loop

PAUSE_S = 0.04


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
    """Like ``execute``, with an event, a checkpoint and a pause at every step, so that a kill finds the run on its way.

    The first step of each attempt is noted in the folder ``$NOTES_OF_WORKS``.
    """
    if not isinstance(spec, PretrainSpec):
        yield from execute(spec, locate, directory, device, cancelled)
        return
    noted = False
    with patch.object(loop, "EVENT_EVERY_S", 0.0), patch.object(loop, "SAVING_SHARE", 1e9):
        for event in loop.pretrain(spec, directory, device=device, cancelled=cancelled, checkpoint_every_s=0.0):
            if isinstance(event, Finished):
                write_result(directory, event.to_dict())
            elif event.images_per_second > 0 and not noted:  # a step of its own, not one that is told again
                noted = True
                with (notes() / f"{spec.run_id}.starts").open("a") as file:
                    file.write(f"{event.step}\n")
            yield event
            time.sleep(PAUSE_S)


def notes() -> Path:
    """The folder of notes, which is the same for all processes."""
    return Path(os.environ["NOTES_OF_WORKS"])


def starts(run_id: str) -> list[int]:
    """The first step of each attempt of ``saving_often``."""
    return [int(line) for line in (notes() / f"{run_id}.starts").read_text().split()]


def killed_once(
    spec: RunSpec, locate: Callable[[str], Path], directory: Path, device: str, cancelled: Callable[[], bool]
) -> Iterator[Progress | Finished]:
    """Like ``saving_often``; the first attempt at a pretraining kills its process halfway."""
    killed = notes() / f"{spec.run_id}.killed"
    for event in saving_often(spec, locate, directory, device, cancelled):
        yield event
        halfway = isinstance(event, Progress) and event.step >= event.num_steps // 2
        if halfway and isinstance(spec, PretrainSpec) and not killed.exists():
            killed.touch()
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

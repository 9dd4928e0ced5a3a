"""What a part of the benchmark is given: where to compute, how long, and where to put files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from invariance.events import Cancelled


class Missing(Exception):
    """What a part needs is not installed, so it is left out."""


@dataclass
class Work:
    """One part at work.

    Attributes:
        device: where it is measured.
        seconds: until its deadline, from now.
        folder: for its files; removed afterwards.
        threads: of torch, and worker processes of a data loader.
        left_out: what it had no time for, to be said in its line.
        keep: told of results so far, which are kept if the part fails or its time is over.
    """

    device: str
    seconds: float
    folder: Path
    threads: int = 1
    left_out: list[str] = field(default_factory=list)
    keep: Callable[[dict[str, Any]], None] = lambda result: None
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    @property
    def is_gpu(self) -> bool:
        """Whether the device is one."""
        return self.device.startswith("cuda")

    @property
    def is_full(self) -> bool:
        """Whether everything has its full size; on a CPU small stand-ins are measured."""
        return self.is_gpu

    @property
    def image_size(self) -> int:
        """Side in pixels of the images that networks are trained on."""
        return 32 if self.is_full else 8

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - time.monotonic()

    def is_over(self) -> bool:
        """Whether the deadline is past: the cancel flag of everything that has one."""
        return self.left <= 0

    def go_on(self) -> None:
        """Raises Cancelled if the deadline is past."""
        if self.is_over():
            raise Cancelled

    def has_time(self, what: str, seconds: float = 0.0) -> bool:
        """Whether so long a piece of the part still fits; notes it as left out where it does not."""
        if fits := self.left > seconds:
            return fits
        self.left_out.append(what)
        return False

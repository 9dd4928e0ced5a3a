"""What a part of the benchmark is given: where to compute, how long, and where to put files."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path


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
    """

    device: str
    seconds: float
    folder: Path
    threads: int = 1
    left_out: list[str] = field(default_factory=list)
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    @property
    def is_gpu(self) -> bool:
        """Whether this is the real thing, and not a small stand-in on a CPU."""
        return self.device.startswith("cuda")

    @property
    def image_size(self) -> int:
        """Side in pixels of the images that networks are trained on."""
        return 32 if self.is_gpu else 8

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self._deadline - time.monotonic()

    def has_time(self, what: str, seconds: float = 0.0) -> bool:
        """Whether so long a piece of the part still fits; notes it as left out where it does not."""
        if fits := self.left > seconds:
            return fits
        self.left_out.append(what)
        return False

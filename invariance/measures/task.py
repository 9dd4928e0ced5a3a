"""What every measurement is given: the networks, the data they are shown, and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from torch import Tensor

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Progress
from invariance.models import Classifier
from invariance.training.evaluation import in_batches

Represent = Callable[[Tensor], Tensor]
"""Images (N, 3, S, S) uint8 to features (N, F)."""

TableWork = Generator[Progress, None, tuple[pd.DataFrame, Mapping[str, float]]]
"""Progress on the way; at the end the table, and how much was measured."""


@dataclass(frozen=True)
class Task:
    """A measurement on its way.

    Attributes:
        engine: of the spec's data, on the device.
        models: by the name that each has in the table; in eval mode, on the engine's device.
        sources: the file of weights of each.
        cancelled: asked before every batch.
        started: ``time.monotonic()`` at the beginning.
    """

    engine: Engine
    models: dict[str, Classifier]
    sources: dict[str, Path]
    cancelled: CancelFlag
    started: float

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.started

    def features(self, model: Classifier, images: Tensor) -> Tensor:
        """The representations (N, F) float32 of images (N, 3, H, W) uint8; raises Cancelled if the flag was set."""
        return in_batches(model.representation, images, cancelled=self.cancelled)

    def progress(self, step: int, num_steps: int, *, images_per_step: int) -> Progress:
        """The event after ``step`` of ``num_steps`` parts of the work, each of so many images."""
        seconds = self.seconds
        return Progress(
            step=step,
            num_steps=num_steps,
            epoch=step // num_steps,
            images_per_second=images_per_step * step / seconds,
            eta_seconds=seconds / step * (num_steps - step),
            seconds=seconds,
        )

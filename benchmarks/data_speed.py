"""Images a second of the data engine beside what people use today: ``python -m invariance bench data``.

Three contestants make the same kind of image, objects of one catalogue changed by one composition and pasted on one set
of backgrounds, with the same number of threads:

(a) ``loader``: torchvision and PIL one sample at a time in a torch ``DataLoader``, one worker a thread, batches of 256;
(b) ``kornia``: Kornia's operations on batches of 256;
(c) ``engine``: :meth:`invariance.data.engine.Engine.render`, as training calls it, to bytes.

They take turns within each round, and a ratio is taken within a round, so that another program on the machine slows all
of them. Workers have been started, and pictures read, before anything is timed.
"""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from PIL import Image
from torch import Tensor

from benchmarks.per_sample import PerSample
from invariance.data.catalogue import load_backgrounds, load_objects
from invariance.data.engine import Engine, to_bytes
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

COMPOSITIONS: tuple[tuple[str, ...], ...] = (
    (),
    *((name,) for name in TRANSFORM_NAMES),
    ("rotate", "hue", "blur"),
)
_IMAGES_A_CALL = 4_096


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        threads: of torch, and worker processes of the loader.
        rounds: how often each contestant is timed; medians are reported.
        seconds: length of one timing.
        image_size: side of the images in pixels.
        batch_size: of the loader and of Kornia.
        device: where Kornia and the engine work; the loader's batches are copied there.
    """

    threads: int = 2
    rounds: int = 5
    seconds: float = 0.5
    image_size: int = 32
    batch_size: int = 256
    device: str = "cpu"


Timed = Callable[[float], float]
"""Works for about that many seconds and returns images a second."""


class Contestants:
    """The three ways to make an image, with the pictures loaded and the workers running."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        clear, backgrounds = builtin_pictures(settings.image_size)
        self.loader = PerSample(
            to_pictures(clear),
            to_pictures(backgrounds),
            num_workers=settings.threads,
            batch_size=settings.batch_size,
        )
        self._loader_rates: dict[tuple[str, ...], float] = {}
        self.kornia: Any = None
        try:
            from benchmarks.kornia_batches import KorniaBatches
        except ImportError:
            pass
        else:
            device = settings.device
            self.kornia = KorniaBatches(clear.to(device), backgrounds.to(device), batch_size=settings.batch_size)
        self.engine = Engine(DatasetSpec(image_size=settings.image_size), settings.device)

    def of(self, names: tuple[str, ...]) -> dict[str, Timed]:
        """Those that can make the composition, by name."""
        timed: dict[str, Timed] = {"loader": lambda seconds: self._time_loader(names, seconds)}
        if self.kornia is not None and self.kornia.has(names):
            timed["kornia"] = lambda seconds: self._repeat(
                lambda: self.kornia.batch(names), self.settings.batch_size, seconds
            )
        engine = self.engine.with_spec_changes(transforms=names)
        indices = engine.indices("train", _IMAGES_A_CALL)
        timed["engine"] = lambda seconds: self._repeat(lambda: engine.render(indices), _IMAGES_A_CALL, seconds)
        return timed

    def _time_loader(self, names: tuple[str, ...], seconds: float) -> float:
        """An epoch of about that length; its first batches, when the workers have just been woken, are not timed."""
        num_skipped = max(1, self.loader.num_workers)
        num_expected = self._loader_rates.get(names, 0.0) * seconds / self.settings.batch_size
        num = num_skipped * max(3, round(num_expected / num_skipped))
        ends = []
        for images, labels in self.loader.batches(names, num):
            images.to(self.settings.device), labels.to(self.settings.device)
            synchronise(self.settings.device)
            ends.append(time.perf_counter())
        rate = (num - num_skipped) * self.settings.batch_size / (ends[-1] - ends[num_skipped - 1])
        self._loader_rates[names] = rate
        return rate

    def _repeat(self, make: Callable[[], object], num: int, seconds: float) -> float:
        make()
        synchronise(self.settings.device)
        start, calls = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - start) < seconds or not calls:
            make()
            synchronise(self.settings.device)
            calls += 1
        return calls * num / elapsed


def builtin_pictures(image_size: int) -> tuple[Tensor, Tensor]:
    """The built-in objects (K, 4, S, S) with straight alpha, one a class, and backgrounds (N, 3, S, S), in [0, 1]."""
    objects = load_objects("builtin", classes=(), image_size=image_size, num_prototypes=1).pictures[:, 0]
    backgrounds = load_backgrounds("builtin", image_size=image_size)
    assert backgrounds is not None
    return straight(objects), backgrounds


def synchronise(device: str) -> None:
    """Waits until the device has done what it was asked."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def straight(premultiplied: Tensor) -> Tensor:
    """(K, 4, S, S) with premultiplied colour to straight alpha, in [0, 1]."""
    colour, alpha = premultiplied[:, :3], premultiplied[:, 3:]
    colour = torch.where(alpha > 0, colour / alpha.clamp(min=1e-6), torch.zeros_like(colour))
    return torch.cat((colour, alpha), dim=1).clamp(0.0, 1.0)


def to_pictures(images: Tensor) -> list[Image.Image]:
    """(N, 3 or 4, S, S) in [0, 1] to PIL pictures."""
    return [Image.fromarray(np.ascontiguousarray(pixels)) for pixels in to_bytes(images).permute(0, 2, 3, 1).numpy()]


def measure(settings: Settings, compositions: Sequence[tuple[str, ...]] = COMPOSITIONS) -> Iterator[dict[str, Any]]:
    """One row a composition as it is measured: its medians and the medians of the ratios.

    Yields:
        ``transforms``; images a second of ``loader``, ``kornia`` (None where it lacks an operation) and ``engine``;
        ``engine_to_loader`` and ``engine_to_kornia``.
    """
    threads_before = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        contestants = Contestants(settings)
        for names in compositions:
            timed = contestants.of(names)
            for run in timed.values():
                run(0.0)
            rounds = [{name: run(settings.seconds) for name, run in timed.items()} for _ in range(settings.rounds)]
            yield summarise(names, rounds)
    finally:
        torch.set_num_threads(threads_before)


def summarise(names: tuple[str, ...], rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Medians over rounds of images a second, and of the ratios taken within each round."""
    row: dict[str, Any] = {"transforms": ",".join(names) or "none"}
    for name in ("loader", "kornia", "engine"):
        row[name] = statistics.median(values[name] for values in rounds) if name in rounds[0] else None
    for name in ("loader", "kornia"):
        ratios = [values["engine"] / values[name] for values in rounds if name in values]
        row[f"engine_to_{name}"] = statistics.median(ratios) if ratios else None
    return row


def geometric_mean(values: Sequence[float | None]) -> float | None:
    """Of those that are there; None of none."""
    there = [value for value in values if value is not None]
    return math.exp(statistics.fmean(map(math.log, there))) if there else None


def environment(settings: Any) -> dict[str, Any]:
    """What the figures depend on: the machine, and a benchmark's settings, one of which is its ``device``."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "gpu": torch.cuda.get_device_name(settings.device) if torch.device(settings.device).type == "cuda" else None,
        **vars(settings),
    }


def cpu_model() -> str:
    """As the system names it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

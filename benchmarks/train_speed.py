"""Images a second of training, end to end: ``python -m invariance bench train``.

The same network, optimiser and batch size on the same kind of images, with the same number of threads:

* ``limit``: a bare step of PyTorch on a tensor that already lies on the device, with the settings of the project's
  training: nothing can be faster;
* ``usual``: the usual loop of PyTorch: a ``DataLoader`` of per-sample PIL transformations, one worker a thread, and a
  step in float32 with everything at torch's defaults;
* ``loader``: the same loader with the step of ``limit``, in the project's precision and order of memory;
* ``stream`` and ``finite``: :func:`invariance.training.loop.pretrain` as the app calls it, on an endless stream and on
  a finite set that is rendered once. Events, validation at the ends of epochs and checkpoints are part of it.

They take turns within each round, and a ratio is taken within a round, so that another program on the machine slows all
of them. Each takes a step before it is timed, since what went before has left other things in the cache.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.data_speed import builtin_pictures, synchronise, to_pictures
from benchmarks.gpu.goals import RESNET18_S, TRAINING_RATIOS
from benchmarks.per_sample import PerSample
from invariance.data.engine import Engine
from invariance.events import Event, Progress
from invariance.models import create_model, to_unit_range
from invariance.spec import DatasetSpec, PretrainSpec
from invariance.training.loop import pretrain
from invariance.training.precision import AUTO, Precision, tuned_convolutions

NAMES = ("limit", "usual", "loader", "stream", "finite")
RATIOS = tuple(f"{own}_to_{other}" for other in ("limit", "usual", "loader") for own in ("stream", "finite"))
GOALS: dict[str, dict[str, float]] = {
    "cpu": {"stream_to_limit": 0.9, "finite_to_limit": 0.9, "stream_to_usual": 2.0, "finite_to_usual": 2.0},
    "cuda": TRAINING_RATIOS,
}
"""What ratios should reach, by kind of device."""

GPU_EPOCHS, GPU_IMAGES, GPU_BATCH_SIZE, GPU_GOAL_S = 50, 50_000, 512, RESNET18_S
_MOST_LIMIT_IMAGES = 4_096
_ENDLESS = 100_000  # epochs: more than any benchmark lasts


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Attributes:
        threads: of torch, and worker processes of the loader.
        rounds: how often each contestant is timed; medians are reported.
        num_images: of an epoch, and of one timing, brought to whole batches.
        batch_size: images in a step.
        image_size: side of the images in pixels.
        transforms: the composition.
        model: architecture.
        device: where the network is trained and the engine works.
    """

    threads: int = 2
    rounds: int = 5
    num_images: int = 10_240
    batch_size: int = 256
    image_size: int = 32
    transforms: tuple[str, ...] = ("rotate", "hue", "erasing")
    model: str = "small"
    device: str = "cpu"

    @property
    def num_steps(self) -> int:
        """Steps of one timing, and of an epoch."""
        return max(1, self.num_images // self.batch_size)

    def pretraining(self, *, finite: bool) -> PretrainSpec:
        """The run of the project's loop."""
        num = self.num_steps * self.batch_size
        data = DatasetSpec(transforms=self.transforms, image_size=self.image_size, num_samples=num if finite else None)
        return PretrainSpec(
            data=data, model=self.model, epochs=_ENDLESS, samples_per_epoch=num, batch_size=self.batch_size
        )


class BareStep:
    """What a step cannot do without: forward, backward, Adam.

    Args:
        settings: network and device.
        num_classes: of the task.
        usual: float32, and memory, Adam and cuDNN as they come, instead of what the project uses.
    """

    def __init__(self, settings: Settings, num_classes: int, *, usual: bool = False) -> None:
        self.device = torch.device(settings.device)
        self.model = create_model(settings.model, num_classes, seed=0).to(self.device).train()
        self._is_usual = usual
        self._precision = Precision("float32") if usual else AUTO
        if usual:
            self.model.to(memory_format=torch.contiguous_format)
            self.model.layout = torch.contiguous_format
        fused = True if not usual and self.device.type in ("cpu", "cuda") else None
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=1e-3, fused=fused)

    def __call__(self, images: Tensor, labels: Tensor) -> None:
        """One step on images (B, 3, S, S) in [0, 1] and labels (B,)."""
        if self._is_usual:
            self._step(images, labels)
            return
        with self._precision.products(self.device), tuned_convolutions(self.device):
            self._step(images, labels)

    def _step(self, images: Tensor, labels: Tensor) -> None:
        with self._precision.autocast(self.device):
            logits = self.model(images)
        loss = F.cross_entropy(logits.to(torch.float32), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


class OwnLoop:
    """A training of the project that stands still between two timings.

    Args:
        spec: of the run.
        device: of the run.
        directory: of the run.
    """

    def __init__(self, spec: PretrainSpec, device: str, directory: Path) -> None:
        self._batch_size, self._device = spec.batch_size, device
        self._step = 0
        self._events: Iterator[Event] = pretrain(
            spec,
            directory,
            device=device,
            # The clock goes on while the others work: this is every 10 s of its own, as in a run of the app.
            checkpoint_every_s=10.0 * len(NAMES),
        )

    def advance(self, num_steps: int) -> float:
        """Goes on until an event tells of at least that many more steps.

        Returns:
            Images a second.
        """
        start, first = time.perf_counter(), self._step
        while self._step < first + num_steps:
            event = next(self._events)
            assert isinstance(event, Progress), "no benchmark lasts as long as the run"
            self._step = event.step
        synchronise(self._device)
        return (self._step - first) * self._batch_size / (time.perf_counter() - start)

    def close(self) -> None:
        """Ends the training."""
        self._events.close()  # type: ignore[attr-defined]


class Contestants(AbstractContextManager["Contestants"]):
    """The trainings, warm, with the workers running.

    Args:
        settings: how to measure.
        names: those that take part, some of :data:`NAMES`; data is made and workers are started for these alone.

    Attributes:
        render_seconds: what it took to render the finite set once.
        timed: by name, what trains on one timing's images and returns images a second.
    """

    def __init__(self, settings: Settings, names: Sequence[str] = NAMES) -> None:
        self.settings = settings
        start = time.perf_counter()
        engine = Engine(settings.pretraining(finite=True).data, settings.device)
        rendered = engine.render(engine.indices("train", settings.num_steps * settings.batch_size))
        synchronise(settings.device)
        self.render_seconds = time.perf_counter() - start
        every: dict[str, Callable[[], float]] = {
            "limit": self._time_limit,
            "usual": lambda: self._train_on_loader("usual", settings.num_steps),
            "loader": lambda: self._train_on_loader("loader", settings.num_steps),
            "stream": lambda: self._time_own("stream"),
            "finite": lambda: self._time_own("finite"),
        }
        self.timed = {name: every[name] for name in names}
        self._steps = {
            name: BareStep(settings, engine.num_classes, usual=name == "usual")
            for name in ("limit", "usual", "loader")
            if name in names
        }
        num = settings.batch_size * min(settings.num_steps, max(1, _MOST_LIMIT_IMAGES // settings.batch_size))
        images, labels = to_unit_range(rendered[0][:num]), rendered[1][:num]
        self._batches = list(zip(images.split(settings.batch_size), labels.split(settings.batch_size), strict=True))
        self._folder = tempfile.TemporaryDirectory()
        self._own = {}
        for name in ("stream", "finite"):
            if name in names:
                spec = settings.pretraining(finite=name == "finite")
                self._own[name] = OwnLoop(spec, settings.device, Path(self._folder.name) / name)
        self._warm_up()

    def _warm_up(self) -> None:
        settings, of_loader = self.settings, [name for name in ("usual", "loader") if name in self._steps]
        if of_loader:
            objects, backgrounds = (to_pictures(pictures) for pictures in builtin_pictures(settings.image_size))
            self._loader = PerSample(objects, backgrounds, num_workers=settings.threads, batch_size=settings.batch_size)
        for _ in range(3):
            if "limit" in self._steps:
                self._steps["limit"](*self._batches[0])
            for loop in self._own.values():
                loop.advance(1)
        for name in of_loader:
            self._train_on_loader(name, 1)

    def __exit__(self, *_: object) -> None:
        """Ends the trainings and removes what they wrote."""
        for loop in self._own.values():
            loop.close()
        self._folder.cleanup()

    def _time_limit(self) -> float:
        step = self._steps["limit"]
        step(*self._batches[-1])
        start = time.perf_counter()
        for number in range(self.settings.num_steps):
            step(*self._batches[number % len(self._batches)])
        synchronise(self.settings.device)
        return self.settings.num_steps * self.settings.batch_size / (time.perf_counter() - start)

    def _time_own(self, name: str) -> float:
        self._own[name].advance(1)
        return self._own[name].advance(self.settings.num_steps)

    def _train_on_loader(self, name: str, num_steps: int) -> float:
        """Trains for an epoch whose first batches, when the workers have just been woken, are not timed."""
        device, num_skipped = self.settings.device, max(1, self._loader.num_workers)
        start, step = 0.0, self._steps[name]
        batches = self._loader.batches(self.settings.transforms, num_skipped + num_steps)
        for number, (images, labels) in enumerate(batches):
            step(images.to(device), labels.to(device))
            if number == num_skipped - 1:
                synchronise(device)
                start = time.perf_counter()
        synchronise(device)
        return num_steps * self.settings.batch_size / (time.perf_counter() - start)


def measure(settings: Settings) -> dict[str, Any]:
    """All rounds.

    Returns:
        As of :func:`summarise`, with ``render_seconds`` (of the finite set, once) and ``images_a_timing``.
    """
    threads_before = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        with Contestants(settings) as contestants:
            rounds = [{name: contestants.timed[name]() for name in NAMES} for _ in range(settings.rounds)]
            more = {"render_seconds": contestants.render_seconds}
    finally:
        torch.set_num_threads(threads_before)
    return summarise(rounds) | more | {"images_a_timing": settings.num_steps * settings.batch_size}


def summarise(rounds: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Medians over rounds.

    Args:
        rounds: images a second by contestant.

    Returns:
        ``images_per_second`` by contestant, and ``ratios`` of those that took part, each the median of the ratios taken
        within each round.
    """
    ratios = {}
    for ratio in RATIOS:
        above, below = ratio.split("_to_")
        if {above, below} <= rounds[0].keys():
            ratios[ratio] = statistics.median(values[above] / values[below] for values in rounds)
    rates = {name: statistics.median(values[name] for values in rounds) for name in rounds[0]}
    return {"images_per_second": rates, "ratios": ratios}


def estimate_pretraining(
    device: str,
    *,
    threads: int,
    model: str = "resnet18",
    num_images: int = GPU_IMAGES,
    batch_size: int = GPU_BATCH_SIZE,
    num_steps: int = 200,
) -> dict[str, float]:
    """What the paper's pretraining takes, 50 epochs of a finite set, from some of its steps.

    Args:
        device: where.
        threads: of torch.
        model: architecture.
        num_images: of the finite set.
        batch_size: images in a step.
        num_steps: that are timed, after the first ones.

    Returns:
        ``render_seconds`` (measured: reading the pictures, rendering the set and the first steps), ``num_steps`` and
        ``images_per_second`` (measured), and ``seconds``, the estimate for :data:`GPU_EPOCHS` epochs.
    """
    data = DatasetSpec(transforms=Settings().transforms, num_samples=num_images)
    spec = PretrainSpec(data=data, model=model, epochs=_ENDLESS, batch_size=batch_size)
    threads_before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            loop = OwnLoop(spec, device, Path(folder))
            loop.advance(1)
            before = time.perf_counter() - start
            rate = loop.advance(num_steps)
            loop.close()
    finally:
        torch.set_num_threads(threads_before)
    seconds = before + GPU_EPOCHS * num_images / rate
    return {"render_seconds": before, "num_steps": num_steps, "images_per_second": rate, "seconds": seconds}

"""Which images each step of a training sees: a pure function of (spec, step), so that a resumed run sees the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.data.random import later_seed, permutation
from invariance.data.threads import begin, num_sample_threads
from invariance.events import CancelFlag, Cancelled
from invariance.spec import SpecError

T = TypeVar("T")

_CHUNK = 1024
_PIXELS_AHEAD = 4096 * 32**2
"""Of the images that are rendered at once: fewer take longer, since torch's own threads, which wait for
the next step awake, take cores away at the beginning."""


@dataclass(frozen=True)
class Rendered:
    """A finite set of samples, on the training device.

    Attributes:
        images: (N, 3, H, W) uint8; a quarter of the memory of float32.
        labels: (N,) int64.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def render_cancellable(
    engine: Engine, indices: Tensor, cancelled: CancelFlag, *, pause_s: float = 0.5
) -> Generator[float, None, Rendered]:
    """Renders a finite set once; a generator, so that a large set can report progress and be cancelled.

    Args:
        engine: of the data set.
        indices: (N,) int64.
        cancelled: asked before every 1024 samples.
        pause_s: least time between two reports.

    Yields:
        The share that is done, in (0, 1).

    Returns:
        :class:`Rendered`, as the generator's value (``yield from``).

    Raises:
        Cancelled: the flag was set.
    """
    size = engine.spec.image_size
    # Room for all at once: a set whose parts are put together at the end takes twice its memory then.
    images = torch.empty(len(indices), 3, size, size, dtype=torch.uint8, device=engine.device)
    labels = torch.empty(len(indices), dtype=torch.int64, device=engine.device)
    last = time.monotonic()
    for start in range(0, len(indices), _CHUNK):
        if cancelled():
            raise Cancelled
        some = slice(start, start + _CHUNK)
        images[some], labels[some] = engine.render(indices[some])
        if time.monotonic() - last >= pause_s and start + _CHUNK < len(indices):
            last = time.monotonic()
            yield (start + _CHUNK) / len(indices)
    return Rendered(images, labels)


class Feed(Protocol):
    """The batches of a training.

    Attributes:
        num_steps: of the whole training.
        num_epochs: of the whole training.
        num_images: samples seen in the whole training, repetitions counted.
    """

    num_steps: int
    num_epochs: int
    num_images: int

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Images (V B, 3, H, W) uint8, V views of B samples, and labels (B,) of a step."""
        ...

    def epochs_done(self, step: int) -> int:
        """Epochs that are complete after ``step`` steps."""
        ...


def num_steps_per_epoch(num_samples: int, batch_size: int) -> int:
    """Steps that a pass over a finite data set takes: as few as there can be, each with two images at least.

    Of an odd number in batches of two, one step has three: one image has nothing to be normalised by or compared to.
    """
    return min(-(-num_samples // batch_size), max(1, num_samples // 2))


class FiniteFeed:
    """The same N images in every epoch, each once, in an order drawn from (seed, epoch).

    An epoch is cut into batches whose sizes differ by one at most: a last batch of one image would leave batch norm
    nothing to normalise by.

    Args:
        samples: the images.
        batch_size: largest number of images in a step; of batches of two, one may have three.
        num_epochs: passes over the data.
        seed: of the order.

    Raises:
        SpecError: there is only one image.
    """

    def __init__(self, samples: Rendered, *, batch_size: int, num_epochs: int, seed: int) -> None:
        if len(samples) < 2:
            raise SpecError(f"num_samples = {len(samples)}: batch norm needs at least 2 images to train on")
        self.samples = samples
        self.num_epochs = num_epochs
        self.num_steps_per_epoch = num_steps_per_epoch(len(samples), batch_size)
        self.num_steps = num_epochs * self.num_steps_per_epoch
        self.num_images = num_epochs * len(samples)
        self._seed = seed
        self._epoch = -1
        self._batches: tuple[tuple[Tensor, Tensor], ...] = ()

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """See :class:`Feed`."""
        epoch, position = divmod(step, self.num_steps_per_epoch)
        if epoch != self._epoch:
            order = permutation(len(self.samples), seed=self._seed, index=epoch)
            order = order.to(self.samples.labels.device, non_blocking=True)
            both = (order, self.samples.labels[order])  # labels of the whole epoch: one launch, not one a step
            parts = (each.tensor_split(self.num_steps_per_epoch) for each in both)
            self._batches, self._epoch = tuple(zip(*parts, strict=True)), epoch
        chosen, labels = self._batches[position]
        # Of whole images this takes a fifth of the time of an index in brackets.
        return self.samples.images.index_select(0, chosen), labels

    def epochs_done(self, step: int) -> int:
        """See :class:`Feed`."""
        return step // self.num_steps_per_epoch


class _Ahead(Generic[T]):
    """Makes one thing after the other, the next already while one is in use where a core has nothing else to do.

    That is where a small network computes with one thread (:func:`invariance.data.threads.one_thread`).

    Args:
        make: from a number to the thing; called by one thread at a time.
        num: how many there are.
    """

    def __init__(self, make: Callable[[int], T], num: int) -> None:
        self._make, self._num = make, num
        self._following: tuple[int, Future[T]] | None = None

    def get(self, number: int) -> T:
        """The thing of that number."""
        (expected, following), self._following = self._following or (number, None), None
        made = self._make(number) if following is None else following.result()
        if expected != number:  # waited for all the same, since only one thread makes things
            made = self._make(number)
        if number + 1 < self._num and num_sample_threads() > torch.get_num_threads():
            self._following = number + 1, begin(self._make, number + 1)
        return made


def steps_ahead(batch_size: int, engine: Engine) -> int:
    """Of how many steps the images are made together: a GPU launches as many kernels for one as for all of them."""
    return max(1, _PIXELS_AHEAD // (batch_size * engine.spec.image_size**2))


class StreamFeed:
    """Images that are made when they are needed, each drawn anew.

    They are rendered some batches ahead, as bytes like finite sets and tests: one kind of image, and half the overhead
    of a batch.

    Args:
        engine: of the data set; step s uses the indices from s * batch_size of its train split.
        batch_size: images in a step.
        num_epochs: number of stretches of ``samples_per_epoch`` images.
        samples_per_epoch: after how many images the network is validated.
        num_views: 2 for twins, the same objects and backgrounds under two draws of the transformations.
    """

    def __init__(
        self, engine: Engine, *, batch_size: int, num_epochs: int, samples_per_epoch: int, num_views: int = 1
    ) -> None:
        self.num_epochs = num_epochs
        self.num_steps = max(min(1, num_epochs), num_epochs * samples_per_epoch // batch_size)
        self.num_images = self.num_steps * batch_size
        self._engine = engine
        self._batch_size = batch_size
        self._num_views = num_views
        self._steps_ahead = steps_ahead(batch_size, engine)
        self._stretch = -1
        self._rendered: tuple[Rendered, ...] = ()
        self._stretches = _Ahead(self._render, -(-self.num_steps // self._steps_ahead))

    def _render(self, stretch: int) -> tuple[Rendered, ...]:
        first = stretch * self._steps_ahead
        num = min(self._steps_ahead, self.num_steps - first) * self._batch_size
        indices = self._engine.indices("train", num) + first * self._batch_size
        return render_views(self._engine, indices, self._num_views)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """See :class:`Feed`."""
        stretch, position = divmod(step, self._steps_ahead)
        if stretch != self._stretch:
            self._rendered, self._stretch = self._stretches.get(stretch), stretch
        some = slice(position * self._batch_size, (position + 1) * self._batch_size)
        images = [view.images[some] for view in self._rendered]
        return images[0] if len(images) == 1 else torch.cat(images), self._rendered[0].labels[some]

    def epochs_done(self, step: int) -> int:
        """See :class:`Feed`."""
        return step * self.num_epochs // self.num_steps


class TwinFeed:
    """The N samples of a finite data set in every epoch, each as a fresh pair of views.

    Args:
        engine: of the data set.
        num_samples: N, at least 2.
        batch_size: largest number of samples in a step.
        num_epochs: passes over the data.
        seed: of the order.
    """

    def __init__(self, engine: Engine, *, num_samples: int, batch_size: int, num_epochs: int, seed: int) -> None:
        # Positions take the place of images, so that the order and the cutting of epochs stay in one place.
        indices = engine.indices("train", num_samples)
        positions = Rendered(torch.zeros(num_samples, 0, dtype=torch.uint8, device=indices.device), indices)
        self._order = FiniteFeed(positions, batch_size=batch_size, num_epochs=num_epochs, seed=seed)
        self._engine = engine
        self.num_epochs, self.num_steps = num_epochs, self._order.num_steps
        self.num_images = self._order.num_images
        self._steps_ahead = steps_ahead(batch_size, engine)
        self._stretches_per_epoch = -(-self._order.num_steps_per_epoch // self._steps_ahead)
        self._stretch = -1
        self._batches: list[tuple[Tensor, Tensor, Tensor]] = []
        self._stretches = _Ahead(self._render, num_epochs * self._stretches_per_epoch)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """See :class:`Feed`."""
        epoch, position = divmod(step, self._order.num_steps_per_epoch)
        number, place = divmod(position, self._steps_ahead)
        stretch = epoch * self._stretches_per_epoch + number
        if stretch != self._stretch:
            self._batches, self._stretch = self._stretches.get(stretch), stretch
        first, second, labels = self._batches[place]
        return torch.cat((first, second)), labels

    def _render(self, stretch: int) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Both views and the labels of each batch of some steps of an epoch, which are made together."""
        epoch, number = divmod(stretch, self._stretches_per_epoch)
        before, num = number * self._steps_ahead, self._order.num_steps_per_epoch
        steps = range(epoch * num + before, epoch * num + min(num, before + self._steps_ahead))
        indices = [self._order.batch(step)[1] for step in steps]
        first, second = render_views(self._engine, torch.cat(indices), 2, draw=epoch)
        parts = (each.split([len(one) for one in indices]) for each in (first.images, second.images, first.labels))
        return list(zip(*parts, strict=True))

    def epochs_done(self, step: int) -> int:
        """See :class:`Feed`."""
        return self._order.epochs_done(step)


def render_views(engine: Engine, indices: Tensor, num_views: int, *, draw: int = 0) -> tuple[Rendered, ...]:
    """One view of samples, or two: the same objects and backgrounds under independent draws of the transformations.

    Args:
        engine: of the data set.
        indices: (B,) int64.
        num_views: 1 for the data set's own samples, 2 for twins.
        draw: number of the pair of draws; every one gives other twins.
    """
    if num_views == 1:
        return (Rendered(*engine.render(indices)),)
    spec = engine.spec
    base = spec.drawn_transform_seed
    seeds = (later_seed(base, 2 * draw), later_seed(base, 2 * draw + 1))
    return tuple(Rendered(*engine.with_spec_changes(transform_seed=seed).render(indices)) for seed in seeds)

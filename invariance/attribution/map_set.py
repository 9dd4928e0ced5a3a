"""Maps of many images by one network, a few at a time, so that somebody can watch and stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from invariance.attribution.attribute import attribute
from invariance.attribution.methods import find_method
from invariance.attribution.passes import passes_of_map
from invariance.data.engine import Engine
from invariance.data.foreground import indices_of
from invariance.data.preview import clean_backgrounds
from invariance.models import BATCH_SIZE, Classifier
from invariance.spec.checks import require_count

MAX_IMAGES = 10_000


@dataclass
class Progress:
    """Counts maps.

    Attributes:
        total: maps that will be made.
        told: called with (maps done, in all); what it raises ends the work.
    """

    total: int
    told: Callable[[int, int], None] | None = None
    _done: int = field(default=0, init=False)

    def add(self, num: int) -> None:
        """So many more are done."""
        self._done += num
        if self.told is not None:
            self.told(self._done, self.total)


class MapSet:
    """The first images of a split, and how maps of them are made.

    Args:
        engine: the data set.
        num: images, from the start of the split.
        split: of the data set.
        method: name of one of :data:`~invariance.vocabulary.methods.METHODS`.
        baseline: one of :data:`~invariance.vocabulary.methods.BASELINES`.
        batch_size: images that pass through a network at once.
        parameters: of the method; what is not given keeps its default.

    Attributes:
        indices: (N,) int64.
        images: (N, 3, S, S) float32 in [0, 1].
        masks: (N, S, S) float32 in [0, 1], of their objects.

    Raises:
        SpecError: num is out of range, or a name is not known.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        num: int,
        split: str = "test",
        method: str = "integrated-gradients",
        baseline: str = "blurred",
        batch_size: int = 256,
        parameters: Mapping[str, float] | None = None,
    ) -> None:
        require_count("num", num, 1, MAX_IMAGES)
        self.indices = indices_of(split, num)
        batches = [engine.batch(part) for part in engine.parts(self.indices, num)]
        self.images, self.masks = (torch.cat([getattr(one, name) for one in batches]) for name in ("images", "masks"))
        self._start = clean_backgrounds(engine, self.indices) if baseline == "background" else baseline
        self._options: dict[str, Any] = dict(parameters or {})
        self._passes = passes_of_map(find_method(method), self._options, self.images.shape[-1])
        self._options |= {"method": method, "batch_size": batch_size}

    def maps(self, model: Classifier, progress: Progress, *, targets: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """A network's maps, and the classes that they explain.

        Args:
            model: in eval mode, on the engine's device.
            progress: told after a few images of a network that enlarges them, after all of another.
            targets: (N,) int64, classes to explain; None for the network's own predictions.

        Returns:
            (N, H, W) signed and (N,) int64.
        """
        images = self.images
        # A network that enlarges images gets few at once anyway: as many as fill a batch with all their versions.
        size = len(images) if model.batch_size == BATCH_SIZE else max(1, int(model.batch_size // self._passes))
        relevance, explained = [], []
        for some in torch.arange(len(images), device=images.device).split(size):
            start = self._start if isinstance(self._start, str) else self._start[some]
            target = None if targets is None else targets[some]
            found = attribute(model, images[some], target=target, baseline=start, **self._options)
            relevance.append(found.relevance)
            explained.append(found.targets)
            progress.add(len(some))
        return torch.cat(relevance), torch.cat(explained)

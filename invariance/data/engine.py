"""The data engine: (spec, index) to image, mask, label and everything that was drawn on the way."""

from __future__ import annotations

from concurrent.futures import Future

import torch
from torch import Tensor

from invariance.data import compiled
from invariance.data.batch import Batch, Changed
from invariance.data.contents import sources_of
from invariance.data.foreground import SPLIT_START, Cutouts
from invariance.data.pasting import paste, paste_content_on_bytes, to_bytes
from invariance.data.samples import Samples
from invariance.data.threads import begin, share_out

__all__ = ["SPLIT_START", "Batch", "Changed", "Engine", "paste", "sources_of", "to_bytes"]

_PIXELS_AT_A_TIME = {"cpu": 128 * 32**2, "cuda": 4096 * 32**2}
"""Of the images that are made at a time: on a CPU so few that they stay in its cache; on a GPU so many that it is busy,
and so few that what is made on the way, 140 bytes a pixel for all transformations, stays below 1 GB at any size, which
also bounds what is kept as floats on a CPU."""
_DRAWN_AT_A_TIME = 4096
"""Samples whose numbers are drawn at a time: many, since there are few of each."""


class Engine(Samples):
    """Makes the samples of a data set on a device: few as floats with all that was drawn, many as bytes.

    Args:
        spec: the data set.
        device: where pictures are kept and samples are made.

    Raises:
        SpecError: there is no such device, the spec's folders or classes cannot be used, or a folder holds other
            pictures than it names.
    """

    def render(self, indices: Tensor, *, batch_size: int | None = None) -> tuple[Tensor, Tensor]:
        """Images as bytes: (N, 3, S, S) uint8 and labels (N,) int64, on the engine's device.

        Args:
            indices: (N,) int64.
            batch_size: made at a time by torch; None chooses what is fast on the device and fits into its memory.
        """
        size, on_cpu, indices = self.spec.image_size, self.device.type == "cpu", self._here(indices)
        images = torch.empty(len(indices), 3, size, size, dtype=torch.uint8, device=self.device)
        labels = torch.empty(len(indices), dtype=torch.int64, device=self.device)
        batch_size = batch_size or self._fitting("cpu" if on_cpu else "cuda")

        def make(start: int, stop: int) -> None:
            self._render_into(images[start:stop], labels[start:stop], indices[start:stop], batch_size)

        if self._is_compiled():
            self._render_compiled(images, labels, indices)
        elif on_cpu:
            share_out(len(indices), make, unit=batch_size, most=-(-_DRAWN_AT_A_TIME // batch_size))
        else:
            for start in range(0, len(indices), _DRAWN_AT_A_TIME):
                make(start, start + _DRAWN_AT_A_TIME)
        return images, labels

    def parts(self, indices: Tensor, most: int) -> tuple[Tensor, ...]:
        """Indices in parts of at most so many; of fewer where a batch of floats would take more than about 1 GB.

        Args:
            indices: (N,) int64.
            most: of a part.
        """
        return indices.split(min(most, self._fitting("cuda")))

    def _fitting(self, kind: str) -> int:
        return max(8, _PIXELS_AT_A_TIME[kind] // self.spec.image_size**2)

    def _is_compiled(self) -> bool:
        """Whether compiled kernels make the bytes; they know nothing of floats behind, in front or to be resized."""
        fits = isinstance(self._objects, Cutouts) or self._objects.has_own_size
        known = fits and self._levels is not None and all(transform.is_compiled for transform in self._transforms)
        return known and self.device.type == "cpu" and compiled.is_available()

    @property
    def _levels(self) -> Tensor | None:
        """Backgrounds as bytes (N, 3, S, S) where these can be pasted on: what stands in front is pasted on floats."""
        in_front = self._stickers is not None or "occlude" in self.spec.transforms
        return None if in_front else self._backgrounds.levels

    @torch.no_grad()
    def _render_compiled(self, images: Tensor, labels: Tensor, indices: Tensor) -> None:
        """The same as :meth:`_render_into`; while threads make the pixels of some, one of them draws the next ones."""
        from invariance.data.compiled.render import Rendering

        levels, num, before = self._levels, len(indices), list[Future[None]]()
        assert levels is not None

        def prepare(start: int) -> Rendering:
            some = slice(start, start + _DRAWN_AT_A_TIME)
            drawn = self.draw(indices[some])
            labels[some], prototypes = self._labels(drawn), drawn.prototypes
            if self.spec.transforms[:1] == ("pose",):
                prototypes = self._views(drawn.labels, prototypes, drawn.params[0])
            return Rendering(self.spec, self._transforms, self._objects, drawn, prototypes, levels, images[some])

        work = prepare(0)
        for start in range(_DRAWN_AT_A_TIME, num, _DRAWN_AT_A_TIME):
            following = begin(prepare, start)
            jobs = work.start()
            for job in before:
                job.result()
            before, work = jobs, following.result()
        for job in (*before, *work.start()):
            job.result()

    @torch.no_grad()
    def _render_into(self, images: Tensor, labels: Tensor, indices: Tensor, batch_size: int) -> None:
        """Samples into images (N, 3, S, S) uint8 and labels (N,): all are drawn at once, few are made at a time.

        Where backgrounds are kept as bytes, those around the objects are copied and no float is made of them.
        """
        drawn, levels = self.draw(indices), self._levels
        for start in range(0, len(indices), batch_size):
            part, into = drawn.part(start, start + batch_size), slice(start, start + batch_size)
            if levels is None:
                batch = self._batch_of(part)
                images[into], labels[into] = to_bytes(batch.images), batch.labels
                continue
            changed = self.change(self._show_objects(part), self._transforms, part.params)
            labels[into] = self._labels(part)
            if changed.frame.is_whole:
                backgrounds = self._backgrounds.show(part.draws, part.numbers)
                images[into] = to_bytes(changed.paste(backgrounds))
            else:
                torch.index_select(levels, 0, part.numbers, out=images[into])
                paste_content_on_bytes(changed.pixels, changed.frame, images[into])

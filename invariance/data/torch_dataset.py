"""Transforms-2D as what PyTorch's loaders read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsIndex

import torch
from torch import Tensor
from torch.utils.data import Dataset

from invariance.data.engine import SPLIT_START, Engine
from invariance.data.picture_summary import warn_of_left_out
from invariance.data.threads import one_thread
from invariance.data.transforms import get_transform
from invariance.spec import DatasetSpec, SpecError
from invariance.spec.checks import require, require_count
from invariance.spec.compositions import parse_transforms


class Transforms2D(Dataset[tuple[Tensor, int]]):
    """Objects, changed by a composition of transformations and pasted on backgrounds; the class is the object.

    A sample is a function of the arguments and of its index alone: the same in any order, in any worker process and in
    every epoch. A pickle holds the arguments, and whoever reads it loads the pictures when they are first needed (and
    imports the module of a transformation that one registers).

    Args:
        transforms: names in the order in which they act, as a sequence or as one text (``rotate,hue``, ``none``,
            ``all``); none leaves the objects as they are.
        split: ``train``, ``validation`` or ``test``, which share no sample.
        num_samples: of the split, from 1 to 2^40.
        seed: of all that is drawn, in [0, 2^63).
        objects: ``builtin``, or another source of :class:`~invariance.spec.DatasetSpec`; what is left out of a folder
            is said in a warning.
        backgrounds: likewise.
        shared_backgrounds: whether every split draws from all of them; otherwise those of the test are new.
        image_size: side S of the images, in pixels.

    Attributes:
        spec: the data set as the rest of the library knows it.
        split: as given.

    Raises:
        SpecError: an argument cannot be used, or pictures cannot be read.
    """

    def __init__(
        self,
        transforms: str | Sequence[str] = (),
        *,
        split: str = "train",
        num_samples: int = 50_000,
        seed: int = 0,
        objects: str = "builtin",
        backgrounds: str = "builtin",
        shared_backgrounds: bool = False,
        image_size: int = 32,
    ) -> None:
        require(split in SPLIT_START, "split", split, " or ".join(SPLIT_START))
        require_count("num_samples", num_samples, 1, 2**40)
        if isinstance(transforms, str):
            transforms = parse_transforms(transforms)
        self.split = split
        self.spec = DatasetSpec(
            transforms=transforms,  # type: ignore[arg-type] # any sequence becomes a tuple
            num_samples=num_samples,
            seed=seed,
            objects=objects,
            backgrounds=backgrounds,
            shared_backgrounds=shared_backgrounds,
            image_size=image_size,
        )
        self._num_samples = num_samples
        self._engine: Engine | None = Engine(self.spec)
        warn_of_left_out(self.spec)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in label order."""
        return self._loaded().class_names

    def __len__(self) -> int:
        return self._num_samples

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """A sample: image (3, S, S) uint8 and label.

        Raises:
            IndexError: the index is not in [0, len).
        """
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Tensor, int]]:
        """Samples as :meth:`__getitem__` gives them, made at once: a ``DataLoader`` asks so for a batch."""
        for index in indices:
            if not (isinstance(index, SupportsIndex) and 0 <= index < self._num_samples):
                kind = IndexError if isinstance(index, SupportsIndex) else SpecError
                raise kind(f"index {index!r}: expected 0 to {self._num_samples - 1}")
        engine, wanted = self._loaded(), torch.as_tensor(indices, dtype=torch.int64) + SPLIT_START[self.split]
        with one_thread():  # a loader's batch is too small for torch to share each operation out among threads
            images, labels = engine.render(wanted)
        return list(zip(images, labels.tolist(), strict=True))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_engine": None, "_transforms": tuple(map(get_transform, self.spec.transforms))}

    def _loaded(self) -> Engine:
        if self._engine is None:
            self._engine = Engine(self.spec)
        return self._engine

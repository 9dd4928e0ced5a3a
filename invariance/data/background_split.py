"""Which backgrounds are trained on and which are new in the test: each source is divided once, for all data sets.

Pictures are sorted by family and, within it, by the SHA-256 of their files; of every eight in that order five are for
training, one is for validation and two are for the test. The 27 built-in families have eight each, so 135, 27 and 54 of
every kind of scene. Files with the same bytes count once and go together. No seed, system or image size plays a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from invariance.data.catalogue import background_files, is_picture_source
from invariance.data.foreground import SPLIT_START
from invariance.data.picture_contents import file_digest
from invariance.spec import DatasetSpec

EIGHTHS: Final = ("train",) * 5 + ("validation",) + ("test",) * 2
"""Splits of eight pictures that follow each other in the order."""
FEWEST: Final = 10
"""Different pictures that a source needs to be divided; fewer are shared by all splits."""


@dataclass(frozen=True)
class BackgroundSplit:
    """Which of N backgrounds each split draws from.

    Attributes:
        numbers: (M,) int64, the backgrounds of the splits, one split after the other, ascending within each.
        first: (3,) int64, where the numbers of ``train``, ``validation`` and ``test`` begin.
        counts: (3,) int64, how many each split has.
        is_shared: whether they are the same ones.
    """

    numbers: Tensor
    first: Tensor
    counts: Tensor
    is_shared: bool

    def to(self, device: torch.device) -> BackgroundSplit:
        """The same on a device."""
        numbers, first, counts = (part.to(device) for part in (self.numbers, self.first, self.counts))
        return replace(self, numbers=numbers, first=first, counts=counts)

    def of(self, split: str) -> Tensor:
        """Numbers of the backgrounds of a split, ascending: (n,) int64."""
        position = list(SPLIT_START).index(split)
        start = int(self.first[position])
        return self.numbers[start : start + int(self.counts[position])]

    def choose(self, words: Tensor, splits: Tensor) -> Tensor:
        """Backgrounds of samples, each of its split's equally likely.

        Args:
            words: (B,) int64, uniform on [0, 2^32).
            splits: (B,) int64, 0 for ``train``, 1 for ``validation``, 2 for ``test``.

        Returns:
            (B,) int64.
        """
        return self.numbers[self.first[splits] + ((words * self.counts[splits]) >> 32)]


def shared_by_all(num: int) -> BackgroundSplit:
    """The same ``num`` backgrounds in every split."""
    return BackgroundSplit(torch.arange(num), torch.zeros(3, dtype=torch.int64), torch.full((3,), num), is_shared=True)


def divided(contents: Sequence[str], families: Sequence[str]) -> BackgroundSplit:
    """Backgrounds in three parts; shared where there are fewer than :data:`FEWEST` different ones.

    Args:
        contents: the hash of each of N pictures.
        families: what each shows; kinds of scene are divided one by one.
    """
    ranked = sorted(set(zip(families, contents, strict=True)))
    if len(ranked) < FEWEST:
        return shared_by_all(len(contents))
    split_of = {picture: EIGHTHS[rank % len(EIGHTHS)] for rank, picture in enumerate(ranked)}
    members: dict[str, list[int]] = {split: [] for split in SPLIT_START}
    for number, picture in enumerate(zip(families, contents, strict=True)):
        members[split_of[picture]].append(number)
    counts = torch.tensor([len(numbers) for numbers in members.values()])
    numbers = torch.tensor([number for group in members.values() for number in group])
    return BackgroundSplit(numbers, counts.cumsum(0) - counts, counts, is_shared=False)


def load_split(backgrounds: str) -> BackgroundSplit:
    """How the backgrounds of :func:`~invariance.data.catalogue.load_backgrounds` are divided; one colour is shared.

    Args:
        backgrounds: ``builtin``, whose files' names begin with their family; a folder or ``hub``, each one family; or
            ``#rrggbb``.

    Raises:
        SpecError: the folder is missing or empty.
    """
    if backgrounds.startswith("#"):
        return shared_by_all(1)
    files, by_family = background_files(backgrounds), backgrounds == "builtin"
    families = [path.stem.rpartition("-")[0] if by_family else "" for path in files]
    return divided([file_digest(path) for path in files], families)


def words_of_test(spec: DatasetSpec) -> str:
    """What is new on the images of a test, and what is as in training, in a few words.

    Raises:
        SpecError: the folder of backgrounds is missing or empty.
    """
    if is_picture_source(spec.objects):
        return "new pictures"
    if spec.backgrounds == "noise":
        return "objects as in training, fresh noise behind them"
    if spec.backgrounds.startswith("#"):
        return "objects as in training, on the same colour"
    if is_picture_source(spec.backgrounds) or not (spec.shared_backgrounds or load_split(spec.backgrounds).is_shared):
        return "objects as in training, new backgrounds"
    return "objects and backgrounds as in training"

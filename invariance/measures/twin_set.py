"""Twins as images, rendered once for all networks, and none of them shown to a network twice.

They are told apart as bytes before any network sees them: equal images have equal features, which saves a third of the
passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.events import CancelFlag, Cancelled, never
from invariance.training.evaluation import in_batches

TWIN_SEEDS: Final = (1, 2)
"""Of the transformations' draws of the two views, which are independent of each other."""
_CHUNK = 1024


@dataclass(frozen=True)
class TwinSet:
    """N pairs of twins of one transformation, as positions among images that are told apart.

    A transformation that is applied with probability one half leaves half of the views as they are, and one without
    other draws (a flip) gives the applied ones only one look: of 2,000 views, 750 to 2,000 are new images.

    Attributes:
        images: (M, 3, H, W) uint8, views that are neither untransformed nor equal to their own twin.
        first: (N,) int64, first view of each pair: a position in the untransformed images followed by ``images``.
        second: (N,) int64, second view.
    """

    images: Tensor
    first: Tensor
    second: Tensor

    @property
    def differs(self) -> Tensor:
        """Whether the two images of a pair differ, (N,) bool."""
        return self.first != self.second

    def features(
        self, represent: Callable[[Tensor], Tensor], of_clean: Tensor, *, cancelled: CancelFlag = never
    ) -> tuple[Tensor, Tensor]:
        """Features (N, F) of the first and of the second views.

        Args:
            represent: maps (B, 3, H, W) uint8 to (B, F).
            of_clean: (N, F), those of the untransformed images.
            cancelled: asked before every batch.
        """
        of_new = in_batches(represent, self.images, cancelled=cancelled) if len(self.images) else of_clean[:0]
        both = torch.cat((of_clean, of_new))
        return both[self.first], both[self.second]


def untransformed(engine: Engine, num_pairs: int) -> tuple[Tensor, Tensor]:
    """The first images of the test split without transformations, (N, 3, H, W) uint8, and their labels (N,) int64."""
    return engine.with_spec_changes(transforms=()).render(engine.indices("test", num_pairs))


def twin_set(engine: Engine, transform: str, clean: Tensor, *, cancelled: CancelFlag = never) -> TwinSet:
    """Twins of the test split.

    Args:
        engine: objects and backgrounds; its own transformations are left out.
        transform: name of the one that makes the twins.
        clean: (N, 3, H, W) uint8, as of :func:`untransformed`; says how many pairs there are.
        cancelled: asked before every 1024 images.

    Raises:
        Cancelled: the flag was set.
    """
    first, second = (
        _render(engine.with_spec_changes(transforms=(transform,), transform_seed=seed), len(clean), cancelled)
        for seed in TWIN_SEEDS
    )
    return told_apart(clean, first, second)


def told_apart(clean: Tensor, first: Tensor, second: Tensor) -> TwinSet:
    """The pairs (first, second) of N images each without those that are there already, all (N, 3, H, W) uint8."""
    own = torch.arange(len(clean), device=clean.device)
    new_first = ~_same(first, clean)
    positions_first = torch.where(new_first, len(clean) + new_first.cumsum(0) - 1, own)
    new_second = ~_same(second, clean) & ~_same(second, first)
    after = len(clean) + int(new_first.sum())
    like_twin = torch.where(_same(second, clean), own, positions_first)
    positions_second = torch.where(new_second, after + new_second.cumsum(0) - 1, like_twin)
    return TwinSet(torch.cat((first[new_first], second[new_second])), positions_first, positions_second)


def _same(first: Tensor, second: Tensor) -> Tensor:
    return (first == second).flatten(1).all(dim=1)


def _render(engine: Engine, num: int, cancelled: CancelFlag) -> Tensor:
    parts = []
    for indices in engine.indices("test", num).split(_CHUNK):
        if cancelled():
            raise Cancelled
        parts.append(engine.render(indices)[0])
    return torch.cat(parts)

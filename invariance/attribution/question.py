"""What every method is asked, and how a long question is cut into parts that fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Question:
    """Which pixels of these images speak for these classes?

    Attributes:
        images: (B, 3, H, W) float in [0, 1].
        start: (B, 3, H, W), the baseline.
        targets: (B,) int64, the class whose logit is explained.
        batch_size: images that pass through the network at once.
    """

    images: Tensor
    start: Tensor
    targets: Tensor
    batch_size: int

    def parts(self, copies: int = 1) -> Iterator[Question]:
        """The same question about fewer images at a time, where each passes the network in ``copies`` versions."""
        size = max(1, self.batch_size // copies)
        for images, start, targets in zip(
            self.images.split(size), self.start.split(size), self.targets.split(size), strict=True
        ):
            yield Question(images, start, targets, self.batch_size)

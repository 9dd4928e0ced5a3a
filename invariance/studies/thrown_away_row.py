"""One comparison of two networks, and what both reached on a task: what a card is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One comparison; its fields are the columns of :data:`~invariance.vocabulary.thrown_away.THROWN_AWAY_TABLE`."""

    part: str
    name: str
    title: str
    objects: str
    first: float
    first_low: float
    first_high: float
    second: float
    second_low: float
    second_high: float
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    direction: str
    reliable: bool
    num_images: int


@dataclass(frozen=True)
class Transferred:
    """What both networks reached on one target task, from a new last layer or fine-tuned.

    Attributes:
        accuracies: of the first and the second, in [0, 1].
        transforms: of the target task.
    """

    accuracies: tuple[float, float]
    transforms: tuple[str, ...]

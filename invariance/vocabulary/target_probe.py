"""What a training says of its target task on the way, by name."""

from __future__ import annotations

from typing import Final

TARGET_ACCURACY: Final = "target_accuracy"
"""Accuracy on the target task if the network were transferred now."""
NUM_SHOWN: Final = 8
"""Images of which it is told one by one what the network says."""


def answer_metric(number: int) -> str:
    """The name of what the network says of a shown image, a class number; ``number`` counts from 0."""
    return f"target_answer_{number + 1}"


def is_answer(metric: str) -> bool:
    """Whether a measured value is a class number and no curve."""
    return metric.startswith("target_answer_")

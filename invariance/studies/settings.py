"""What the scales of several studies have in common: how a network is pretrained."""

from __future__ import annotations

from typing import Protocol

from invariance.spec import DatasetSpec, PretrainSpec


class Settings(Protocol):
    """The part of a scale that says how networks are pretrained; see :class:`~invariance.spec.PretrainSpec`."""

    @property
    def model(self) -> str:
        """Architecture."""

    @property
    def epochs(self) -> int:
        """Passes over the data."""

    @property
    def samples_per_epoch(self) -> int:
        """With fresh images; otherwise without meaning."""

    @property
    def batch_size(self) -> int:
        """Images in a step."""

    @property
    def learning_rate(self) -> float:
        """Of Adam."""

    @property
    def num_test_samples(self) -> int:
        """Of the test split."""


def pretraining(scale: Settings, data: DatasetSpec, seed: int) -> PretrainSpec:
    """The pretraining on a data set at a scale; the seed picks the initial weights."""
    return PretrainSpec(
        data=data,
        model=scale.model,
        epochs=scale.epochs,
        batch_size=scale.batch_size,
        learning_rate=scale.learning_rate,
        seed=seed,
        num_test_samples=scale.num_test_samples,
        samples_per_epoch=scale.samples_per_epoch,
    )

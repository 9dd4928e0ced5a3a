"""What is drawn for samples: numbers, of which many are made at a time, while of pixels few are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from invariance.data.random import SampleDraws
from invariance.data.transforms import Params


@dataclass(frozen=True)
class Drawn:
    """Everything that is drawn for samples before a pixel is touched, each (B,).

    Attributes:
        draws: of the samples, with what their own seed draws.
        sticker_draws: of the same samples, with what the stickers' seed draws.
        numbers: which background.
        labels: classes of the objects.
        prototypes: which of their pictures.
        present: whether there is an object; None where there always is.
        params: the parameters of each transformation.
        extra: what decided over the objects.
    """

    draws: SampleDraws
    sticker_draws: SampleDraws
    numbers: Tensor
    labels: Tensor
    prototypes: Tensor
    present: Tensor | None
    params: list[Params]
    extra: Params

    def part(self, start: int, stop: int) -> Drawn:
        """Of the samples from ``start`` to ``stop``."""

        def of(values: Params) -> Params:
            return {name: value[start:stop] for name, value in values.items()}

        return Drawn(
            draws=self.draws.part(start, stop),
            sticker_draws=self.sticker_draws.part(start, stop),
            numbers=self.numbers[start:stop],
            labels=self.labels[start:stop],
            prototypes=self.prototypes[start:stop],
            present=None if self.present is None else self.present[start:stop],
            params=[of(values) for values in self.params],
            extra=of(self.extra),
        )

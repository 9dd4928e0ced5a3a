"""What is drawn for samples: numbers, of which many are made at a time, while of pixels few are."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from invariance.data.transforms import Params


@dataclass(frozen=True)
class Drawn:
    """Everything that is drawn for samples before a pixel is touched, each (B,).

    Attributes:
        indices: of the samples.
        numbers: which background.
        labels: classes of the objects.
        prototypes: which of their pictures.
        present: whether there is an object; None where there always is.
        params: the parameters of each transformation.
        extra: what decided over the objects.
    """

    indices: Tensor
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

        own = {name: getattr(self, name)[start:stop] for name in ("indices", "numbers", "labels", "prototypes")}
        present = None if self.present is None else self.present[start:stop]
        return Drawn(**own, present=present, params=[of(values) for values in self.params], extra=of(self.extra))

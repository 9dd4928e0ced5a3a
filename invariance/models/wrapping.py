"""How a module of another maker is fed and read, as data."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from invariance.models.layers import Layer
from invariance.models.outputs import FORMS, KEYS, Reading
from invariance.spec import SpecError


@dataclass(frozen=True)
class Wrapping:
    """How a module is fed and read: with its weights all that is needed to have the network again.

    Attributes:
        num_features: F, length of the representation.
        reading: how the representation is taken from what the module returns.
        head: path of its last linear layer, which is taken out; empty without one.
        mean: of the three channels in [0, 1], taken off; None for images in [0, 1] as they are.
        std: likewise, divided by.
        input_size: side in pixels that images are brought to; None for a module that takes any.
        resize_size: see :class:`~invariance.models.classifier.Classifier`.
        interpolation: likewise.
        layers: its named layers, paths counted from the module; the representation is added.
        giga_macs: multiplications (and additions) of one forward pass on one image, in 10^9.
    """

    num_features: int
    reading: Reading = Reading()  # noqa: RUF009 -- frozen, so that one may serve all
    head: str = ""
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    input_size: int | None = None
    resize_size: int | None = None
    interpolation: str = "bilinear"
    layers: tuple[Layer, ...] = ()
    giga_macs: float = 0.0

    def as_json(self) -> str:
        """For the metadata of a file of weights."""
        return json.dumps(asdict(self), sort_keys=True)


def wrapping_from_json(text: str) -> Wrapping:
    """Reads what :meth:`Wrapping.as_json` wrote, whoever made the file.

    Raises:
        SpecError: it makes no sense.
    """
    try:
        values = json.loads(text)
        reading = Reading(**values.pop("reading"))
        layers = tuple(Layer(**layer) for layer in values.pop("layers"))
        for name in ("mean", "std"):
            values[name] = None if values[name] is None else tuple(map(float, values[name]))
        found = Wrapping(**values, reading=reading, layers=layers)
        sizes = [found.num_features, found.input_size or 1, found.resize_size or 1]
        is_whole = all(isinstance(size, int) and 0 < size < 2**20 for size in sizes)
        is_known = reading.key in ("", "0", *KEYS) and reading.form in FORMS
        if not is_whole or not is_known or found.interpolation not in ("bilinear", "bicubic"):
            raise ValueError("a value is out of range")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SpecError(f"how its network is fed and read makes no sense ({' '.join(str(error).split())})") from error
    return found

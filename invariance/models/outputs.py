"""From what a module of another maker returns to one vector an image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor

from invariance.spec import SpecError

KEYS: Final = ("pooler_output", "last_hidden_state", "image_embeds", "logits")
"""Parts of an output that hold one thing an image, in the order in which they are looked for."""
VECTOR: Final = "vector"
CLASS_TOKEN: Final = "class token"
MEAN_TOKEN: Final = "mean of tokens"
MAP: Final = "mean of maps"
MAP_CHANNELS_LAST: Final = "mean of maps, channels last"
FORMS: Final = (VECTOR, CLASS_TOKEN, MEAN_TOKEN, MAP, MAP_CHANNELS_LAST)


@dataclass(frozen=True)
class Reading:
    """How an output is read; settled once, so that reading asks nothing of the values.

    Attributes:
        key: part of the output that is taken: one of :data:`KEYS`, ``0`` of a tuple, or nothing of a tensor.
        form: what becomes of it, one of :data:`FORMS`.
    """

    key: str = ""
    form: str = VECTOR

    def __call__(self, output: Any) -> Tensor:
        """(B, F) of an output."""
        return pooled(part(output, self.key), self.form)


def part(output: Any, key: str) -> Any:
    """The part of an output that a key names; without one the output itself."""
    if not key:
        return output
    if key == "0":
        return output[0]
    return output[key] if isinstance(output, Mapping) else getattr(output, key)


def pooled(values: Tensor, form: str) -> Tensor:
    """(B, F) of vectors (B, F), tokens (B, T, F) or maps (B, C, H, W) or (B, H, W, C)."""
    if form == CLASS_TOKEN:
        return values[:, 0]
    if form == MEAN_TOKEN:
        return values.mean(dim=1)
    if form == VECTOR:
        return values
    return values.mean(dim=(1, 2) if form == MAP_CHANNELS_LAST else (2, 3))


def key_of(output: Any) -> str:
    """Which part of an output is taken.

    Raises:
        SpecError: it is nothing of which a tensor could be taken.
    """
    if isinstance(output, Tensor):
        return ""
    for key in KEYS:
        found = output.get(key) if isinstance(output, Mapping) else getattr(output, key, None)
        if isinstance(found, Tensor):
            return key
    if isinstance(output, tuple | list) and output and isinstance(output[0], Tensor):
        maps = [one for one in output if isinstance(one, Tensor) and one.dim() == 4]
        if len(maps) > 1:  # of a pyramid of features the first is the shallowest
            raise SpecError(f"the network returns {len(maps)} maps: give a function that returns the one that is meant")
        return "0"
    has = f" with {', '.join(map(str, output))}" if isinstance(output, Mapping) else ""
    raise SpecError(
        f"the network returns {type(output).__name__}{has}: expected a tensor, or an output with {', '.join(KEYS)}; "
        "give a function that returns one of its tensors"
    )


def form_of(values: Tensor, *, has_class_token: bool) -> str:
    """What becomes of a tensor, from its shape.

    Args:
        values: with a batch in front; maps of square images, so that equal sides tell where the channels are.
        has_class_token: whether the first of some tokens stands for the image.

    Raises:
        SpecError: it is none of vectors, tokens and maps.
    """
    if values.dim() == 2:
        return VECTOR
    if values.dim() == 3:
        return CLASS_TOKEN if has_class_token else MEAN_TOKEN
    if values.dim() == 4:
        is_last = values.shape[1] == values.shape[2] != values.shape[3]
        return MAP_CHANNELS_LAST if is_last else MAP
    raise SpecError(
        f"the network returns a tensor of shape {tuple(values.shape)} for two images: expected vectors (B, F), tokens "
        "(B, T, F) or maps (B, C, H, W)"
    )

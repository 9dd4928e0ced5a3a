"""Where the named layers of a network are: tables that each architecture declares beside itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from torch import nn

ROOT: Final = ""
"""Path of the backbone itself, whose output is the representation."""

MOST_BLOCKS: Final = 6


@dataclass(frozen=True)
class Layer:
    """A named layer of a backbone.

    Attributes:
        name: in the field's words: ``stem``, ``stage1``, ``block1``, ``pooled``, ``class token``.
        path: of the submodule whose output it is, as of ``nn.Module.get_submodule``; ``""`` is the backbone itself.
        channels_last: whether its maps are (B, H, W, C), as in Swin transformers, and not (B, C, H, W).
        mean_of_tokens: whether its tokens (B, T, F) are averaged, where none of them stands for the image.
    """

    name: str
    path: str
    channels_last: bool = False
    mean_of_tokens: bool = False


def numbered(noun: str, paths: tuple[str, ...], *, channels_last: bool = False) -> tuple[Layer, ...]:
    """Layers called ``<noun>1``, ``<noun>2`` and so on."""
    return tuple(Layer(f"{noun}{number}", path, channels_last) for number, path in enumerate(paths, start=1))


def spread_blocks(sequence: nn.Sequential, path: str, *, start: int = 0) -> tuple[Layer, ...]:
    """At most :data:`MOST_BLOCKS` of a sequence's children, evenly spread, the last one among them.

    Args:
        sequence: of blocks.
        path: of the sequence.
        start: number of the child that is called ``block1``; those before it are no blocks.
    """
    blocks = [name for name, _ in sequence.named_children()][start:]
    chosen = sorted({math.ceil(len(blocks) * part / MOST_BLOCKS) for part in range(1, MOST_BLOCKS + 1)})
    return tuple(Layer(f"block{number}", f"{path}.{blocks[number - 1]}") for number in chosen)


def blocks_before_pooling(sequence: nn.Sequential, path: str) -> tuple[Layer, ...]:
    """The activation in front of each max-pooling of a plain sequence of layers."""
    pools = [number for number, module in enumerate(sequence) if isinstance(module, nn.MaxPool2d)]
    return numbered("block", tuple(f"{path}.{number - 1}" for number in pools))

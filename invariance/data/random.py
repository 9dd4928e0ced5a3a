"""Counter-based draws: every random number of a data set has an address, and none is ever consumed.

The generator is Philox 4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
SC 2011), a bijection of 128-bit counters for each 64-bit key. The key is the seed; the counter is (index of the sample,
stream, draw). So a sample's parameters do not depend on the batch, the order or the device it is made in, and
neither torch's nor numpy's global generator is read or set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from invariance.spec import BEYOND_2D, TRANSFORM_NAMES

STREAMS: Final[dict[str, int]] = {
    "object": 0,
    "prototype": 1,
    "background": 2,
    "background_noise": 3,
    "object_noise": 4,
    "order": 5,
    "choice": 6,
    "pairing": 7,
    "availability": 8,
    **{name: 16 + position for position, name in enumerate((*TRANSFORM_NAMES, *BEYOND_2D))},
}
"""Third word of the counter, one constant for each thing that is drawn; renumbering would redraw every data set."""

_MASK = 0xFFFFFFFF
_MULTIPLIER_0, _MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
_WEYL_0, _WEYL_1 = 0x9E3779B9, 0xBB67AE85
_NUM_ROUNDS = 10


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
    """Philox 4x32-10 on tensors.

    Args:
        counter: four int64 tensors that broadcast together, values in [0, 2^32).
        key: two int64 tensors that broadcast with them, values in [0, 2^32).

    Returns:
        Four int64 tensors of the common shape, values in [0, 2^32).
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_NUM_ROUNDS):
        # The 64-bit product wraps in int64; the arithmetic shift and the mask still give its exact upper half.
        product_0, product_1 = c0 * _MULTIPLIER_0, c2 * _MULTIPLIER_1
        c0 = ((product_1 >> 32) & _MASK) ^ c1 ^ k0
        c1 = product_1 & _MASK
        c2 = ((product_0 >> 32) & _MASK) ^ c3 ^ k1
        c3 = product_0 & _MASK
        k0, k1 = (k0 + _WEYL_0) & _MASK, (k1 + _WEYL_1) & _MASK
    return c0, c1, c2, c3


def _halves(value: Tensor) -> tuple[Tensor, Tensor]:
    """Lower and upper 32 bits of non-negative int64 values."""
    return value & _MASK, (value >> 32) & _MASK


@dataclass(frozen=True)
class Draws:
    """The draws of one stream for a batch of samples.

    Attributes:
        seed: key, in [0, 2^63).
        indices: (B,) int64, indices of the samples in [0, 2^63).
        stream: one of the values of :data:`STREAMS`.
    """

    seed: int
    indices: Tensor
    stream: int

    def words(self, num: int) -> Tensor:
        """``num`` random 32-bit words for each sample: (B, num) int64 in [0, 2^32)."""
        num_blocks = -(-num // 4)
        low, high = (half[:, None] for half in _halves(self.indices))
        block = torch.arange(num_blocks, device=self.indices.device)[None, :]
        stream = torch.full_like(block, self.stream)
        key = _halves(torch.tensor(self.seed, device=self.indices.device))
        return torch.stack(philox((low, high, stream, block), key), dim=2).flatten(1)[:, :num]

    def uniform(self, num: int = 1) -> Tensor:
        """Uniform on [0, 1): (B, num) float32, multiples of 2^-24 and so exact on every device."""
        return to_unit(self.words(num))

    def fields(self) -> Tensor:
        """One 63-bit key for each sample, (B,) int64, from which :func:`unit_field` grows a field of numbers."""
        words = self.words(2)
        return (words[:, 0] << 31) | (words[:, 1] >> 1)

    def choice(self, num_options: int, *, position: int = 0) -> Tensor:
        """Uniform over range(num_options): (B,) int64; the bias of the multiplication method is below 2^-24."""
        words = self.words(position + 1)[:, position]
        return (words * num_options) >> 32


def to_unit(words: Tensor) -> Tensor:
    """32-bit words to float32 on [0, 1)."""
    return (words >> 8).to(torch.float32) * 2.0**-24


def unit_field(keys: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A field of uniform numbers for each key, the same wherever and with whatever others it is made.

    Args:
        keys: (B,) int64 in [0, 2^63).
        shape: shape of one field.

    Returns:
        (B, *shape) float32 on [0, 1).
    """
    size = math.prod(shape)
    low, high = (half[:, None] for half in _halves(keys))
    block = torch.arange(-(-size // 4), device=keys.device)[None, :]
    zero = torch.zeros_like(block)
    words = torch.stack(philox((block, zero, zero, zero), (low, high)), dim=2).flatten(1)[:, :size]
    return to_unit(words).unflatten(1, shape)


def normal_field(keys: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A field of standard normal numbers for each key (Box and Muller 1958): (B, *shape) float32."""
    size = math.prod(shape)
    num_pairs = -(-size // 2)
    uniform = unit_field(keys, (2, num_pairs))
    radius = torch.sqrt(-2.0 * torch.log1p(-uniform[:, 0]))
    angle = 2.0 * math.pi * uniform[:, 1]
    normal = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=2).flatten(1)
    return normal[:, :size].unflatten(1, shape)


def permutation(num: int, *, seed: int, index: int = 0) -> Tensor:
    """A random order of range(num), a pure function of its arguments: (num,) int64 on the CPU."""
    words = Draws(seed, torch.tensor([index]), STREAMS["order"]).words(2 * num)[0]
    return torch.argsort((words[:num] << 31) | (words[num:] >> 1), stable=True)

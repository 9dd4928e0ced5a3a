"""Counter-based draws: every random number of a data set has an address, and none is ever consumed.

The generator is Philox 4x32 with 10 rounds (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3",
SC 2011), a bijection of 128-bit counters for each 64-bit key. The key is the seed; the counter is (index of the sample,
stream, draw). So a sample's parameters do not depend on the batch, the order or the device it is made in, and
neither torch's nor numpy's global generator is read or set.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from invariance.vocabulary.streams import STREAMS

_MASK = 0xFFFFFFFF
_MULTIPLIER_0, _MULTIPLIER_1 = 0xD2511F53, 0xCD9E8D57
_WEYL_0, _WEYL_1 = 0x9E3779B9, 0xBB67AE85
_NUM_ROUNDS = 10
_KEYS_AT_A_TIME = 48
"""Fields grown at a time on a CPU, so that what Philox works on stays in its cache."""


Words = TypeVar("Words", Tensor, NDArray[np.int64])
"""Arrays of whole numbers, torch's or numpy's: the arithmetic is the same, and so are the results."""


def later_seed(seed: int, by: int) -> int:
    """A seed ``by`` numbers later, in [0, 2^63); the first one follows the last."""
    return (seed + by) % 2**63


def philox(counter: tuple[Words, Words, Words, Words], key: tuple[Words | int, Words | int]) -> tuple[Words, ...]:
    """Philox 4x32-10 on arrays.

    Args:
        counter: four int64 arrays of one shape, values in [0, 2^32).
        key: two integers or int64 arrays that broadcast to that shape, values in [0, 2^32).

    Returns:
        Four int64 arrays of that shape, values in [0, 2^32).
    """
    k0, k1 = key
    schedule = [((k0 + by * _WEYL_0) & _MASK, (k1 + by * _WEYL_1) & _MASK) for by in range(_NUM_ROUNDS)]
    return _philox_rounds(counter, schedule)


def _philox_rounds(
    counter: tuple[Words, Words, Words, Words], schedule: Iterable[tuple[Words | int, Words | int]]
) -> tuple[Words, ...]:
    """The same with the keys of all rounds."""
    c0, c1, c2, c3 = counter
    for k0, k1 in schedule:
        # The 64-bit product wraps in int64; the shift and the mask still give its exact upper half. Its lower half is
        # only mixed bit by bit into the next upper half, so one mask clears what is above it.
        product_0, product_1 = c0 * _MULTIPLIER_0, c2 * _MULTIPLIER_1
        c0, c2 = product_1 >> 32, product_0 >> 32
        for upper, lower, subkey in ((c0, c1, k0), (c2, c3, k1)):
            upper ^= lower
            upper ^= subkey
            upper &= _MASK
        c1, c3 = product_1, product_0
    return c0, c1 & _MASK, c2, c3 & _MASK


def _philox_in_pairs(c0: Tensor, c1: Tensor, c2: Tensor, c3: Tensor, keys: Tensor) -> tuple[Tensor, ...]:
    """:func:`philox` in two thirds of the launches: what is done to two words alike is done at once.

    Args:
        c0: (R, B) int64, the counter's first word, and so on.
        c1: the second.
        c2: the third.
        c3: the fourth.
        keys: (10, 2, R or 1, 1) of all rounds.
    """
    multipliers, _ = _round_constants(c0.device)
    even, odd = torch.stack((c0, c2)), torch.stack((c1, c3))
    for key in keys:
        product = (even * multipliers).flip(0)
        even = (product >> 32).bitwise_xor_(odd).bitwise_xor_(key).bitwise_and_(_MASK)
        odd = product
    odd = odd & _MASK
    return even[0], odd[0], even[1], odd[1]


def _halves(value: Tensor) -> tuple[Tensor, Tensor]:
    """Lower and upper 32 bits of non-negative int64 values."""
    return value & _MASK, (value >> 32) & _MASK


@dataclass(frozen=True)
class Draws:
    """The draws of one stream for a batch of samples.

    Attributes:
        seed: key, in [0, 2^63).
        indices: (B,) int64, indices of the samples in [0, 2^63).
        stream: one of the values of :data:`~invariance.vocabulary.streams.STREAMS`.
        known: (B, num) the first words, where they were made together with those of other streams.
    """

    seed: int
    indices: Tensor
    stream: int
    known: Tensor | None = None

    def words(self, num: int) -> Tensor:
        """``num`` random 32-bit words for each sample: (B, num) int64 in [0, 2^32)."""
        if self.known is not None and num <= self.known.shape[1]:
            return self.known[:, :num]
        return draw_words(self.indices, [(self.seed, self.stream, num)])[0]

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


Request = tuple[int, int, int]
"""Seed in [0, 2^63), stream, and how many words of it are wanted."""


def draw_words(indices: Tensor, requests: Sequence[Request]) -> list[Tensor]:
    """The words of several streams at once, which takes hardly longer than those of one.

    Args:
        indices: (B,) int64, indices of the samples in [0, 2^63).
        requests: the streams.

    Returns:
        For each request (B, num) int64 in [0, 2^32).
    """
    if not requests:
        return []
    device = indices.device
    streams, blocks, keys = _addresses(tuple(requests), device)
    parts = (*_halves(indices[None]), streams, blocks)
    if device.type == "cpu":  # on few numbers numpy spends a fifth of torch's time
        low, high, stream, block = np.broadcast_arrays(*(part.numpy() for part in parts))
        arrays: tuple[NDArray[np.int64], ...] = _philox_rounds((low, high, stream, block), keys.numpy())
        words = torch.from_numpy(np.stack(arrays, axis=1))
    else:
        c0, c1, c2, c3 = torch.broadcast_tensors(*parts)
        words = torch.stack(_philox_in_pairs(c0, c1, c2, c3, keys), dim=1)
    result, position = [], 0
    for *_, num in requests:
        num_blocks = -(-num // 4)
        result.append(words[position : position + num_blocks].flatten(0, 1)[:num].T)
        position += num_blocks
    return result


@lru_cache(maxsize=512)  # two a network and epoch of a stack
def _addresses(requests: tuple[Request, ...], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Streams (R, 1) and blocks (R, 1) of what is asked for, and the keys (10, 2, R or 1, 1) of all rounds.

    Kept on the device, since to bring them there for every batch would make it wait.
    """
    rows = [(seed, stream, block) for seed, stream, num in requests for block in range(-(-num // 4))]
    seeds = [seed for seed, _, _ in rows] if len({seed for seed, _, _ in rows}) > 1 else [requests[0][0]]
    with torch.inference_mode(False):  # they are used after the mode that they are first needed in
        addresses = torch.tensor([row[1:] for row in rows], dtype=torch.int64).view(len(rows), 2, 1).to(device)
        keys = _schedule(torch.stack(_halves(torch.tensor(seeds)))[..., None]).to(device)
    return addresses[:, 0], addresses[:, 1], keys


def _schedule(key: Tensor) -> Tensor:
    """Keys (2, R, 1) to those of all rounds (10, 2, R, 1)."""
    return (key + _round_constants(key.device)[1]) & _MASK


@lru_cache(maxsize=8)
def _round_constants(device: torch.device) -> tuple[Tensor, Tensor]:
    """The multipliers (2, 1, 1), and what is added to the keys in each round, (10, 2, 1, 1), on a device."""
    weyl = [[_WEYL_0 * by, _WEYL_1 * by] for by in range(_NUM_ROUNDS)]
    with torch.inference_mode(False):
        multipliers, added = torch.tensor([_MULTIPLIER_0, _MULTIPLIER_1]), torch.tensor(weyl)
        return multipliers[:, None, None].to(device), added[..., None, None].to(device)


@dataclass(frozen=True)
class SampleDraws:
    """All streams of one seed for a batch of samples.

    Attributes:
        seed: key, in [0, 2^63).
        indices: (B,) int64, indices of the samples in [0, 2^63).
        known: for some streams (B, num) first words, made at once by :func:`draw_words`.
    """

    seed: int
    indices: Tensor
    known: Mapping[int, Tensor] = field(default_factory=dict)

    def of(self, name: str) -> Draws:
        """The draws of a stream by its name in :data:`~invariance.vocabulary.streams.STREAMS`."""
        stream = STREAMS[name]
        return Draws(self.seed, self.indices, stream, self.known.get(stream))

    def part(self, start: int, stop: int) -> SampleDraws:
        """Of the samples from ``start`` to ``stop``."""
        known = {stream: words[start:stop] for stream, words in self.known.items()}
        return SampleDraws(self.seed, self.indices[start:stop], known)


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
    blocks = torch.arange(-(-size // 4), device=keys.device)
    return _unit_blocks(keys, blocks)[:, :size].unflatten(1, shape)


def _unit_blocks(keys: Tensor, blocks: Tensor) -> Tensor:
    """Four uniform numbers for each key (B,) and block (N,) of its field: (B, 4 N) float32 on [0, 1)."""
    field = torch.empty(len(keys), len(blocks), 4, device=keys.device)
    num = _KEYS_AT_A_TIME if keys.device.type == "cpu" else max(1, len(keys))
    for start in range(0, len(keys), num):
        low, high = (half[:, None] for half in _halves(keys[start : start + num]))
        block = blocks.expand(len(low), -1)
        part = field[start : start + num]
        if keys.device.type == "cpu":
            nought: NDArray[np.int64] = np.zeros(block.shape, dtype=np.int64)
            counter: tuple[NDArray[np.int64], ...] = (block.numpy(), nought, nought, nought)
            for position, words in enumerate(philox(counter, (low.numpy(), high.numpy()))):  # type: ignore[arg-type]
                part.numpy()[..., position] = words >> 8
        else:
            zero, keys_of_rounds = torch.zeros_like(block), _schedule(torch.stack((low, high)))
            for position, drawn in enumerate(_philox_in_pairs(block, zero, zero, zero, keys_of_rounds)):
                part[..., position] = drawn >> 8
    return field.mul_(2.0**-24).flatten(1)


def normal_field(keys: Tensor, shape: tuple[int, ...], *, rows: tuple[int, int] | None = None) -> Tensor:
    """A field of standard normal numbers for each key (Box and Muller 1958).

    Args:
        keys: (B,) int64 in [0, 2^63).
        shape: (..., H, W) of one field.
        rows: start and stop of the rows that are wanted; None means all.

    Returns:
        (B, ..., H, W) float32, or with ``rows`` those of them.
    """
    *before, height, width = shape
    planes, size, (start, stop) = math.prod(before), math.prod(shape), rows or (0, height)
    if width % 8:  # rows do not begin with a block: the whole field is grown
        normal = _box_muller(unit_field(keys, (2, -(-size // 2))))[:, :size].unflatten(1, shape)
        return normal[..., start:stop, :]
    # The first half of the field gives radii, the second angles; eight numbers take a block of each.
    radii = torch.arange(size // 8, device=keys.device).view(planes, height, -1)
    wanted = radii[:, start:stop].flatten()
    uniform = _unit_blocks(keys, torch.cat((wanted, wanted + radii.numel())))
    return _box_muller(uniform.unflatten(1, (2, -1))).unflatten(1, (*before, stop - start, width))


def _box_muller(uniform: Tensor) -> Tensor:
    """(B, 2, N) uniform numbers to (B, 2 N) normal ones."""
    normal = torch.empty(len(uniform), uniform.shape[2], 2, device=uniform.device)
    if uniform.device.type != "cpu":
        radius = (1.0 - uniform[:, 0]).log_().mul_(-2.0).sqrt_()
        angle = uniform[:, 1] * (2.0 * math.pi)
        torch.mul(torch.cos(angle), radius, out=normal[..., 0])
        torch.mul(torch.sin(angle), radius, out=normal[..., 1])
        return normal.flatten(1)
    # Numpy takes logarithms and cosines of float32 in a third of torch's time.
    unit: NDArray[np.float32] = uniform.numpy()
    radii = np.sqrt(np.log(np.float32(1.0) - unit[:, 0]) * np.float32(-2.0))
    angles = unit[:, 1] * np.float32(2.0 * math.pi)
    for position, wave in enumerate((np.cos(angles), np.sin(angles))):
        np.multiply(wave, radii, out=normal.numpy()[..., position])
    return normal.flatten(1)


def permutation(num: int, *, seed: int, index: int = 0) -> Tensor:
    """A random order of range(num), a pure function of its arguments: (num,) int64 on the CPU."""
    return permutations(num, seed=seed, indices=torch.tensor([index]))[0]


def permutations(num: int, *, seed: int, indices: Tensor) -> Tensor:
    """Those that :func:`permutation` gives for I indices: (I, num) int64 on the CPU."""
    words = Draws(seed, indices, STREAMS["order"]).words(2 * num)
    return torch.argsort((words[:, :num] << 31) | (words[:, num:] >> 1), dim=1, stable=True)

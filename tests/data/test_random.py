"""The counter-based generator against its authors' published vectors, and the promises built on it."""

import math

import pytest
import torch

from invariance.data.random import (
    Draws,
    _philox_in_pairs,
    _schedule,
    draw_words,
    normal_field,
    permutation,
    philox,
    unit_field,
)

# Known-answer vectors of Philox 4x32-10 as published with Random123 (kat_vectors): counter, key, expected words.
KNOWN_ANSWERS = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text: str) -> tuple[torch.Tensor, ...]:
    return tuple(torch.tensor([int(word, 16)]) for word in text.split())


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_known_answers(counter, key, expected):
    assert philox(words(counter), words(key)) == words(expected)


def test_words_are_the_generator_at_the_address():
    seed, index, stream = 0x0123456789ABCDEF, 0x1F00000002, 21
    counter = [torch.tensor([value]) for value in (index & 0xFFFFFFFF, index >> 32, stream, 1)]
    key = [torch.tensor([value]) for value in (seed & 0xFFFFFFFF, seed >> 32)]
    drawn = Draws(seed, torch.tensor([index]), stream).words(8)
    assert drawn[0, 4:].tolist() == [int(word) for word in philox(tuple(counter), tuple(key))]


def test_any_batch_any_order():
    indices = torch.tensor([5, 0, 2**41 + 3, 7])
    together = Draws(3, indices, 9).uniform(6)
    for row, index in enumerate(indices):
        assert torch.equal(Draws(3, index[None], 9).uniform(6)[0], together[row])


def test_streams_seeds_and_indices_differ():
    base = Draws(1, torch.arange(64), 2).words(4)
    assert not (base == Draws(1, torch.arange(64), 3).words(4)).any()
    assert not (base == Draws(2, torch.arange(64), 2).words(4)).any()
    assert base.flatten().unique().numel() == base.numel()


def test_more_draws_keep_the_first_ones():
    assert torch.equal(Draws(0, torch.arange(5), 1).words(9)[:, :3], Draws(0, torch.arange(5), 1).words(3))


def test_uniform_moments():
    drawn = Draws(0, torch.arange(100_000), 4).uniform(1)
    assert drawn.min() >= 0 and drawn.max() < 1
    assert drawn.mean() == pytest.approx(0.5, abs=0.005)
    assert drawn.var() == pytest.approx(1 / 12, abs=0.002)


def test_several_streams_at_once_are_each_by_itself():
    indices = torch.tensor([0, 5, 2**40 + 3])
    requests = [(11, 4, 3), (11, 2, 9), (11, 7, 0), (12, 4, 1)]
    found = draw_words(indices, requests)
    assert [tuple(words.shape) for words in found] == [(3, 3), (3, 9), (3, 0), (3, 1)]
    for words, (seed, stream, num) in zip(found, requests, strict=True):
        assert torch.equal(words, Draws(seed, indices, stream).words(num))
        assert torch.equal(Draws(seed, indices, stream, known=words).words(num), words)
        assert torch.equal(Draws(seed, indices, stream, known=words).words(12)[:, :num], words), "more than are known"


@pytest.mark.parametrize("shape", [(3, 32, 32), (3, 16, 24), (3, 33, 33), (2, 5, 12), (3, 7, 8)])
def test_rows_of_a_normal_field_are_those_of_the_whole(shape):
    """By the definition: number 2k and 2k + 1 come from uniform numbers k of either half of the field."""
    keys, size = Draws(0, torch.arange(60), 5).fields(), math.prod(shape)
    field = normal_field(keys, shape)
    assert torch.equal(normal_field(keys, shape, rows=(2, 5)), field[:, :, 2:5])
    radius, angle = unit_field(keys, (2, -(-size // 2))).double().unbind(1)
    radius, angle = (-2 * (1 - radius).log()).sqrt(), 2 * math.pi * angle
    pairs = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=2).flatten(1)[:, :size]
    torch.testing.assert_close(field.flatten(1).double(), pairs, atol=5e-6, rtol=0)


def test_normal_field_moments_and_independence_of_the_batch():
    keys = Draws(0, torch.arange(50), 5).fields()
    field = normal_field(keys, (3, 16, 16))
    assert field.mean() == pytest.approx(0.0, abs=0.02) and field.std() == pytest.approx(1.0, abs=0.02)
    assert torch.equal(normal_field(keys[7:8], (3, 16, 16))[0], field[7])
    assert unit_field(keys, (2, 5)).shape == (50, 2, 5)


def test_choice_is_uniform():
    counts = Draws(0, torch.arange(60_000), 0).choice(6).bincount(minlength=6)
    assert ((counts - 10_000).abs() < 400).all()


def test_permutation_is_one_and_depends_on_seed_and_index():
    order = permutation(1000, seed=4, index=2)
    assert torch.equal(order.sort().values, torch.arange(1000))
    assert torch.equal(order, permutation(1000, seed=4, index=2))
    assert not torch.equal(order, permutation(1000, seed=4, index=3))
    assert not torch.equal(order, permutation(1000, seed=5, index=2))


def test_the_global_generator_is_left_alone():
    before = torch.random.get_rng_state()
    normal_field(Draws(0, torch.arange(3), 5).fields(), (4, 4))
    permutation(10, seed=0)
    assert torch.equal(before, torch.random.get_rng_state())


def test_words_on_the_cpu_are_those_of_the_generator_on_tensors():
    """Few numbers are drawn with numpy; every other device and every field uses tensors."""
    indices = torch.tensor([0, 1, 2**32 - 1, 2**32, 2**41 + 7, 2**63 - 1])
    seed, stream = 2**62 + 12345, 17
    block = torch.arange(3).expand(6, 3)
    low, high = (indices & 0xFFFFFFFF)[:, None].expand(6, 3), (indices >> 32)[:, None].expand(6, 3)
    counter = (low, high, torch.full((6, 3), stream), block)
    before = [part.clone() for part in counter]
    words = philox(counter, (seed & 0xFFFFFFFF, seed >> 32))
    assert all(torch.equal(part, kept) for part, kept in zip(counter, before, strict=True))
    schedule = _schedule(torch.tensor([seed & 0xFFFFFFFF, seed >> 32])[:, None, None])
    assert all(torch.equal(*pair) for pair in zip(_philox_in_pairs(*counter, schedule), words, strict=True))
    expected = torch.stack(words, dim=2).flatten(1)
    assert torch.equal(Draws(seed, indices, stream).words(11), expected[:, :11])

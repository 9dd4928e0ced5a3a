"""Muon beside a plain implementation in numpy: the direct iteration and the singular values themselves."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from invariance.training.muon import muon_step, orthogonalised

Matrix = NDArray[np.float64]
A, B, C = 3.4445, -4.7750, 2.0315


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def directly(matrix: Matrix) -> Matrix:
    """Three times the quintic, on the matrix itself."""
    found = matrix / np.sqrt((matrix**2).sum())
    for _ in range(3):
        square = found @ found.T
        found = A * found + (B * square + C * square @ square) @ found
    return found


@pytest.mark.parametrize("shape", [(24, 90), (40, 27), (1, 9)], ids=["wide", "tall", "row"])
def test_singular_vectors_stay_and_values_are_made_alike(shape: tuple[int, int]) -> None:
    left, _, right = np.linalg.svd(drawn(*shape).numpy().astype(np.float64), full_matrices=False)
    shares = np.geomspace(1.0, 1e-3, min(shape))
    shares /= np.sqrt((shares**2).sum())
    matrix = torch.tensor((left * (7.0 * shares)) @ right, dtype=torch.float32)
    found = orthogonalised(matrix[None])[0].numpy().astype(np.float64)
    values = shares
    for _ in range(3):
        values = A * values + B * values**3 + C * values**5
    np.testing.assert_allclose(found, (left * values) @ right, atol=2e-5)
    large = np.linalg.svd(found, compute_uv=False)[: int((shares >= 0.02).sum())]
    assert 0.68 < large.min() <= large.max() < 1.21


def test_a_gradient_of_zeros_stays_zero() -> None:
    assert not orthogonalised(torch.zeros(2, 3, 4)).any()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_two_steps_are_those_of_numpy(layout: torch.memory_format) -> None:
    filters = (3.0 * drawn(12, 5, 3, 3)).to(memory_format=layout)
    momentum = torch.zeros_like(filters)
    weights, sums = filters.numpy().astype(np.float64).reshape(12, 45), np.zeros((12, 45))
    for seed, rate in ((1, 0.24), (2, 0.1)):
        gradient = drawn(12, 5, 3, 3, seed=seed).to(memory_format=layout)
        muon_step(filters, gradient, momentum, learning_rate=rate)
        flat = gradient.numpy().astype(np.float64).reshape(12, 45)
        sums = 0.6 * sums + flat
        weights = weights * np.sqrt(12) / np.sqrt((weights**2).sum()) - rate * directly(flat + 0.6 * sums)
    np.testing.assert_allclose(filters.numpy().reshape(12, 45), weights, atol=2e-5)
    assert filters.is_contiguous(memory_format=layout)


def test_a_stack_is_each_network_by_itself_bit_for_bit() -> None:
    filters, gradient, momentum = (drawn(3, 16, 8, 3, 3, seed=seed) for seed in range(3))
    alone = [(filters[k].clone(), momentum[k].clone()) for k in range(3)]
    muon_step(filters, gradient, momentum, learning_rate=0.24)
    for k, (own, means) in enumerate(alone):
        own = own.to(memory_format=torch.channels_last)  # as a network by itself keeps them
        muon_step(own, gradient[k], means, learning_rate=0.24)
        assert torch.equal(own, filters[k]) and torch.equal(means, momentum[k])

"""Adam has the bits of torch's own, and Muon leaves to it what it does not step."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor, nn

from invariance.training.optimiser import Optimiser
from invariance.vocabulary.optimizers import OPTIMIZERS

RATES = (2e-3, 1e-3, 7e-4, 3e-4)


def parameters() -> list[nn.Parameter]:
    """Filters in both orders of memory, a matrix, a vector, and a head that no gradient reaches."""
    generator = torch.Generator().manual_seed(0)
    shapes = ((8, 3, 3, 3), (6, 8, 3, 3), (5, 6), (37,), (4, 5))
    made = [torch.randn(shape, generator=generator) for shape in shapes]
    made[1] = made[1].to(memory_format=torch.channels_last)
    return [nn.Parameter(tensor) for tensor in made]


def give_gradients(own: Sequence[Tensor], seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    for parameter in own[:-1]:
        parameter.grad = torch.empty_like(parameter).copy_(torch.randn(parameter.shape, generator=generator))


def made(own: list[nn.Parameter], name: str = "adam", weight_decay: float = 0.0) -> Optimiser:
    are_filters = [parameter.dim() == 4 for parameter in own]
    return Optimiser(own, OPTIMIZERS[name], are_filters=are_filters, weight_decay=weight_decay)


def are_equal(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    return all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.parametrize("weight_decay", [0.0, 1e-2])
def test_adam_is_torch_s_bit_for_bit_and_takes_up_what_that_saved(weight_decay: float) -> None:
    own, theirs = parameters(), parameters()
    ours, adam = made(own, weight_decay=weight_decay), torch.optim.Adam(theirs, weight_decay=weight_decay, fused=True)
    for seed, rate in enumerate(RATES):
        if seed == 2:  # goes on from torch's state
            ours = made(own, weight_decay=weight_decay)
            ours.load_state_dict(copy.deepcopy(adam.state_dict()))
        give_gradients(own, seed)
        give_gradients(theirs, seed)
        adam.param_groups[0]["lr"] = rate
        adam.step()
        ours.step(rate)
        assert are_equal(own, theirs)
    assert torch.equal(own[-1], parameters()[-1])


def test_muon_steps_filters_and_adam_with_other_betas_the_rest() -> None:
    own, theirs = parameters(), parameters()
    muon, adam = made(own, "muon"), torch.optim.Adam(theirs[2:], betas=(0.85, 0.95), fused=True)
    for seed, rate in enumerate(RATES):
        give_gradients(own, seed)
        give_gradients(theirs, seed)
        adam.param_groups[0]["lr"] = rate
        before = [parameter.detach().clone() for parameter in own[:2]]
        adam.step()
        muon.step(rate)
        for old, new in zip(before, own[:2], strict=True):
            scaled = old * (len(old) ** 0.5 / old.norm())
            moved = torch.linalg.svdvals(((scaled - new) / (12 * rate)).detach().flatten(1))
            assert 0.68 < float(moved.min()) <= float(moved.max()) < 1.21
    assert are_equal(own[2:], theirs[2:])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_means_in_another_order_of_memory_are_taken_up_by_position(name: str) -> None:
    """Those of a stack are saved in the order in which groups lie side by side."""
    own, other = parameters(), parameters()
    first, second = made(own, name), made(other, name)
    for each, optimiser in ((own, first), (other, second)):
        give_gradients(each, 0)
        optimiser.step(1e-3)
    states = first.state_dict()["state"]
    plain = {position: {key: value.contiguous() for key, value in state.items()} for position, state in states.items()}
    second.load_state_dict({"state": plain})
    for each, optimiser in ((own, first), (other, second)):
        optimiser.zero_grad()
        give_gradients(each, 1)
        optimiser.step(1e-3)
    assert are_equal(own, other)

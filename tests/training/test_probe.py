import math
from collections.abc import Generator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from invariance.events import Cancelled
from invariance.training.evaluation import mean_class_accuracy
from invariance.training.probe import PENALTY_GRID, choose_penalty, fit_linear, fit_several, solved


def solve(work: Generator[tuple[int, int, float], None, nn.Linear]) -> tuple[nn.Linear, list[tuple[int, int, float]]]:
    reports = []
    while True:
        try:
            reports.append(next(work))
        except StopIteration as end:
            return end.value, reports


def blobs(num: int, *, num_classes: int = 3, spread: float = 0.5) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(num) % num_classes
    centres = torch.randn(num_classes, 5, generator=generator)
    return centres[labels] + spread * torch.randn(num, 5, generator=generator), labels


def test_without_information_the_head_learns_the_class_frequencies() -> None:
    # Constant features: only the bias can fit, and its optimum is the logarithm of the shares 3/4 and 1/4.
    head, reports = solve(fit_linear(torch.full((8, 2), 7.0), torch.tensor([0, 0, 0, 1, 0, 0, 0, 1]), 2))
    shares = functional.softmax(head(torch.full((1, 2), 7.0)), dim=1)[0]
    torch.testing.assert_close(shares, torch.tensor([0.75, 0.25]), atol=1e-4, rtol=0)
    expected = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert reports[-1][2] == pytest.approx(expected, abs=1e-6)
    assert torch.count_nonzero(head.weight) == 0


def test_the_folded_head_is_at_the_optimum_of_the_standardised_problem() -> None:
    features, labels = blobs(300)
    features = features * torch.tensor([1e-3, 1.0, 1e3, 1.0, 1.0]) + torch.tensor([0.0, 5.0, -50.0, 0.0, 0.0])
    head, _ = solve(fit_linear(features, labels, 3, l2=1e-2))
    mean, scale = features.double().mean(dim=0), features.double().std(dim=0, correction=0)
    weight = (head.weight.detach().double() * scale).requires_grad_()
    bias = (head.bias.detach().double() + head.weight.detach().double() @ mean).requires_grad_()
    logits = functional.linear((features.double() - mean) / scale, weight, bias)
    (functional.cross_entropy(logits, labels) + 0.5e-2 * weight.square().sum()).backward()
    assert weight.grad is not None and bias.grad is not None
    assert float(weight.grad.abs().max()) < 2e-5
    assert float(bias.grad.abs().max()) < 2e-5


def test_it_does_not_depend_on_the_scale_of_the_features() -> None:
    features, labels = blobs(200)
    plain, _ = solve(fit_linear(features, labels, 3))
    scaled, _ = solve(fit_linear(features * 1000.0 + 20.0, labels, 3))
    torch.testing.assert_close(plain(features), scaled(features * 1000.0 + 20.0), atol=2e-2, rtol=1e-2)


def test_separable_samples_have_a_finite_solution_that_separates_them() -> None:
    features, labels = blobs(12, spread=0.01)
    head, reports = solve(fit_linear(features, labels, 3))
    assert torch.equal(head(features).argmax(dim=1), labels)
    assert bool(torch.isfinite(head.weight).all())
    done, planned, _ = reports[-1]
    assert done == planned < 200


def test_the_objective_goes_down_and_the_bound_is_kept() -> None:
    features, labels = blobs(300, spread=2.0)
    _, reports = solve(fit_linear(features, labels, 3, l2=0.0, max_iterations=20))
    numbers = [done for done, _, _ in reports]
    assert numbers == sorted(set(numbers)) and numbers[-1] <= 20
    losses = [loss for _, _, loss in reports]
    assert losses == sorted(losses, reverse=True) and losses[-1] < math.log(3)


def test_global_generator_and_inputs_are_left_alone() -> None:
    features, labels = blobs(30)
    before, copy = torch.get_rng_state(), features.clone()
    solve(fit_linear(features, labels, 3))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(features, copy)


def test_a_class_without_samples_gets_an_output() -> None:
    features, labels = blobs(30)
    head, _ = solve(fit_linear(features, labels, 5))
    assert head(features).shape == (30, 5)
    assert torch.equal(head(features).argmax(dim=1).unique(), torch.arange(3))


def test_it_stops_when_asked() -> None:
    features, labels = blobs(30)
    with pytest.raises(Cancelled):
        next(fit_linear(features, labels, 3, cancelled=lambda: True))


def test_validation_chooses_more_penalty_for_fewer_and_noisier_samples() -> None:
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(3, 20, generator=generator)

    def task(num: int, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.randint(3, (num,), generator=generator)
        return centres[labels] + noise * torch.randn(num, 20, generator=generator), labels

    def chosen(num: int, noise: float) -> float:
        features, labels = task(num, noise)
        others, other_labels = task(3000, noise)
        penalty, accuracies = choose_penalty(
            features, labels, 3, validation_features=others, validation_labels=other_labels
        )
        assert len(accuracies) == len(PENALTY_GRID)
        layer = solved(fit_linear(features, labels, 3, l2=penalty))
        reached = mean_class_accuracy(layer(others).argmax(dim=1), other_labels)
        assert reached == pytest.approx(max(accuracies), abs=1e-9)
        return penalty

    assert chosen(24, 4.0) > chosen(3000, 2.0)


@pytest.mark.parametrize("num", [20, 90])  # fewer samples than features, and more
def test_several_problems_solved_at_once_are_each_solved(num: int) -> None:
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(3, num, 30, generator=generator) * torch.logspace(-2, 2, 30)
    labels = torch.randint(4, (3, num), generator=generator)
    together = solved(fit_several(features, labels, 4, penalties=(0.3, 0.02, 0.1)))
    for layer, own, marks, penalty in zip(together, features, labels, (0.3, 0.02, 0.1), strict=True):
        alone = solved(fit_linear(own, marks, 4, l2=penalty))
        torch.testing.assert_close(layer(own), alone(own), atol=1e-3, rtol=1e-3)


def test_several_penalties_on_the_same_features_are_each_solved() -> None:
    features, labels = blobs(300)
    for layer, penalty in zip(
        solved(fit_several(features, labels, 3, penalties=PENALTY_GRID)), PENALTY_GRID, strict=True
    ):
        alone = solved(fit_linear(features, labels, 3, l2=penalty))
        torch.testing.assert_close(layer(features), alone(features), atol=1e-3, rtol=1e-3)


def test_it_is_the_optimum_that_torch_finds() -> None:
    features, labels = blobs(120, spread=1.5)
    inputs = (features.double() - features.double().mean(0)) / features.double().std(0, correction=0)
    layer = nn.Linear(5, 3, dtype=torch.float64)
    solver = torch.optim.LBFGS(layer.parameters(), max_iter=500, tolerance_grad=1e-9, line_search_fn="strong_wolfe")

    def objective() -> Tensor:
        solver.zero_grad()
        loss = functional.cross_entropy(layer(inputs), labels) + 0.005 * layer.weight.square().sum()
        loss.backward()
        return loss

    solver.step(objective)
    ours = solved(fit_linear(features, labels, 3, l2=0.01))
    shares, expected = functional.softmax(ours(features), dim=1), functional.softmax(layer(inputs), dim=1)
    torch.testing.assert_close(shares, expected.float(), atol=1e-3, rtol=0)


def test_whoever_hears_of_a_probe_has_its_gradients_whatever_becomes_of_it() -> None:
    features, labels = blobs(300, spread=3.0)
    works = [fit_several(features, labels, 3, penalties=(1e-6,)) for _ in range(2)]
    for work in works:
        next(work)
        assert torch.is_grad_enabled()
    for work in works:  # in the order in which they began, so that each would put back what the other had found
        work.close()
    assert torch.is_grad_enabled()

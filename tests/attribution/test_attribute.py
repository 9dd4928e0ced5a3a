"""Integrated gradients against values worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from invariance.attribution.attribute import attribute, make_baseline
from invariance.models import create_model
from invariance.spec import SpecError


class Linear(nn.Module):
    """logits = flatten(images) @ weight."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1) @ self.weight.flatten(1).T


class Square(nn.Module):
    """One logit, the sum of the squares of the pixels."""

    def forward(self, images: Tensor) -> Tensor:
        return images.square().sum(dim=(1, 2, 3))[:, None]


class Failing(nn.Module):
    """Fails once gradients are asked for."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        if torch.is_grad_enabled():
            raise RuntimeError("no gradients today")
        logits: Tensor = self.model(images)
        return logits


@pytest.fixture
def images() -> Tensor:
    return torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(0))


def num_hooks(model: nn.Module) -> int:
    names = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, name)) for module in model.modules() for name in names)


@pytest.mark.parametrize("steps", [1, 7])
def test_linear_model_gives_weight_times_difference(images: Tensor, steps: int) -> None:
    weight = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    start = torch.full_like(images[:1], 0.25)
    targets = torch.tensor([0, 1, 2, 3, 0])
    found = attribute(Linear(weight).eval(), images, targets=targets, baseline=start, steps=steps)
    expected = (weight[targets] * (images - start)).sum(dim=1)
    torch.testing.assert_close(found.relevance, expected)
    assert found.completeness_error.max() < 1e-4
    assert found.targets.tolist() == [0, 1, 2, 3, 0]


def test_square_model_gives_squares(images: Tensor) -> None:
    # x * integral of 2 a x over a in [0, 1] = x^2, and two Gauss-Legendre points are exact for a line.
    found = attribute(Square().eval(), images, baseline="black", steps=2)
    torch.testing.assert_close(found.relevance, images.square().sum(dim=1))


def test_completeness_error_is_the_relative_gap() -> None:
    # f = x^8 on one pixel from 0 to 1: one Gauss-Legendre point gives 8 * 0.5^7 = 0.0625 instead of 1.
    class Power(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images[:, :1, 0, 0] ** 8

    found = attribute(Power().eval(), torch.ones(1, 3, 1, 1), baseline="black", steps=1)
    assert found.completeness_error.item() == pytest.approx(1 - 0.0625)


def test_network_is_complete_and_the_internal_batch_does_not_matter() -> None:
    model = create_model("small", 5, seed=0).eval()
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    whole = attribute(model, images, baseline="blurred", steps=64)
    parts = attribute(model, images, baseline="blurred", steps=64, batch_size=2)
    torch.testing.assert_close(parts.relevance, whole.relevance, rtol=1e-3, atol=1e-5)
    assert whole.relevance.shape == (3, 32, 32)
    assert whole.completeness_error.max() < 0.05
    torch.testing.assert_close(whole.probabilities.sum(dim=1), torch.ones(3))
    assert whole.targets.tolist() == whole.probabilities.argmax(dim=1).tolist()


def test_model_is_left_as_it_was() -> None:
    model = create_model("small", 5, seed=0).eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    images = torch.rand(2, 3, 32, 32)
    attribute(model, images, steps=2)
    with pytest.raises(RuntimeError, match="no gradients"):
        attribute(Failing(model).eval(), images, steps=2)
    assert num_hooks(model) == 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not images.requires_grad


def test_blurred_baseline_keeps_a_uniform_image_and_flattens_a_point() -> None:
    uniform = torch.full((1, 3, 8, 8), 0.3)
    torch.testing.assert_close(make_baseline("blurred", uniform), uniform)
    point = torch.zeros(1, 3, 32, 32)
    point[..., 16, 16] = 1.0
    assert make_baseline("blurred", point).max() < 0.01


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method = 'magic': expected integrated-gradients"),
        ({"baseline": "white"}, "baseline = 'white': expected black"),
        ({"steps": 0}, "steps = 0: expected"),
    ],
)
def test_unknown_options_are_refused(images: Tensor, options: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        attribute(Square().eval(), images, **options)  # type: ignore[arg-type]

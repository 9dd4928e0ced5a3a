"""Integrated gradients against values worked out by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from invariance.attribution.attribute import attribute
from invariance.attribution.baselines import make_baseline
from invariance.models import create_model
from invariance.spec import SpecError
from tests.attribution.networks import Linear, Square


@pytest.fixture
def images() -> Tensor:
    return torch.rand(5, 3, 6, 6, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("steps", [1, 7])
def test_linear_model_gives_weight_times_difference(images: Tensor, steps: int) -> None:
    weight = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(1))
    start = torch.full_like(images[:1], 0.25)
    targets = torch.tensor([0, 1, 2, 3, 0])
    found = attribute(Linear(weight).eval(), images, target=targets, baseline=start, steps=steps)
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


def test_blurred_baseline_keeps_a_uniform_image_and_flattens_a_point() -> None:
    uniform = torch.full((1, 3, 8, 8), 0.3)
    torch.testing.assert_close(make_baseline("blurred", uniform), uniform)
    point = torch.zeros(1, 3, 32, 32)
    point[..., 16, 16] = 1.0
    assert make_baseline("blurred", point).max() < 0.01


def test_mean_colour_baseline_is_uniform_in_each_channel(images: Tensor) -> None:
    start = make_baseline("mean", images)
    assert start.shape == images.shape
    torch.testing.assert_close(start[2, 1], torch.full((6, 6), float(images[2, 1].mean())))


def test_unknown_baseline_is_refused(images: Tensor) -> None:
    with pytest.raises(SpecError, match="baseline = 'white': expected blurred, black, mean, or"):
        attribute(Square().eval(), images, baseline="white")


def test_one_class_for_all_images(images: Tensor) -> None:
    model = Linear(torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(1))).eval()
    assert attribute(model, images, target=2).targets.tolist() == [2] * 5


@pytest.mark.parametrize("off", [torch.no_grad, torch.inference_mode])
def test_a_network_without_gradients_is_one_line_and_can_be_occluded(off: type, images: Tensor) -> None:
    class Shut(Square):
        def forward(self, images: Tensor) -> Tensor:
            with off():
                return super().forward(images)

    for method in ("integrated-gradients", "smooth-grad"):
        with pytest.raises(SpecError, match=r"^no gradient of the network .* or choose occlusion or feature-ablation$"):
            attribute(Shut().eval(), images, method=method)
    assert attribute(Shut().eval(), images, method="occlusion", window=2, stride=2).relevance.any()

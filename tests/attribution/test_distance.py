"""Attribution of the squared representation distance, against closed forms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from invariance.attribution.compare_distance import compare_distance
from invariance.attribution.distance import WAYS, SquaredDistance, along_cross_fade, along_path
from invariance.data.engine import Engine
from invariance.data.magnitude_way import magnitude_way
from invariance.data.magnitudes import magnitudes
from invariance.models import create_model
from invariance.spec import DatasetSpec, SpecError
from tests.attribution.networks import Linear, random_images

SIDE, UNIT = 6, 3.0
MATRIX = torch.randn(5, 3 * SIDE * SIDE, generator=torch.Generator().manual_seed(1)) / 4


def closed_form(change: Tensor) -> Tensor:
    """Along a straight line a linear W gives pixel i the share d_i (W' W d)_i / C^2."""
    flat = change.flatten()
    return (flat * (MATRIX.T @ (MATRIX @ flat)) / UNIT**2).view(3, SIDE, SIDE).sum(dim=0)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(classes=("mug", "bee"), backgrounds="#4060a0", seed=2))


def test_a_linear_representation_has_the_closed_form_on_a_straight_line() -> None:
    image, changed = random_images(2, SIDE).split(1)
    expected = closed_form((changed - image)[0])
    line = image + torch.linspace(0, 1, 8)[:, None, None, None] * (changed - image)
    for found in (
        along_path(Linear(MATRIX), line, unit=UNIT, num_points=16),
        along_cross_fade(Linear(MATRIX), image, changed, unit=UNIT, num_points=16),
    ):
        assert torch.allclose(found.relevance, expected, atol=1e-5)
        assert found.distance == pytest.approx(math.sqrt(expected.sum().item()), rel=1e-5)
        assert found.completeness_error < 1e-5


def test_a_bent_path_is_the_sum_of_its_straight_pieces() -> None:
    """For linear W on the way x -> y -> z the second piece starts where g has the gradient 2 W'W(y - x) / C^2."""
    x, y, z = random_images(3, SIDE).split(1)
    found = along_path(Linear(MATRIX), torch.cat([x, y, z]), unit=UNIT, num_points=64)
    first, second = (y - x).flatten(), (z - y).flatten()
    turned = second * (MATRIX.T @ (MATRIX @ (2 * first + second))) / UNIT**2
    expected = closed_form((y - x)[0]) + turned.view(3, SIDE, SIDE).sum(dim=0)
    assert torch.allclose(found.relevance, expected, atol=1e-4)
    straight = along_cross_fade(Linear(MATRIX), x, z, unit=UNIT)
    assert found.distance == pytest.approx(straight.distance, rel=1e-5), "the ends alone decide over the sum"
    assert not torch.allclose(found.relevance, straight.relevance, atol=1e-2), "the path decides over the shares"


def test_a_long_jump_gets_as_many_pieces_as_it_needs() -> None:
    """One step of 1.0 after many of 0: a single gradient in its middle would miss a third of a cubic."""

    class Power(torch.nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.mean(dim=(1, 2, 3), keepdim=False)[:, None].pow(3)

    path = torch.cat([torch.zeros(30, 3, SIDE, SIDE), torch.ones(1, 3, SIDE, SIDE)])
    assert along_path(Power(), path, unit=1.0, num_points=64).completeness_error < 0.002


def test_an_invariant_representation_has_an_empty_map() -> None:
    path = random_images(1, SIDE).repeat(5, 1, 1, 1)
    path[:, :, :3] = random_images(5, SIDE, seed=3)[:, :, :3]  # only the upper half changes

    def lower_half(images: Tensor) -> Tensor:
        return images[:, :, 3:].flatten(1).tanh()

    found = along_path(lower_half, path, unit=UNIT)
    assert (found.relevance == 0).all() and found.distance == 0 and math.isnan(found.completeness_error)
    fade = along_cross_fade(lower_half, path[:1], path[-1:], unit=UNIT)
    assert (fade.relevance == 0).all() and fade.distance == 0


def test_a_path_that_stays_is_an_empty_map() -> None:
    found = along_path(Linear(MATRIX), random_images(1, SIDE).repeat(4, 1, 1, 1), unit=UNIT)
    assert (found.relevance == 0).all() and found.distance == 0


def test_why_the_distance_is_squared() -> None:
    """At z = x the square has gradient 0; the distance itself has none."""
    image = random_images(1, SIDE)
    moved = SquaredDistance(Linear(MATRIX), image, unit=UNIT)
    start = image.clone().requires_grad_()
    assert (torch.autograd.grad(moved(start).sum(), start)[0] == 0).all()
    assert torch.autograd.grad(moved(start).sqrt().sum(), start)[0].isnan().any()


def test_a_collapsed_representation_is_refused() -> None:
    with pytest.raises(SpecError, match="represents all images as the same"):
        along_path(Linear(MATRIX), random_images(2, SIDE), unit=0.0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("transform", ["rotate", "hue", "pixelate", "h_flip", "erasing"])
def test_a_network_s_map_adds_up_to_the_squared_distance(engine: Engine, transform: str, way: str) -> None:
    model = create_model("small", 4, seed=0).eval()
    values = {one.law.name: one.start for one in magnitudes(transform)}
    found = compare_distance([model], engine, transform, values, units=[1.0], position=1, way=way)
    (view,) = found.views
    ends = magnitude_way(engine, transform, values, position=1)[[0, -1]]
    with torch.no_grad():
        distance = float(torch.linalg.vector_norm(model.representation(ends).diff(dim=0)))
    assert view.distance == pytest.approx(distance, rel=1e-4) and distance > 0
    assert view.completeness_error < 0.03
    assert abs(view.relevance.sum() - distance**2) <= 1.01 * view.completeness_error * distance**2 + 1e-6
    assert (found.image != found.changed).any() and found.limit > 0
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("bad", [{"way": "by car"}, {"position": -1}])
def test_bad_questions_are_refused(engine: Engine, bad: dict[str, str | int]) -> None:
    with pytest.raises(SpecError, match="expected"):
        compare_distance([], engine, "hue", {"shift": 0.1}, units=[], **bad)  # type: ignore[arg-type]

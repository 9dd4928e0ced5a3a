"""Every method against values worked out by hand, and what it must leave alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from invariance.attribution.attribute import attribute
from invariance.attribution.methods import APPLY, chosen_values, find_method
from invariance.models import Classifier, create_model
from invariance.spec import SpecError
from invariance.vocabulary.methods import METHODS
from tests.attribution.networks import FINE, METHODS_OF_PIXELS, Failing, Linear, Region, num_hooks, random_images

QUICK = {"integrated-gradients": {"steps": 4}, "gradient-shap": {"samples": 4}, "smooth-grad": {"samples": 4}}
NAMES = list(METHODS)


@pytest.fixture(scope="module")
def small() -> Classifier:
    return create_model("small", 5, seed=0).eval()


def test_registry_lists_each_once_with_defaults_in_range() -> None:
    assert list(APPLY) == NAMES
    for method in METHODS.values():
        assert chosen_values(method, {}) == {parameter.name: parameter.default for parameter in method.parameters}
        assert all(type(chosen_values(method, {})[p.name]) is (int if p.is_whole else float) for p in method.parameters)


@pytest.mark.parametrize("name", METHODS_OF_PIXELS)
def test_linear_model_gives_weight_times_difference(name: str) -> None:
    images, start = random_images(4, 6), random_images(4, 6, seed=1)
    weight = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(2))
    target = torch.tensor([0, 1, 2, 3])
    found = attribute(Linear(weight).eval(), images, method=name, target=target, baseline=start, **FINE.get(name, {}))
    torch.testing.assert_close(found.relevance, (weight * (images - start)).sum(dim=1), rtol=1e-4, atol=1e-5)
    assert found.targets.tolist() == [0, 1, 2, 3]
    if find_method(name).is_complete:
        assert found.completeness_error.max() < 1e-3
    else:
        assert found.completeness_error.isnan().all()


def region(kind: str) -> Tensor:
    mask = torch.zeros(6, 6)
    mask[2:5, 1:4] = 1.0
    if kind == "pixel":
        mask = torch.zeros(6, 6)
        mask[3, 2] = 1.0
    return 1.0 - mask if kind == "background" else mask


@pytest.mark.parametrize("kind", ["pixel", "object", "background"])
@pytest.mark.parametrize("name", METHODS_OF_PIXELS)
def test_a_model_that_reads_one_region_is_seen_to_read_it_alone(name: str, kind: str) -> None:
    mask = region(kind)
    found = attribute(Region(mask).eval(), random_images(3, 6), method=name, baseline="black", **FINE.get(name, {}))
    strength = found.relevance.abs()
    assert strength.sum() > 0
    share = (strength * mask).sum(dim=(1, 2)) / strength.sum(dim=(1, 2))
    torch.testing.assert_close(share, torch.ones(3))


@pytest.mark.parametrize("name", NAMES)
def test_one_image_gives_what_it_gives_among_others(name: str, small: Classifier) -> None:
    images, options = random_images(3, 32), QUICK.get(name, {})
    many = attribute(small, images, method=name, baseline="blurred", **options)
    alone = attribute(small, images[1:2], method=name, baseline="blurred", **options)
    parts = attribute(small, images, method=name, baseline="blurred", batch_size=2, **options)
    scale = float(many.relevance.abs().max())
    torch.testing.assert_close(alone.relevance[0], many.relevance[1], rtol=1e-3, atol=1e-4 * scale)
    torch.testing.assert_close(parts.relevance, many.relevance, rtol=1e-3, atol=1e-4 * scale)
    assert many.relevance.shape == (3, 32, 32) and not many.relevance.requires_grad


@pytest.mark.parametrize("name", NAMES)
def test_global_generators_and_the_network_are_left_alone(name: str) -> None:
    model = create_model("small", 5, seed=0).eval()
    next(model.parameters()).requires_grad_(False)
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    needs = [parameter.requires_grad for parameter in model.parameters()]
    images = random_images(2, 32)
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    first = attribute(model, images, method=name, **QUICK.get(name, {}))
    again = attribute(model, images, method=name, **QUICK.get(name, {}))
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[2]
    assert np.array_equal(np.random.get_state()[1], states[1])  # noqa: NPY002
    assert torch.equal(first.relevance, again.relevance)
    assert num_hooks(model) == 0 and not model.training and not any(m.training for m in model.modules())
    assert [parameter.requires_grad for parameter in model.parameters()] == needs
    assert all(parameter.grad is None for parameter in model.parameters()) and not images.requires_grad
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert all(module.inplace for module in model.modules() if isinstance(module, nn.ReLU))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("deep-lift", "grad-cam")])
def test_no_hook_survives_an_exception(name: str, small: Classifier) -> None:
    model = Failing(small).eval()
    with pytest.raises(RuntimeError, match="no more today"):
        attribute(model, random_images(1, 32), method=name, **QUICK.get(name, {}))
    assert num_hooks(model) == 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("magic", {}, "method = 'magic': expected integrated-gradients, gradient-shap"),
        ("integrated-gradients", {"steps": 0}, "steps = 0: expected a whole number from 1 to 1024"),
        ("integrated-gradients", {"steps": 2.5}, "steps = 2.5: expected a whole number"),
        ("smooth-grad", {"noise": float("nan")}, "noise = nan: expected a number from 0 to 0.5"),
        ("grad-cam", {"steps": 2}, "parameter 'steps' of grad-cam: the method has none"),
        ("occlusion", {"steps": 2}, "parameter 'steps' of occlusion: expected window, stride"),
        ("occlusion", {"window": 9}, "window = 9: expected at most the image's side of 6 px"),
        ("occlusion", {"window": 2, "stride": 3}, "stride = 3: expected at most the window of 2 px"),
        ("feature-ablation", {"patches": 7}, "patches = 7: expected at most"),
        (
            "grad-cam",
            {},
            "a convolutional network .a transformer has none., and this one has no convolution",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(name: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        attribute(Region(region("object")).eval(), random_images(1, 6), method=name, **options)

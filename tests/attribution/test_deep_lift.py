"""DeepLift's completeness, and the copies of networks that it needs."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from invariance.attribution.attribute import attribute
from invariance.attribution.separate import separate_activations
from invariance.attribution.windows import Windows
from invariance.models import Classifier, create_model
from invariance.spec import SpecError
from tests.attribution.networks import num_hooks, random_images


class Reusing(nn.Module):
    """One ReLU used twice, and two more that are functions and overwrite their input."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
        self.pool, self.last, self.active = nn.MaxPool2d(2), nn.Linear(4, 3), nn.ReLU(inplace=True)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = self.active(self.second(self.active(self.first(images))))
        found = functional.relu(self.pool(found) - 0.1, inplace=True)
        return self.last(torch.relu(found.mean(dim=(2, 3)) - 0.05))


def with_statistics(name: str) -> Classifier:
    """A network whose batch norms are not the identity."""
    model = create_model(name, 4, seed=0)
    with torch.no_grad():
        model(random_images(8, 32, seed=5))
    return model.eval()


def test_complete_on_the_small_network_to_a_part_in_ten_thousand() -> None:
    for baseline in ("black", "blurred", "mean"):
        found = attribute(with_statistics("small"), random_images(4, 32), method="deep-lift", baseline=baseline)
        assert found.completeness_error.max() < 1e-4


@pytest.mark.parametrize("name", ["resnet18", "vgg11_bn"])
def test_complete_on_networks_that_reuse_activations_and_pool(name: str) -> None:
    found = attribute(with_statistics(name), random_images(1, 32), method="deep-lift", baseline="blurred")
    assert found.completeness_error.max() < 1e-3


def test_complete_where_relus_are_reused_functions_and_in_place() -> None:
    found = attribute(Reusing().eval(), random_images(3, 12), method="deep-lift", target=1)
    assert found.completeness_error.max() < 1e-4


class Pooling(nn.Module):
    """One max-pool of overlapping windows used twice, before and behind a ReLU, and one more that is a function."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.first, self.second, self.last = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4, 3)
        self.pool, self.leaky = nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), nn.LeakyReLU(0.2)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        found = functional.relu(self.pool(self.first(images)))
        found = self.pool(self.leaky(self.second(torch.tanh(found))))
        return self.last(functional.max_pool2d(found, 2).mean(dim=(2, 3)))


class Gated(nn.Module):
    """The product of two branches, for which there is no multiplier."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images.sum(dim=(1, 2, 3)) * images.square().sum(dim=(1, 2, 3)))[:, None]


def test_complete_where_one_max_pool_is_used_twice_and_its_windows_overlap() -> None:
    found = attribute(Pooling().eval(), random_images(3, 24), method="deep-lift", target=1)
    assert found.completeness_error.max() < 1e-4 and found.remark == ""


def test_the_windows_of_a_pool_side_by_side_have_its_maxima() -> None:
    maps = torch.randn(2, 3, 17, 12, generator=torch.Generator().manual_seed(0))
    for size in ((3, 2, 1, 1, False), (3, 2, 0, 1, True), (2, 1, 0, 1, False), (3, 2, 1, 2, False)):
        *how, ceil_mode = size
        pool = nn.MaxPool2d(*how, ceil_mode=ceil_mode)
        windows = Windows(pool)
        assert windows.overlap and functional.max_pool2d(windows(maps), windows.kernel).equal(pool(maps))
    assert not Windows(nn.MaxPool2d(2)).overlap


def test_poor_completeness_is_said_with_its_number() -> None:
    found = attribute(Gated().eval(), random_images(2, 6), method="deep-lift")
    error = float(found.completeness_error.max())
    assert error > 0.3 and f"miss the change of the logit by up to {error:.0%}" in found.remark
    assert "integrated-gradients" in found.remark


def test_a_network_whose_way_depends_on_its_input_is_refused() -> None:
    class Fickle(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.sum(dim=(2, 3)) if images.sum() > 0 else images.amax(dim=(2, 3))

    for method in ("deep-lift", "grad-cam"):
        with pytest.raises(SpecError, match=r"Fickle\) cannot be taken apart.*choose integrated-gradients"):
            attribute(Fickle().eval(), random_images(1, 8), method=method)


def test_separate_copy_computes_the_same_and_shares_nothing() -> None:
    for model in (Reusing().eval(), with_statistics("small")):
        images, before = random_images(2, 32), copy.deepcopy(model.state_dict())
        twin = separate_activations(model)
        torch.testing.assert_close(twin(images), model(images))
        relus = [module for module in twin.modules() if isinstance(module, nn.ReLU)]
        assert len(relus) == 4 and not any(module.inplace for module in relus)
        with torch.no_grad():
            next(twin.parameters()).zero_()
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("method", ["deep-lift", "grad-cam"])
def test_an_exception_in_the_middle_leaves_no_hook(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = with_statistics("small")
    kept: list[nn.Module] = []

    def fail(*_: object, **__: object) -> torch.Tensor:
        raise RuntimeError("no gradients today")

    def remember(network: nn.Module) -> nn.Module:
        kept.append(separate_activations(network))
        return kept[0]

    module = "deep_lift" if method == "deep-lift" else "grad_cam"
    monkeypatch.setattr(f"invariance.attribution.{module}.separate_activations", remember)
    monkeypatch.setattr(torch.autograd, "grad", fail)
    with pytest.raises(RuntimeError, match="no gradients today"):
        attribute(model, random_images(1, 32), method=method)
    assert kept and num_hooks(kept[0]) == 0 == num_hooks(model)


@pytest.mark.parametrize("method", ["deep-lift", "grad-cam"])
def test_a_transformer_is_refused(method: str) -> None:
    model = create_model("vit", 2, seed=0).eval()
    with pytest.raises(SpecError, match=r"LayerNorm.*choose integrated-gradients"):
        attribute(model, random_images(1, 32), method=method)

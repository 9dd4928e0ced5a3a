"""DeepLift's completeness, and the copies of networks that it needs."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from invariance.attribution.attribute import attribute
from invariance.attribution.separate import separate_activations
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

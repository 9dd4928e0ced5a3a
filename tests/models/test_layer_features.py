"""Named layers: every architecture has them, and looking at them leaves nothing behind."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from invariance.models import Classifier, create_model, empty_model, layer_features, published_names
from invariance.models.layers import Layer, spread_blocks
from invariance.models.published_layers import published_layers
from invariance.spec import MODEL_NAMES

ONE_OF_EACH_FAMILY = (
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "swin_t",
    "swin_v2_t",
    "vgg11",
    "vit_b_16",
    "wide_resnet50_2",
)


def hooks_of(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


class _Doubler(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images * 2


class _Tokens(nn.Module):
    def forward(self, maps: Tensor) -> Tensor:
        return maps.flatten(2).transpose(1, 2)


class _Pool(nn.Module):
    def forward(self, tokens: Tensor) -> Tensor:
        if bool((tokens > 1e3).any()):
            raise RuntimeError("too bright")
        return tokens.mean(dim=1)


@pytest.fixture
def by_hand() -> Classifier:
    """2 x the image, in place cut off at 0; its pixels as tokens; their mean."""
    backbone = nn.Sequential(_Doubler(), nn.ReLU(inplace=True), _Tokens(), _Pool())
    layers = (Layer("doubled", "0"), Layer("as rows", "0", channels_last=True), Layer("tokens", "2"), Layer("mean", ""))
    return Classifier("by hand", backbone, 3, 2, layers=layers).eval()


def test_maps_are_averaged_tokens_give_the_first_and_vectors_stay(by_hand: Classifier) -> None:
    images = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    doubled = (images * 2 - 1) * 2
    found = layer_features(by_hand, images)
    assert list(found) == ["doubled", "as rows", "tokens", "mean"]
    torch.testing.assert_close(found["doubled"], doubled.mean(dim=(2, 3)))
    torch.testing.assert_close(found["as rows"], doubled.mean(dim=(1, 2)))
    torch.testing.assert_close(found["tokens"], doubled[:, :, 0, 0].clamp(min=0))
    torch.testing.assert_close(found["mean"], by_hand.representation(images))
    whole = layer_features(by_hand, images, flatten=True)
    # Before the ReLU overwrote it.
    torch.testing.assert_close(whole["doubled"], doubled.flatten(1))
    assert whole["tokens"].shape == (2, 60)


def test_no_hook_is_left_even_after_an_exception(by_hand: Classifier) -> None:
    layer_features(by_hand, torch.zeros(1, 3, 2, 2))
    assert hooks_of(by_hand) == 0
    with pytest.raises(RuntimeError, match="too bright"):
        layer_features(by_hand, torch.full((1, 3, 2, 2), 1e4))
    assert hooks_of(by_hand) == 0
    by_hand.layer_table = (Layer("doubled", "0"), Layer("nowhere", "9"))
    with pytest.raises(AttributeError):
        layer_features(by_hand, torch.zeros(1, 3, 2, 2))
    assert hooks_of(by_hand) == 0


def test_another_thread_s_pass_is_not_taken_for_one_s_own(by_hand: Classifier) -> None:
    dark, bright = torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)

    def elsewhere(module: nn.Module, args: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            other = threading.Thread(target=by_hand.representation, args=(bright,))
            other.start()
            other.join(30)

    handle = by_hand.backbone.get_submodule("3").register_forward_pre_hook(elsewhere)
    found = layer_features(by_hand, dark)
    handle.remove()
    assert torch.equal(found["doubled"], torch.full((1, 3), -2.0))


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_every_architecture_names_four_to_eight_layers_that_end_in_its_representation(name: str) -> None:
    model = create_model(name, 2, seed=0).eval()
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found = layer_features(model, images)
        torch.testing.assert_close(list(found.values())[-1], model.representation(images))
    assert 4 <= len(found) <= 8 and list(model.layers) == list(found)
    assert all(features.dim() == 2 and len(features) == 2 for features in found.values())
    distinct = [features for features in found.values() if not torch.equal(features[0], features[1])]
    assert len(distinct) == len(found), "each layer tells the images apart"
    assert hooks_of(model) == 0


@pytest.mark.parametrize("name", ONE_OF_EACH_FAMILY)
def test_so_do_the_published_networks(name: str) -> None:
    model = empty_model(f"torchvision:{name}", 3)
    with torch.device("meta"):
        found = layer_features(model, torch.rand(1, 3, 224, 224))
    assert 4 <= len(found) <= 8
    assert list(found.values())[-1].shape == (1, model.num_features)
    assert all(features.shape[1] >= 3 for features in found.values())
    order = list(model.layers.values())
    assert len(set(map(id, order))) == len(order)


def test_no_published_network_is_without_a_family() -> None:
    starts = {name.removeprefix("torchvision:").split("_")[0].rstrip("0123456789") for name in published_names()}
    known = {name.split("_")[0].rstrip("0123456789") for name in ONE_OF_EACH_FAMILY}
    assert starts - {"resnext"} <= known


def test_swin_s_channels_are_its_last_axis() -> None:
    layers = {layer.name: layer for layer in empty_model("torchvision:swin_t", 2).layer_table}
    assert layers["stage4"].channels_last and not layers["pooled"].channels_last
    with torch.device("meta"):
        found = layer_features(empty_model("torchvision:swin_t", 2), torch.rand(1, 3, 224, 224))
    assert [found[f"stage{number}"].shape[1] for number in range(1, 5)] == [96, 192, 384, 768]


def test_blocks_are_spread_evenly_and_end_with_the_last() -> None:
    twelve = nn.Sequential(*(nn.Identity() for _ in range(12)))
    assert [layer.name for layer in spread_blocks(twelve, "x")] == [f"block{n}" for n in (2, 4, 6, 8, 10, 12)]
    assert [layer.path for layer in spread_blocks(twelve, "x", start=8)] == ["x.8", "x.9", "x.10", "x.11"]


def test_an_unknown_family_has_its_representation() -> None:
    assert published_layers("novelnet", nn.Identity(), inside="network") == (Layer("representation", ""),)

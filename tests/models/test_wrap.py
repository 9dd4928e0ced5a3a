"""Modules of other makers that are refused in a line, since no number of theirs would mean anything."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import ResNet

from invariance.models.code_networks import network_from_file
from invariance.models.wrap import wrap
from invariance.spec import SpecError


def pooled(images: Tensor) -> Tensor:
    return images.mean(dim=(2, 3))


def pyramid(images: Tensor) -> list[Tensor]:
    return [images, images[:, :, ::2, ::2]]


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (lambda images: pooled(images) * torch.nan, "values that are not finite"),
        (lambda images: torch.full((len(images), 3), torch.inf), "values that are not finite"),
        (lambda images: pooled(images).to(torch.complex64), "complex values"),
        (lambda images: images.mean(), r"a tensor of shape \(\) for two images: expected one row an image"),
        (lambda images: torch.ones(len(images), 0), r"a tensor of shape \(2, 0\) for two images"),
        (pyramid, "returns 2 maps: give a function that returns the one that is meant"),
    ],
)
def test_what_no_representation_can_be_is_refused(function: Callable[[Tensor], Tensor], line: str) -> None:
    with pytest.raises(SpecError, match=line):
        wrap(function)


class Own(nn.Module):
    """A network whose forward pass is told."""

    def __init__(self, forward: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.last = nn.Linear(8, 3)
        self.chance = np.random.default_rng(0)
        self.told = forward

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.told(images, self.trunk(images)))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "forward",
    [
        lambda _, found: functional.dropout(found, 0.1),
        lambda _, found: found * (1 if random.random() < 0.5 else 2),
        lambda _, found: found + float(np.random.rand()),  # noqa: NPY002 -- as people do
    ],
)
def test_a_network_that_draws_is_refused(forward: Callable[[Tensor, Tensor], Tensor]) -> None:
    module, state, others = Own(forward), torch.get_rng_state(), (random.getstate(), np.random.get_state()[2])  # noqa: NPY002
    with pytest.raises(SpecError, match=r"^Own: the same images give another answer each time"):
        wrap(module)
    assert torch.equal(torch.get_rng_state(), state)
    assert (random.getstate(), np.random.get_state()[2]) == others  # noqa: NPY002


def test_a_network_that_draws_from_a_generator_of_its_own_is_refused() -> None:
    model = Own(lambda _, found: found)
    model.told = lambda _, found: found * float(model.chance.random())
    with pytest.raises(SpecError, match=r"^Own: the same images give another answer each time"):
        wrap(model)


def test_the_size_is_blamed_only_where_it_is_the_cause() -> None:
    with pytest.raises(SpecError, match=r"^Own fails on .* of 32 and 224 px \(RuntimeError: mat1 .* in layer last "):
        wrap(Own(lambda _, found: found[:, :4]))
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 5))
    with pytest.raises(
        SpecError, match=r"refuses images of 32 and 224 px .* in layer 1 .*network\(module, input_size=SIDE\)"
    ):
        wrap(flat)
    assert wrap(flat, input_size=64).input_size == 64


def test_a_network_that_takes_one_size_alone_is_shown_that() -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 5))
    assert wrap(flat).input_size == 32 and wrap(flat)(torch.rand(1, 3, 48, 48)).shape == (1, 5)
    with pytest.raises(
        SpecError, match=r"of 48 px .* takes 32 px: make it invariance\.network\(module, input_size=32\)$"
    ):
        wrap(flat, input_size=48)


def test_a_vision_transformer_made_for_another_size_is_shown_that() -> None:
    timm = pytest.importorskip("timm")
    model = timm.create_model("test_vit", img_size=64, num_classes=4)
    assert wrap(model).input_size == 64 and model.pretrained_cfg["input_size"] == (3, 160, 160)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16])
def test_weights_of_another_precision_compute_in_float32(kind: torch.dtype) -> None:
    module, images = Own(lambda _, found: found).to(kind), torch.rand(2, 3, 32, 32)
    found = wrap(module)(images)
    assert found.dtype == torch.float32 and next(module.parameters()).dtype == kind
    torch.testing.assert_close(found, module.float()(images))
    assert wrap(lambda images: images.to(kind).mean(dim=(2, 3))).representation(images).dtype == torch.float32


def test_a_class_is_told_from_a_network() -> None:
    with pytest.raises(SpecError, match=r"^network = ResNet: that is a class; give a network of it, ResNet\(...\)$"):
        wrap(ResNet)


def test_outputs_are_called_as_the_caller_says() -> None:
    module = Own(lambda _, found: found)
    model = wrap(module, class_names=["cat", "dog", "owl"])
    assert model.class_names == ("cat", "dog", "owl")
    assert wrap(model, class_names=["a", "b", "c"]).class_names == ("a", "b", "c") != model.class_names
    for names in (["cat", "dog"], ["cat", "cat", "owl"], "abc", [1, 2, 3]):
        with pytest.raises(SpecError, match=r"^class_names = .*: expected 3 different names, one for each output$"):
            wrap(module, class_names=names)


@pytest.mark.parametrize("values", [{"mean": (123.7, 116.3, 103.5), "std": (58.4, 57.1, 57.4)}, {"std": 255.0}])
def test_numbers_of_channels_up_to_255_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(SpecError, match=r"by 255$"):
        wrap(nn.Flatten(), input_size=4, **values)  # type: ignore[arg-type]


def test_a_file_that_ends_its_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text("import sys\n\ndef make():\n    sys.exit(3)\n")
    with pytest.raises(SpecError, match=r"ends.py:make fails \(SystemExit: 3\)"):
        network_from_file(tmp_path / "ends.py", "make")


@pytest.mark.parametrize(
    ("network", "line"),
    [
        (lambda: Own(told).to("meta"), "^Own is on the meta device, where there are no weights: load them first$"),
        (lambda: Own(told).state_dict(), r"^network = a OrderedDict of 4 entries: .* give that FILE.safetensors with"),
        (lambda: [Own(told)], "^network = a list: expected a torch module, or a function"),
        (lambda: nn.Conv2d(1, 8, 3), r"^Conv2d takes images of one channel: .* module\(images.mean\(dim=1, keepdim"),
    ],
)
def test_what_is_no_network_of_pictures_is_one_line(network: Callable[[], nn.Module], line: str) -> None:
    with pytest.raises(SpecError, match=line):
        wrap(network())


def told(_: Tensor, found: Tensor) -> Tensor:
    return found


def test_layers_are_a_list() -> None:
    with pytest.raises(SpecError, match=r"^Own: layers = 3: expected a list of paths"):
        wrap(Own(told), layers=3)  # type: ignore[arg-type]


class WithMore(Own):
    """Has a state that is no tensor, as quantised layers do."""

    def get_extra_state(self) -> str:
        return "more"

    def set_extra_state(self, state: str) -> None:
        assert state == "more"


def test_what_is_no_tensor_in_a_state_is_kept() -> None:
    images = torch.rand(2, 3, 32, 32)
    module = WithMore(told)
    torch.testing.assert_close(wrap(module)(images), module(images))


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:FutureWarning", "ignore:.*torch.jit.*:DeprecationWarning")
def test_a_scripted_network_is_read_without_its_layers() -> None:
    trunk, images = Own(told).trunk, torch.rand(2, 3, 32, 32)
    trace: Any = torch.jit.trace
    scripted = trace(trunk, images)
    model = wrap(scripted)
    torch.testing.assert_close(model.representation(images), trunk(images))
    assert list(model.layers) == ["representation"]
    inside = wrap(nn.Sequential(scripted, nn.Linear(8, 3)))
    assert inside.num_classes == 3 and inside.layers

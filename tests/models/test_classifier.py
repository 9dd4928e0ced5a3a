import pytest
import torch
from torch import nn

from invariance.models import BATCH_SIZE, Classifier, create_model, images_at_once, to_unit_range


class _Corner(nn.Module):
    """Features of which the value is known: the colour of the top left pixel."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :, 0, 0]


def test_images_are_normalised_to_minus_one_to_one() -> None:
    model = Classifier("corner", _Corner(), 3, 2)
    images = torch.stack([torch.zeros(3, 2, 2), torch.full((3, 2, 2), 0.5), torch.ones(3, 2, 2)])
    expected = torch.tensor([[-1.0], [0.0], [1.0]]).expand(3, 3)
    assert torch.equal(model.representation(images), expected)


def test_bytes_are_seen_as_the_unit_range() -> None:
    model = Classifier("corner", _Corner(), 3, 2)
    images = torch.tensor([0, 51, 255], dtype=torch.uint8)[:, None, None, None].expand(3, 3, 2, 2)
    assert torch.equal(to_unit_range(images[:, 0, 0, 0]), torch.tensor([0.0, 0.2, 1.0]))
    assert torch.equal(model.representation(images), model.representation(to_unit_range(images)))


def test_forward_is_the_head_of_the_representation_and_leaves_its_input_alone() -> None:
    model = create_model("small", 6, seed=0).eval()
    images = torch.rand(3, 3, 32, 32)
    before = images.clone()
    with torch.inference_mode():
        assert torch.equal(model(images), model.head(model.representation(images)))
    assert torch.equal(images, before)


def test_another_head_keeps_the_backbone() -> None:
    model = create_model("small", 6, seed=0).eval()
    images = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        before = model.representation(images)
        model.replace_head(nn.Linear(model.num_features, 2), ("cat", "dog"))
        assert torch.equal(model.representation(images), before)
        assert model(images).shape == (2, 2)
    assert model.num_classes == 2
    assert model.class_names == ("cat", "dog")


@pytest.mark.parametrize(("size", "num"), [(32, 512), (64, 512), (128, 128), (224, 41), (512, 8)])
def test_a_gpu_gets_as_many_large_images_at_once_as_fit(size: int, num: int) -> None:
    model = Classifier("corner", _Corner(), 3, 2)
    on_gpu, on_cpu = (torch.empty(1, 3, size, size, device=device) for device in ("meta", "cpu"))
    assert images_at_once(model, on_gpu) == images_at_once(model.representation, on_gpu) == num
    assert images_at_once(model, on_gpu, 16) == min(num, 16) and images_at_once(lambda images: images, on_gpu, 64) == 64
    assert images_at_once(model, on_cpu) == BATCH_SIZE, "a CPU gets as many as ever: last digits follow from that"

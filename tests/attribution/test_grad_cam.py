"""Grad-CAM on convolutions with weights chosen by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from invariance.attribution.attribute import attribute
from invariance.attribution.grad_cam import last_feature_layer
from invariance.attribution.separate import separate_activations
from invariance.models import create_model
from tests.attribution.networks import num_hooks, random_images


class RedAndBlue(nn.Module):
    """Feature maps are the red and the blue channel, halved in size; logit 0 = mean red - 2 x mean blue."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 2, 1, stride=2, bias=False)
        self.active, self.head = nn.ReLU(inplace=True), nn.Linear(2, 1, bias=False)
        with torch.no_grad():
            self.convolution.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 0, 1]])[:, :, None, None])
            self.head.weight.copy_(torch.tensor([[1.0, -2.0]]))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.active(self.convolution(images)).mean(dim=(2, 3)))


def test_positive_part_of_the_weighted_feature_maps() -> None:
    images = torch.zeros(1, 3, 4, 4)
    images[0, 0, 0, 0] = 1.0  # red above left: (1 x 1) / 4 places
    images[0, 2, 2, 2] = 1.0  # blue below right counts against, and is cut off
    found = attribute(RedAndBlue().eval(), images, method="grad-cam", target=0)
    assert found.relevance.min() == 0 and found.relevance.argmax() == 0
    # 1/4 at the first of 2 x 2 places; bilinear weights 1, 3/4, 1/4, 0 along a side; 4 pixels a place.
    side = torch.tensor([1.0, 0.75, 0.25, 0.0])
    torch.testing.assert_close(found.relevance[0], side[:, None] * side * 0.25 / 4)
    assert found.completeness_error.isnan().all()


def test_only_red_is_seen_where_only_red_speaks_for_the_class() -> None:
    images = random_images(2, 8)
    images[:, 0, :, 4:] = 0.0
    images[:, 2] = 0.0
    relevance = attribute(RedAndBlue().eval(), images, method="grad-cam", target=0).relevance
    assert relevance[:, :, :3].min() > 0 and relevance[:, :, 5:].max() == 0
    # Means of the feature maps go through a linear head without bias, so the whole map is the logit.
    torch.testing.assert_close(relevance.sum(dim=(1, 2)), RedAndBlue()(images)[:, 0], rtol=0.02, atol=0)


def test_baseline_makes_no_difference() -> None:
    model, images = RedAndBlue().eval(), random_images(2, 8)
    maps = [attribute(model, images, method="grad-cam", baseline=name).relevance for name in ("black", "mean")]
    assert torch.equal(*maps)


def test_the_layer_is_the_last_one_with_places() -> None:
    for name, side in (("small", 4), ("vgg11_bn", 2)):
        model = separate_activations(create_model(name, 2, seed=0).eval())
        layer, shapes = last_feature_layer(model, random_images(1, 32)), []
        handle = layer.register_forward_hook(lambda module, args, output, into=shapes: into.append(output.shape))
        model(random_images(1, 32))
        handle.remove()
        assert isinstance(layer, nn.ReLU) and shapes[0][2:] == (side, side)
        assert num_hooks(model) == 0


def test_borders_that_a_network_cuts_off_have_no_relevance() -> None:
    model = create_model("small_resnet", 3, seed=0).eval()
    model.input_size, model.resize_size = 24, 32  # of 32 px the outer 4 are not looked at
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    relevance = attribute(model, images, method="grad-cam").relevance
    assert int(relevance.count_nonzero()) == int(relevance[:, 4:28, 4:28].count_nonzero()) > 0
    model.resize_size = 24
    alone = attribute(model, images[..., 4:28, 4:28], method="grad-cam")
    torch.testing.assert_close(relevance[:, 4:28, 4:28], alone.relevance)

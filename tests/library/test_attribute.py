"""Maps of a caller's network and images, and the table beside them."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import invariance
from invariance.attribution.attribute import attribute as attribute_logits
from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.runs.locate import load_network, task_of
from invariance.spec import SpecError

IMAGES = torch.from_numpy(np.random.default_rng(0).random((5, 3, 8, 8), dtype=np.float32))


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4))


def test_a_map_of_a_linear_network_is_its_weights_times_the_image() -> None:
    module = linear()
    network = invariance.network(module, input_size=8)
    found = invariance.attribute(network, IMAGES, baseline="black", target=[0, 1, 2, 3, 0])
    weights = module[1].weight[[0, 1, 2, 3, 0]].unflatten(1, (3, 8, 8))  # type: ignore[union-attr, index]
    assert np.allclose(found.maps, (weights * IMAGES).sum(dim=1).detach(), atol=1e-5)
    logits = module(IMAGES).softmax(dim=1)
    assert found.scores["probability"].tolist() == pytest.approx(logits.amax(dim=1).tolist(), rel=1e-4)
    assert [int(name.split()[-1]) for name in found.scores["predicted"]] == logits.argmax(dim=1).tolist()
    assert (found.scores["completeness_error"] < 1e-3).all()
    assert found.images.shape == (5, 8, 8, 3) and found.overlays().shape == (5, 8, 8, 3)
    assert found._repr_png_().startswith(b"\x89PNG")
    one = invariance.attribute(network, IMAGES[0], baseline="black", target=0)
    assert np.allclose(one.maps, found.maps[:1], atol=1e-6)


def test_images_of_a_network_s_own_task_have_masks() -> None:
    found = invariance.attribute(
        "matched-transfer", num_images=3, method="occlusion", window=16, stride=8, device="cpu"
    )
    engine = Engine(task_of(["matched-transfer"], None))
    batch = engine.batch(engine.indices("test", 3))
    network = load_network("matched-transfer")
    expected = attribute_logits(network, batch.images, method="occlusion", baseline="blurred", window=16, stride=8)
    assert np.allclose(found.maps, expected.relevance, atol=1e-5)
    assert found.scores["true_class"].tolist() == [engine.class_names[label] for label in batch.labels.tolist()]
    positive = expected.relevance.clamp_min(0)
    shares = (positive * batch.masks).sum(dim=(1, 2)) / positive.sum(dim=(1, 2))
    assert found.scores["share_on_object"].tolist() == pytest.approx(shares.tolist(), rel=1e-4)
    assert found.scores["area"].tolist() == pytest.approx(batch.masks.mean(dim=(1, 2)).tolist())


def test_bytes_and_arrays_are_images() -> None:
    images = (IMAGES * 255).byte()
    first, *others = (
        invariance.attribute("none", given, steps=2, device="cpu").maps
        for given in (images / 255, images, images.permute(0, 2, 3, 1).numpy(), images.numpy() / np.float32(255))
    )
    for maps in others:
        np.testing.assert_allclose(maps, first, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"images": (IMAGES * 255).int()}, r"images are torch.int32: expected floats in \[0, 1\], or uint8"),
        ({"baseline": 3}, "baseline = 3: expected a tensor, or the name of one"),
        ({"images": IMAGES[:, :2]}, r"images have the shape \(5, 2, 8, 8\): expected \(N, 3, H, W\)"),
        ({"images": IMAGES - 1}, r"images have values from -1"),
        ({"method": "lime"}, "method = 'lime': expected integrated-gradients"),
        ({"steps": 0}, "steps = 0: expected a whole number from 1"),
        ({"window": 3}, "parameter 'window' of integrated-gradients: expected steps"),
        ({"target": 9}, "target = 9: expected a number from 0 to 3"),
        ({"target": "cat"}, "target = 'cat': the network does not know it; choose from"),
        ({"target": [1, 2]}, r"target = \[1, 2\]: expected a number from 0 to 3, or one for each of 5 images"),
        ({"baseline": "white"}, "baseline = 'white': expected"),
        ({"baseline": IMAGES[:2]}, r"shape \(2, 3, 8, 8\): expected floats \(5 or 1, 3, 8, 8\)"),
        ({"network": ["none", "hue"]}, "network = none, hue: expected one network"),
        ({"network": create_model("small", 2, seed=0)}, "network small is in training mode"),
        ({"network": lambda images: images.mean(dim=(2, 3))}, "has no last linear layer"),
    ],
    ids=lambda value: "" if isinstance(value, str) else "-".join(value),
)
def test_what_cannot_be_used_is_refused_in_one_line(options: dict[str, Any], line: str) -> None:
    network = options.pop("network", None) or invariance.network(linear(), input_size=8)
    with pytest.raises(SpecError, match=line) as refused:
        invariance.attribute(network, **{"images": IMAGES, **options})
    assert "\n" not in str(refused.value)

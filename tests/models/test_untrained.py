"""The untrained twin is the network that a training starts from."""

from __future__ import annotations

import pytest
import torch

from invariance.models import create_model, empty_model, untrained_twin
from invariance.spec import SpecError


def test_with_the_run_s_seed_it_has_the_weights_the_training_started_from() -> None:
    start = create_model("small", 3, seed=4)
    trained = create_model("small", 3, seed=4).eval()
    trained.class_names = ("a", "b", "c")
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.add_(1.0)
    generator = torch.get_rng_state()
    twin = untrained_twin(trained, seed=4)
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(one, other) for one, other in zip(twin.parameters(), start.parameters(), strict=True))
    assert not twin.training and twin.class_names == ("a", "b", "c")
    assert not torch.equal(trained.head.weight, twin.head.weight)


def test_other_classes_share_the_untrained_backbone() -> None:
    one, other = (untrained_twin(create_model("small", num, seed=9), seed=0) for num in (2, 5))
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(one.representation(images), other.representation(images))


def test_published_networks_have_none() -> None:
    with pytest.raises(SpecError, match="first weights of torchvision:alexnet are not known"):
        untrained_twin(empty_model("torchvision:alexnet", 3), seed=0)

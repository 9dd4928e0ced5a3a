"""The unit of distance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from invariance.data.engine import Engine
from invariance.measures.pairs import mean_pair_distance
from invariance.measures.twins import twin_distances
from invariance.models import create_model
from invariance.spec import DatasetSpec


class Brightness(torch.nn.Module):
    """Represents an image by its mean alone, one after the other."""

    batch_size = 1

    def representation(self, images: Tensor) -> Tensor:
        return images.mean(dim=(1, 2, 3))[:, None]


def test_two_images_are_their_own_only_pair() -> None:
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise", transforms=("brightness",)))
    first, second = engine.batch(engine.indices("test", 2)).images.mean(dim=(1, 2, 3))
    assert mean_pair_distance(Brightness().eval(), engine, num=2) == pytest.approx(abs(float(first - second)))  # type: ignore[arg-type]


def test_a_collapsed_network_has_none() -> None:
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise"))
    model = create_model("small", 2, seed=0).eval()
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    assert mean_pair_distance(model, engine, num=8) == 0


def test_it_is_the_unit_of_the_twins() -> None:
    engine = Engine(DatasetSpec(classes=("mug", "bee"), transforms=("rotate",), transform_seed=1))
    model = create_model("small", 2, seed=0).eval()
    found = twin_distances(model, engine, "rotate", num=2, num_reference=32)
    assert found.pair_distance == mean_pair_distance(model, engine, num=32)

"""What is promised of the cost is what is done: passes are counted where they happen."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from invariance.attribution.attribute import attribute
from invariance.attribution.coalitions import NUM_REFERENCES
from invariance.attribution.methods import find_method
from invariance.attribution.passes import passes_of_evidence, passes_of_map
from invariance.attribution.score_set import score_set
from invariance.attribution.shapley import evidence
from invariance.data.engine import Engine
from invariance.models import Classifier, create_model
from invariance.spec import DatasetSpec
from invariance.vocabulary.methods import METHODS
from tests.attribution.networks import random_images


def counted(model: Classifier) -> list[int]:
    """Grows by the number of images of every pass, forward or backward."""
    seen: list[int] = []

    def count(module: torch.nn.Module, args: Any, output: torch.Tensor) -> None:
        seen.append(len(output))
        if output.requires_grad:
            output.register_hook(lambda gradient: seen.append(len(gradient)))

    model.backbone.register_forward_hook(count)
    return seen


@pytest.fixture
def model() -> Classifier:
    model = create_model("small", 2, seed=0).eval()
    model.class_names = ("noise-00", "noise-01")
    return model


@pytest.fixture
def enlarging(model: Classifier) -> Classifier:
    model.input_size = model.resize_size = 224  # so that it is given few at once
    model.backbone = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(8), model.backbone)  # and answers quickly
    return model


@pytest.fixture
def engine() -> Engine:
    return Engine(DatasetSpec(objects="noise", backgrounds="noise", classes=("noise-00", "noise-01")))


@pytest.mark.parametrize("method", [name for name in METHODS if name != "deep-lift"])
def test_the_passes_of_a_map(model: Classifier, method: str) -> None:
    few = {"steps": 5, "samples": 5, "window": 7, "stride": 6, "patches": 3}
    given = {one.name: few[one.name] for one in find_method(method).parameters if one.name in few}
    seen = counted(model)
    attribute(model, random_images(1, side=32), method=method, baseline="black", **given)
    promised = passes_of_map(find_method(method), given, 32)
    assert sum(seen) == pytest.approx(promised, abs=2), "Captum asks once more for the whole image, or for both ends"


def test_every_method_has_a_cost() -> None:
    assert all(passes_of_map(method, {}, 32) > 2 for method in METHODS.values())
    # It goes through a copy of the network, which counts nothing: image and baseline side by side, there and back.
    assert passes_of_map(METHODS["deep-lift"], {}, 32) == 4 + 2


@pytest.mark.parametrize("reference", ["others", "mean"])
def test_the_passes_of_evidence(model: Classifier, engine: Engine, reference: str) -> None:
    seen = counted(model)
    told: list[tuple[int, int]] = []
    evidence([model, model], engine, num=3, reference=reference, on_progress=lambda *both: told.append(both))
    total = 2 * 3 * passes_of_evidence(2, reference)
    assert sum(seen) == total and told[-1] == (total, total)
    assert passes_of_evidence(3, "others") == 4 * (1 + NUM_REFERENCES)


def test_scores_tell_how_far_they_are_and_can_be_ended(enlarging: Classifier, engine: Engine) -> None:
    told: list[tuple[int, int]] = []
    found = score_set([enlarging] * 2, engine, num=5, parameters={"steps": 10}, on_progress=lambda *b: told.append(b))
    assert told[0] == (1, 10) and told[-1] == (10, 10) and [done for done, _ in told] == list(range(1, 11))
    whole = score_set([enlarging], engine, num=5, parameters={"steps": 1})  # all five at once
    assert score_set([enlarging], engine, num=5, parameters={"steps": 1}, on_progress=lambda *b: None) == whole

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score_set([enlarging], engine, num=5, parameters={"steps": 10}, on_progress=stop)
    assert len(found) == 2

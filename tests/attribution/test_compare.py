"""Two models on one image."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from invariance.attribution.compare import compare, shared_limit
from invariance.attribution.scores import share_on_object
from invariance.data.engine import SPLIT_START, Engine
from invariance.data.preview import clean_backgrounds
from invariance.models import Classifier, create_model
from invariance.spec import DatasetSpec, SpecError

CLASSES = ("noise-00", "noise-01", "noise-02")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(DatasetSpec(objects="noise", backgrounds="noise", classes=CLASSES, transforms=("rotate",)))


@pytest.fixture(scope="module")
def models() -> tuple[Classifier, Classifier]:
    same, other = create_model("small", 3, seed=0).eval(), create_model("small", 2, seed=1).eval()
    same.class_names, other.class_names = CLASSES, ("noise-10", "noise-11")
    return same, other


def test_explains_each_model_on_the_same_image(engine: Engine, models: tuple[Classifier, Classifier]) -> None:
    found = compare(models, engine, position=4, baseline="background", parameters={"steps": 16})
    batch = engine.batch(torch.tensor([SPLIT_START["test"] + 4]))
    np.testing.assert_allclose(found.image, batch.images[0].permute(1, 2, 0).numpy() * 255, atol=0.51)
    assert found.true_class == CLASSES[int(batch.labels[0])]
    start = clean_backgrounds(engine, torch.tensor([SPLIT_START["test"] + 4]))
    for model, view in zip(models, found.explanations, strict=True):
        logits = model(batch.images)[0].detach()
        assert view.predicted == view.explained == model.class_names[int(logits.argmax())]
        assert view.is_asked
        assert view.top(1)[0][1] == pytest.approx(float(logits.softmax(dim=0).max()), abs=1e-6)
        others = [number for number in range(101) if number != 4]
        elsewhere = engine.batch(torch.tensor(others) + SPLIT_START["test"]).masks
        shares = share_on_object(torch.from_numpy(view.relevance)[None], elsewhere)
        assert len(elsewhere) == 100 and view.null == pytest.approx(float(shares.mean()), abs=1e-5)
        change = logits.max() - model(start)[0, logits.argmax()].detach()
        gap = abs(view.relevance.sum() - float(change))
        assert view.completeness_error == pytest.approx(gap / abs(float(change)), abs=1e-3)
    assert found.limit == shared_limit([view.relevance for view in found.explanations])
    scores = json.loads(json.dumps(found.scores()))[1]
    assert scores["predicted"] in models[1].class_names
    assert scores["difference"] == pytest.approx(scores["share_on_object"] - scores["null"])
    assert scores["area"] == pytest.approx(found.mask.mean(), abs=1e-6)


def test_clean_background_leaves_no_relevance_outside_the_object(
    engine: Engine, models: tuple[Classifier, Classifier]
) -> None:
    found = compare(models[:1], engine, baseline="background", parameters={"steps": 4})
    view, outside = found.explanations[0], found.mask == 0
    assert outside.any()
    assert np.abs(view.relevance[outside]).max() == 0
    black = compare(models[:1], engine, baseline="black", parameters={"steps": 4}).explanations[0]
    assert np.abs(black.relevance[outside]).max() > 0


def test_a_class_that_a_model_does_not_know_falls_back_to_its_prediction(
    engine: Engine, models: tuple[Classifier, Classifier]
) -> None:
    first, second = compare(models, engine, explain="true", parameters={"steps": 2}).explanations
    assert first.is_asked and first.explained in CLASSES
    assert not second.is_asked and second.explained == second.predicted
    first, second = compare(models, engine, explain="noise-11", parameters={"steps": 2}).explanations
    assert second.is_asked and second.explained == "noise-11"
    assert not first.is_asked


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"explain": "unicorn"}, "class 'unicorn': no model knows it; choose from noise-00"),
        ({"baseline": "grey"}, "baseline = 'grey': expected blurred"),
        ({"position": -1}, "position = -1"),
    ],
)
def test_bad_requests_are_refused(
    engine: Engine, models: tuple[Classifier, Classifier], options: dict[str, object], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        compare(models, engine, **options)  # type: ignore[arg-type]


def test_shared_limit_spans_all_maps_and_is_never_zero() -> None:
    assert shared_limit([np.zeros((2, 2), np.float32)]) == 1.0
    assert shared_limit([np.full((2, 2), 0.5, np.float32), np.full((2, 2), -2.0, np.float32)]) == 2.0

"""Networks on a picture of somebody's own."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from invariance.attribution.one_picture import MAPS, followed, look_at
from invariance.models import Classifier, create_model
from invariance.spec import SpecError
from tests.attribution.networks import random_images


@pytest.fixture
def model() -> Classifier:
    found = create_model("small", 3, seed=0).eval()
    found.class_names = ("a", "b", "c")
    return found


@pytest.fixture
def path() -> Tensor:
    start, end = random_images(2, 16).split(1)
    return start + torch.linspace(0, 1, 9)[:, None, None, None] * (end - start)


@pytest.mark.parametrize("shown", MAPS)
def test_predictions_and_distance_are_the_network_s(model: Classifier, path: Tensor, shown: str) -> None:
    found = look_at([model], path, units=[2.0], shown=shown)
    (view,) = found.views
    with torch.no_grad():
        probabilities = model(path[[0, -1]]).softmax(dim=1)
        moved = torch.linalg.vector_norm(model.representation(path[[0, -1]]).diff(dim=0))
    for top, row in zip((view.before, view.after), probabilities, strict=True):
        assert dict(top) == pytest.approx(dict(zip("abc", row.tolist(), strict=True)))
        assert [value for _, value in top] == sorted((value for _, value in top), reverse=True)
    assert view.distance == pytest.approx(float(moved) / 2, rel=1e-4)
    assert view.completeness_error < 0.2 and abs(view.relevance).max() > 0
    assert found.image.shape == found.changed.shape == (16, 16, 3)


def test_the_map_of_the_distance_adds_up_to_its_square(model: Classifier, path: Tensor) -> None:
    (view,) = look_at([model], path, units=[1.0], shown="distance").views
    assert view.relevance.sum() == pytest.approx(view.distance**2, rel=0.05)


def test_an_unchanged_picture_has_no_distance_and_an_empty_map(model: Classifier, path: Tensor) -> None:
    found = look_at([model], path[:1].repeat(5, 1, 1, 1), units=[1.0], shown="distance")
    (view,) = found.views
    assert view.distance == 0 and (view.relevance == 0).all() and view.before == view.after and found.limit > 0


def test_a_collapsed_network_has_predictions_and_no_distance(model: Classifier, path: Tensor) -> None:
    (view,) = look_at([model], path, units=[0.0], shown="distance").views
    assert math.isnan(view.distance) and (view.relevance == 0).all() and len(view.after) == 3


def test_an_unknown_map_is_refused(model: Classifier, path: Tensor) -> None:
    with pytest.raises(SpecError, match="distance, class"):
        look_at([model], path, units=[1.0], shown="aura")


def test_what_follows_a_slider_is_what_the_network_says_where_it_rests(model: Classifier, path: Tensor) -> None:
    seen = followed(model, path, 2.0)
    assert len(seen.says) == len(seen.probability) == len(path) and len(seen.distance) == len(path) - 1
    for step in (1, 5, 8):
        (view,) = look_at([model], path[: step + 1], units=[2.0], shown="class").views
        assert seen.says[step] == view.after[0][0] and seen.distance[step - 1] == pytest.approx(view.distance, rel=1e-4)
        assert seen.probability[step] == pytest.approx(view.after[0][1], rel=1e-4)
    assert (seen.says[0], seen.probability[0]) == (view.before[0][0], pytest.approx(view.before[0][1], rel=1e-4))
    assert all(math.isnan(each) for each in followed(model, path, 0.0).distance), "it sees no difference anywhere"


def test_a_network_without_classes_is_followed_by_its_distance(model: Classifier, path: Tensor) -> None:
    model.head = torch.nn.Identity()
    model.head.forward = lambda features: features[:, :0]
    seen = followed(model, path, 1.0)
    assert set(seen.says) == {""} and max(seen.distance) > 0

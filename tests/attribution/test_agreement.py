"""Three kinds of evidence on networks of known weights: each must tell a reader of one part from the others.

A network that reads the object alone has to be sensitive to the object and to nothing else (measure), has to hold the
object's shade and no other (probe), and has to rest its decisions on the object (attribution, Shapley values); the same
for background and sticker.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from invariance.attribution.attribute import attribute
from invariance.attribution.compare import compare
from invariance.attribution.score_set import score_set
from invariance.attribution.scores import share_on_object
from invariance.attribution.shapley import evidence
from invariance.data.engine import Batch, Engine
from invariance.data.preview import clean_backgrounds
from invariance.measures.factor_probe import held_out
from invariance.measures.feature_twins import feature_twins
from invariance.measures.sens import sens_scores
from invariance.models import Classifier
from invariance.vocabulary.methods import METHODS
from tests.attribution.networks import Failing, num_hooks
from tests.attribution.readers import REGIONS, SHADES, colour_coded, read_shades, reader

PARTS = tuple(REGIONS)
NUM = 120
FINE = {"occlusion": {"window": 2, "stride": 2}, "feature-ablation": {"patches": 16}, "gradient-shap": {"noise": 0.0}}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(colour_coded(tmp_path_factory.mktemp("coded")))


@pytest.fixture(scope="module")
def batch(engine: Engine) -> Batch:
    return engine.batch(engine.indices("test", NUM))


def shade_of(batch: Batch, part: str) -> Tensor:
    """Which shade a part has; files of backgrounds are sorted by name: dark, light, middle."""
    if part == "background":
        return torch.tensor([0, 2, 1])[batch.backgrounds]
    return batch.objects if part == "object" else batch.stickers


@torch.no_grad()
def features(model: Classifier, images: Tensor) -> Tensor:
    return model.representation(images)


def mask_of(part: str, batch: Batch) -> Tensor:
    return {
        "object": batch.masks,
        "sticker": batch.sticker_masks,
        "background": (1 - batch.masks) * (1 - batch.sticker_masks),
    }[part]


@pytest.mark.parametrize("part", PARTS)
def test_a_reader_names_its_part_s_shade_and_the_pixels_say_the_same(part: str, batch: Batch) -> None:
    with torch.no_grad():
        named = reader(part)(batch.images).argmax(dim=1)
    assert torch.equal(named, shade_of(batch, part)) and torch.equal(named, read_shades(batch.images, part))
    assert len(named.unique()) == len(SHADES)


@pytest.mark.parametrize("part", PARTS)
def test_sens_score_is_high_for_the_part_that_is_read_and_0_for_the_others(part: str, engine: Engine) -> None:
    model = reader(part)
    scores = {}
    for feature in (*PARTS, "scene"):
        first, second = feature_twins(engine, feature, engine.indices("test", NUM))
        assert not torch.equal(first, second)
        differs = (first != second).flatten(1).any(dim=1)
        scores[feature] = sens_scores(features(model, first), features(model, second), differs, seed=0).raw
    for other in PARTS:
        assert scores[other] == pytest.approx(1.0, abs=0.25) if other == part else scores[other] < 1e-4
    assert scores["scene"] < 1e-4 if part == "sticker" else scores["scene"] == pytest.approx(1.0, abs=0.25)


@pytest.mark.parametrize("part", PARTS)
def test_a_probe_decodes_the_part_that_is_read_and_guesses_the_others(part: str, batch: Batch) -> None:
    targets = [functional.one_hot(shade_of(batch, other), 3).double() for other in PARTS]
    folds = torch.arange(NUM) % 4
    predictions, _ = held_out(features(reader(part), batch.images), targets, folds)
    for other, target, predicted in zip(PARTS, targets, predictions, strict=True):
        accuracy = float((predicted.argmax(dim=1) == target.argmax(dim=1)).double().mean())
        assert accuracy > 0.99 if other == part else accuracy < 0.55


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("method", [name for name in METHODS if name != "grad-cam"])
def test_the_map_lies_on_the_part_that_is_read(method: str, part: str, batch: Batch) -> None:
    few = slice(0, 8)
    found = attribute(reader(part), batch.images[few], method=method, baseline="black", **FINE.get(method, {}))
    for other in PARTS:
        share = share_on_object(found.relevance.abs(), mask_of(other, batch)[few]).diagonal()
        expected = torch.full_like(share, float(other == part))
        torch.testing.assert_close(share, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("part", PARTS)
def test_shapley_values_name_the_part_that_is_read(part: str, engine: Engine) -> None:
    (found,) = evidence([reader(part)], engine, num=NUM)
    size = found.values.abs().mean(dim=0)
    assert int(size.argmax()) == found.players.index(part) and size.max() > 3
    assert float(size.sum() - size.max()) < 1e-5


@pytest.mark.parametrize("part", PARTS)
def test_against_the_clean_background_the_evidence_is_the_object_s_and_the_sticker_s(
    part: str, engine: Engine, batch: Batch
) -> None:
    """The baseline is the picture before anything was pasted: what stays the same in both says nothing."""
    few = slice(0, 8)
    start = clean_backgrounds(engine, engine.indices("test", 8))
    assert torch.equal(start[:, :, 28:], batch.images[few][:, :, 28:])
    found = attribute(reader(part), batch.images[few], baseline=start)
    strength = found.relevance.abs()
    if part == "background":
        assert not bool(strength.any()), "it sees no difference from the baseline"
        return
    share = (strength * mask_of(part, batch)[few]).sum(dim=(1, 2)) / strength.sum(dim=(1, 2))
    torch.testing.assert_close(share, torch.ones(8), atol=1e-4, rtol=0)


def test_two_networks_on_an_image_with_a_sticker_share_one_scale(engine: Engine) -> None:
    """What the page's difference of maps is made of."""
    models = [reader("object"), reader("sticker")]
    for baseline in ("background", "black"):
        found = compare(models, engine, position=2, baseline=baseline, explain="light")
        first, second = (view.relevance for view in found.explanations)
        difference = first - second
        assert abs(difference).max() > 0
        rows, columns = REGIONS["object"][1:]
        assert (difference[rows, columns] == first[rows, columns]).all()
        rows, columns = REGIONS["sticker"][1:]
        assert (difference[rows, columns] == -second[rows, columns]).all()
        assert found.mask[rows, columns].max() == 0, "the sticker hides what is under it"
        assert found.limit > 0 and found.has_sticker


def test_evidence_is_shared_between_object_and_sticker_against_the_clean_background(engine: Engine) -> None:
    models = [reader("object"), reader("sticker")]
    found = compare(models, engine, position=2, baseline="background")
    assert [view.mass for view in found.explanations] == pytest.approx([1, 0], abs=1e-4)
    assert [view.sticker_mass for view in found.explanations] == pytest.approx([0, 1], abs=1e-4)
    assert [row["share_on_sticker"] for row in found.scores()] == pytest.approx([0, 1], abs=1e-4)
    scores = score_set(models, engine, num=6, baseline="background")
    assert [records[0].mean for records in scores] == pytest.approx([1, 0], abs=1e-4)


def test_no_hook_survives_a_network_that_fails_under_any_coalition(engine: Engine) -> None:
    model = Failing(reader("object")).eval()
    model.class_names = ()  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="no more today"):
        evidence([model], engine, num=4)  # type: ignore[list-item]
    assert num_hooks(model) == 0

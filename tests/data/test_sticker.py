"""Stickers: what is drawn for them, where they are pasted, and that they change nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from invariance.data.engine import SPLIT_START, Engine
from invariance.data.export import write_npz
from invariance.data.laws import laws_of
from invariance.data.recipe import recipe_of
from invariance.spec import DatasetSpec, SpecError, canonical_json, to_dict

OBJECTS = ("noise-00", "noise-01", "noise-02", "noise-03", "noise-04")
STICKERS = ("noise-40", "noise-41", "noise-42")
SPEC = DatasetSpec(
    objects="noise",
    backgrounds="noise",
    classes=OBJECTS,
    transforms=("rotate",),
    stickers="noise",
    sticker_classes=STICKERS,
    sticker_place="anywhere",
    seed=11,
    image_size=16,
)
BARE = replace(SPEC, stickers="", sticker_classes=(), sticker_place="corner")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(SPEC)


def test_specs_without_stickers_keep_their_identity() -> None:
    assert not any(name.startswith("sticker") for name in to_dict(BARE))
    assert '"stickers":"noise"' in canonical_json(SPEC)


def test_any_index_alone_equals_the_batch(engine: Engine) -> None:
    indices = torch.tensor([5, 0, 2**41 + 3])
    batch = engine.batch(indices)
    for row in range(3):
        alone = engine.batch(indices[row : row + 1])
        torch.testing.assert_close(alone.images[0], batch.images[row], atol=1e-6, rtol=0)
        assert torch.equal(alone.sticker_masks[0], batch.sticker_masks[row])
        assert alone.stickers[0] == batch.stickers[row]
        assert set(alone.parameters) == {"rotate.angle_deg", "sticker.x", "sticker.y"} == set(laws_of(SPEC))


def test_it_is_pasted_over_the_image_without_it_and_hides_the_object(engine: Engine) -> None:
    batch, bare = engine.batch(torch.arange(64)), Engine(BARE).batch(torch.arange(64))
    outside = (batch.sticker_masks == 0)[:, None].expand_as(batch.images)
    assert torch.equal(batch.images[outside], bare.images[outside])
    assert torch.equal(batch.masks, bare.masks * (1 - batch.sticker_masks))
    assert (batch.masks + batch.sticker_masks).max() <= 1.0 + 1e-6
    assert (batch.masks < bare.masks).any(), "some sticker lies on its object"
    assert bool((bare.stickers == -1).all()) and bare.sticker_masks.shape == bare.masks.shape
    assert not bool(bare.sticker_masks.any())
    for row in (0, 17):  # where a sticker is opaque, the image is the sticker
        inside = batch.sticker_masks[row] == 1
        picture = engine._stickers.pictures[batch.stickers[row], :3].flatten(1)
        torch.testing.assert_close(batch.images[row][:, inside], picture, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("size", "side", "margin"), [(32, 12, 2), (64, 25, 4), (8, 3, 0)])
def test_place_and_size_scale_with_the_image(size: int, side: int, margin: int) -> None:
    """The paper's sticker is an object of 22 px times 0.55, 12 px of 32; noise is opaque, so its mask is its box."""
    engine = Engine(replace(SPEC, image_size=size, transforms=(), sticker_place="corner"))
    masks = engine.batch(torch.arange(4)).sticker_masks
    expected = torch.zeros(size, size)
    expected[margin : margin + side, size - margin - side : size - margin] = 1
    assert torch.equal(masks, expected.expand_as(masks))
    anywhere = engine.with_spec_changes(sticker_place="anywhere").batch(torch.arange(1500)).sticker_masks
    assert (anywhere.sum(dim=(1, 2)) == side**2).all(), "no sticker is cut by an edge"
    tops = anywhere.amax(dim=2).argmax(dim=1)
    lefts = anywhere.amax(dim=1).argmax(dim=1)
    for places in (tops, lefts):
        counts = places.bincount()
        assert len(counts) == size - side + 1 and counts.min() > 0, "every place that keeps it inside is used"
        assert counts.max() < 2.2 * len(places) / len(counts)


def test_scale_is_relative_to_an_object() -> None:
    sides = {
        scale: int(Engine(replace(SPEC, sticker_scale=scale, image_size=32)).batch(torch.arange(1)).sticker_masks.sum())
        ** 0.5
        for scale in (0.1, 0.5, 1.0)
    }
    assert sides == {0.1: 2, 0.5: 11, 1.0: 22}


@pytest.mark.parametrize("correlation", [0.0, 0.6, 1.0])
def test_correlation_is_realised_in_every_split_with_one_pairing(engine: Engine, correlation: float) -> None:
    changed = engine.with_spec_changes(sticker_correlation=correlation)
    assert changed.sticker_pairing == dict(zip(OBJECTS, (*STICKERS, *STICKERS[:2]), strict=True))
    for split in SPLIT_START:
        batch = changed.batch(changed.indices(split, 2000))
        paired = batch.objects % 3 == batch.stickers
        assert paired.float().mean().item() == pytest.approx(correlation + (1 - correlation) / 3, abs=0.035)
        assert ("sticker.paired" in batch.parameters) == (correlation > 0)
        if correlation > 0:
            drawn = batch.parameters["sticker.paired"]
            assert bool(paired[drawn].all()) and drawn.float().mean().item() == pytest.approx(correlation, abs=0.035)


def test_availability(engine: Engine) -> None:
    changed = engine.with_spec_changes(sticker_availability=0.3)
    batch, bare = changed.batch(torch.arange(2000)), Engine(BARE).batch(torch.arange(2000))
    there = batch.parameters["sticker.there"]
    assert there.float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert torch.equal(there, batch.stickers >= 0) and torch.equal(there, batch.sticker_masks.amax(dim=(1, 2)) > 0)
    assert torch.equal(batch.images[~there], bare.images[~there]) and torch.equal(
        batch.masks[~there], bare.masks[~there]
    )
    assert laws_of(changed.spec)["sticker.there"].words == "yes with p = 0.3"


def test_sticker_seed_changes_the_sticker_alone(engine: Engine) -> None:
    one = engine.batch(torch.arange(300))
    other = engine.with_spec_changes(sticker_seed=99).batch(torch.arange(300))
    same = ((one.sticker_masks == 0) & (other.sticker_masks == 0))[:, None].expand_as(one.images)
    assert torch.equal(one.images[same], other.images[same])
    assert torch.equal(one.objects, other.objects) and torch.equal(one.backgrounds, other.backgrounds)
    assert torch.equal(one.parameters["rotate.angle_deg"], other.parameters["rotate.angle_deg"])
    assert (one.stickers == other.stickers).float().mean().item() == pytest.approx(1 / 3, abs=0.1)
    assert not torch.equal(one.parameters["sticker.x"], other.parameters["sticker.x"])


def test_all_but_the_sticker_changes_with_the_seed_and_a_fixed_sticker_seed(engine: Engine) -> None:
    one = engine.with_spec_changes(sticker_seed=5).batch(torch.arange(300))
    other = engine.with_spec_changes(sticker_seed=5, seed=12).batch(torch.arange(300))
    assert torch.equal(one.stickers, other.stickers) and torch.equal(one.sticker_masks, other.sticker_masks)
    inside = (one.sticker_masks == 1)[:, None].expand_as(one.images)
    assert torch.equal(one.images[inside], other.images[inside])
    outside = (one.sticker_masks == 0)[:, None].expand_as(one.images)
    assert (one.images[outside] - other.images[outside]).abs().mean() > 0.1


def test_label_may_be_the_sticker_s(engine: Engine) -> None:
    changed = engine.with_spec_changes(label="sticker", sticker_correlation=0.5, sticker_availability=0.8)
    indices = changed.indices("test", 500)
    batch = changed.batch(indices)
    assert changed.class_names == STICKERS == changed.sticker_names and changed.object_names == OBJECTS
    assert torch.equal(changed.labels(indices), batch.labels)
    there = batch.stickers >= 0
    assert torch.equal(batch.labels[there], batch.stickers[there]) and batch.labels.min() == 0
    images, labels = changed.render(indices)
    assert torch.equal(labels, batch.labels) and (images / 255.0 - batch.images).abs().max() <= 0.5 / 255 + 1e-6


def test_a_sticker_on_black_is_an_object_that_is_never_there() -> None:
    spec = replace(SPEC, fg_availability=0.0, backgrounds="#000000", label="sticker")
    batch = Engine(spec).batch(torch.arange(16))
    outside = (batch.sticker_masks == 0)[:, None].expand_as(batch.images)
    assert not bool(batch.images[outside].any()) and not bool(batch.masks.any()) and bool(batch.images.any())


def test_a_picture_behind_the_samples_changes_the_background_alone(engine: Engine) -> None:
    grey = torch.full((1, 3, 16, 16), 0.5)
    own, other = engine.batch(torch.arange(20)), engine.batch(torch.arange(20), behind=grey)
    clear = (own.masks + own.sticker_masks == 0)[:, None].expand_as(own.images)
    solid = (own.masks + own.sticker_masks == 1)[:, None].expand_as(own.images)
    assert (other.images[clear] == 0.5).all() and torch.equal(own.images[solid], other.images[solid])
    assert torch.equal(own.backgrounds, other.backgrounds)


def test_whole_pictures_may_carry_stickers(tmp_path: Path) -> None:
    """The form of the study in the paper: a picture that fills the image, and a sticker on it."""
    for label, name in enumerate(("desert", "sea")):
        (tmp_path / name).mkdir()
        for number in range(10):
            Image.new("RGB", (32, 32), (200 * label, 0, 10 * number)).save(tmp_path / name / f"{number}.png")
    spec = DatasetSpec(objects=f"images:{tmp_path}", backgrounds="#000000", stickers="builtin", sticker_correlation=1.0)
    engine = Engine(spec)
    batch = engine.batch(engine.indices("train", 12))
    expected = [engine.sticker_names.index(engine.sticker_pairing[engine.object_names[one]]) for one in batch.objects]
    assert batch.stickers.tolist() == expected
    assert torch.equal(batch.masks, 1 - batch.sticker_masks)
    corner = batch.sticker_masks[:, 2:14, 18:30]
    assert bool((corner.amax(dim=(1, 2)) > 0.9).all())
    assert corner.count_nonzero() == batch.sticker_masks.count_nonzero(), "none of it is elsewhere"


def test_built_in_stickers_are_small_objects_without_fringes() -> None:
    """A sticker is its class's first picture made smaller, premultiplied: over black and over white they agree."""
    spec = DatasetSpec(backgrounds="#000000", fg_availability=0.0, stickers="builtin", classes=("mug", "bee"))
    engine = Engine(spec)
    black, white = (engine.batch(torch.arange(40), behind=torch.full((1, 3, 1, 1), value)) for value in (0.0, 1.0))
    alpha = black.sticker_masks[:, None]
    torch.testing.assert_close(white.images, (black.images + 1 - alpha).clamp(max=1), atol=1e-6, rtol=0)
    whole = Engine(DatasetSpec(backgrounds="#000000", classes=engine.sticker_names)).draw_objects(torch.arange(1)).rgba
    mean = black.images[black.stickers >= 0].sum() / black.sticker_masks.sum()
    assert whole.shape == (1, 4, 32, 32) and 0 < mean <= 3


def test_pictures_are_shared_where_the_sticker_s_stay(engine: Engine) -> None:
    assert engine.with_spec_changes(sticker_seed=3, label="sticker")._stickers is engine._stickers
    assert engine.with_spec_changes(sticker_scale=0.3)._stickers.pictures.shape[-1] == 3
    assert engine.with_spec_changes(stickers="", sticker_classes=(), sticker_place="corner").sticker_names == ()


def test_recipe_and_files_tell_of_it(engine: Engine, tmp_path: Path) -> None:
    changed = engine.with_spec_changes(sticker_correlation=0.5, sticker_seed=4, sticker_availability=0.5)
    batch = changed.batch(changed.indices("train", 20))
    for position in (0, 1, 2, 3):
        recipe = recipe_of(changed, position=position)
        number = int(batch.stickers[position])
        assert recipe.sticker_name == ("" if number < 0 else STICKERS[number])
        rows = {row[0]: row for row in recipe.rows()}
        assert rows["sticker"][2] == (recipe.sticker_name or "none")
        assert {"sticker.paired", "sticker.there", "sticker.x", "sticker.y"} <= set(rows)
        assert recipe.address == f"seed 11, sticker_seed 4, index {position}"
        assert recipe.flat()["sticker"] == recipe.sticker_name and '"sticker_seed": 4' in recipe.to_json()
    with (tmp_path / "x.npz").open("wb") as file:
        write_npz(changed, file, num=20)
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["sticker"].tolist() == batch.stickers.tolist()
        assert arrays["sticker_names"].tolist() == list(STICKERS)
        np.testing.assert_array_equal(arrays["sticker_mask"], (batch.sticker_masks * 255 + 0.5).byte().numpy())
        np.testing.assert_array_equal(arrays["mask"], (batch.masks * 255 + 0.5).byte().numpy())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sticker_place": "left"}, "sticker_place = 'left': expected corner or anywhere"),
        ({"sticker_scale": 0.05}, "sticker_scale = 0.05: expected a number from 0.1 to 1"),
        ({"sticker_correlation": 1.5}, "sticker_correlation = 1.5: expected a number from 0 to 1"),
        ({"sticker_availability": -0.1}, "sticker_availability = -0.1"),
        ({"sticker_seed": -1}, "sticker_seed = -1: expected a whole number"),
        ({"sticker_classes": ("a", "a")}, "each class once"),
        ({"sticker_classes": ("a",), "label": "sticker"}, "at least 2 classes"),
        ({"stickers": ""}, "sticker_classes = .*there are no stickers; leave it out"),
        ({"stickers": "", "sticker_classes": (), "sticker_place": "corner", "label": "sticker"}, "label = 'sticker'"),
    ],
)
def test_bad_values_of_a_spec(changes: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        replace(SPEC, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stickers": "cifar10", "sticker_classes": ()}, "stickers = cifar10: must be cut-outs"),
        ({"stickers": "#ff0000", "sticker_classes": ()}, "must be cut-outs"),
        ({"stickers": "/nowhere/at/all", "sticker_classes": ()}, "stickers: .*no such folder"),
        ({"sticker_classes": ("noise-01", "dog")}, "stickers: unknown class 'dog'"),
    ],
)
def test_sources_that_cannot_be_used(changes: dict, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Engine(replace(SPEC, **changes))

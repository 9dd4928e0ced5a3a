"""What is timed against the engine makes the same kind of image, and what is reported is what was timed."""

import math

import pytest
import torch

from benchmarks import kornia_batches, per_sample
from benchmarks.data_speed import (
    COMPOSITIONS,
    Contestants,
    Settings,
    geometric_mean,
    measure,
    straight,
    summarise,
    to_pictures,
)
from benchmarks.render_memory import measure_in_child
from invariance.data.engine import Engine, paste
from invariance.spec import TRANSFORM_NAMES, DatasetSpec

SIZE = 32


@pytest.fixture(scope="module")
def picture():
    """One object with a soft edge and one background: (1, 4, S, S) premultiplied, (1, 3, S, S)."""
    generator = torch.Generator().manual_seed(0)
    alpha = torch.zeros(1, 1, SIZE, SIZE)
    alpha[..., 5:27, 5:27] = 1.0
    alpha[..., 5, 5:27] = 0.5
    colour = torch.rand(1, 3, SIZE, SIZE, generator=generator) * alpha
    return torch.cat((colour, alpha), dim=1), torch.rand(1, 3, SIZE, SIZE, generator=generator)


def of_loader(picture, names):
    rgba, background = picture
    loader = per_sample.PerSample(to_pictures(straight(rgba)), to_pictures(background), num_workers=0, batch_size=8)
    ((images, _),) = loader.batches(names, 1)
    return images


def of_kornia(picture, names):
    rgba, background = picture
    return kornia_batches.KorniaBatches(straight(rgba), background, batch_size=8).batch(names)[0]


@pytest.mark.parametrize("make", [of_loader, of_kornia])
def test_untransformed_images_are_those_of_the_engine(picture, make):
    expected = paste(*picture).expand(8, -1, -1, -1)
    torch.testing.assert_close(make(picture, ()), expected, atol=2 / 255, rtol=0)


@pytest.mark.parametrize("make", [of_loader, of_kornia])
@pytest.mark.parametrize(
    ("name", "by_hand"),
    [("h_flip", lambda rgba: rgba.flip(3)), ("v_flip", lambda rgba: rgba.flip(2))],
)
def test_flips_are_flips(picture, make, name, by_hand):
    rgba, background = picture
    plain, flipped = paste(rgba, background)[0], paste(by_hand(rgba), background)[0]
    images = torch.cat([make(picture, (name,)) for _ in range(4)])
    is_plain = (images - plain).abs().amax(dim=(1, 2, 3)) < 2 / 255
    is_flipped = (images - flipped).abs().amax(dim=(1, 2, 3)) < 2 / 255
    assert (is_plain ^ is_flipped).all() and is_plain.any() and is_flipped.any()


@pytest.mark.parametrize("name", TRANSFORM_NAMES[:18])
def test_every_transformation_changes_the_object_alone_or_moves_it(picture, name):
    plain = paste(*picture)[0]
    for make in (of_loader, of_kornia):
        if make is of_kornia and name == "pixelate":
            continue
        images = torch.cat([make(picture, (name,)) for _ in range(3)])
        assert images.dtype == torch.float32 and images.shape == (24, 3, SIZE, SIZE)
        assert images.min() >= 0 and images.max() <= 1.0 + 1e-6
        assert ((images - plain).abs().amax(dim=(1, 2, 3)) > 0.05).any()


def test_kornia_lacks_pixelate_alone():
    assert set(per_sample.STEPS) - set(kornia_batches.STEPS) == {"pixelate"}


def test_ratios_are_taken_within_a_round():
    rounds = [
        {"loader": 100.0, "kornia": 10.0, "engine": 400.0},
        {"loader": 10.0, "kornia": 10.0, "engine": 50.0},
        {"loader": 50.0, "kornia": 100.0, "engine": 300.0},
    ]
    row = summarise(("rotate", "hue"), rounds)
    assert row["transforms"] == "rotate,hue" and row["loader"] == 50.0 and row["engine"] == 300.0
    assert row["engine_to_loader"] == 5.0, "median of 4, 5, 6; the ratio of the medians would be 6"
    assert row["engine_to_kornia"] == 5.0
    without = summarise((), [{"loader": 1.0, "engine": 2.0}])
    assert without["transforms"] == "none" and without["kornia"] is None and without["engine_to_kornia"] is None


def test_geometric_mean_leaves_out_what_was_not_measured():
    assert math.isclose(geometric_mean([1.0, None, 100.0]), 10.0)
    assert geometric_mean([None]) is None


def test_measure_times_everybody_and_leaves_the_threads_alone():
    settings = Settings(threads=1, rounds=1, seconds=0.01, image_size=8, batch_size=4)
    torch.set_num_threads(2)
    rows = list(measure(settings, [("pixelate",), ("h_flip",)]))
    assert torch.get_num_threads() == 2
    assert all(row["loader"] > 0 and row["engine"] > 0 for row in rows)
    assert rows[0]["kornia"] is None and rows[1]["kornia"] > 0
    assert len(COMPOSITIONS) == 20 and COMPOSITIONS[0] == ()


def test_engine_is_timed_on_the_composition_asked_for(monkeypatch):
    contestants = Contestants(Settings(threads=1, image_size=8, batch_size=4))
    rendered = []
    monkeypatch.setattr(type(contestants.engine), "render", lambda self, _: rendered.append(self.spec.transforms))
    contestants.of(("hue", "blur"))["engine"](0.0)
    assert set(rendered) == {("hue", "blur")}


def test_memory_is_that_of_the_images_and_little_else():
    names = ("rotate", "hue", "blur")
    engine = Engine(DatasetSpec(transforms=names))
    engine.render(engine.indices("train", 1))  # compiles, where nothing has been rendered yet
    peak = measure_in_child(num=50_000, image_size=32, threads=2, transforms=names)
    if peak is None:
        pytest.skip("this system does not tell a process's peak memory")
    images = 50_000 * 3 * 32 * 32
    assert images < peak < 275e6, "the goal is 250 MB; 261 were seen, and systems differ"

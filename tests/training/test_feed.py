from dataclasses import replace

import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Cancelled
from invariance.spec import DatasetSpec, SpecError
from invariance.training import feed as feed_module
from invariance.training.feed import FiniteFeed, Rendered, StreamFeed, TwinFeed, render_cancellable, render_views


def numbered(num: int) -> Rendered:
    """Samples of which the label says which one it is."""
    images = torch.arange(num, dtype=torch.uint8)[:, None, None, None].expand(num, 3, 2, 2)
    return Rendered(images, torch.arange(num))


@pytest.mark.parametrize("num", [2, 31, 32, 33, 65])
def test_every_epoch_holds_every_sample_once_in_another_order(num: int) -> None:
    feed = FiniteFeed(numbered(num), batch_size=32, num_epochs=3, seed=0)
    steps = [feed.batch(step)[1] for step in range(feed.num_steps)]
    epochs = torch.cat(steps).view(3, num)
    assert torch.equal(epochs.sort(dim=1).values, torch.arange(num).expand(3, num))
    assert num < 3 or not torch.equal(epochs[0], epochs[1])
    sizes = {len(labels) for labels in steps}
    assert max(sizes) <= 32 and max(sizes) - min(sizes) <= 1 and min(sizes) >= 2


@pytest.mark.parametrize(("num", "sizes"), [(2, [2]), (3, [3]), (5, [2, 3]), (6, [2, 2, 2])])
def test_no_step_has_one_image_alone(num: int, sizes: list[int]) -> None:
    feed = FiniteFeed(numbered(num), batch_size=2, num_epochs=1, seed=0)
    assert sorted(len(feed.batch(step)[1]) for step in range(feed.num_steps)) == sizes


def test_a_step_is_the_same_whatever_was_asked_before() -> None:
    first, second = (FiniteFeed(numbered(50), batch_size=8, num_epochs=3, seed=4) for _ in range(2))
    for step in range(first.num_steps):
        first.batch(step)
    images, labels = first.batch(9)
    assert torch.equal(labels, second.batch(9)[1])
    assert torch.equal(images[:, 0, 0, 0].long(), labels)


def test_another_seed_is_another_order() -> None:
    first, second = (FiniteFeed(numbered(50), batch_size=50, num_epochs=1, seed=seed) for seed in (0, 1))
    assert not torch.equal(first.batch(0)[1], second.batch(0)[1])


def test_epochs_are_counted_when_they_are_complete() -> None:
    feed = FiniteFeed(numbered(50), batch_size=25, num_epochs=3, seed=0)
    assert [feed.epochs_done(step) for step in range(7)] == [0, 0, 1, 1, 2, 2, 3]


def test_one_image_is_refused() -> None:
    with pytest.raises(SpecError, match=r"num_samples = 1: .* at least 2"):
        FiniteFeed(numbered(1), batch_size=8, num_epochs=1, seed=0)


def test_a_stream_goes_on_and_never_repeats(noise_data: DatasetSpec) -> None:
    engine = Engine(replace(noise_data, num_samples=None))
    feed = StreamFeed(engine, batch_size=8, num_epochs=2, samples_per_epoch=20)
    assert feed.num_steps == 5
    assert [feed.epochs_done(step) for step in range(6)] == [0, 0, 0, 1, 1, 2]
    images, labels = engine.render(torch.arange(40))
    for step in (3, 4, 0, 1, 2):
        seen = feed.batch(step)
        assert torch.equal(seen[0], images[8 * step : 8 * step + 8])
        assert torch.equal(seen[1], labels[8 * step : 8 * step + 8])


def test_how_far_a_stream_is_made_ahead_changes_nothing(
    noise_data: DatasetSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(replace(noise_data, num_samples=None, transforms=("rotate", "blur")))
    feed = StreamFeed(engine, batch_size=8, num_epochs=1, samples_per_epoch=56)
    together = [feed.batch(step) for step in range(7)]
    monkeypatch.setattr("invariance.training.feed._PIXELS_AHEAD", 3 * 8 * noise_data.image_size**2)
    resumed = StreamFeed(engine, batch_size=8, num_epochs=1, samples_per_epoch=56)
    for step in (4, 5, 6):
        assert all(torch.equal(one, other) for one, other in zip(resumed.batch(step), together[step], strict=True))


@pytest.mark.parametrize("field", ["seed", "transform_seed"])
def test_the_last_seed_has_twins_in_every_epoch(noise_data: DatasetSpec, field: str) -> None:
    spec = replace(noise_data, transforms=("rotate",), **{field: 2**63 - 1})
    feed = TwinFeed(Engine(spec), num_samples=4, batch_size=4, num_epochs=2, seed=0)
    first, second = (feed.batch(step)[0] for step in range(2))
    assert not torch.equal(first[:4], first[4:]) and not torch.equal(first.sort(dim=0)[0], second.sort(dim=0)[0])


def test_rendering_is_the_engine_s_and_stops_when_asked(noise_data: DatasetSpec) -> None:
    engine = Engine(noise_data)
    indices = engine.indices("train", 2100)
    work = render_cancellable(engine, indices, lambda: False, pause_s=0.0)
    shares = []
    while True:
        try:
            shares.append(next(work))
        except StopIteration as end:
            rendered = end.value
            break
    assert shares == [1024 / 2100, 2048 / 2100]
    assert torch.equal(rendered.images, engine.render(indices)[0])
    assert torch.equal(rendered.labels, engine.render(indices)[1])
    with pytest.raises(Cancelled):
        next(render_cancellable(engine, indices, lambda: True))


@pytest.mark.parametrize("steps", [1, 2, 3, 100])
def test_twins_are_the_same_however_many_steps_are_made_together(
    noise_data: DatasetSpec, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Of 14 samples in batches of at most 5, three steps an epoch of 5, 5 and 4."""
    engine = Engine(noise_data)
    monkeypatch.setattr(feed_module, "_PIXELS_AHEAD", steps * 5 * engine.spec.image_size**2)
    feed = TwinFeed(engine, num_samples=14, batch_size=5, num_epochs=2, seed=1)
    indices = engine.indices("train", 14)
    positions = Rendered(torch.zeros(14, 0, dtype=torch.uint8), indices)
    order = FiniteFeed(positions, batch_size=5, num_epochs=2, seed=1)
    for step in (0, 1, 2, 3, 4, 5, 1):
        chosen = order.batch(step)[1]
        first, second = render_views(engine, chosen, 2, draw=step // 3)
        images, labels = feed.batch(step)
        assert torch.equal(images, torch.cat((first.images, second.images))) and torch.equal(labels, first.labels)

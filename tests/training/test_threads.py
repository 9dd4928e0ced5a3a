"""A run of a small network has one set of bits, whatever number of threads torch has where it is asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.data.engine import Engine
from invariance.data.threads import num_sample_threads, one_thread
from invariance.events import Event, Finished
from invariance.measures.measure import measure
from invariance.models import Classifier
from invariance.spec import DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, TransferSpec
from invariance.training import feed
from invariance.training.feed import StreamFeed, TwinFeed
from invariance.training.loop import WEIGHTS, pretrain
from invariance.training.threads import in_threads_of, threads_of
from invariance.training.together import pretrain_together
from invariance.training.transfer import transfer

DATA = DatasetSpec(
    objects="noise", backgrounds="noise", classes=("noise-00", "noise-01", "noise-02"), num_samples=96, image_size=32
)
SPEC = PretrainSpec(data=DATA, epochs=2, batch_size=48, num_test_samples=32)


def ends(events: Iterator[Event], num_threads: int) -> Finished:
    """How a run ends that is asked for where torch has so many threads."""
    torch.set_num_threads(num_threads)
    *_, last = events
    assert torch.get_num_threads() == num_threads
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize(
    "spec",
    [
        SPEC,
        replace(SPEC, model="small_vit", epochs=1),
        replace(SPEC, data=replace(DATA, num_samples=None, transforms=("rotate",)), samples_per_epoch=96),
        replace(SPEC, objective="simclr", data=replace(DATA, transforms=("hue",))),
    ],
    ids=["finite", "another architecture", "stream", "twins"],
)
def test_a_training_is_the_same_on_one_thread_on_two_and_beside_another(tmp_path: Path, spec: PretrainSpec) -> None:
    on_one, on_two = (ends(pretrain(spec, tmp_path / str(num)), num) for num in (1, 2))
    beside = [spec, replace(spec, seed=9)]
    together = pretrain_together(beside, [tmp_path / "a", tmp_path / "b"], way="threads")
    (as_one_of_two,) = [event for number, event in together if number == 0 and isinstance(event, Finished)]
    assert on_one.sha256 == on_two.sha256 == as_one_of_two.sha256
    assert on_one.metrics == on_two.metrics == as_one_of_two.metrics


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small network's weights."""
    ends(pretrain(replace(SPEC, epochs=1), tmp_path / "source"), 1)
    return tmp_path / "source" / WEIGHTS


@pytest.fixture
def computed_with(source: Path, monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Numbers of threads with which networks look at images: what follows may hide a last digit, and need not."""
    seen, original = set[int](), Classifier.representation

    def representation(self: Classifier, images: torch.Tensor) -> torch.Tensor:
        seen.add(torch.get_num_threads())
        return original(self, images)

    monkeypatch.setattr(Classifier, "representation", representation)
    return seen


@pytest.mark.parametrize(
    "changes",
    [{}, {"regularisation": "validation"}, {"method": "fine-tune", "epochs": 1}],
    ids=["probe", "chosen penalty", "fine-tuning"],
)
def test_a_transfer_is_the_same_on_one_thread_and_on_two(
    tmp_path: Path, source: Path, computed_with: set[int], changes: dict[str, object]
) -> None:
    spec = TransferSpec(source="a", data=replace(DATA, seed=4), num_test_samples=64, **changes)  # type: ignore[arg-type]
    on_one, on_two = (ends(transfer(spec, source, tmp_path / str(num)), num) for num in (1, 2))
    assert on_one.sha256 == on_two.sha256 and on_one.metrics == on_two.metrics
    assert computed_with == {1}


@pytest.mark.parametrize(
    "spec",
    [
        MeasureSpec(sources=("a",), data=DATA, transforms=("rotate", "contrast"), num_pairs=64),
        FactorSpec(sources=("a",), factors=("class",), data=replace(DATA, image_size=8), num_images=60, num_folds=2),
    ],
    ids=["sens", "factors"],
)
def test_a_measurement_is_the_same_on_one_thread_and_on_two(
    tmp_path: Path, source: Path, computed_with: set[int], spec: MeasureSpec | FactorSpec
) -> None:
    tables = []
    for num in (1, 2):
        last = ends(measure(spec, {"a": source}, tmp_path / str(num)), num)
        assert last.table is not None
        tables.append(Path(last.table).read_bytes())
    assert tables[0] == tables[1] and computed_with == {1}


def test_the_rule_is_for_small_networks_on_a_cpu() -> None:
    torch.set_num_threads(2)
    for models, device, expected in (
        (["small"], "cpu", 1),
        (["small", "small_vit"], "cpu", 1),
        (["small", "resnet18"], "cpu", 2),
        (["torchvision:resnet18"], "cpu", 2),
        (["small"], "cuda:0", 2),
    ):
        with threads_of(models, device):
            assert torch.get_num_threads() == expected, models
            assert num_sample_threads() == 2, "samples are made by all"
        assert torch.get_num_threads() == 2


def test_whoever_hears_of_the_events_has_the_threads_that_there_were() -> None:
    torch.set_num_threads(2)
    seen: list[int] = []

    def work() -> Generator[int, None, None]:
        try:
            for number in range(3):
                seen.append(torch.get_num_threads())
                yield number
        finally:
            seen.append(-1)

    events = in_threads_of(["small"], "cpu", work())
    assert next(events) == 0 and torch.get_num_threads() == num_sample_threads() == 2
    assert next(events) == 1 and seen == [1, 1]
    events.close()
    assert seen == [1, 1, -1] and torch.get_num_threads() == 2


def test_the_next_images_are_made_ahead_and_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_PIXELS_AHEAD", 16 * 32**2)
    engine = Engine(replace(DATA, num_samples=None, transforms=("rotate",)))
    made: list[int] = []
    render = engine.render

    def counting(indices: torch.Tensor, **options: int) -> tuple[torch.Tensor, torch.Tensor]:
        made.append(int(indices[0]))
        return render(indices, **options)

    def feeds() -> list[StreamFeed | TwinFeed]:
        return [
            StreamFeed(engine, batch_size=8, num_epochs=1, samples_per_epoch=56),
            TwinFeed(engine, num_samples=20, batch_size=8, num_epochs=2, seed=3),
        ]

    for alone, ahead in zip(feeds(), feeds(), strict=True):
        torch.set_num_threads(1)
        expected = [alone.batch(step) for step in range(alone.num_steps)]
        torch.set_num_threads(2)
        with one_thread():
            for step, (images, labels) in enumerate(expected):
                found = ahead.batch(step)
                assert torch.equal(found[0], images) and torch.equal(found[1], labels)
            assert torch.equal(ahead.batch(0)[0], expected[0][0]), "whatever was made ahead"
    engine.render = counting  # type: ignore[method-assign]
    torch.set_num_threads(2)
    with one_thread():
        stream = StreamFeed(engine, batch_size=8, num_epochs=1, samples_per_epoch=56)
        stream.batch(0)
        assert stream._stretches._following is not None
        stream._stretches._following[1].result()
    assert made == [0, 16]

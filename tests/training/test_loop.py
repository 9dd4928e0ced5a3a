import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Cancelled, Diverged, Event, Finished, Progress
from invariance.models import create_model
from invariance.spec import PretrainSpec
from invariance.training import loop, reporting
from invariance.training.checkpoint import load_weights
from invariance.training.feed import FiniteFeed
from invariance.training.loop import pretrain
from invariance.training.resume import CURRENT, load_state

Flag = Callable[[], bool]


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is reported must not depend on how fast the machine is."""
    monkeypatch.setattr(loop, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "NUM_VALIDATION_SAMPLES", 20)


def collect(
    spec: PretrainSpec, directory: Path, *, cancelled: Flag | None = None, every_s: float = 10.0
) -> list[Event]:
    """The events up to a cancel, or all of them."""
    events: list[Event] = []
    try:
        for event in pretrain(spec, directory, cancelled=cancelled or (lambda: False), checkpoint_every_s=every_s):
            events.append(event)  # noqa: PERF402 - a cancel must not lose what came before
    except Cancelled:
        assert cancelled is not None
    return events


def weights(events: list[Event]) -> dict[str, torch.Tensor]:
    last = events[-1]
    assert isinstance(last, Finished) and last.checkpoint is not None
    return load_weights(Path(last.checkpoint)).state_dict()


def steps(events: list[Event]) -> list[int]:
    return [event.step for event in events if isinstance(event, Progress) and event.metrics]


def taken(events: list[Event]) -> list[int]:
    """The steps that were taken by these events' process, and not only told again by it."""
    return [event.step for event in events if isinstance(event, Progress) and event.images_per_second > 0]


def endless(spec: PretrainSpec) -> PretrainSpec:
    return replace(spec, data=replace(spec.data, num_samples=None), samples_per_epoch=96)


@pytest.mark.parametrize("kind", ["finite", "endless"])
@pytest.mark.parametrize("stop_at", range(12))
def test_stopping_and_going_on_is_the_same_bit_for_bit(
    tmp_path: Path, pretrain_spec: PretrainSpec, after: Callable[[int], Flag], kind: str, stop_at: int
) -> None:
    spec = endless(pretrain_spec) if kind == "endless" else pretrain_spec
    spec = replace(spec, schedule="cosine", weight_decay=1e-3)
    whole = collect(spec, tmp_path / "whole")
    before = collect(spec, tmp_path / "parts", cancelled=after(stop_at + (kind == "finite")))
    assert steps(before) == list(range(1, stop_at + 1))
    rest = collect(spec, tmp_path / "parts")
    assert taken(before + rest) == steps(rest) == steps(whole) == list(range(1, 13))
    one, other = weights(whole), weights(rest)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert [event.metrics for event in rest] == [event.metrics for event in whole], "also what was told before"
    assert [event.metrics for event in before] == [event.metrics for event in whole[:stop_at]]


@pytest.mark.parametrize("objective", ["supervised", "rotation"])
def test_a_training_with_muon_goes_on_bit_for_bit(
    tmp_path: Path, pretrain_spec: PretrainSpec, after: Callable[[int], Flag], objective: str
) -> None:
    spec = replace(endless(pretrain_spec), optimizer="muon", schedule="linear", learning_rate=0.02, objective=objective)
    whole = collect(spec, tmp_path / "whole")
    before = collect(spec, tmp_path / "parts", cancelled=after(5))
    rest = collect(spec, tmp_path / "parts")
    assert taken(before + rest) == steps(whole) == list(range(1, 13))
    one, other = weights(whole), weights(rest)
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    adam = weights(collect(replace(spec, optimizer="adam"), tmp_path / "adam"))
    assert not any(torch.equal(value, adam[name]) for name, value in one.items() if value.dim() == 4)


@pytest.mark.parametrize("event_every_s", [0.0, 1e9])
def test_what_is_measured_is_a_function_of_the_step_and_not_of_the_clock(
    tmp_path: Path, pretrain_spec: PretrainSpec, monkeypatch: pytest.MonkeyPatch, event_every_s: float
) -> None:
    monkeypatch.setattr(loop, "EVENT_EVERY_S", event_every_s)
    monkeypatch.setattr(reporting, "_ROWS_BITS", 2)
    events = collect(pretrain_spec, tmp_path)
    # All up to 3, then 2 of each doubling; 6 and 12 are the ends of epochs 2 and 4, after which it is validated.
    assert steps(events) == [1, 2, 3, 4, 6, 8, 12]
    by_step = {event.step: event.metrics for event in events if isinstance(event, Progress)}
    monkeypatch.setattr(reporting, "_ROWS_BITS", 6)
    singly = collect(pretrain_spec, tmp_path / "singly")
    each = {event.step: event.metrics for event in singly if isinstance(event, Progress)}
    for steps_of_row in ((4,), (5, 6), (7, 8), (9, 10, 11, 12)):
        sizes = [24 if step % 3 == 1 else 23 for step in steps_of_row]  # an epoch of 70 images in three steps
        total = sum(size * each[step]["train_loss"] for size, step in zip(sizes, steps_of_row, strict=True))
        assert by_step[steps_of_row[-1]]["train_loss"] == pytest.approx(total / sum(sizes), rel=1e-12)


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    whole = collect(pretrain_spec, tmp_path / "whole")
    killed = pretrain(pretrain_spec, tmp_path / "killed", checkpoint_every_s=0.0)
    for _ in range(7):
        next(killed)
    killed.close()  # type: ignore[attr-defined]
    (tmp_path / "killed" / "state.pt.xyz.part").touch()
    rest = collect(pretrain_spec, tmp_path / "killed")
    assert 1 < taken(rest)[0] <= 7
    assert [event.metrics for event in rest] == [event.metrics for event in whole]
    other = weights(rest)
    assert all(torch.equal(value, other[name]) for name, value in weights(whole).items())
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["weights.safetensors"]


def test_a_run_cancelled_while_it_is_evaluated_keeps_its_training(
    tmp_path: Path, pretrain_spec: PretrainSpec, after: Callable[[int], Flag]
) -> None:
    collect(pretrain_spec, tmp_path, cancelled=after(13))
    assert (tmp_path / CURRENT).exists()
    events = collect(pretrain_spec, tmp_path)
    assert isinstance(events[-1], Finished) and taken(events) == [], "no step is taken twice"
    assert steps(events) == list(range(1, 13)), "whoever recorded them may have been killed first"


@pytest.mark.parametrize("num_samples", [70, None])
def test_of_no_epochs_a_network_keeps_its_first_weights(
    tmp_path: Path, pretrain_spec: PretrainSpec, num_samples: int | None
) -> None:
    data = replace(pretrain_spec.data, num_samples=num_samples)
    *_, last = pretrain(replace(pretrain_spec, data=data, epochs=0), tmp_path)
    assert isinstance(last, Finished) and last.checkpoint is not None and 0 <= last.metrics["test_accuracy"] <= 1
    kept, first = load_weights(Path(last.checkpoint)).state_dict(), create_model("small", 3, seed=5).state_dict()
    assert all(torch.equal(value, kept[name]) for name, value in first.items())


def test_it_learns_and_reports_what_it_promises(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    spec = replace(pretrain_spec, epochs=20)
    events = collect(spec, tmp_path)
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert set(finished.metrics) == {"test_accuracy", "test_loss", "train_accuracy", "train_loss"}
    assert finished.metrics["test_accuracy"] > 0.9
    assert finished.device == "cpu"
    first, last = events[0], events[-2]
    assert isinstance(first, Progress) and isinstance(last, Progress)
    assert (first.step, last.step, last.num_steps, last.epoch, last.num_epochs) == (1, 60, 60, 20, 20)
    assert last.eta_seconds == 0.0
    assert last.metrics["train_loss"] < first.metrics["train_loss"]
    assert "validation_accuracy" in last.metrics


def test_the_test_split_is_looked_at_once_and_meets_no_other(
    tmp_path: Path, pretrain_spec: PretrainSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Slip 1 of the authors' code pooled the splits, slip 4 let them overlap.
    seen: list[str] = []
    ranges: dict[str, torch.Tensor] = {}
    original = Engine.indices

    def spy(self: Engine, split: str, num: int) -> torch.Tensor:
        seen.append(split)
        ranges[split] = original(self, split, num)
        return ranges[split]

    monkeypatch.setattr(Engine, "indices", spy)
    collect(pretrain_spec, tmp_path)
    assert seen == ["train", "validation", "test", "train"]
    numbers = torch.cat(list(ranges.values()))
    assert len(numbers) == len(numbers.unique())


def test_short_epochs_are_not_each_validated(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    # 70 images an epoch and 20 to validate on: after 100 images, so at the ends of epochs 2 and 4.
    events = collect(pretrain_spec, tmp_path)
    validated = [event.step for event in events if "validation_accuracy" in event.metrics]
    assert validated == [6, 12]


def test_global_generators_are_left_alone(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    torch_state, python_state = torch.get_rng_state(), random.getstate()
    numpy_state = str(np.random.get_state())  # noqa: NPY002 - the global generator is what must not move
    collect(pretrain_spec, tmp_path)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert str(np.random.get_state()) == numpy_state  # noqa: NPY002
    assert random.getstate() == python_state


def test_divergence_is_one_clear_line(
    tmp_path: Path, pretrain_spec: PretrainSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: FiniteFeed, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.full((8, 3, 8, 8), float("inf")), torch.zeros(8, dtype=torch.int64)

    monkeypatch.setattr(FiniteFeed, "batch", broken)
    with pytest.raises(Diverged, match=r"learning_rate below 0\.001") as caught:
        collect(pretrain_spec, tmp_path)
    assert isinstance(caught.value, ValueError)
    assert "\n" not in str(caught.value)


def test_divergence_is_said_at_the_next_report_and_keeps_the_last_sound_state(
    tmp_path: Path, pretrain_spec: PretrainSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = FiniteFeed.batch

    def broken(self: FiniteFeed, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        images, labels = original(self, step)
        return (images * torch.nan if step == 4 else images), labels

    monkeypatch.setattr(FiniteFeed, "batch", broken)
    seen: list[Event] = []
    with pytest.raises(Diverged, match="at or before step 5"):
        seen.extend(pretrain(pretrain_spec, tmp_path, checkpoint_every_s=0.0))
    assert steps(seen) == [1, 2, 3, 4], "of 12"
    state = load_state(tmp_path)
    assert state is not None and 1 <= state["step"] <= 4
    assert all(bool(torch.isfinite(value).all()) for value in state["model"].values())


def test_collapse_is_said_at_the_first_validation(
    tmp_path: Path, pretrain_spec: PretrainSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = loop.TrainState.advance

    def collapsing(self: loop.TrainState, *args: torch.Tensor, **options: float) -> None:
        advance(self, *args, **options)
        with torch.no_grad():  # every unit of the last block is dead: the representation is zero, the loss finite
            for name, parameter in self.model.backbone.named_parameters():
                if name.startswith("blocks.3.1"):
                    parameter.fill_(-1.0 if name.endswith("bias") else 0.0)

    monkeypatch.setattr(loop.TrainState, "advance", collapsing)
    seen: list[Event] = []
    with pytest.raises(Diverged, match="collapsed at or before step 6: the representation is the same for all") as end:
        seen.extend(pretrain(pretrain_spec, tmp_path))
    assert steps(seen) == [1, 2, 3, 4, 5], "of 12; the first validation is after step 6"
    assert "\n" not in str(end.value)


def test_the_seed_decides_the_weights(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    spec = replace(pretrain_spec, epochs=1)
    first = weights(collect(spec, tmp_path / "a"))
    again = weights(collect(spec, tmp_path / "b"))
    other = weights(collect(replace(spec, seed=6), tmp_path / "c"))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])

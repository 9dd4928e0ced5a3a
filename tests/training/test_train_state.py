import math
from pathlib import Path

import pytest
import torch
from torch import nn

from invariance.events import Diverged
from invariance.models import Classifier, create_model
from invariance.training.resume import load_state, save_state
from invariance.training.train_state import TrainState


def make(directory: Path, *, identity: str = "a", learning_rate: float = 1e-3) -> TrainState:
    return TrainState(
        create_model("small", 3, seed=0), learning_rate=learning_rate, directory=directory, identity=identity
    )


def batch(num: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(num, 3, 8, 8, generator=generator), torch.randint(3, (num,), generator=generator)


def test_metrics_are_means_over_images_since_the_last_time(tmp_path: Path) -> None:
    train_state = make(tmp_path)
    with torch.no_grad():
        train_state.model.head.weight.zero_()
        train_state.model.head.bias.zero_()
    images, labels = batch()
    train_state.advance(images, labels)
    metrics = train_state.take_metrics()
    assert metrics["train_loss"] == pytest.approx(math.log(3), abs=1e-6)
    assert metrics["train_accuracy"] == float((labels == 0).double().mean())
    assert train_state.take_metrics() == {}


def test_a_step_lowers_the_loss_and_counts(tmp_path: Path) -> None:
    train_state = make(tmp_path)
    losses = []
    for _ in range(5):
        train_state.advance(*batch())
        losses.append(train_state.take_metrics()["train_loss"])
    assert losses[-1] < losses[0]
    assert train_state.step == 5
    assert train_state.images_since_validation == 80


def test_a_loss_that_is_not_finite_ends_the_training_before_anything_is_saved(tmp_path: Path) -> None:
    train_state = make(tmp_path, learning_rate=0.5)
    images, labels = batch()
    train_state.advance(images * math.nan, labels)
    with pytest.raises(Diverged, match=r"diverged at or before step 1: .* below 0\.5"):
        train_state.save()
    with pytest.raises(Diverged):
        train_state.take_metrics()
    assert not list(tmp_path.iterdir())


def test_the_running_sums_are_part_of_the_state(tmp_path: Path) -> None:
    train_state, other = make(tmp_path), make(tmp_path)
    train_state.advance(*batch())
    train_state.save()
    assert other.resume()
    assert other.step == 1
    assert other.take_metrics() == train_state.take_metrics()
    assert other.seconds >= train_state.seconds * 0.5 > 0


def test_the_history_of_a_state_is_taken_up_also_from_a_former_version(tmp_path: Path) -> None:
    measured = [{"step": 1, "seconds": 0.5, "metrics": {"train_loss": 1.0}}]
    train_state = make(tmp_path)
    train_state.history = measured
    train_state.save()
    state = load_state(tmp_path)
    assert state is not None and state["history"] == measured
    state["told"] = state.pop("history")
    save_state(tmp_path, state)
    other = make(tmp_path)
    assert other.resume() and other.history == measured


def test_the_state_of_another_run_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path, identity="b").save()
    train_state = make(tmp_path)
    assert not train_state.resume()
    assert train_state.step == 0


def with_dropout() -> Classifier:
    model = create_model("small", 3, seed=0)
    model.backbone = nn.Sequential(model.backbone, nn.Dropout(0.5))
    return model


def test_what_dropout_draws_is_of_the_run_and_the_step_alone(tmp_path: Path) -> None:
    whole = TrainState(with_dropout(), learning_rate=1e-3, directory=tmp_path / "whole", identity="a")
    before = torch.get_rng_state()
    for _ in range(4):
        whole.advance(*batch())
    assert torch.equal(torch.get_rng_state(), before), "torch's generator is read and put back"
    parts = tmp_path / "parts"
    parts.mkdir()
    for num_steps in (1, 4):
        part = TrainState(with_dropout(), learning_rate=1e-3, directory=parts, identity="a")
        part.resume()
        with torch.random.fork_rng(devices=[]):
            torch.rand(num_steps)  # as another process, or a worker that did something else before
            while part.step < num_steps:
                part.advance(*batch())
        part.save()
    assert all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), part.model.parameters(), strict=True))
    other = TrainState(with_dropout(), learning_rate=1e-3, directory=parts, identity="b")
    losses = []
    for _ in range(2):
        other.advance(torch.zeros(16, 3, 8, 8), torch.zeros(16, dtype=torch.int64))
        losses.append(other.take_metrics()["train_loss"])
    assert losses[0] != losses[1], "each step draws anew"

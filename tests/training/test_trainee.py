import math
from pathlib import Path

import pytest
import torch

from invariance.models import create_model
from invariance.training.events import Diverged
from invariance.training.trainee import Trainee


def make(directory: Path, *, identity: str = "a", learning_rate: float = 1e-3) -> Trainee:
    return Trainee(
        create_model("small", 3, seed=0), learning_rate=learning_rate, directory=directory, identity=identity
    )


def batch(num: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(num, 3, 8, 8, generator=generator), torch.randint(3, (num,), generator=generator)


def test_metrics_are_means_over_images_since_the_last_time(tmp_path: Path) -> None:
    trainee = make(tmp_path)
    with torch.no_grad():
        trainee.model.head.weight.zero_()
        trainee.model.head.bias.zero_()
    images, labels = batch()
    trainee.advance(images, labels)
    metrics = trainee.take_metrics()
    assert metrics["train_loss"] == pytest.approx(math.log(3), abs=1e-6)
    assert metrics["train_accuracy"] == float((labels == 0).double().mean())
    assert trainee.take_metrics() == {}


def test_a_step_lowers_the_loss_and_counts(tmp_path: Path) -> None:
    trainee = make(tmp_path)
    losses = []
    for _ in range(5):
        trainee.advance(*batch())
        losses.append(trainee.take_metrics()["train_loss"])
    assert losses[-1] < losses[0]
    assert trainee.step == 5
    assert trainee.images_since_validation == 80


def test_a_loss_that_is_not_finite_ends_the_training_before_anything_is_saved(tmp_path: Path) -> None:
    trainee = make(tmp_path, learning_rate=0.5)
    images, labels = batch()
    trainee.advance(images * math.nan, labels)
    with pytest.raises(Diverged, match=r"diverged at or before step 1: .* below 0\.5"):
        trainee.save()
    with pytest.raises(Diverged):
        trainee.take_metrics()
    assert not list(tmp_path.iterdir())


def test_the_running_sums_are_part_of_the_state(tmp_path: Path) -> None:
    trainee, other = make(tmp_path), make(tmp_path)
    trainee.advance(*batch())
    trainee.save()
    assert other.resume()
    assert other.step == 1
    assert other.take_metrics() == trainee.take_metrics()
    assert other.seconds >= trainee.seconds * 0.5 > 0


def test_the_state_of_another_run_is_left_alone(tmp_path: Path) -> None:
    make(tmp_path, identity="b").save()
    trainee = make(tmp_path)
    assert not trainee.resume()
    assert trainee.step == 0

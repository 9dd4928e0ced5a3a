"""Each objective against its published formula on small numbers, and each of them learning."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Cancelled, Diverged, Finished
from invariance.models import create_model
from invariance.spec import OBJECTIVES, DatasetSpec, PretrainSpec, SpecError
from invariance.training.feed import StreamFeed, TwinFeed
from invariance.training.loop import half_cosine, optimise, pretrain, render_split, straight_line
from invariance.training.objectives import create_objective, nt_xent, quarter_turns, vicreg
from invariance.training.train_state import TrainState


def projections(num: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(num, width, generator=generator), torch.randn(num, width, generator=generator)


def test_nt_xent_is_the_published_formula() -> None:
    first, second = projections(3, 4)
    views = [row / np.linalg.norm(row) for row in torch.cat((first, second)).double().numpy()]
    losses = []
    for i, view in enumerate(views):
        similar = {k: math.exp(float(view @ other) / 0.2) for k, other in enumerate(views) if k != i}
        losses.append(-math.log(similar[(i + 3) % 6] / sum(similar.values())))
    assert float(nt_xent(first, second, temperature=0.2)[0]) == pytest.approx(np.mean(losses), abs=1e-5)


def test_nt_xent_of_perfect_pairs_has_a_known_value() -> None:
    axes = torch.eye(4)
    loss, num_correct = nt_xent(axes, axes * 3, temperature=0.5)
    # The partner has cosine 1, the other six views cosine 0.
    assert float(loss) == pytest.approx(-math.log(math.exp(2) / (math.exp(2) + 6)), abs=1e-6)
    assert int(num_correct) == 8


def test_vicreg_is_the_published_formula() -> None:
    first, second = (view.double() * 0.7 for view in projections(5, 3))
    a, b = first.numpy(), second.numpy()
    expected = 25 * np.mean((a - b) ** 2)
    for view in (a, b):
        covariance = np.cov(view, rowvar=False)
        expected += 25 * np.mean(np.maximum(0, 1 - np.sqrt(np.var(view, axis=0, ddof=1) + 1e-4))) / 2
        expected += (np.sum(covariance**2) - np.sum(np.diag(covariance) ** 2)) / 3
    assert float(vicreg(first, second)) == pytest.approx(expected, rel=1e-9)


def test_vicreg_of_a_constant_is_the_price_of_no_variance() -> None:
    constant = torch.ones(6, 4)
    assert float(vicreg(constant, constant)) == pytest.approx(25 * (1 - 0.01), abs=1e-4)


def test_quarter_turns_turn_counter_clockwise_and_say_how_often() -> None:
    image = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    turned, turns = quarter_turns(image)
    assert turns.tolist() == [0, 1, 2, 3]
    assert turned[1, 0].tolist() == [[2, 4], [1, 3]]
    assert turned[2, 0].tolist() == [[4, 3], [2, 1]]


def test_views_share_object_and_background_and_are_new_in_every_epoch() -> None:
    engine = Engine(DatasetSpec(objects="noise", backgrounds="#808080", transforms=("hue",), image_size=16))
    feed = TwinFeed(engine, num_samples=10, batch_size=5, num_epochs=2, seed=1)
    assert (feed.num_steps, feed.num_images) == (4, 20)
    images, labels = feed.batch(0)
    assert images.shape == (10, 3, 16, 16) and labels.shape == (5,)
    first, second = images.chunk(2)
    assert (first.int() - second.int()).abs().amax(dim=(1, 2, 3)).min() > 2
    gray = (first == 128).all(dim=1)
    assert gray.any() and not gray.all()
    assert torch.equal(gray, (second == 128).all(dim=1)), "the same object, elsewhere the background"
    seen = [feed.batch(step) for step in range(4)]
    assert sorted(torch.cat([labels for _, labels in seen[:2]])) == sorted(torch.cat([one[1] for one in seen[2:]]))
    pixels = {image.numpy().tobytes() for images, _ in seen for image in images}
    assert len(pixels) == 40, "no view comes twice"


def test_a_stream_gives_pairs_of_fresh_samples() -> None:
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise", transforms=("rotate",), image_size=8))
    feed = StreamFeed(engine, batch_size=4, num_epochs=1, samples_per_epoch=8, num_views=2)
    (images, labels), (later, _) = feed.batch(0), feed.batch(1)
    assert images.shape == (8, 3, 8, 8) and labels.shape == (4,)
    assert not torch.equal(images, later)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_declared_passes_are_those_of_a_step(name: str) -> None:
    model, declared = create_model("small", 3, seed=0), OBJECTIVES[name]
    seen: list[int] = []
    model.backbone.register_forward_hook(lambda module, images, features: seen.append(len(features)))
    objective = create_objective(name, model.num_features, seed=0)
    assert objective.facts is declared
    objective(model, torch.rand(declared.num_views * 5, 3, 16, 16), torch.tensor([0, 1, 2, 0, 1]))
    assert seen == [5 * declared.num_views * declared.passes_per_view]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_training_lowers_the_loss_and_gives_an_accuracy(name: str, tmp_path: Path, noise_data: DatasetSpec) -> None:
    data = replace(noise_data, transforms=("brightness",), num_samples=96, image_size=16)
    spec = PretrainSpec(data=data, objective=name, epochs=12, batch_size=32, num_test_samples=100)
    events = list(pretrain(spec, tmp_path))
    losses = [event.metrics["train_loss"] for event in events[:-1] if "train_loss" in event.metrics]
    assert losses[-1] < losses[0]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.metrics["test_accuracy"] > 0.6, "three classes of fixed noise can be told apart"


@pytest.mark.parametrize("name", ["simclr", "rotation"])
def test_resumed_training_ends_with_the_same_weights(name: str, tmp_path: Path, noise_data: DatasetSpec, after) -> None:  # type: ignore[no-untyped-def]
    data = replace(noise_data, transforms=("hue",))
    spec = PretrainSpec(data=data, objective=name, schedule="cosine", weight_decay=1e-4, epochs=2, batch_size=24)
    *_, whole = pretrain(spec, tmp_path / "whole")
    with pytest.raises(Cancelled):
        list(pretrain(spec, tmp_path / "parts", cancelled=after(4)))
    *_, resumed = pretrain(spec, tmp_path / "parts")
    assert isinstance(whole, Finished) and isinstance(resumed, Finished)
    assert whole.sha256 == resumed.sha256


def test_schedules_fall_from_one_to_zero() -> None:
    assert [half_cosine(share) for share in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.0])
    assert [straight_line(share) for share in (0.0, 0.25, 1.0)] == [1.0, 0.75, 0.0]


def test_schedule_sets_the_rate_of_each_step(tmp_path: Path) -> None:
    images, ends = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)), []
    for rate, schedule in ((0.1, half_cosine), (0.1, straight_line), (0.05, None)):
        model = create_model("small", 2, seed=0)
        train_state = TrainState(model, learning_rate=rate, directory=tmp_path, identity="x", schedule=schedule)
        train_state.advance(images, torch.tensor([0, 1, 0, 1]), share=0.5)
        ends.append(model.head.weight.detach())
    torch.testing.assert_close(ends[0], ends[2])
    torch.testing.assert_close(ends[1], ends[2])


def test_own_layers_of_an_objective_are_trained_and_saved(tmp_path: Path) -> None:
    def make() -> TrainState:
        model = create_model("small", 2, seed=0)
        objective = create_objective("simclr", model.num_features, seed=0)
        return TrainState(model, learning_rate=0.01, directory=tmp_path, identity="x", objective=objective)

    train_state, fresh = make(), make()
    train_state.advance(torch.rand(8, 3, 8, 8), torch.zeros(4, dtype=torch.int64))
    weight = train_state.objective.state_dict()["projection.0.weight"]
    assert not torch.equal(weight, fresh.objective.state_dict()["projection.0.weight"])
    train_state.save()
    assert fresh.resume()
    assert torch.equal(weight, fresh.objective.state_dict()["projection.0.weight"])


def test_a_collapsed_representation_is_said(tmp_path: Path, noise_data: DatasetSpec) -> None:
    engine = Engine(replace(noise_data, num_samples=None))
    model = create_model("small", 3, seed=0)
    with torch.no_grad():
        for block in model.backbone.blocks:
            block[1].bias.fill_(-1e6)
    train_state = TrainState(model, learning_rate=1e-3, directory=tmp_path, identity="x")
    feed = StreamFeed(engine, batch_size=8, num_epochs=1, samples_per_epoch=8)
    with pytest.raises(Diverged, match="collapsed at or before step 1: the representation is the same for all images"):
        list(optimise(train_state, feed, validation=render_split(engine, "validation", 20)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "simclr"}, "objective = simclr: its views differ in transformations; choose some"),
        ({"objective": "byol"}, "objective = 'byol': expected supervised or simclr or vicreg or rotation"),
        ({"schedule": "step"}, "schedule = 'step': expected constant or cosine or linear"),
        ({"optimizer": "sgd"}, "optimizer = 'sgd': expected adam or muon"),
        ({"weight_decay": -1.0}, "weight_decay = -1.0: expected a number from 0 to 1"),
    ],
)
def test_what_cannot_be_trained_is_said(change: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as raised:
        PretrainSpec(data=DatasetSpec(), **change)  # type: ignore[arg-type]
    assert str(raised.value) == message

"""What is timed is the project's own training, and ratios compare within a round."""

import pytest
import torch

from benchmarks import train_speed
from benchmarks.train_speed import Contestants, OwnLoop, Settings, estimate_pretraining, measure, summarise
from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.training import loop, reporting

TINY = Settings(threads=1, rounds=1, num_images=8, batch_size=4, image_size=8)


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch):
    monkeypatch.setattr(loop, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "NUM_VALIDATION_SAMPLES", 4)


@pytest.fixture
def no_loader(monkeypatch):
    """A data loader without worker processes."""
    workers = train_speed.PerSample
    monkeypatch.setattr(
        train_speed, "PerSample", lambda *args, **kwargs: workers(*args, **{**kwargs, "num_workers": 0})
    )


def test_ratios_are_taken_within_a_round():
    rounds = [
        {"limit": 100.0, "usual": 5.0, "loader": 10.0, "stream": 50.0, "finite": 100.0},
        {"limit": 10.0, "usual": 1.0, "loader": 1.0, "stream": 6.0, "finite": 9.0},
        {"limit": 40.0, "usual": 10.0, "loader": 20.0, "stream": 28.0, "finite": 20.0},
    ]
    found = summarise(rounds)
    assert found["images_per_second"] == {
        "limit": 40.0,
        "usual": 5.0,
        "loader": 10.0,
        "stream": 28.0,
        "finite": 20.0,
    }
    assert found["ratios"] == {
        "stream_to_limit": 0.6,  # the ratio of the medians would be 0.7
        "finite_to_limit": 0.9,  # … 0.5
        "stream_to_usual": 6.0,  # … 5.6
        "finite_to_usual": 9.0,  # … 4
        "stream_to_loader": 5.0,  # … 2.8
        "finite_to_loader": 9.0,  # … 2
    }


def test_goals_are_set_for_the_same_ratios_on_both_kinds_of_device():
    assert set(train_speed.GOALS["cpu"]) == set(train_speed.GOALS["cuda"]) < set(train_speed.RATIOS)


def test_the_usual_step_is_torch_s_own():
    theirs = torch.nn.Sequential(create_model("small", 3, seed=0).to(memory_format=torch.contiguous_format))
    theirs[0].layout = torch.contiguous_format
    optimiser = torch.optim.Adam(theirs.parameters(), lr=1e-3)
    usual = train_speed.BareStep(TINY, 3, usual=True)
    images, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 0])
    for _ in range(2):
        usual(images, labels)
        loss = torch.nn.functional.cross_entropy(theirs(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    for mine, other in zip(usual.model.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(mine, other) and mine.is_contiguous()


@pytest.mark.parametrize("finite", [False, True])
def test_own_loop_goes_on_where_it_stood_and_counts_its_images(tmp_path, monkeypatch, finite):
    clock = iter(range(0, 1000, 2))
    own = OwnLoop(TINY.pretraining(finite=finite), "cpu", tmp_path)
    steps = []
    advance = loop.TrainState.advance
    monkeypatch.setattr(
        loop.TrainState,
        "advance",
        lambda self, *args, **kwargs: (steps.append(self.step), advance(self, *args, **kwargs)),
    )
    monkeypatch.setattr(train_speed.time, "perf_counter", lambda: next(clock))
    assert own.advance(2) == 2 * 4 / 2 and steps == [0, 1]
    assert own.advance(3) == 3 * 4 / 2 and steps == [0, 1, 2, 3, 4]
    own.close()


def test_the_loop_validates_at_the_ends_of_epochs_within_what_is_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(reporting, "_VALIDATION_SPACING", 0)
    validated = []
    monkeypatch.setattr(
        reporting, "validate", lambda state, _: validated.append(state.step) or {"validation_accuracy": 0}
    )
    own = OwnLoop(TINY.pretraining(finite=False), "cpu", tmp_path)
    own.advance(TINY.num_steps)
    own.advance(TINY.num_steps)
    own.close()
    assert validated == [2, 4], "one epoch a timing"


def test_everybody_trains_the_same_network_on_the_same_kind_of_batch(no_loader, monkeypatch):
    seen = {"bare": [], "own": []}
    step, advance = train_speed.BareStep.__call__, loop.TrainState.advance
    own_models, bare_models = set(), set()

    def bare(self, images, labels):
        seen["bare"].append((tuple(images.shape), images.dtype, 0.5 < float(images.max()) <= 1.0))
        bare_models.add(tuple(name for name, _ in self.model.named_parameters()))
        step(self, images, labels)

    def own(self, images, labels, **kwargs):
        seen["own"].append((tuple(images.shape), images.dtype, 127 < int(images.max()) <= 255))
        own_models.add(tuple(name for name, _ in self.model.named_parameters()))
        advance(self, images, labels, **kwargs)

    monkeypatch.setattr(train_speed.BareStep, "__call__", bare)
    monkeypatch.setattr(loop.TrainState, "advance", own)
    with Contestants(TINY) as contestants:
        assert all(timed() > 0 for timed in contestants.timed.values())
        assert tuple(contestants.timed) == train_speed.NAMES
    assert set(seen["bare"]) == {((4, 3, 8, 8), torch.float32, True)}
    assert set(seen["own"]) == {((4, 3, 8, 8), torch.uint8, True)}, "which it still has to convert"
    assert own_models == bare_models


def test_a_bare_step_is_the_step_of_the_project():
    engine = Engine(TINY.pretraining(finite=True).data)
    batch = engine.batch(engine.indices("train", 4))
    bare = train_speed.BareStep(TINY, engine.num_classes)
    spec = TINY.pretraining(finite=True)
    state = loop.TrainState(
        create_model(spec.model, engine.num_classes, seed=spec.seed),
        learning_rate=spec.learning_rate,
        directory=None,
        identity="",
    )
    for _ in range(2):
        bare(batch.images, batch.labels)
        state.advance(batch.images, batch.labels)
    for mine, theirs in zip(bare.model.parameters(), state.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_measure_leaves_the_threads_alone_and_tells_what_rendering_cost(no_loader):
    torch.set_num_threads(2)
    found = measure(TINY)
    assert torch.get_num_threads() == 2
    assert found["images_a_timing"] == 8 and found["render_seconds"] > 0
    rates = found["images_per_second"]
    assert found["ratios"]["finite_to_loader"] == rates["finite"] / rates["loader"], "one round"


def test_the_estimate_is_the_start_and_fifty_epochs_at_the_measured_pace():
    found = estimate_pretraining("cpu", threads=1, model="small", num_images=12, batch_size=4, num_steps=3)
    assert found["num_steps"] == 3
    assert found["seconds"] == pytest.approx(found["render_seconds"] + 50 * 12 / found["images_per_second"])

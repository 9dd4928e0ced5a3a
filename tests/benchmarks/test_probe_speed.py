"""Both probes are fitted to the same images, and what is cut short gives what the whole would give."""

import pytest
import torch

from benchmarks import probe_speed
from benchmarks.probe_speed import Probes, Settings, accuracy, frozen, measure, new_head, summarise, train_head
from invariance.runs.gallery import entries
from invariance.training.evaluation import in_batches
from invariance.training.precision import Precision

pytestmark = pytest.mark.skipif(not entries(), reason="there is no gallery: run python -m invariance gallery build")
TINY = Settings(threads=1, rounds=1, timed_epochs=1, num_samples=30, num_test_samples=40)


@pytest.fixture(scope="module")
def probes():
    return Probes(TINY)


def test_time_and_accuracy_are_compared_within_a_round():
    rounds = [
        {"probe_seconds": 1.0, "adam_seconds": 40.0, "probe_accuracy": 0.5, "adam_accuracy": 0.4},
        {"probe_seconds": 2.0, "adam_seconds": 100.0, "probe_accuracy": 0.9, "adam_accuracy": 0.7},
        {"probe_seconds": 4.0, "adam_seconds": 240.0, "probe_accuracy": 0.6, "adam_accuracy": 0.65},
    ]
    row = summarise(rounds)
    assert row["probe_seconds"] == 2.0 and row["adam_seconds"] == 100.0
    assert row["times_faster"] == 50.0, "median of 40, 50, 60"
    assert row["probe_accuracy"] == 0.6 and row["adam_accuracy"] == 0.65
    assert row["accuracy_gain"] == pytest.approx(0.1), "median of .1, .2, -.05; the medians differ by -.05"


def test_keeping_the_features_gives_the_head_of_running_the_backbone_in_every_epoch(probes):
    engine, model = probes.engine, probes.model
    images, labels = engine.render(engine.indices("train", 30))
    heads = [new_head(model.num_features, engine.num_classes, seed=3, device=torch.device("cpu")) for _ in range(2)]
    start = heads[0].weight.detach().clone()
    train_head(heads[0], images, labels, represent=frozen(model), epochs=4, seed=5)
    kept = in_batches(model.representation, images, precision=Precision("float32"))
    train_head(heads[1], kept, labels, represent=lambda features: features, epochs=4, seed=5)
    torch.testing.assert_close(heads[0].weight, heads[1].weight, atol=1e-5, rtol=1e-4)
    assert (heads[0].weight - start).abs().max() > 2e-3, "it did train, by more than the tolerance"


def test_the_backbone_stays_as_it_is(probes):
    before = {name: value.clone() for name, value in probes.model.state_dict().items()}
    probes.round(0)
    assert all(torch.equal(value, before[name]) for name, value in probes.model.state_dict().items())


def test_adam_is_timed_in_some_epochs_with_images_and_tested_after_all_of_them(probes, monkeypatch):
    calls, clock = [], iter([0.0, 2.0, 10.0, 13.0])
    monkeypatch.setattr(probe_speed.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(
        probe_speed, "train_head", lambda head, inputs, labels, **given: calls.append((inputs.dtype, given["epochs"]))
    )
    found = probes.round(0)
    assert calls == [(torch.uint8, 1), (torch.float32, 200)]
    assert found["probe_seconds"] == 2.0 and found["adam_seconds"] == 3.0 * 200


def test_accuracies_are_those_of_the_two_heads(probes, monkeypatch):
    seen = []
    monkeypatch.setattr(
        probe_speed, "accuracy", lambda head, features, labels: seen.append((head, len(labels))) or len(seen) / 10
    )
    found = probes.round(1)
    assert found["probe_accuracy"] == 0.1 and found["adam_accuracy"] == 0.2
    assert seen[0][0] is not seen[1][0] and [num for _, num in seen] == [40, 40]


def test_accuracy_is_the_mean_over_classes():
    head = torch.nn.Linear(1, 2)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[1.0], [-1.0]]))
        head.bias.zero_()
    # Class 0 is right 3 times of 3, class 1 never of 1.
    assert accuracy(head, torch.ones(4, 1), torch.tensor([0, 0, 0, 1])) == 0.5


def test_measure_says_what_it_did_and_leaves_threads_and_generator_alone():
    torch.set_num_threads(2)
    state = torch.get_rng_state()
    found = measure(TINY)
    assert torch.get_num_threads() == 2 and torch.equal(torch.get_rng_state(), state)
    assert found["num_samples"] == 30 and found["num_test_samples"] == 40 and found["num_classes"] == 30
    assert found["epochs"] == 200 and found["timed_epochs"] == 1
    assert found["accuracy_gain"] == pytest.approx(found["probe_accuracy"] - found["adam_accuracy"]), "one round"

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Cancelled, Event, Finished, Progress
from invariance.models import Classifier, create_model
from invariance.spec import DatasetSpec, SpecError, TransferSpec
from invariance.training import loop
from invariance.training import transfer as transfer_module
from invariance.training.checkpoint import load_weights, save_weights, weights_spec
from invariance.training.evaluation import evaluate
from invariance.training.feed import Rendered
from invariance.training.precision import Precision
from invariance.training.probe import PENALTY_GRID
from invariance.training.threads import threads_of
from invariance.training.transfer import transfer

Flag = Callable[[], bool]
TARGET = ("noise-05", "noise-06", "noise-07", "noise-08")


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(transfer_module, "NUM_VALIDATION_SAMPLES", 20)


@pytest.fixture
def probe_spec(noise_data: DatasetSpec) -> TransferSpec:
    return TransferSpec(source="0" * 16, data=replace(noise_data, classes=TARGET), num_test_samples=60)


@pytest.fixture
def tune_spec(probe_spec: TransferSpec) -> TransferSpec:
    return replace(probe_spec, method="fine-tune", epochs=4, batch_size=32)


def collect(spec: TransferSpec, source: Path, directory: Path, cancelled: Flag | None = None) -> list[Event]:
    """The events up to a cancel, or all of them."""
    events: list[Event] = []
    try:
        for event in transfer(spec, source, directory, cancelled=cancelled or (lambda: False)):
            events.append(event)  # noqa: PERF402 - a cancel must not lose what came before
    except Cancelled:
        assert cancelled is not None
    return events


def network(events: list[Event]) -> Classifier:
    last = events[-1]
    assert isinstance(last, Finished) and last.checkpoint is not None
    return load_weights(Path(last.checkpoint))


def test_a_probe_changes_the_head_and_nothing_else(source: Path, tmp_path: Path, probe_spec: TransferSpec) -> None:
    # Slip 12: batch norm's statistics are part of the backbone and must not move either.
    events = collect(probe_spec, source, tmp_path)
    before, probed = load_weights(source), network(events)
    state = probed.backbone.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in before.backbone.state_dict().items())
    assert probed.class_names == TARGET
    assert weights_spec(tmp_path / "weights.safetensors") == probe_spec


def test_the_time_left_is_told_while_images_go_through_the_network(
    source: Path, tmp_path: Path, probe_spec: TransferSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_module, "REPORT_EVERY_S", 0.0)
    monkeypatch.setattr(Classifier, "batch_size", 10)
    events = collect(replace(probe_spec, num_test_samples=20), source, tmp_path)
    told = [event for event in events if isinstance(event, Progress) and event.images_per_second]
    num_batches = -(-(probe_spec.data.num_samples or 0) // 10)
    begun, over = told[:num_batches], told[num_batches:]
    assert len(over) == 2, "the test split alone: what the probe learnt from has gone through it"
    assert {event.step for event in begun} == {0} and {event.step for event in over} == {over[0].num_steps}
    assert all(event.eta_seconds > 0 and not event.metrics for event in told[:-1])
    assert told[-1].eta_seconds == 0


def test_a_probe_of_random_features_beats_chance_and_tests_on_other_samples(
    source: Path, tmp_path: Path, probe_spec: TransferSpec
) -> None:
    events = collect(probe_spec, source, tmp_path)
    finished = events[-1]
    assert set(finished.metrics) == {"transfer_accuracy", "test_loss", "train_accuracy", "train_loss"}
    assert finished.metrics["transfer_accuracy"] > 0.5
    images, labels = Engine(probe_spec.data).render(torch.arange(60) + 2**41)
    with torch.no_grad():
        predictions = network(events)(images.float() / 255).argmax(dim=1)
    recalls = [(predictions[labels == label] == label).double().mean() for label in labels.unique()]
    assert finished.metrics["transfer_accuracy"] == pytest.approx(float(torch.stack(recalls).mean()))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["small", "small_resnet", "small_vgg", "small_vit", "resnet18", "vit"])
def test_what_a_probe_learnt_from_is_judged_as_the_whole_network_judges_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe_spec: TransferSpec, name: str, precision: str
) -> None:
    monkeypatch.setattr(Classifier, "batch_size", 50)
    model = create_model(name, 4, seed=0)
    save_weights(tmp_path / "source.safetensors", model, class_names=TARGET, spec=replace(probe_spec, source="1" * 16))
    finished = collect(replace(probe_spec, precision=precision), tmp_path / "source.safetensors", tmp_path / "run")
    whole, engine = network(finished), Engine(probe_spec.data)
    samples = Rendered(*engine.render(engine.indices("train", probe_spec.data.num_samples or 0)))
    with threads_of([name], "cpu"):
        on_train = evaluate(whole, samples, precision=Precision(precision))
    metrics = finished[-1].metrics
    assert (metrics["train_accuracy"], metrics["train_loss"]) == (on_train.accuracy, on_train.loss), "bit for bit"


def test_a_probe_reports_to_its_last_step(source: Path, tmp_path: Path, probe_spec: TransferSpec) -> None:
    progress = [event for event in collect(probe_spec, source, tmp_path) if isinstance(event, Progress)]
    assert progress[-1].step == progress[-1].num_steps
    steps = [event.step for event in progress]
    assert steps == sorted(set(steps))
    assert progress[-1].metrics["train_loss"] <= progress[0].metrics["train_loss"]


def test_a_validation_split_can_choose_the_penalty(source: Path, tmp_path: Path, probe_spec: TransferSpec) -> None:
    *events, last = transfer(replace(probe_spec, regularisation="validation"), source, tmp_path / "chosen")
    assert isinstance(last, Finished)
    assert last.metrics["penalty"] in PENALTY_GRID
    tried = [event.metrics["validation_accuracy"] for event in events if "validation_accuracy" in event.metrics]
    assert len(tried) == 1, "the best of the grid"
    *_, fixed = transfer(probe_spec, source, tmp_path / "fixed")
    assert isinstance(fixed, Finished) and "penalty" not in fixed.metrics


def test_fine_tuning_starts_from_the_probed_head_and_moves_everything(
    source: Path, tmp_path: Path, probe_spec: TransferSpec, tune_spec: TransferSpec
) -> None:
    probed = collect(probe_spec, source, tmp_path / "probe")
    still = collect(replace(tune_spec, learning_rate=1e-8, epochs=1), source, tmp_path / "still")
    torch.testing.assert_close(network(still).head.weight, network(probed).head.weight, atol=1e-6, rtol=1e-5)
    tuned = network(collect(tune_spec, source, tmp_path / "tuned")).state_dict()
    before = load_weights(source).state_dict()
    assert not any(torch.equal(tuned[name], before[name]) for name in before)


def test_fine_tuning_the_last_block_leaves_all_before_it_as_it_is(
    source: Path, tmp_path: Path, tune_spec: TransferSpec
) -> None:
    tuned = network(collect(replace(tune_spec, trainable="last-block"), source, tmp_path)).backbone.state_dict()
    before = load_weights(source).backbone.state_dict()
    moved = {name for name in before if not torch.equal(tuned[name], before[name])}
    assert moved == {name for name in before if name.startswith("blocks.3")}, "statistics of batch norm too"


def test_the_best_of_several_rates_is_the_run_with_that_rate_alone(
    source: Path, tmp_path: Path, tune_spec: TransferSpec, after: Callable[[int], Flag]
) -> None:
    rates = (1e-8, 3e-3, 1e-2)
    spec = replace(tune_spec, learning_rates=rates)
    events = collect(spec, source, tmp_path / "grid")
    last = events[-1]
    assert isinstance(last, Finished) and last.metrics["learning_rate"] in rates
    found = {rate: collect(replace(tune_spec, learning_rate=rate), source, tmp_path / f"{rate}") for rate in rates}
    accuracies = {rate: validated(one)[-1] for rate, one in found.items()}
    assert accuracies[last.metrics["learning_rate"]] == max(accuracies.values())
    alone, chosen = network(found[last.metrics["learning_rate"]]).state_dict(), network(events).state_dict()
    assert all(torch.equal(value, chosen[name]) for name, value in alone.items())
    steps = [event.step for event in events if isinstance(event, Progress) and event.metrics]
    assert steps == list(range(1, 37)) and validated(events) == [
        rate for one in found.values() for rate in validated(one)
    ]
    # Stopped in the second training, it starts anew and ends the same.
    collect(spec, source, tmp_path / "parts", after(24))
    again = network(collect(spec, source, tmp_path / "parts")).state_dict()
    assert all(torch.equal(value, again[name]) for name, value in chosen.items())


def validated(events: list[Event]) -> list[float]:
    metrics = [event.metrics for event in events if isinstance(event, Progress)]
    return [one["validation_accuracy"] for one in metrics if "validation_accuracy" in one]


@pytest.mark.parametrize("num_answers", [4, 8, 14])
def test_fine_tuning_goes_on_bit_for_bit(
    source: Path, tmp_path: Path, tune_spec: TransferSpec, after: Callable[[int], Flag], num_answers: int
) -> None:
    whole = collect(tune_spec, source, tmp_path / "whole")
    before = collect(tune_spec, source, tmp_path / "parts", after(num_answers))
    assert not isinstance(before[-1:], Finished)
    rest = collect(tune_spec, source, tmp_path / "parts")
    one, other = network(whole).state_dict(), network(rest).state_dict()
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    taken = [event.step for event in before + rest if isinstance(event, Progress) and event.images_per_second > 0]
    assert [step for step in taken if step > 0] == list(range(1, 13))
    told = [(event.step, event.metrics) for event in rest if isinstance(event, Progress) and event.metrics]
    assert told == [(event.step, event.metrics) for event in whole if isinstance(event, Progress) and event.metrics]


def test_unusable_weights_are_named(tmp_path: Path, probe_spec: TransferSpec) -> None:
    with pytest.raises(SpecError, match="no weights at"):
        collect(probe_spec, tmp_path / "nothing", tmp_path)


def test_the_global_generator_is_left_alone(source: Path, tmp_path: Path, tune_spec: TransferSpec) -> None:
    before = torch.get_rng_state()
    collect(tune_spec, source, tmp_path)
    assert torch.equal(torch.get_rng_state(), before)

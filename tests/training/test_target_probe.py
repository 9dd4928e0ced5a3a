"""A pretraining that is watched has the bits of one that is not, and says on the way how it would do on its target."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.data.engine import Engine
from invariance.events import Event, Finished, Progress
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, TransferSpec
from invariance.training import target_probe
from invariance.training.watched import watch, watched_task, watched_tasks
from invariance.vocabulary.target_probe import NUM_SHOWN, TARGET_ACCURACY, answer_metric
from tests.training.test_loop import Flag, collect, endless, weights


@pytest.fixture(autouse=True)
def _few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a training that is too short to be probed otherwise: at the start and after steps 4, 8 and 12."""
    for name in ("NUM_TRAIN", "NUM_VALIDATION"):
        monkeypatch.setattr(target_probe, name, 30)
    monkeypatch.setattr(target_probe, "MAX_PROBES", 3)
    monkeypatch.setattr(target_probe, "COST_SHARE", 1.0)


def probed(events: list[Event]) -> dict[int, dict[str, float]]:
    """What the probes say, by step."""
    progress = [event for event in events if isinstance(event, Progress)]
    return {event.step: event.metrics for event in progress if TARGET_ACCURACY in event.metrics}


def watched(directory: Path, spec: PretrainSpec) -> Path:
    """A directory in which a training is watched on a task of its own classes, turned and blurred."""
    directory.mkdir()
    watch(directory, replace(spec.data, transforms=("rotate", "blur"), num_samples=64))
    return directory


@pytest.mark.parametrize("kind", ["finite", "endless"])
def test_who_looks_on_changes_no_bit_and_no_number(tmp_path: Path, pretrain_spec: PretrainSpec, kind: str) -> None:
    spec = endless(pretrain_spec) if kind == "endless" else pretrain_spec
    alone = collect(spec, tmp_path / "alone")
    torch.set_num_threads(2)
    before = torch.get_rng_state()
    looked_on = collect(spec, watched(tmp_path / "watched", spec))
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == 2
    one, other = weights(alone), weights(looked_on)
    assert one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())
    said = probed(looked_on)
    assert list(said) == [0, 4, 8, 12] and probed(alone) == {}
    answers = {answer_metric(number) for number in range(NUM_SHOWN)}
    assert all(metrics.keys() == {TARGET_ACCURACY, *answers} for metrics in said.values())
    assert all(0 <= metrics[TARGET_ACCURACY] <= 1 for metrics in said.values())
    assert {metrics[name] for metrics in said.values() for name in answers} <= {0.0, 1.0, 2.0}
    rest = [event for event in looked_on if isinstance(event, Finished) or TARGET_ACCURACY not in event.metrics]
    assert [event.metrics for event in rest] == [event.metrics for event in alone], "also of the test split"


@pytest.mark.parametrize("stop_at", [0, 4, 6])
def test_a_watched_training_goes_on_with_the_same_curve(
    tmp_path: Path, pretrain_spec: PretrainSpec, after: Callable[[int], Flag], stop_at: int
) -> None:
    whole = collect(pretrain_spec, watched(tmp_path / "whole", pretrain_spec))
    parts = watched(tmp_path / "parts", pretrain_spec)
    # Rendering asks once; a probe asks before each of its batches and before it is solved.
    stopped = collect(pretrain_spec, parts, cancelled=after(stop_at + 4))
    rest = collect(pretrain_spec, parts)
    assert len(stopped) < len(whole) and probed(rest) == probed(whole)
    one, other = weights(whole), weights(rest)
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_probes_come_to_a_tenth_of_a_training_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [target_probe.num_probes(num) for num in (0, 999, 9_984, 40_000, 800_000)] == [0, 0, 5, 10, 10]
    for num_steps, num in ((312, 10), (13, 3), (10, 10)):
        steps = [step for step in range(num_steps + 1) if target_probe.is_probed(step, num_steps, num)]
        assert len(steps) == num + 1 and (steps[0], steps[-1]) == (0, num_steps)


def test_shown_images_are_of_different_classes_first(pretrain_spec: PretrainSpec) -> None:
    engine = Engine(pretrain_spec.data)
    positions = target_probe.shown_positions(engine)
    labels = engine.labels(engine.indices("validation", 30))[positions].tolist()
    assert len(set(positions)) == NUM_SHOWN and set(labels[:3]) == {0, 1, 2}


def test_a_task_that_is_not_there_is_not_watched(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    assert watched_task(tmp_path) is None
    (tmp_path / "watched.json").write_text("{")
    assert watched_task(tmp_path) is None
    first, second = (
        TransferSpec(source=pretrain_spec.run_id, data=replace(pretrain_spec.data, seed=seed)) for seed in (1, 2)
    )
    assert watched_tasks([pretrain_spec, first, second]) == {pretrain_spec.run_id: first.data}
    assert watched_tasks([first]) == {}


def test_a_curve_of_the_target_is_recorded_beside_the_others(tmp_path: Path, pretrain_spec: PretrainSpec) -> None:
    store = Store(tmp_path)
    run = store.submit(pretrain_spec)
    store.transition(run.id, "running")
    watch(store.directory(run.id), pretrain_spec.data)
    for event in collect(pretrain_spec, store.directory(run.id)):
        if isinstance(event, Progress):
            store.record(run.id, event.to_dict())
    curve = store.metrics(run.id, names=[TARGET_ACCURACY])
    assert curve["step"].tolist() == [0, 4, 8, 12] and set(curve["name"]) == {TARGET_ACCURACY}
    assert len(store.metrics(run.id)) > len(curve)
    store.close()

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.events import Cancelled, Diverged, Event, Finished, Progress
from invariance.spec import PretrainSpec, SpecError
from invariance.training import loop, together
from invariance.training.checkpoint import load_weights, weights_spec
from invariance.training.loop import pretrain
from invariance.training.resume import CURRENT
from invariance.training.stacked import Stack
from invariance.training.together import TOGETHER_WAYS, check_together, pretrain_together
from invariance.training.train_state import TrainState
from invariance.vocabulary.architectures import ARCHITECTURES

Flag = Callable[[], bool]


@pytest.fixture(autouse=True)
def _report_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "EVENT_EVERY_S", 0.0)
    monkeypatch.setattr(loop, "NUM_VALIDATION_SAMPLES", 20)


@pytest.fixture
def specs(pretrain_spec: PretrainSpec) -> list[PretrainSpec]:
    """Three networks of different seeds, data and transformations, in numbers fine enough to compare two ways."""
    data = pretrain_spec.data
    return [
        replace(pretrain_spec, data=replace(data, seed=seed, transforms=names), seed=seed, precision="float32")
        for seed, names in enumerate([(), ("rotate",), ("hue", "invert")])
    ]


def folders(tmp_path: Path, specs: list[PretrainSpec]) -> list[Path]:
    return [tmp_path / str(number) for number in range(len(specs))]


def collect(
    specs: list[PretrainSpec], tmp_path: Path, way: str, cancelled: Flag = lambda: False
) -> list[list[Event | Exception]]:
    """What each run said, up to a cancel."""
    said: list[list[Event | Exception]] = [[] for _ in specs]
    try:
        for number, event in pretrain_together(specs, folders(tmp_path, specs), way=way, cancelled=cancelled):
            said[number].append(event)
    except Cancelled:
        pass
    return said


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_weights(folder / "weights.safetensors").state_dict()


def steps(events: list[Event | Exception]) -> list[int]:
    return [event.step for event in events if isinstance(event, Progress) and event.metrics]


@pytest.mark.parametrize("objective", ["supervised", "simclr", "rotation"])
@pytest.mark.parametrize("way", TOGETHER_WAYS)
def test_each_comes_to_what_it_comes_to_alone(
    tmp_path: Path, specs: list[PretrainSpec], way: str, objective: str
) -> None:
    specs = [replace(spec, objective=objective, schedule="cosine", weight_decay=1e-3) for spec in specs[1:]] + (
        [replace(specs[0], schedule="cosine", weight_decay=1e-3)] if objective == "supervised" else []
    )
    said = collect(specs, tmp_path / "together", way)
    for number, spec in enumerate(specs):
        alone = list(pretrain(spec, tmp_path / "alone" / str(number)))
        here, last, expected = tmp_path / "together" / str(number), said[number][-1], alone[-1]
        assert isinstance(last, Finished) and isinstance(expected, Finished)
        assert steps(said[number]) == steps(list(alone)) == list(range(1, 13))
        assert weights_spec(here / "weights.safetensors") == spec and not (here / CURRENT).exists()
        if way == "threads":
            assert last.sha256 == expected.sha256 and last.metrics == expected.metrics
            continue
        mine, theirs = weights(here), weights(tmp_path / "alone" / str(number))
        # Where a gradient is almost zero, Adam makes a step of its rounding: labels have no such weights here.
        tolerance = 1e-5 if objective == "supervised" else 2e-3
        for name, value in theirs.items():
            torch.testing.assert_close(mine[name], value, atol=tolerance, rtol=tolerance)
        assert last.metrics == pytest.approx(expected.metrics, abs=0.02)


@pytest.mark.parametrize("way", TOGETHER_WAYS)
def test_networks_that_muon_trains_come_to_what_they_come_to_alone(
    tmp_path: Path, specs: list[PretrainSpec], after: Callable[[int], Flag], way: str
) -> None:
    specs = [replace(spec, optimizer="muon", schedule="linear", learning_rate=0.02) for spec in specs[:2]]
    collect(specs, tmp_path / "together", way, after(2 + 5))
    said = collect(specs, tmp_path / "together", way)
    for number, spec in enumerate(specs):
        last, expected = said[number][-1], list(pretrain(spec, tmp_path / "alone" / str(number)))[-1]
        assert isinstance(last, Finished) and isinstance(expected, Finished)
        if way == "threads":
            assert last.sha256 == expected.sha256
            continue
        mine, theirs = (weights(tmp_path / folder / str(number)) for folder in ("together", "alone"))
        for name, value in theirs.items():
            torch.testing.assert_close(mine[name], value, atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize("model", [name for name, one in ARCHITECTURES.items() if one.stackable and name != "small"])
def test_other_small_architectures_stack_too(tmp_path: Path, specs: list[PretrainSpec], model: str) -> None:
    specs = [replace(spec, model=model, data=replace(spec.data, image_size=32)) for spec in specs[:2]]
    collect(specs, tmp_path / "together", "stacked")
    images = torch.rand(32, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for number, spec in enumerate(specs):
        list(pretrain(spec, tmp_path / "alone" / str(number)))
        # Not weights: of a bias before batch norm Adam makes steps of rounding, and it changes nothing.
        mine, alone = (
            load_weights(tmp_path / way / str(number) / "weights.safetensors").eval()(images).detach()
            for way in ("together", "alone")
        )
        assert float((mine - alone).norm() / alone.norm()) < 0.01


@pytest.mark.parametrize("model", ["small", "small_resnet"])
@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_stack_computes_in_the_numbers_of_one_alone(
    tmp_path: Path, specs: list[PretrainSpec], model: str, precision: str
) -> None:
    """The precision that is recorded is that of every layer, also where vmap is between autocast and the layer."""
    specs = [replace(spec, model=model, precision=precision) for spec in specs[:2]]

    def opened(way: str) -> list[loop.Pretraining]:
        made = zip(specs, folders(tmp_path / way, specs), strict=True)
        runs = [loop.Pretraining(spec, folder, device="cpu", cancelled=lambda: False) for spec, folder in made]
        for run in runs:
            list(run.open())
        return runs

    def heard(run: loop.Pretraining) -> list[tuple[str, torch.dtype]]:
        """What comes out of each layer that computes."""
        found: list[tuple[str, torch.dtype]] = []
        for name, module in run.train_state.model.named_modules():
            if not list(module.children()):
                module.register_forward_hook(lambda _, __, out, name=name: found.append((name, out.dtype)))
        return found

    alone, stacked = opened("alone"), opened("stacked")
    expected, found = heard(alone[0]), heard(stacked[0])
    batches = [run.feed.batch(0) for run in alone]
    for run, batch in zip(alone, batches, strict=True):
        run.train_state.advance(*batch)
    stack = Stack([run.train_state for run in stacked])
    stack.advance(*(torch.stack(parts) for parts in zip(*batches, strict=True)), share=0.0)
    assert found == expected and {dtype for _, dtype in found} >= {getattr(torch, precision)}
    losses = [[run.train_state.take_metrics()["train_loss"] for run in runs] for runs in (stacked, alone)]
    assert losses[0] == pytest.approx(losses[1], rel=3e-3 if precision == "bfloat16" else 1e-5)


@pytest.mark.parametrize("way", TOGETHER_WAYS)
def test_one_that_cannot_begin_does_not_keep_the_others(tmp_path: Path, specs: list[PretrainSpec], way: str) -> None:
    bad = replace(specs[1], data=replace(specs[1].data, objects="no/such/folder"))
    said = collect([specs[0], bad, specs[2]], tmp_path, way)
    assert [type(events[-1]) for events in said] == [Finished, SpecError, Finished]


@pytest.mark.parametrize("way", TOGETHER_WAYS)
def test_stopping_and_going_on_is_the_same(
    tmp_path: Path, specs: list[PretrainSpec], after: Callable[[int], Flag], way: str
) -> None:
    collect(specs, tmp_path / "whole", way)
    before = collect(specs, tmp_path / "parts", way, after(3 + 7))
    assert all(not any(isinstance(event, Finished) for event in events) for events in before)
    rest = collect(specs, tmp_path / "parts", way)
    for number, (early, late) in enumerate(zip(before, rest, strict=True)):
        assert steps(early) == list(range(1, len(early) + 1)) and steps(late) == list(range(1, 13))
        one, other = weights(tmp_path / "whole" / str(number)), weights(tmp_path / "parts" / str(number))
        assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_runs_that_were_stopped_at_different_steps_meet(
    tmp_path: Path, specs: list[PretrainSpec], after: Callable[[int], Flag]
) -> None:
    collect(specs, tmp_path / "whole", "stacked")
    with pytest.raises(Cancelled):
        list(pretrain(specs[1], tmp_path / "parts" / "1", cancelled=after(6)))
    said = collect(specs, tmp_path / "parts", "stacked")
    for number in range(3):
        one, other = weights(tmp_path / "whole" / str(number)), weights(tmp_path / "parts" / str(number))
        for name, value in one.items():
            torch.testing.assert_close(other[name], value, atol=1e-5, rtol=1e-5)
        assert steps(said[number]) == list(range(1, 13)), "those on the way to the others too"


@pytest.mark.parametrize("way", TOGETHER_WAYS)
def test_one_that_diverges_leaves_the_others_alone(
    tmp_path: Path, specs: list[PretrainSpec], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    expected = collect(specs, tmp_path / "sound", way)
    note = TrainState.note_step

    def broken(self: TrainState, num_asked: int, **given: int) -> None:
        note(self, num_asked, **given)
        if self.step == 4 and self._directory.name == "1":
            self.loss_sum += torch.nan

    monkeypatch.setattr(TrainState, "note_step", broken)
    said = collect(specs, tmp_path / "broken", way)
    assert isinstance(said[1][-1], Diverged) and steps(said[1]) == [1, 2, 3]
    for number in (0, 2):
        mine, theirs = said[number][-1], expected[number][-1]
        assert isinstance(mine, Finished) and isinstance(theirs, Finished) and mine.sha256 == theirs.sha256


def test_a_state_of_a_stack_is_of_one_network_s_size(tmp_path: Path, specs: list[PretrainSpec]) -> None:
    work = pretrain_together(specs, folders(tmp_path, specs), way="stacked", checkpoint_every_s=0.0)
    for _ in range(7):
        next(work)
    work.close()  # type: ignore[attr-defined]
    sizes = [(folder / CURRENT).stat().st_size for folder in folders(tmp_path, specs)]
    num_bytes = 4 * sum(value.numel() for value in loop.create_model("small", 3, seed=0).parameters())
    assert all(3 * num_bytes < size < 3.5 * num_bytes for size in sizes), "weights and Adam's two running means"


@pytest.mark.parametrize("change", [{"batch_size": 16}, {"epochs": 2}, {"model": "resnet18"}, {"learning_rate": 0.1}])
def test_what_may_not_differ_is_named(specs: list[PretrainSpec], change: dict[str, object]) -> None:
    with pytest.raises(SpecError, match=f"differ in {next(iter(change))} cannot be trained together"):
        check_together([specs[0], replace(specs[1], **change)])  # type: ignore[arg-type]
    check_together(specs)


def test_threads_are_put_back_and_a_closed_generator_ends_its_threads(
    tmp_path: Path, specs: list[PretrainSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.set_num_threads(2)
    made: list[int] = []
    original = together.pretrain

    def counting(*args: object, **options: object) -> object:
        made.append(torch.get_num_threads())
        return original(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(together, "pretrain", counting)
    work = pretrain_together(specs, folders(tmp_path, specs), way="threads")
    next(work)
    work.close()  # type: ignore[attr-defined]
    assert torch.get_num_threads() == 2 and set(made) == {1} and len(made) == 2


@pytest.mark.parametrize("way", TOGETHER_WAYS)
def test_a_result_that_nobody_recorded_leaves_the_state(tmp_path: Path, specs: list[PretrainSpec], way: str) -> None:
    work = pretrain_together(specs, folders(tmp_path, specs), way=way)
    number = next(number for number, event in work if isinstance(event, Finished))
    work.close()  # type: ignore[attr-defined]
    assert (tmp_path / str(number) / CURRENT).exists()
    said = collect(specs, tmp_path, way)
    *told, last = said[number]
    assert isinstance(last, Finished)
    assert all(isinstance(event, Progress) and event.images_per_second == 0 for event in told), "no step is taken twice"

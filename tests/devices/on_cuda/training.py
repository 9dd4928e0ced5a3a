"""Trainings on an emulated CUDA device: feeds, objectives, architectures, transfers, and resuming on another device."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from invariance.events import Cancelled, Event, Finished, Progress
from invariance.models import create_model
from invariance.models.wrap import wrap
from invariance.runs.execute import run_here
from invariance.runs.question import make_question
from invariance.runs.store import Store
from invariance.runs.study_progress import outcomes_of
from invariance.spec import DatasetSpec, PretrainSpec, QuestionSpec, TransferSpec
from invariance.studies import question_grid
from invariance.training import loop
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.feed import Feed
from invariance.training.loop import Pretraining, pretrain
from invariance.training.resume import CURRENT
from invariance.training.stacked import Stack
from invariance.training.together import pretrain_together
from invariance.training.transfer import transfer, transfer_together
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.objectives import OBJECTIVES
from tests.devices.cuda_tensor import counted

CLASSES = ("noise-00", "noise-01", "noise-02")
DATA = DatasetSpec(
    objects="noise", backgrounds="#808080", classes=CLASSES, transforms=("rotate",), num_samples=16, image_size=8
)
SPEC = PretrainSpec(data=DATA, epochs=2, batch_size=8, num_test_samples=12, precision="float32", seed=5)
MUON: dict[str, Any] = {"optimizer": "muon", "schedule": "linear", "learning_rate": 0.02}
MOST_LAUNCHES_OF_A_STEP = 250
"""Of a stack of small networks in float32."""
BACKENDS = (torch.backends.cuda.matmul, torch.backends.cudnn.conv)


@pytest.fixture(autouse=True)
def _validate_on_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "NUM_VALIDATION_SAMPLES", 12)
    monkeypatch.setattr(loop, "NUM_PROBE_SAMPLES", 24)


def losses(events: list[Event]) -> list[float]:
    return [event.metrics["train_loss"] for event in events if isinstance(event, Progress) and event.metrics]


def result_of(events: list[Event]) -> Finished:
    assert isinstance(events[-1], Finished)
    return events[-1]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("num_samples", [None, 16], ids=["stream", "finite"])
def test_a_training_takes_the_steps_of_the_cpu(tmp_path: Path, objective: str, num_samples: int | None) -> None:
    data = replace(DATA, num_samples=num_samples)
    spec = replace(SPEC, data=data, objective=objective, samples_per_epoch=16)
    found = {device: list(pretrain(spec, tmp_path / device, device=device)) for device in ("cpu", "cuda")}
    assert losses(found["cuda"]) == pytest.approx(losses(found["cpu"]), rel=1e-3)
    assert len(losses(found["cuda"])) == 4
    assert result_of(found["cuda"]).device == "cuda"


def test_muon_takes_the_steps_of_the_cpu_and_never_waits(tmp_path: Path) -> None:
    spec = replace(SPEC, **MUON, precision="auto")
    run = Pretraining(spec, tmp_path / "run", device="cuda", cancelled=lambda: False)
    feed = run_to_end(run.open())
    stack = Stack([run.train_state])
    batches = [[part[None] for part in feed.batch(step)] for step in range(2)]
    with run.train_state.precision.products("cuda"), counted() as ledger:
        for step, batch in enumerate(batches):
            stack.advance(*batch, share=step / feed.num_steps)
    assert not ledger.waits
    assert ledger.rounded and not any("muon" in line for line in ledger.rounded), "powers of a matrix are in full"
    spec = replace(spec, precision="float32")
    found = {device: list(pretrain(spec, tmp_path / device, device=device)) for device in ("cpu", "cuda")}
    assert losses(found["cuda"]) == pytest.approx(losses(found["cpu"]), rel=1e-2)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_takes_a_step(tmp_path: Path, name: str) -> None:
    data = replace(DATA, image_size=32, num_samples=2)
    spec = replace(SPEC, data=data, model=name, epochs=1, batch_size=2, precision="auto")
    run = Pretraining(spec, tmp_path, device="cuda", cancelled=lambda: False)
    run.train_state.advance(*run_to_end(run.open()).batch(0))
    assert math.isfinite(run.train_state.take_metrics()["train_loss"])


@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
def test_a_training_in_half_precision_ends(tmp_path: Path, precision: str) -> None:
    events = list(pretrain(replace(SPEC, precision=precision), tmp_path, device="cuda"))
    assert all(math.isfinite(loss) for loss in losses(events)) and losses(events)
    assert all(value.dtype != torch.bfloat16 for value in load_weights(tmp_path / loop.WEIGHTS).state_dict().values())


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_step_never_waits_for_the_device(tmp_path: Path, objective: str) -> None:
    run = Pretraining(replace(SPEC, objective=objective), tmp_path, device="cuda", cancelled=lambda: False)
    feed = run_to_end(run.open())
    for step in range(2):
        with counted() as ledger:
            run.train_state.advance(*feed.batch(step), share=step / feed.num_steps)
        if step == 1:  # the first of an epoch brings its order and the addresses of its draws
            assert not ledger.waits


def test_a_network_of_others_never_waits_for_the_device() -> None:
    body = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64, 4), torch.nn.Linear(4, 3))
    model = wrap(body, input_size=8, mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.1)).to("cuda")
    images = torch.rand(2, 3, 8, 8, device="cuda")
    model(images)
    with counted() as ledger:
        model(images)
    assert not ledger.waits


def run_to_end(work: Generator[object, None, Feed]) -> Feed:
    """What a generator returns."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            feed: Feed = end.value
            return feed


@pytest.mark.parametrize("objective", ["supervised", "simclr", "vicreg"])
def test_stacked_networks_learn_what_they_learn_alone(tmp_path: Path, objective: str) -> None:
    specs = [replace(SPEC, objective=objective, seed=seed) for seed in (1, 2)]
    heard: dict[int, list[Event]] = {0: [], 1: []}
    for number, event in pretrain_together(specs, [tmp_path / "a", tmp_path / "b"], device="cuda"):
        assert not isinstance(event, Exception)
        heard[number].append(event)
    for number, spec in enumerate(specs):
        alone = list(pretrain(spec, tmp_path / f"alone{number}", device="cpu"))
        assert losses(heard[number]) == pytest.approx(losses(alone), rel=5e-3)
        assert result_of(heard[number]).device == "cuda"


def test_attention_in_a_stack_is_what_it_is_alone(tmp_path: Path) -> None:
    """In bfloat16, by the device's own kernel: asking for the weights would make it matrix products."""
    data = replace(DATA, image_size=32, num_samples=4)
    specs = [
        replace(SPEC, data=data, model="small_vit", batch_size=4, precision="bfloat16", seed=seed) for seed in (1, 2)
    ]
    seen: dict[str, set[object]] = {"stacked": set(), "alone": set()}
    losses: dict[str, list[float]] = {}
    for kind, dtypes in seen.items():
        runs = [
            Pretraining(spec, tmp_path / f"{kind}{spec.seed}", device="cuda", cancelled=lambda: False) for spec in specs
        ]
        batches = [run_to_end(run.open()).batch(0) for run in runs]
        for module in runs[0].train_state.model.modules():
            if isinstance(module, torch.nn.MultiheadAttention):
                module.register_forward_hook(lambda _, __, given, dtypes=dtypes: dtypes.add((given[0].dtype, given[1])))
        with counted() as ledger:
            if kind == "stacked":
                Stack([run.train_state for run in runs]).advance(
                    *map(torch.stack, zip(*batches, strict=True)), share=0.0
                )
            else:
                for run, batch in zip(runs, batches, strict=True):
                    run.train_state.advance(*batch)
        assert not ledger.waits or kind == "alone"
        losses[kind] = [run.train_state.take_metrics()["train_loss"] for run in runs]
    assert seen["stacked"] == seen["alone"] == {(torch.bfloat16, None)}
    assert losses["stacked"] == pytest.approx(losses["alone"], rel=0.02)


@pytest.mark.parametrize("is_deterministic", [False, True])
def test_cudnn_tries_its_ways_in_steps_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_deterministic: bool
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", is_deterministic)
    run = Pretraining(SPEC, tmp_path, device="cuda", cancelled=lambda: False)
    feed, seen = run_to_end(run.open()), []
    run.train_state.model.head.register_forward_hook(
        lambda model, *_: seen.append((model.training, torch.backends.cudnn.benchmark))
    )
    run.train_state.advance(*feed.batch(0))
    assert not torch.backends.cudnn.benchmark, "put back"
    run.finish()
    assert set(seen) == {(True, not is_deterministic), (False, False)}
    run.train_state.model.head.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run.train_state.advance(*feed.batch(1))
    assert not torch.backends.cudnn.benchmark, "after a failure too"


@pytest.mark.parametrize(("num_samples", "most_each"), [(64, 1), (None, 0)], ids=["finite", "stream"])
def test_a_network_adds_hardly_a_launch_to_a_stack(tmp_path: Path, num_samples: int | None, most_each: int) -> None:
    """Choosing its images is all that a network does by itself, and nothing of it waits."""
    launches = {}
    for num in (2, 4):
        specs = [replace(SPEC, data=replace(DATA, num_samples=num_samples), seed=seed) for seed in range(num)]
        runs = [
            Pretraining(spec, tmp_path / f"{num} {spec.seed}", device="cuda", cancelled=lambda: False) for spec in specs
        ]
        for run in runs:
            run_to_end(run.open())
        stack = Stack([run.train_state for run in runs])
        for step in range(2):
            with counted() as ledger:
                parts = zip(*(run.feed.batch(step) for run in runs), strict=True)
                stack.advance(*(torch.stack(each) for each in parts), share=0.0)
        assert not ledger.waits
        launches[num] = ledger.launches.total()
    assert launches[4] - launches[2] <= 2 * most_each
    assert launches[4] <= MOST_LAUNCHES_OF_A_STEP


def after(num_answers: int) -> Callable[[], bool]:
    answers = iter([False] * num_answers)
    return lambda: next(answers, True)


@pytest.mark.parametrize(("first", "second"), [("cuda", "cpu"), ("cpu", "cuda"), ("cuda", "cuda")])
@pytest.mark.parametrize("changes", [{}, {"objective": "simclr"}, MUON], ids=["supervised", "simclr", "muon"])
def test_a_run_goes_on_on_another_device(tmp_path: Path, first: str, second: str, changes: dict[str, Any]) -> None:
    spec = replace(SPEC, **changes, data=replace(DATA, num_samples=None), samples_per_epoch=16)
    whole = list(pretrain(spec, tmp_path / "whole"))
    with pytest.raises(Cancelled):
        list(pretrain(spec, tmp_path / "parts", device=first, cancelled=after(2)))
    rest = list(pretrain(spec, tmp_path / "parts", device=second))
    assert losses(rest) == pytest.approx(losses(whole), rel=1e-3)
    expected, found = (load_weights(tmp_path / name / loop.WEIGHTS).state_dict() for name in ("whole", "parts"))
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, atol=2e-3, rtol=1e-2)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.safetensors"
    save_weights(path, create_model("small", 3, seed=1), class_names=CLASSES, spec=SPEC)
    return path


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("linear-probe", {"regularisation": "prior"}),
        ("linear-probe", {"regularisation": "validation"}),
        ("fine-tune", {}),
        ("fine-tune", {"trainable": "last-block", "learning_rates": (1e-3, 3e-3)}),
    ],
    ids=["prior", "validation", "fine-tune", "last-block"],
)
def test_a_transfer_ends_as_on_the_cpu(tmp_path: Path, source: Path, method: str, options: dict[str, Any]) -> None:
    data = replace(DATA, transforms=("hue",))
    spec = TransferSpec(
        source="x",
        data=data,
        method=method,
        **options,
        epochs=1,
        batch_size=12,
        num_test_samples=12,
        precision="float32",
    )
    found = {device: list(transfer(spec, source, tmp_path / device, device=device)) for device in ("cpu", "cuda")}
    results = {device: result_of(events).metrics for device, events in found.items()}
    assert results["cuda"] == pytest.approx(results["cpu"], rel=1e-2, abs=1e-3)


def test_a_fine_tuning_goes_on_on_another_device(tmp_path: Path, source: Path) -> None:
    spec = TransferSpec(
        source="x", data=DATA, method="fine-tune", epochs=3, batch_size=4, num_test_samples=12, precision="float32"
    )
    (*_, whole) = transfer(spec, source, tmp_path / "whole")
    with pytest.raises(Cancelled):
        list(transfer(spec, source, tmp_path / "parts", device="cuda", cancelled=after(8)))
    assert list((tmp_path / "parts").rglob(CURRENT)), "there is something to go on from"
    (*_, found) = transfer(spec, source, tmp_path / "parts")
    assert result_of([found]).metrics == pytest.approx(result_of([whole]).metrics, rel=1e-2, abs=1e-3)


def test_probes_are_solved_together(tmp_path: Path, source: Path) -> None:
    specs = [TransferSpec(source=name, data=DATA, num_test_samples=12, precision="float32") for name in "xy"]
    events = list(transfer_together(specs, [source, source], [tmp_path / "a", tmp_path / "b"], device="cuda"))
    assert sum(isinstance(event, Finished) for _, event in events) == 2


def test_a_question_s_grid_is_that_of_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (PretrainSpec, TransferSpec):
        monkeypatch.setattr(question_grid, kind.__name__, partial(kind, num_test_samples=24))
    few: dict[str, Any] = {"num_classes": 2, "epochs": 1, "samples_per_epoch": 16, "batch_size": 8, "num_images": (12,)}
    spec = QuestionSpec(sources=("hue", "untrained"), targets=("hue",), objects="noise", backgrounds="noise", **few)
    tables = {}
    for device in ("cpu", "cuda"):
        with closing(Store(tmp_path / device)) as store:
            question = make_question(spec, store)
            assert {run_here(one, store, device).state for one in question.runs} == {"done"}
            tables[device] = question.tabulate(outcomes_of(question, store))
    assert len(tables["cuda"]) == 2
    for name in ("pretraining_accuracy", "transfer_accuracy"):
        of_cpu, of_cuda = (tables[device][name].astype(float).tolist() for device in tables)
        assert of_cuda == pytest.approx(of_cpu, abs=0.1, nan_ok=True), "in bfloat16 on the device"


@pytest.mark.parametrize("kind", ["pretrain", "transfer", "together"])
def test_whoever_hears_of_a_training_computes_as_before(tmp_path: Path, source: Path, kind: str) -> None:
    spec = replace(SPEC, precision="auto")
    works: dict[str, Callable[[], Iterator[object]]] = {
        "pretrain": lambda: pretrain(spec, tmp_path / "run", device="cuda"),
        "transfer": lambda: transfer(
            TransferSpec(source="x", data=DATA, num_test_samples=12), source, tmp_path / "run", device="cuda"
        ),
        "together": lambda: pretrain_together(
            [spec, replace(spec, seed=6)], [tmp_path / "a", tmp_path / "b"], device="cuda"
        ),
    }
    before = [backend.fp32_precision for backend in BACKENDS]
    assert before[0] != "tf32"
    with counted() as ledger:
        events = works[kind]()
        for heard in range(1, 12):
            if next(events, None) is None:
                break
            assert [backend.fp32_precision for backend in BACKENDS] == before and torch.is_grad_enabled(), heard
        events.close()
    assert ledger.rounded or kind == "transfer", "inside, products are rounded"
    assert not any("invariance/data/" in line.split(" < ")[0] for line in ledger.rounded)
    assert [backend.fp32_precision for backend in BACKENDS] == before


def test_threads_that_train_at_once_leave_no_setting(tmp_path: Path) -> None:
    """Settings of products belong to the process: full float32 is kept for who wants it, and all is put back."""

    def settings() -> tuple[object, ...]:
        return *(backend.fp32_precision for backend in BACKENDS), torch.backends.cudnn.benchmark

    before, failed = settings(), list[BaseException]()

    def work(number: int) -> None:
        try:
            list(pretrain(replace(SPEC, precision="auto", seed=number), tmp_path / str(number), device="cuda"))
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed and settings() == before

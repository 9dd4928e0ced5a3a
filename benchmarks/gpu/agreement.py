"""Trainings that should be the same: on the CPU and the device, stacked and alone, whole and resumed elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.work import Work
from invariance.events import Finished
from invariance.spec import DatasetSpec, PretrainSpec
from invariance.training import loop
from invariance.training.loop import Pretraining, pretrain
from invariance.training.stacked import Stack

NUM_STEPS = 20


def small_spec(work: Work, model: str = "small", *, precision: str = "float32", seed: int = 0) -> PretrainSpec:
    """A training of 20 steps that is short enough for a CPU."""
    batch_size = 64 if work.is_full else 16
    data = DatasetSpec(
        transforms=("rotate", "hue", "erasing"), num_samples=4 * batch_size, image_size=work.image_size, seed=seed
    )
    return PretrainSpec(
        data=data, model=model, epochs=5, batch_size=batch_size, num_test_samples=64, precision=precision, seed=seed
    )


def losses(work: Work) -> dict[str, Any]:
    """The losses of the first steps, images included, on the CPU and on the device.

    Returns:
        By architecture ``cpu`` and ``device``, a loss a step; ``worst``, the largest relative difference.
    """
    found: dict[str, Any] = {"precision": "float32"}
    num = NUM_STEPS if work.is_full else 5
    differences = []
    for model in ("small", "resnet18") if work.is_full else ("small",):
        if not work.has_time(model, 10.0 if differences else 0.0):
            continue
        spec = small_spec(work, model)
        values = {
            name: alone(work, spec, device, work.folder / f"{model}-{name}", num)
            for name, device in (("cpu", "cpu"), ("device", work.device))
        }
        differences.append(largest_difference(values["cpu"], values["device"]))
        found[model] = {**values, "largest_difference": differences[-1]}
        found["worst"] = max(differences)
        work.keep(found)
    return found


def stacked(work: Work) -> dict[str, Any]:
    """The losses of networks trained as one, and of each alone, on the device.

    Returns:
        By precision ``largest_difference``, relative; ``worst``, that of float32.
    """
    num, num_networks = (10, 3) if work.is_full else (3, 2)
    found: dict[str, Any] = {}
    for precision in ("float32", "auto"):
        specs = [small_spec(work, precision=precision, seed=seed) for seed in range(num_networks)]
        folders = [work.folder / f"{precision}-{spec.seed}" for spec in specs]
        single = [alone(work, spec, work.device, folder, num) for spec, folder in zip(specs, folders, strict=True)]
        both = zip(single, _as_one(work, specs, folders, num), strict=True)
        found[precision] = {"largest_difference": max(largest_difference(*pair) for pair in both)}
        found["worst"] = found["float32"]["largest_difference"]
        work.keep(found)
    return {**found, "num_networks": num_networks, "num_steps": num}


def resume(work: Work) -> dict[str, Any]:
    """A training that is saved halfway on one device and ends on the other, against one that never stopped.

    Returns:
        By direction the losses on the training set and the test set at the end, and their relative difference;
        ``worst`` of them.
    """
    spec = replace(small_spec(work), epochs=2)
    whole = _ended(work, spec, work.folder / "whole", "cpu")
    found: dict[str, Any] = {"whole": whole}
    for name, first, second in (("cpu_to_device", "cpu", work.device), ("device_to_cpu", work.device, "cpu")):
        folder = work.folder / name
        run = _opened(work, spec, folder, first)
        half = run.feed.num_steps // 2
        with run.train_state.precision.products(first):
            for _ in loop.optimise(
                run.train_state, run.feed, validation=run.validation(), cancelled=work.is_over, until=half
            ):
                pass
        ended = _ended(work, spec, folder, second)
        names = ("train_loss", "test_loss")
        found[name] = {
            **ended,
            "saved_at_step": half,
            "largest_difference": largest_difference([whole[key] for key in names], [ended[key] for key in names]),
        }
        work.keep(found)
    return {**found, "worst": max(found[name]["largest_difference"] for name in ("cpu_to_device", "device_to_cpu"))}


def alone(work: Work, spec: PretrainSpec, device: str, folder: Path, num: int) -> list[float]:
    """The loss of each of the first steps of a training."""
    run = _opened(work, spec, folder, device)
    found = []
    with run.train_state.precision.products(device):
        for step in range(num):
            work.go_on()
            run.train_state.advance(*run.feed.batch(step))
            found.append(run.train_state.take_metrics()["train_loss"])
    return found


def _as_one(work: Work, specs: Sequence[PretrainSpec], folders: Sequence[Path], num: int) -> list[list[float]]:
    """The same of several that step together, a list for each."""
    runs = [_opened(work, spec, folder, work.device) for spec, folder in zip(specs, folders, strict=True)]
    found: list[list[float]] = [[] for _ in runs]
    with runs[0].train_state.precision.products(work.device):
        stack = Stack([run.train_state for run in runs])
        for step in range(num):
            work.go_on()
            pictures, labels = zip(*(run.feed.batch(step) for run in runs), strict=True)
            stack.advance(torch.stack(pictures), torch.stack(labels), share=0.0)
            for values, run in zip(found, runs, strict=True):
                values.append(run.train_state.take_metrics()["train_loss"])
    stack.release()
    return found


def _opened(work: Work, spec: PretrainSpec, folder: Path, device: str) -> Pretraining:
    run = Pretraining(spec, folder, device=device, cancelled=work.is_over)
    for _ in run.open():
        pass
    return run


def _ended(work: Work, spec: PretrainSpec, folder: Path, device: str) -> dict[str, float]:
    """The metrics of a training that is taken to its end."""
    *_, last = pretrain(spec, folder, device=device, cancelled=work.is_over)
    assert isinstance(last, Finished)
    return last.metrics


def largest_difference(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two series, relative to the first."""
    return max(abs(a - b) / max(abs(a), 1e-12) for a, b in zip(one, other, strict=True))

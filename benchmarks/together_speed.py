"""Several pretrainings in one process beside the same ones after one another: part of ``bench train``.

Whole runs, with rendering, validation, checkpoints and test, of networks that differ in their seeds. ``alone`` is one
after the other, as the app runs them; ``threads`` and ``stacked`` are the two ways of
:func:`invariance.training.together.pretrain_together`. They take turns within a round, after one that is not counted.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.data_speed import synchronise
from benchmarks.train_speed import Settings
from invariance.events import Finished
from invariance.spec import PretrainSpec
from invariance.training.loop import pretrain
from invariance.training.together import TOGETHER_WAYS, pretrain_together

NAMES = ("alone", *TOGETHER_WAYS)


def specs_of(settings: Settings, num: int) -> list[PretrainSpec]:
    """One epoch on endless streams, from ``num`` seeds."""
    base = replace(settings.pretraining(finite=False), epochs=1, num_test_samples=256)
    return [replace(base, data=replace(base.data, seed=seed), seed=seed) for seed in range(num)]


def run_alone(specs: Sequence[PretrainSpec], folder: Path, device: str) -> int:
    """One after the other; how many came to their end."""
    return sum(
        isinstance(event, Finished)
        for number, spec in enumerate(specs)
        for event in pretrain(spec, folder / str(number), device=device)
    )


def run_together(specs: Sequence[PretrainSpec], folder: Path, device: str, way: str) -> int:
    """All at once; how many came to their end."""
    folders = [folder / str(number) for number in range(len(specs))]
    outcomes = pretrain_together(specs, folders, device=device, way=way)
    return sum(isinstance(event, Finished) for _, event in outcomes)


def measure(settings: Settings, num: int) -> dict[str, Any]:
    """All rounds for ``num`` networks.

    Returns:
        ``images_per_second`` of training by name, all networks together; ``threads_to_alone`` and
        ``stacked_to_alone``, each the median of the ratios taken within each round; ``num_networks``.
    """
    specs = specs_of(settings, num)
    work: dict[str, Callable[[Path], int]] = {
        "alone": lambda folder: run_alone(specs, folder, settings.device),
        **{way: lambda folder, way=way: run_together(specs, folder, settings.device, way) for way in TOGETHER_WAYS},
    }
    threads_before = torch.get_num_threads()
    torch.set_num_threads(settings.threads)
    try:
        rounds = [{name: rate(work[name], settings, num) for name in NAMES} for _ in range(settings.rounds + 1)][1:]
    finally:
        torch.set_num_threads(threads_before)
    ratios = {f"{way}_to_alone": statistics.median(row[way] / row["alone"] for row in rounds) for way in TOGETHER_WAYS}
    rates = {name: statistics.median(row[name] for row in rounds) for name in NAMES}
    return {"num_networks": num, "images_per_second": rates, **ratios}


def rate(work: Callable[[Path], int], settings: Settings, num: int) -> float:
    """Images a second of work on ``num`` networks, all together."""
    with tempfile.TemporaryDirectory() as folder:
        synchronise(settings.device)
        start = time.perf_counter()
        num_done = work(Path(folder))
        synchronise(settings.device)
        seconds = time.perf_counter() - start
    assert num_done == num
    return num * settings.num_steps * settings.batch_size / seconds

"""What bfloat16 gains on this device: ``python -m benchmarks.precision_speed``.

For every architecture a step of training and a pass of measuring, in float32 and in bfloat16, taking turns; the ratio
is the median over rounds of the ratio within a round. A device without instructions for bfloat16 shows ratios below
one: there ``auto`` means float32. Prints a table and one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.data_speed import synchronise
from invariance.models import create_model
from invariance.spec import MODEL_NAMES
from invariance.training.evaluation import in_batches
from invariance.training.precision import Precision, auto_precision
from invariance.training.train_state import TrainState

NAMES = ("float32", "bfloat16")
NUM_CLASSES = 30


def time_model(model: str, *, batch_size: int, rounds: int, device: str, folder: Path) -> dict[str, float]:
    """One architecture on images of 32 px.

    Returns:
        ``train_float32`` and ``train_bfloat16``, ``measure_float32`` and ``measure_bfloat16``: images a second, medians
        over rounds; ``train_ratio`` and ``measure_ratio``: bfloat16 over float32.
    """
    generator = torch.Generator().manual_seed(0)
    levels = torch.randint(256, (batch_size, 3, 32, 32), dtype=torch.uint8, generator=generator).to(device)
    images, labels = levels / 255, torch.arange(batch_size, device=device) % NUM_CLASSES
    work: dict[str, Callable[[], Any]] = {}
    for name in NAMES:
        precision = Precision(name)
        network = create_model(model, NUM_CLASSES, seed=0).to(device)
        train_state = TrainState(network, learning_rate=1e-3, directory=folder, identity="", precision=precision)
        work[f"train_{name}"] = lambda train_state=train_state: train_state.advance(images, labels)
        frozen = create_model(model, NUM_CLASSES, seed=0).to(device).eval()
        work[f"measure_{name}"] = lambda frozen=frozen, precision=precision: in_batches(
            frozen.representation, levels, precision=precision
        )
    for one in work.values():
        one()
    found = [{name: batch_size / _seconds(one, device) for name, one in work.items()} for _ in range(rounds)]
    rates = {name: statistics.median(row[name] for row in found) for name in work}
    ratios = {
        f"{kind}_ratio": statistics.median(row[f"{kind}_bfloat16"] / row[f"{kind}_float32"] for row in found)
        for kind in ("train", "measure")
    }
    return {**rates, **ratios}


def run(models: Sequence[str], *, batch_size: int, rounds: int, threads: int, device: str) -> dict[str, Any]:
    """All architectures, and whether ``auto`` means bfloat16 on this device."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = {
                model: time_model(model, batch_size=batch_size, rounds=rounds, device=device, folder=Path(folder))
                for model in models
            }
    finally:
        torch.set_num_threads(before)
    return {"models": rows, "auto_is_bfloat16": auto_precision(device) == "bfloat16", "threads": threads}


def _seconds(work: Callable[[], Any], device: str) -> float:
    """Of one repetition; as many are timed together as take a fifth of a second."""
    num, elapsed = 0, 0.0
    synchronise(device)
    start = time.perf_counter()
    while elapsed < 0.2:
        work()
        synchronise(device)
        num, elapsed = num + 1, time.perf_counter() - start
    return elapsed / num


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=MODEL_NAMES, choices=MODEL_NAMES, help="default: all")
    parser.add_argument("--batch-size", type=int, default=64, help="images of a step (default 64)")
    parser.add_argument("--rounds", type=int, default=3, help="in which the two take turns (default 3)")
    parser.add_argument("--threads", type=int, default=2, help="of torch (default 2)")
    parser.add_argument("--device", default="cpu", help="a torch device (default cpu)")
    args = parser.parse_args()
    found = run(args.models, batch_size=args.batch_size, rounds=args.rounds, threads=args.threads, device=args.device)
    print(f"{'images/s':14}{'training':>22}{'':>8}{'measuring':>22}")
    print(f"{'':14}{'float32':>11}{'bfloat16':>11}{'ratio':>8}{'float32':>11}{'bfloat16':>11}{'ratio':>8}")
    for model, row in found["models"].items():
        cells = ""
        for kind in ("train", "measure"):
            cells += "".join(f"{row[f'{kind}_{name}']:11,.0f}" for name in NAMES) + f"{row[f'{kind}_ratio']:8.2f}"
        print(f"{model:14}{cells}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()

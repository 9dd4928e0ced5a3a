"""``bench``: the measurements behind the project's claims of speed, which live in ``benchmarks/`` of the repository."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from invariance.commands.arguments import Parser, print_json
from invariance.runs.device import choose_device
from invariance.spec import SpecError, parse_transforms

ROOT = Path(__file__).parents[2]
NO_GPU = "no GPU: not measured"

_COLUMNS = ("loader", "kornia", "engine")


def add_commands(commands: Any) -> None:
    """Registers the command and its sub-commands."""
    bench = commands.add_parser("bench", help="measure speed beside what people use today")
    parts = bench.add_subparsers(dest="part", required=True, metavar="PART", parser_class=Parser)
    parser = parts.add_parser(
        "data",
        help="images a second of the data engine, a torchvision data loader and Kornia",
        epilog="example: python -m invariance bench data --transforms none rotate rotate,hue,blur --rounds 3",
    )
    parser.add_argument(
        "--transforms", nargs="+", metavar="A[,B,…]", help="compositions to measure (default: none, all 18, one of 3)"
    )
    parser.add_argument("--threads", type=int, help="of each contestant (default: the cores this process may use)")
    parser.add_argument("--rounds", type=int, default=5, help="in which the contestants take turns (default 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of one timing (default 0.5)")
    parser.add_argument("--image-size", type=int, default=32, metavar="PX", help="side in pixels (default 32)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default auto: a GPU if there is one)")
    parser.add_argument("--memory", action="store_true", help="measure memory alone")
    parser.add_argument("--num-memory", type=int, default=50_000, metavar="N", help="images rendered for it")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the table")
    parser.set_defaults(action=bench_data)


def load_benchmark(name: str) -> ModuleType:
    """A module of the repository's ``benchmarks`` folder.

    Raises:
        SpecError: the package was installed without the repository around it.
    """
    path = ROOT / "benchmarks" / f"{name}.py"
    if not path.is_file():
        raise SpecError(f"benchmarks: {path} is absent; run bench inside a clone of the repository")
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(f"benchmarks.{name}")


def bench_data(args: argparse.Namespace) -> None:
    """Prints a table, or one JSON object with the same figures."""
    _check(args)
    speed, memory = load_benchmark("data_speed"), load_benchmark("render_memory")
    threads = args.threads or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(2))
    device = choose_device(args.device)
    settings = speed.Settings(
        threads=threads, rounds=args.rounds, seconds=args.seconds, image_size=args.image_size, device=device
    )
    say = (lambda text: None) if args.json else (lambda text: print(text, flush=True))
    answer: dict[str, Any] = {"environment": speed.environment(settings)}
    say(", ".join(f"{name} {value}" for name, value in answer["environment"].items()))
    if not args.memory:
        compositions = speed.COMPOSITIONS
        if args.transforms:
            compositions = tuple(parse_transforms(text) for text in args.transforms)
        answer |= _measure_speed(speed, settings, compositions, say)
        answer["gpu"] = _measure_gpu(settings, compositions, say)
    answer["memory"] = _measure_memory(memory, args, threads, say)
    if args.json:
        print_json(answer)


def _measure_speed(speed: ModuleType, settings: Any, compositions: Sequence[tuple[str, ...]], say: Any) -> Any:
    say("images a second: loader = torchvision and PIL in a DataLoader, kornia = its batched operations")
    say(f"{'':16}{'loader':>10}{'kornia':>10}{'engine':>10}{'/loader':>10}{'/kornia':>10}")
    rows = []
    for row in speed.measure(settings, compositions):
        rows.append(row)
        rates = "".join(_cell(row[name], 10, 0) for name in _COLUMNS)
        say(f"{row['transforms']:16}{rates}{_ratios(row)}")
    means = {
        name: speed.geometric_mean([row[name] for row in rows]) for name in ("engine_to_loader", "engine_to_kornia")
    }
    say(f"{'geometric mean':46}{_ratios(means)}")
    return {"rows": rows, "geometric_means": means}


def _measure_gpu(settings: Any, compositions: Sequence[tuple[str, ...]], say: Any) -> Any:
    if not settings.device.startswith("cuda"):
        say(f"share of a ResNet-18 training step: {NO_GPU}")
        return NO_GPU
    gpu = load_benchmark("gpu_share")
    say(f"one batch of {gpu.BATCH_SIZE} beside a training step of ResNet-18 in bfloat16")
    rows = []
    for names in compositions:
        row = gpu.measure_share(names, settings.device, image_size=settings.image_size, seconds=settings.seconds)
        rows.append({"transforms": ",".join(names) or "none", **row})
        say(f"{rows[-1]['transforms']:16}{row['batch_ms']:8.2f} ms{row['step_ms']:8.2f} ms{row['share']:8.1%}")
    return rows


def _measure_memory(memory: ModuleType, args: argparse.Namespace, threads: int, say: Any) -> dict[str, Any]:
    names = ("rotate", "hue", "blur")
    peak = memory.measure_in_child(num=args.num_memory, image_size=args.image_size, threads=threads, transforms=names)
    images = args.num_memory * 3 * args.image_size**2
    shown = "not told by this system" if peak is None else f"{peak / 1e6:.0f} MB"
    say(
        f"memory to render {args.num_memory} images ({','.join(names)}): {shown} above a Python process that has "
        f"imported torch; the images themselves are {images / 1e6:.0f} MB"
    )
    return {"num": args.num_memory, "transforms": list(names), "peak_bytes": peak, "image_bytes": images}


def _cell(value: float | None, width: int, digits: int) -> str:
    return f"{'n/a':>{width}}" if value is None else f"{value:>{width},.{digits}f}"


def _ratios(row: dict[str, float | None]) -> str:
    return _cell(row["engine_to_loader"], 10, 1) + _cell(row["engine_to_kornia"], 10, 2)


def _check(args: argparse.Namespace) -> None:
    for name, low, high in (("threads", 1, 1024), ("rounds", 1, 1000), ("num_memory", 1, 10**8)):
        value = getattr(args, name)
        if value is not None and not low <= value <= high:
            raise SpecError(f"--{name.replace('_', '-')} {value}: expected {low} to {high}")
    if not 0 < args.seconds <= 600:
        raise SpecError(f"--seconds {args.seconds}: expected more than 0 and at most 600")

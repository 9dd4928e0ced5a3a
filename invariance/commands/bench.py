"""``bench``: the measurements behind the project's claims of speed, which live in ``benchmarks/``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from invariance.commands.arguments import Parser, print_json
from invariance.resources import project_folder
from invariance.runs.device import choose_device
from invariance.spec import MODEL_NAMES, SpecError, parse_transforms

NO_GPU = "no GPU: not measured"

_RANGES = (
    ("threads", 1, 1024),
    ("rounds", 1, 1000),
    ("num_memory", 1, 10**8),
    ("num_images", 4, 10**7),
    ("batch_size", 2, 65_536),
    ("num_target", 2, 10**6),
    ("num_test", 1, 10**6),
)
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
    _add_train(parts)


def _add_train(parts: Any) -> None:
    parser = parts.add_parser(
        "train",
        help="images a second of training and the time of a linear probe, beside the usual PyTorch ways",
        epilog="example: python -m invariance bench train --model resnet18 --rounds 3",
    )
    parser.add_argument("--transforms", default="rotate,hue,erasing", metavar="A,B,…", help="composition trained on")
    parser.add_argument(
        "--model", choices=MODEL_NAMES, help="architecture (default: small on a processor, resnet18 on a GPU)"
    )
    parser.add_argument("--threads", type=int, help="of each contestant (default: the cores this process may use)")
    parser.add_argument("--rounds", type=int, default=5, help="in which the contestants take turns (default 5)")
    parser.add_argument(
        "--num-images", type=int, metavar="N", help="of an epoch and a timing (default 10240; on a GPU 51200)"
    )
    parser.add_argument("--batch-size", type=int, default=256, help="images in one step (default 256)")
    parser.add_argument("--image-size", type=int, default=32, metavar="PX", help="side in pixels (default 32)")
    parser.add_argument("--num-target", type=int, default=2_000, metavar="N", help="images the probes are fitted to")
    parser.add_argument("--num-test", type=int, default=10_000, metavar="N", help="images the probes are tested on")
    parser.add_argument(
        "--together", type=int, nargs="+", metavar="K", help="measure alone, instead: K networks trained at once"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default auto: a GPU if there is one)")
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the tables")
    parser.set_defaults(action=bench_train)


def load_benchmark(name: str) -> ModuleType:
    """A module of the project's ``benchmarks`` folder."""
    folder = str(project_folder())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"benchmarks.{name}")


def bench_data(args: argparse.Namespace) -> None:
    """Prints a table, or one JSON object with the same figures."""
    _check(args)
    speed, memory = load_benchmark("data_speed"), load_benchmark("render_memory")
    threads = args.threads or _num_cores()
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


def bench_train(args: argparse.Namespace) -> None:
    """Prints tables, or one JSON object with the same figures."""
    _check(args)
    training, probing, data = (load_benchmark(name) for name in ("train_speed", "probe_speed", "data_speed"))
    device = choose_device(args.device)
    has_gpu = device.startswith("cuda")
    settings = training.Settings(
        threads=args.threads or _num_cores(),
        rounds=args.rounds,
        num_images=args.num_images or (51_200 if has_gpu else 10_240),
        batch_size=args.batch_size,
        image_size=args.image_size,
        transforms=parse_transforms(args.transforms),
        model=args.model or ("resnet18" if has_gpu else "small"),
        device=device,
    )
    settings.pretraining(finite=True)  # what it refuses is said before anything is measured
    say = (lambda text: None) if args.json else (lambda text: print(text, flush=True))
    answer: dict[str, Any] = {"environment": data.environment(settings)}
    say(", ".join(f"{name} {value}" for name, value in answer["environment"].items()))
    if args.together:
        answer["together"] = _measure_together(load_benchmark("together_speed"), settings, args.together, say)
    else:
        answer["training"] = _measure_training(training, settings, say)
        answer["probe"] = _measure_probe(probing, args, settings, say)
        answer["gpu"] = _measure_pretraining(training, settings, say)
    if args.json:
        print_json(answer)


def _measure_training(training: ModuleType, settings: Any, say: Any) -> dict[str, Any]:
    say(f"training {settings.model}: limit = a bare step on a tensor, loader = the same step on a DataLoader,")
    say("usual = that DataLoader and a step in float32 with torch's defaults,")
    say("stream, finite = the project's loop on an endless stream and on a set that is rendered once")
    found: dict[str, Any] = training.measure(settings)
    goals = training.GOALS["cuda" if settings.device.startswith("cuda") else "cpu"]
    rates, ratios = found["images_per_second"], found["ratios"]
    others = ("limit", "usual", "loader")
    say(f"{'':10}{'images/s':>10}" + "".join(f"{'/' + other:>10}" for other in others))
    for name, rate in rates.items():
        cells = [_cell(ratios.get(f"{name}_to_{other}"), 10, 2) for other in others]
        say(f"{name:10}{_cell(rate, 10, 0)}{''.join(cells) if name in ('stream', 'finite') else ''}".rstrip())
    say(f"{'goal':10}{'':10}" + "".join(_cell(goals[f"stream_to_{other}"], 10, 2) for other in ("limit", "usual")))
    say(f"rendering the {found['images_a_timing']} images of finite once: {found['render_seconds']:.2f} s, not counted")
    return {**found, "goals": goals}


def _measure_together(together: ModuleType, settings: Any, numbers: Sequence[int], say: Any) -> list[Any]:
    say(f"images a second of whole runs of {settings.model}: alone = one after the other,")
    say("threads = at once, one core each, stacked = at once, as one network")
    say(f"{'networks':10}{''.join(f'{name:>10}' for name in together.NAMES)}{'threads/alone':>16}{'stacked/alone':>16}")
    rows = []
    for number in numbers:
        rows.append(row := together.measure(settings, number))
        rates = "".join(_cell(rate, 10, 0) for rate in row["images_per_second"].values())
        say(f"{number:<10}{rates}{_cell(row['threads_to_alone'], 16, 2)}{_cell(row['stacked_to_alone'], 16, 2)}")
    return rows


def _measure_probe(probing: ModuleType, args: argparse.Namespace, settings: Any, say: Any) -> dict[str, Any]:
    found: dict[str, Any] = probing.measure(
        probing.Settings(
            threads=settings.threads,
            rounds=settings.rounds,
            num_samples=args.num_target,
            num_test_samples=args.num_test,
            device=settings.device,
        )
    )
    of_task = f"{found['num_samples']} images of {found['num_classes']} other classes"
    say(f"linear probe of the gallery's {found['backbone']} on {of_task} ({','.join(found['transforms'])})")
    say(f"{'':26}{'seconds':>10}{'accuracy':>10}  (on {found['num_test_samples']} test images)")
    for name, title in (("probe", "features once, solved"), ("adam", f"{found['epochs']} epochs of Adam")):
        say(f"{title:26}{_cell(found[f'{name}_seconds'], 10, 2)}{_cell(found[f'{name}_accuracy'], 10, 3)}")
    say(f"{found['times_faster']:.1f} times faster (goal {probing.GOAL_TIMES:.0f})")
    say(f"accuracy {found['accuracy_gain']:+.3f} (goal: at least {-probing.GOAL_ACCURACY_LOSS})")
    say(f"Adam's time is estimated from {found['timed_epochs']} epochs with the frozen backbone in each of them;")
    say(f"for its accuracy all {found['epochs']} ran, on kept features, which are the same in every epoch")
    goals = {"times_faster": probing.GOAL_TIMES, "accuracy_gain": -probing.GOAL_ACCURACY_LOSS}
    return {**found, "goals": goals}


def _measure_pretraining(training: ModuleType, settings: Any, say: Any) -> Any:
    what = f"ResNet-18, {training.GPU_EPOCHS} epochs of {training.GPU_IMAGES} images"
    if not settings.device.startswith("cuda"):
        say(f"{what}: {NO_GPU}")
        return NO_GPU
    found: dict[str, Any] = training.estimate_pretraining(settings.device, threads=settings.threads)
    say(
        f"{what}: {found['seconds']:.0f} s (goal {training.GPU_GOAL_S:.0f}), estimated from {found['num_steps']} steps "
        f"of {training.GPU_BATCH_SIZE} and the {found['render_seconds']:.1f} s before them"
    )
    return {**found, "goal_seconds": training.GPU_GOAL_S}


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def _cell(value: float | None, width: int, digits: int) -> str:
    return f"{'n/a':>{width}}" if value is None else f"{value:>{width},.{digits}f}"


def _ratios(row: dict[str, float | None]) -> str:
    return _cell(row["engine_to_loader"], 10, 1) + _cell(row["engine_to_kornia"], 10, 2)


def _check(args: argparse.Namespace) -> None:
    for number in getattr(args, "together", None) or ():
        if not 1 <= number <= 64:
            raise SpecError(f"--together {number}: expected 1 to 64")
    for name, low, high in _RANGES:
        value = getattr(args, name, None)
        if value is not None and not low <= value <= high:
            raise SpecError(f"--{name.replace('_', '-')} {value}: expected {low} to {high}")
    if hasattr(args, "seconds") and not 0 < args.seconds <= 600:
        raise SpecError(f"--seconds {args.seconds}: expected more than 0 and at most 600")

"""``bench``: the measurements behind the project's claims of speed, which live in ``benchmarks/``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from invariance.commands.options import add_device, argument, count, parse_names, whole_number
from invariance.commands.output import check_folder, make_folder, print_json
from invariance.commands.parser import Parser
from invariance.resources import project_folder
from invariance.runs.device import choose_device
from invariance.spec import MODEL_NAMES, SpecError, parse_transforms

NO_GPU = "no GPU: not measured"

_COLUMNS = ("loader", "kornia", "engine")


def add_commands(commands: Any) -> None:
    """Registers the command and its sub-commands."""
    bench = commands.add_parser(
        "bench",
        help="measure speed beside what people use today",
        examples=("data", "train --model resnet18", "gpu --out found"),
    )
    parts = bench.add_subparsers(dest="part", required=True, metavar="data|train|gpu", parser_class=Parser)
    _add_data(parts)
    _add_train(parts)
    _add_gpu(parts)


def _add_data(parts: Any) -> None:
    parser = parts.add_parser(
        "data",
        help="images a second of the data engine, a torchvision data loader and Kornia",
        examples=("--transforms none rotate rotate,hue,blur --num-rounds 3",),
    )
    parser.add_argument(
        "--transforms",
        type=argument(parse_transforms),
        nargs="+",
        metavar="A[,B,...]",
        help="compositions to measure (default: none, all 18, one of 3)",
    )
    _add_timing(parser)
    parser.add_argument("--seconds", type=_seconds, default=0.5, metavar="X", help="of one timing (default 0.5)")
    parser.add_argument("--memory", action="store_true", help="measure memory alone")
    parser.add_argument(
        "--num-memory", type=count(1, 10**8), default=50_000, metavar="N", help="images rendered for it"
    )
    parser.set_defaults(action=bench_data)


def _add_train(parts: Any) -> None:
    parser = parts.add_parser(
        "train",
        help="images a second of training and the time of a linear probe, beside the usual PyTorch ways",
        examples=("--model resnet18 --num-rounds 3", "--together 2 4 8"),
    )
    parser.add_argument(
        "--transforms",
        type=argument(parse_transforms),
        default=("rotate", "hue", "erasing"),
        metavar="A,B,...",
        help="composition trained on (default rotate,hue,erasing)",
    )
    parser.add_argument(
        "--model", choices=MODEL_NAMES, help="architecture (default: small on a processor, resnet18 on a GPU)"
    )
    _add_timing(parser)
    for name, low, high, default, text in (
        ("num-images", 4, 10**7, None, "of an epoch and a timing (default 10240; on a GPU 51200)"),
        ("batch-size", 2, 65_536, 256, "images in one step (default 256)"),
        ("num-target", 2, 10**6, 2_000, "images the probes are fitted to (default 2000)"),
        ("num-test", 1, 10**6, 10_000, "images the probes are tested on (default 10000)"),
    ):
        parser.add_argument(f"--{name}", type=count(low, high), default=default, metavar="N", help=text)
    parser.add_argument(
        "--together",
        type=count(1, 64),
        nargs="+",
        metavar="K",
        help="measure alone, instead: K networks trained at once",
    )
    parser.set_defaults(action=bench_train)


def _add_gpu(parts: Any) -> None:
    parser = parts.add_parser(
        "gpu",
        help="whether everything is right and fast on this machine's GPU",
        description="Compares the GPU with the CPU and measures its speed, the most valuable first. Prints one JSON "
        "object for each part as it ends, and writes it to gpu.jsonl; the last one says which goals are reached.",
        examples=("--out found", "--budget 240 --out found", "--device cpu --budget 60 --out found"),
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder that receives gpu.jsonl")
    parser.add_argument(
        "--budget",
        type=count(5, 86_400),
        default=480,
        metavar="SECONDS",
        help="for all parts; what does not fit is left out (default 480)",
    )
    parser.add_argument(
        "--parts", type=argument(parse_names), metavar="A,B,...", help="these alone, by their names in the lines"
    )
    cores = "of torch, and worker processes of the usual loop (default: the cores this process may use)"
    parser.add_argument("--num-threads", type=count(1, 1024), metavar="N", help=cores)
    add_device(parser)
    parser.add_argument("--json", action="store_true", help="nothing but the JSON objects, no lines for people beside")
    parser.set_defaults(action=bench_gpu)


def _add_timing(parser: argparse.ArgumentParser) -> None:
    """What both measurements have."""
    cores = "of each contestant (default: the cores this process may use)"
    parser.add_argument("--num-threads", type=count(1, 1024), metavar="N", help=cores)
    parser.add_argument(
        "--num-rounds",
        type=count(1, 1000),
        default=5,
        metavar="N",
        help="in which the contestants take turns (default 5)",
    )
    parser.add_argument("--image-size", type=whole_number, default=32, metavar="N", help="side in pixels (default 32)")
    add_device(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object in place of the tables")


def _seconds(text: str) -> float:
    if not 0 < (value := float(text)) <= 600:
        raise argparse.ArgumentTypeError(f"{text}: expected more than 0 and at most 600")
    return value


def load_benchmark(name: str) -> ModuleType:
    """A module of the project's ``benchmarks`` folder."""
    folder = str(project_folder())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(f"benchmarks.{name}")


def bench_data(args: argparse.Namespace) -> None:
    """Prints a table, or one JSON object with the same figures."""
    speed, memory = load_benchmark("data_speed"), load_benchmark("render_memory")
    threads = args.num_threads or _num_cores()
    device = choose_device(args.device)
    settings = speed.Settings(
        threads=threads, rounds=args.num_rounds, seconds=args.seconds, image_size=args.image_size, device=device
    )
    say = (lambda text: None) if args.json else (lambda text: print(text, flush=True))
    answer: dict[str, Any] = {"environment": speed.environment(settings)}
    say(", ".join(f"{name} {value}" for name, value in answer["environment"].items()))
    if not args.memory:
        compositions = args.transforms or speed.COMPOSITIONS
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
    training, probing, data = (load_benchmark(name) for name in ("train_speed", "probe_speed", "data_speed"))
    device = choose_device(args.device)
    has_gpu = device.startswith("cuda")
    settings = training.Settings(
        threads=args.num_threads or _num_cores(),
        rounds=args.num_rounds,
        num_images=args.num_images or (51_200 if has_gpu else 10_240),
        batch_size=args.batch_size,
        image_size=args.image_size,
        transforms=args.transforms,
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


def bench_gpu(args: argparse.Namespace) -> None:
    """Prints a JSON object for each part as it ends, and one that sums up; lines for people go to standard error."""
    started = time.monotonic()
    check_folder(args.out)
    supervise, parts = load_benchmark("gpu.supervise"), load_benchmark("gpu.parts")
    names = tuple(part.name for part in parts.PARTS)
    if unknown := [name for name in args.parts or () if name not in names]:
        raise SpecError(f"parts = {', '.join(unknown)}: expected some of {', '.join(names)}")
    # Where a CPU is asked for, nothing has to be looked for, and torch is loaded once, by the process that measures.
    device = args.device if args.device == "cpu" else choose_device(args.device)
    make_folder(args.out)
    bench = supervise.Bench(
        device=device,
        budget_s=args.budget,
        threads=args.num_threads or _num_cores(),
        names=args.parts or names,
        command=shlex.join(["python", "-m", "invariance", *sys.argv[1:]]),
        started=started,
    )
    with (args.out / "gpu.jsonl").open("w", encoding="utf-8") as stream:
        for line in bench.run():
            print(text := json.dumps(line, allow_nan=False), flush=True)
            stream.write(f"{text}\n")
            stream.flush()
            if not args.json:
                print("\n".join(parts.in_words(line)), file=sys.stderr, flush=True)


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2


def _cell(value: float | None, width: int, digits: int) -> str:
    return f"{'n/a':>{width}}" if value is None else f"{value:>{width},.{digits}f}"


def _ratios(row: dict[str, float | None]) -> str:
    return _cell(row["engine_to_loader"], 10, 1) + _cell(row["engine_to_kornia"], 10, 2)

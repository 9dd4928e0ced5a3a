"""``study``: a study of the paper, executed here or on a cluster, its table, its findings and its report."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from invariance.commands.arguments import add_execution, open_store, print_json
from invariance.commands.output import make_folder
from invariance.commands.running import RunFailed
from invariance.extras import has, install_line
from invariance.figures.study_notebook import write_notebook
from invariance.runs.coordinate import Coordinator
from invariance.runs.device import choose_device, cuda_devices
from invariance.runs.executors.executor import Executor
from invariance.runs.executors.local import LocalExecutor
from invariance.runs.interrupt import interrupt_flag
from invariance.runs.provenance import provenance
from invariance.runs.store import Store
from invariance.runs.study_files import summarise, write_summary, write_table
from invariance.runs.study_progress import StudyProgress, estimated_seconds, outcomes_of, progress_of
from invariance.runs.threads import num_threads
from invariance.runs.together import groups_together, run_together
from invariance.spec import SpecError
from invariance.studies.registry import SCALES, STUDY_NAMES, make_study
from invariance.studies.study import Study
from invariance.studies.transforms_vs_other import FACTORS

EXECUTORS = ("local", "ray")
SHOWN_FAILURES = 3
MAX_CPU_WORKERS = 8
"""Each keeps torch in memory, about half a gigabyte."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "study",
        help="repeat a study of the paper: table, findings, report",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Executes a study and writes DIR/results.csv (as results arrive), DIR/summary.json, "
        "DIR/report.html and DIR/notebook.ipynb.\nCtrl-C leaves runs that go on when the same is asked for again; "
        "what is done is answered from the store.",
        epilog="examples: python -m invariance study mismatch --scale quick --out mismatch\n"
        "          python -m invariance study mismatch --scale paper --dry-run\n"
        "          python -m invariance study transforms-vs-other --factors beyond-2d --seeds 0,1 --out beyond\n"
        "          python -m invariance study mismatch --scale paper --executor ray --address auto --out mismatch",
    )
    parser.add_argument("name", choices=STUDY_NAMES, metavar="NAME", help=", ".join(STUDY_NAMES))
    parser.add_argument("--scale", default="quick", choices=SCALES, help="how large (default quick: minutes)")
    parser.add_argument("--seeds", metavar="0,1,2", help="repetitions (default: the scale's own)")
    parser.add_argument(
        "--factors",
        metavar="F,F",
        help=f"of transforms-vs-other: what is varied, of {', '.join(name.replace('_', '-') for name in FACTORS)} "
        "(default: at quick the first four, which are the paper's, else all)",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; made if it is absent")
    parser.add_argument("--dry-run", action="store_true", help="list the runs and estimate the hours, execute nothing")
    add_execution(parser)
    group = parser.add_argument_group("executor")
    group.add_argument("--executor", default="local", choices=EXECUTORS, help="default local: this machine")
    group.add_argument(
        "--workers", type=int, metavar="N", help="runs at once (default: a GPU each, or a core each and at most 8)"
    )
    group.add_argument(
        "--together",
        action="store_true",
        help="pretrain networks that differ in seed and data at once in this process, before all else (small networks "
        "on a single GPU always are)",
    )
    group.add_argument(
        "--address", metavar="ADDRESS", help="of a Ray cluster: auto, host:port (default: a Ray of its own)"
    )
    group.add_argument("--gpus", type=float, metavar="G", help="GPUs of a run on Ray, or a share (default: 1 if any)")
    group.add_argument("--cpus", type=float, default=1.0, metavar="C", help="cores of a run on Ray (default 1)")
    parser.set_defaults(action=run_study)


def run_study(args: argparse.Namespace) -> None:
    """Executes a study; writes its files and prints a JSON object."""
    _check(args)
    study = make_study(args.name, scale=args.scale, seeds=_seeds(args.seeds), factors=_factors(args.factors))
    if args.dry_run:
        _print_plan(study, args)
        return
    store = open_store(args)
    started = time.monotonic()
    bar = _Bar(study)
    with closing(bar), interrupt_flag() as interrupted:
        _pretrain_together(study, store, args, bar, interrupted)
        executor, device = _executor(args, store)
        with closing(executor):
            coordinator = Coordinator(study, store, executor, device=device)
            for event in coordinator.run(interrupted.is_set):
                bar(event.progress)
                if event.table is not None:
                    write_table(event.table, args.out)
    table = study.tabulate(outcomes_of(study, store))
    progress = progress_of(study, store)
    seconds = time.monotonic() - started
    told = provenance(study, store, executor=executor.name, num_workers=executor.num_slots, command=command_line())
    write_table(table, args.out)
    summary = summarise(study.conclude(table), seconds=seconds, provenance=told, progress=progress)
    write_summary(summary, args.out)
    write_notebook(study, args.out)
    if has("plotly"):
        from invariance.figures.study_report import write_report

        write_report(study, table, summary, args.out)
    else:
        print(f"no report.html, since plotly is not installed: {install_line('plotly')}", file=sys.stderr)
    if interrupted.is_set():
        raise KeyboardInterrupt
    if not progress.is_done:
        raise RunFailed(_failed_line(coordinator.failures, progress, args.out))
    print_json({"study": study.name, "scale": study.scale, "runs": progress.total, "out": str(args.out), **summary})


def _check(args: argparse.Namespace) -> None:
    """Raises SpecError for options that do not go together, before anything is made."""
    if args.workers is not None and args.workers < 1:
        raise SpecError(f"workers = {args.workers}: expected at least 1")
    if args.executor != "ray" and (args.address is not None or args.gpus is not None):
        raise SpecError("--address and --gpus are for Ray: add --executor ray")
    if args.executor == "ray" and args.together:
        raise SpecError("--together is for this machine: leave it out, or --executor ray")
    for name in ("gpus", "cpus"):
        if (value := getattr(args, name)) is not None and not 0 <= value <= 1024:
            raise SpecError(f"{name} = {value:g}: expected a number from 0 to 1024")
    if args.cpus == 0:
        raise SpecError("cpus = 0: a run needs a part of a core, such as 0.5")
    if args.dry_run:
        return
    if args.out is None:
        raise SpecError("out is missing: give --out DIR, or --dry-run")
    make_folder(args.out)


def _seeds(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdecimal() for word in words):
        raise SpecError(f"seeds = {text!r}: expected whole numbers separated by commas, such as 0,1,2")
    return tuple(int(word) for word in words)


def _factors(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    words = tuple(word.strip().replace("-", "_") for word in text.split(",") if word.strip())
    if not words:
        raise SpecError(f"factors = {text!r}: expected names separated by commas, such as beyond-2d,objective")
    return words


def _executor(args: argparse.Namespace, store: Store) -> tuple[Executor, str]:
    """The executor, and the kind of device it has for estimates."""
    if args.executor == "ray":
        from invariance.runs.executors.ray import RayExecutor

        ray = RayExecutor(args.address, num_workers=args.workers, cpus_per_run=args.cpus, gpus_per_run=args.gpus)
        return ray, ray.device
    device = choose_device(args.device)
    devices = _local_devices(device, args.workers)
    return LocalExecutor(store.root / "worker.log", devices), device


def _pretrain_together(
    study: Study, store: Store, args: argparse.Namespace, bar: _Bar, interrupted: threading.Event
) -> None:
    """Executes groups of pretrainings as one, where that was asked for or a single GPU does it faster."""
    if args.executor != "local":
        return
    device = choose_device(args.device)
    if len(set(_local_devices(device, args.workers))) > 1 and not args.together:
        return
    for group in groups_together(study.runs, device, is_asked=args.together):
        runs = run_together(group, store, device, lambda _: bar.look(study, store))
        if any(run.state == "interrupted" for run in runs):
            interrupted.set()
            return


def _local_devices(device: str, num_workers: int | None) -> list[str]:
    """One device a worker: all GPUs in turn, or the CPU."""
    devices = cuda_devices() if device == "cuda" else [device]
    if num_workers is None:
        # On a CPU one thread a run wastes least: two threads of a small network wait for each other.
        num_workers = len(devices) if device != "cpu" else min(MAX_CPU_WORKERS, num_threads())
    return [devices[number % len(devices)] for number in range(num_workers)]


def _print_plan(study: Study, args: argparse.Namespace) -> None:
    """One line a run, and the hours that all of them take."""
    device = choose_device(args.device) if args.executor == "local" else "cuda"
    hours = {kind: _hours(study, kind) for kind in dict.fromkeys((device.partition(":")[0], "cuda"))}
    seconds = estimated_seconds(study, device)
    for spec in study.runs:
        after = f" after {', '.join(spec.depends_on)}" if spec.depends_on else ""
        print(f"{spec.run_id}  {spec.kind:8}  {_duration(seconds[spec.run_id]):>8}{after}")
    store = open_store(args) if args.runs or os.environ.get("INVARIANCE_RUNS") else None
    num_done = progress_of(study, store).done if store is not None else 0
    counts = pd.Series([spec.kind for spec in study.runs]).value_counts(sort=False).to_dict()
    print_json(
        {
            "study": study.name,
            "scale": study.scale,
            "seeds": list(study.seeds),
            "runs": len(study.runs),
            "kinds": counts,
            "done": num_done,
            "estimated_hours": {
                kind: {
                    f"{num} workers": round(total / min(num, len(study.runs)), 2)
                    for num in sorted({1, 8, args.workers or 1})
                }
                for kind, total in hours.items()
            },
        }
    )


def _hours(study: Study, device: str) -> float:
    return sum(estimated_seconds(study, device).values()) / 3600


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _failed_line(failures: dict[str, str], progress: StudyProgress, out: Path) -> str:
    shown = [f"{run_id}: {line}" for run_id, line in list(failures.items())[:SHOWN_FAILURES]]
    more = f"; and {len(failures) - SHOWN_FAILURES} more" if len(failures) > SHOWN_FAILURES else ""
    return (
        f"{progress.done} of {progress.total} runs are done, and {out} has what they say; ask again to try the others. "
        f"{'; '.join(shown)}{more}"
    )


def command_line() -> str:
    """What was asked for, without where the files go, which is nobody else's matter and changes nothing."""
    words = iter(sys.argv[1:])
    kept = []
    for word in words:
        if word in ("--out", "--runs"):
            next(words, None)
        elif not word.startswith(("--out=", "--runs=")):
            kept.append(word)
    return shlex.join(["python", "-m", "invariance", *kept])


class _Bar:
    """A bar of the share of the work on a terminal, and nothing elsewhere."""

    def __init__(self, study: Study) -> None:
        form = "{desc}: {percentage:3.0f}%|{bar}| {postfix}"
        self._bar = tqdm(total=1.0, desc=study.name, bar_format=form, disable=not sys.stderr.isatty(), leave=False)
        self._next_look = 0.0

    def look(self, study: Study, store: Store) -> None:
        """Shows what the store says, at most once a second."""
        if not self._bar.disable and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + 1.0
            self(progress_of(study, store))

    def __call__(self, progress: StudyProgress) -> None:
        self._bar.n = progress.share
        words = f"{progress.done} of {progress.total} runs, {progress.running} running"
        words += f", {progress.stopped} stopped" if progress.stopped else ""
        self._bar.set_postfix_str(f"{words}, about {_duration(progress.eta_seconds)} left", refresh=True)

    def close(self) -> None:
        """Removes the bar."""
        self._bar.close()

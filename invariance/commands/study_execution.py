"""Executing a study: here or on a cluster, with its table as results arrive, then its findings and its report."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from tqdm import tqdm

from invariance.commands.errors import RunFailed
from invariance.commands.output import check_folder, make_folder, print_json, say_pictures, write_latex
from invariance.commands.parser import command_line
from invariance.commands.running import check_pictures, existing_store, open_store
from invariance.extras import has, install_line
from invariance.figures.study_notebook import write_notebook
from invariance.runs.coordinate import Coordinator
from invariance.runs.device import choose_device
from invariance.runs.executors.local import LocalExecutor, local_devices
from invariance.runs.interrupt import StopFlag, Stopped, interrupt_flag
from invariance.runs.origin import Origin
from invariance.runs.provenance import provenance
from invariance.runs.store import Store
from invariance.runs.study_files import summarise, write_summary, write_table
from invariance.runs.study_progress import StudyProgress, estimated_seconds, outcomes_of, progress_of
from invariance.runs.together import groups_together, run_together
from invariance.studies.findings import Finding
from invariance.studies.registry import make_study
from invariance.studies.study import Study
from invariance.studies.telling import furthest_first, symbol, tally

if TYPE_CHECKING:
    from invariance.runs.executors.ray import RayExecutor

SHOWN_FAILURES = 3


@dataclass(frozen=True)
class CarriedOut:
    """A study as far as it was executed.

    Attributes:
        table: its results.
        store: where its runs are.
        progress: how far it is.
        seconds: that this took.
        made: where the results come from, see :func:`invariance.runs.provenance.provenance`.
        device: that its runs were executed on.
        failures: why runs were given up.
        stop: whether somebody stopped it.
    """

    table: pd.DataFrame
    store: Store
    progress: StudyProgress
    seconds: float
    made: dict[str, Any]
    device: str
    failures: dict[str, str]
    stop: StopFlag

    def require_whole(self, folder: Path | None) -> None:
        """Raises Stopped or RunFailed unless all was done; told is where the partial results are."""
        self.stop.raise_if_set()
        if not self.progress.is_done:
            raise RunFailed(_failed_line(self.failures, self.progress, folder))


def carry_out(study: Study, args: argparse.Namespace, out: Path | None, *, is_checked: bool) -> CarriedOut:
    """Executes a study here or on a cluster.

    Args:
        study: what is executed.
        args: options of :mod:`invariance.commands.executor`, ``device`` and ``runs``.
        out: folder where its table is written as results arrive; None for nowhere.
        is_checked: whether all its pictures are read first, so that one that cannot be is refused before anything is
            made.
    """
    if out is not None:
        check_folder(out)
    say_pictures(spec.data for spec in study.runs)
    ray = _start_ray(args) if args.executor == "ray" else None
    device = ray.device if ray is not None else choose_device(args.device)
    if is_checked:
        check_pictures(study.runs)
    store = open_store(args)
    if out is not None:
        make_folder(out)
    started = time.monotonic()
    bar = _Bar(study, device)
    with closing(bar), interrupt_flag() as interrupted:
        if ray is None:
            _pretrain_together(study, store, device, args, bar)
        executor = ray or LocalExecutor(store.root / "worker.log", local_devices(args.device, args.num_workers))
        with closing(executor):
            num_workers = executor.num_slots  # asked of a cluster, which is gone afterwards
            coordinator = Coordinator(study, store, executor, device=device)
            for event in coordinator.run(interrupted.is_set):
                bar(event.progress)
                if event.table is not None and out is not None:
                    write_table(event.table, out)
    table = study.tabulate(outcomes_of(study, store))
    if out is not None:
        write_table(table, out)
    return CarriedOut(
        table=table,
        store=store,
        progress=progress_of(study, store, device=device),
        seconds=time.monotonic() - started,
        made=provenance(study, store, executor=executor.name, num_workers=num_workers, command=command_line()),
        device=device,
        failures=coordinator.failures,
        stop=interrupted,
    )


def can_report() -> bool:
    """Whether what draws a report is installed; a line on stderr says what to do if it is not."""
    absent = [name for name in ("plotly", "jinja2") if not has(name)]
    if absent:
        print(f"no report.html, since {absent[0]} is not installed: {install_line(absent[0])}", file=sys.stderr)
    return not absent


def execute_study(args: argparse.Namespace) -> None:
    """Executes a study; writes its files and prints a JSON object. The arguments are those of ``study``, checked."""
    study = make_study(
        args.name,
        scale=args.scale,
        seeds=args.seeds,
        factors=args.factors,
        shared_backgrounds=args.shared_backgrounds,
        **{name: getattr(args, name) for name in ("objects", "backgrounds", "num_classes") if name in args},
    )
    if study.data.words:
        print(study.data.words, file=sys.stderr)
    if args.dry_run:
        _print_plan(study, args)
        return
    done = carry_out(study, args, args.out, is_checked=bool(study.data.words))
    table, progress = done.table, done.progress
    findings = study.conclude(table)
    summary = summarise(findings, seconds=done.seconds, provenance=done.made, progress=progress)
    write_summary(summary, args.out)
    write_notebook(study, args.out)
    if args.latex:
        _write_latex(study, table, findings, args.out)
    if can_report():
        from invariance.figures.study_report import write_report

        write_report(study, table, summary, args.out)
    done.require_whole(args.out)
    for line in told(findings):
        print(line)
    print_json({"study": study.name, "scale": study.scale, "runs": progress.total, "out": str(args.out), **summary})


def _write_latex(study: Study, table: pd.DataFrame, findings: Sequence[Finding], folder: Path) -> None:
    rows = [{**asdict(finding), "verdict": finding.words} for finding in findings]
    found = pd.DataFrame(rows, columns=["name", "effect", "low", "high", "n", "p", "published", "verdict"])
    origin = Origin(command=command_line(), seeds=study.seeds, num=f"{len(study.runs):,} runs")
    write_latex(folder, {"results": table, "findings": found}, origin, title=f"{study.name} at {study.scale} scale")


def told(findings: Sequence[Finding]) -> list[str]:
    """Findings as lines for people: how many are as published, then what disagrees with the paper first."""
    lines = [
        f"{symbol(one)} {f'{one.words}: {one.name}: ' if one.n else ''}{one.statement}"  # without seeds it says both
        for one in furthest_first(findings)
    ]
    return [counted, *lines] if (counted := tally(findings)) else lines


def _start_ray(args: argparse.Namespace) -> RayExecutor:
    from invariance.runs.executors.ray import RayExecutor

    return RayExecutor(args.address, num_workers=args.num_workers, cpus_per_run=args.cpus, gpus_per_run=args.gpus)


def _pretrain_together(study: Study, store: Store, device: str, args: argparse.Namespace, bar: _Bar) -> None:
    """Executes groups of pretrainings as one, where that was asked for or a single GPU does it faster."""
    if len(set(local_devices(args.device, args.num_workers))) > 1 and not args.together:
        return
    for group in groups_together(study.runs, device, is_asked=args.together):
        try:
            run_together(group, store, device, lambda _: bar.look(study, store))
        except Stopped:  # the coordinator hears it too, and what there is is still written
            return


def _print_plan(study: Study, args: argparse.Namespace) -> None:
    """One line a run, and the hours that all of them take."""
    device = choose_device(args.device) if args.executor == "local" else "cuda"
    hours = {kind: _hours(study, kind) for kind in dict.fromkeys((device.partition(":")[0], "cuda"))}
    seconds = estimated_seconds(study, device)
    for spec in study.runs:
        after = f" after {', '.join(spec.depends_on)}" if spec.depends_on else ""
        print(f"{spec.run_id}  {spec.kind:8}  {_duration(seconds[spec.run_id]):>8}{after}")
    store = existing_store(args)
    num_done = progress_of(study, store, device=device).done if store is not None else 0
    print_json(
        {
            "study": study.name,
            "scale": study.scale,
            "seeds": list(study.seeds),
            "shared_backgrounds": study.shared_backgrounds,
            **study.data.told(),
            "runs": len(study.runs),
            "kinds": Counter(spec.kind for spec in study.runs),
            "done": num_done,
            "estimated_hours": {
                kind: {
                    f"{num} workers": round(total / min(num, len(study.runs)), 2)
                    for num in sorted({1, 8, args.num_workers or 1})
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


def _failed_line(failures: dict[str, str], progress: StudyProgress, out: Path | None) -> str:
    shown = [f"{run_id}: {line}" for run_id, line in list(failures.items())[:SHOWN_FAILURES]]
    more = f"; and {len(failures) - SHOWN_FAILURES} more" if len(failures) > SHOWN_FAILURES else ""
    kept = "" if out is None else f", and {out} has what they say"
    return (
        f"{progress.done} of {progress.total} runs are done{kept}; ask again to try the others. "
        f"{'; '.join(shown)}{more}"
    )


class _Bar:
    """A bar of the share of the work on a terminal, and nothing elsewhere."""

    def __init__(self, study: Study, device: str) -> None:
        self._device = device
        form = "{desc}: {percentage:3.0f}%|{bar}| {postfix}"
        self._bar = tqdm(total=1.0, desc=study.name, bar_format=form, disable=not sys.stderr.isatty(), leave=False)
        self._next_look = 0.0

    def look(self, study: Study, store: Store) -> None:
        """Shows what the store says, at most once a second."""
        if not self._bar.disable and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + 1.0
            self(progress_of(study, store, device=self._device))

    def __call__(self, progress: StudyProgress) -> None:
        self._bar.n = progress.share
        words = f"{progress.done} of {progress.total} runs, {progress.running} running"
        words += f", {progress.stopped} stopped" if progress.stopped else ""
        self._bar.set_postfix_str(f"{words}, about {_duration(progress.eta_seconds)} left", refresh=True)

    def close(self) -> None:
        """Removes the bar."""
        self._bar.close()

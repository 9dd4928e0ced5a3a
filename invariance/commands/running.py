"""What the commands share that make runs: the store, checks before anything is made, execution with a bar, the report.

This module loads what computes; the commands import it when they are executed, and not for their help.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from invariance.commands.capacity import check_memory
from invariance.commands.errors import RunFailed
from invariance.commands.output import print_json, say_pictures, write_bytes, write_table
from invariance.commands.parser import command_line
from invariance.data.engine import Engine
from invariance.models import Classifier
from invariance.progress import ProgressBar
from invariance.runs.added import is_outside
from invariance.runs.describe import title
from invariance.runs.device import choose_device
from invariance.runs.execute import run_here
from invariance.runs.gallery import entries
from invariance.runs.locate import require_each_once, run_ids_of, task_of, weights_of
from invariance.runs.origin import origin_of
from invariance.runs.run import Run
from invariance.runs.side_by_side import run_side_by_side
from invariance.runs.store import Store, default_root
from invariance.runs.together import pays_together, run_together
from invariance.spec import RunSpec, SpecError
from invariance.statistics import accuracy_interval, t_interval
from invariance.training.checkpoint import load_weights


def existing_store(args: argparse.Namespace) -> Store | None:
    """The store that ``--runs`` names, or None if there is none yet: whoever only looks makes none."""
    root = args.runs or default_root()
    return Store(root) if (root / "store.sqlite").is_file() else None


def open_store(args: argparse.Namespace) -> Store:
    """The store that ``--runs`` names, made if there is none: the last thing before work begins."""
    return Store(args.runs or default_root())


def named_models(names: Sequence[str], store: Store | None, arch: str | None = None) -> dict[str, str]:
    """The models of a table: run id to the name that the user gave, or the gallery's.

    Args:
        names: ``gallery`` alone for its pretrained networks, or names of networks.
        store: where runs are looked up.
        arch: architecture of files that do not say it.

    Raises:
        SpecError: a name is unknown, a file cannot be used, two names are one network, or there is no gallery.
    """
    if tuple(names) == ("gallery",) and arch is None:
        found = {entry.run_id: entry.name for entry in entries() if entry.spec.kind == "pretrain"}
        if not found:
            raise SpecError("models = gallery: there is none here; run python -m invariance gallery build")
        return found
    run_ids = _ids_of(names, store, arch)
    require_each_once("models", dict(zip(names, run_ids, strict=True)))  # a row is found by its network
    return dict(zip(run_ids, names, strict=True))


def _ids_of(names: Sequence[str], store: Store | None, arch: str | None) -> list[str]:
    """The identities of networks by whose names rows are told apart."""
    if again := [name for number, name in enumerate(names) if name in names[:number]]:
        raise SpecError(f"models: {again[0]} is named twice; name it once")
    return run_ids_of(names, store, arch=arch)


def load_models(args: argparse.Namespace) -> tuple[list[Classifier], Engine, str]:
    """The networks of ``--models``, the images that they are looked at with, and the device."""
    store, device = existing_store(args), choose_device(args.device)
    found = _ids_of(args.models, store, args.arch)
    paths = [weights_of(run_id, store) for run_id in found]
    data = task_of(found, store)
    if args.transforms is not None:
        data = replace(data, transforms=args.transforms)
    engine = Engine(data, device)
    say_pictures([data])
    return [load_weights(path, device) for path in paths], engine, device


def prepare(args: argparse.Namespace, specs: Sequence[RunSpec]) -> tuple[Store, str]:
    """Checks all that can be checked of some runs, then opens the store, which is made if there is none.

    Returns:
        The store, and the device of the runs.

    Raises:
        SpecError: a source, a folder, a class or the device is not here, or the images do not fit in memory.
    """
    device, known = choose_device(args.device), existing_store(args)
    asked, waiting = {spec.run_id for spec in specs}, list[RunSpec]()
    for spec in specs:
        if known is not None and (run := known.find(spec.run_id)) is not None and run.state == "done":
            continue
        for source in spec.depends_on:
            if source not in asked:
                weights_of(source, known)
        check_memory(spec)
        waiting.append(spec)
    check_pictures(waiting)
    say_pictures(spec.data for spec in specs)
    return open_store(args), device


def check_pictures(specs: Sequence[RunSpec]) -> None:
    """Reads the pictures of some runs; raises SpecError for one that cannot be read, before anything is made."""
    for data in {replace(spec.data, transforms=(), seed=0, num_samples=None) for spec in specs}:
        Engine(data)


def execute_run(spec: RunSpec, store: Store, device: str) -> Run:
    """Does one run with a bar; raises RunFailed unless it is done then, and Stopped after Ctrl-C."""
    with ProgressBar(f"{spec.kind} {spec.run_id}") as bar:
        run = run_here(spec, store, device, bar)
    _require_done([run])
    return run


def execute_seeds(specs: Sequence[RunSpec], store: Store, device: str, *, together: bool) -> list[Run]:
    """Does the same run from several seeds; raises as :func:`execute_run`.

    Args:
        specs: one for each seed.
        store: where runs are recorded.
        device: see :func:`invariance.runs.device.choose_device`.
        together: all at once, where one after the other would give the last digits of the runs by themselves.
    """
    if not (together or pays_together(specs, device)):
        return [execute_run(spec, store, device) for spec in specs]
    with ProgressBar(f"{len(specs)} runs together") as bar:
        runs = run_together(specs, store, device, bar)
    _require_done(runs)
    return runs


def execute_all(specs: Sequence[RunSpec], store: Store, device: str) -> dict[str, Run]:
    """Does several runs, small networks side by side, by their identities; raises as :func:`execute_run`."""
    with ProgressBar(f"{len(set(specs))} runs") as bar:
        runs = run_side_by_side(specs, store, device, bar.told)
    _require_done([*runs.values()])
    return runs


def _require_done(runs: Sequence[Run]) -> None:
    if bad := [run for run in runs if run.state != "done"]:
        raise RunFailed("; ".join(f"run {run.id} {run.state}: {run.error or 'ask again to resume'}" for run in bad))


def run_seeds(args: argparse.Namespace, spec_of: Callable[[int], RunSpec]) -> None:
    """The run of ``--seed`` and its JSON object, or those of ``--seeds`` and theirs."""
    if args.seeds is None:
        if args.together:
            raise SpecError("--together without --seeds: give the seeds that are trained together, such as 0,1,2")
        spec = spec_of(getattr(args, "seed", 0))
        print_json(report(execute_run(spec, *prepare(args, [spec]))))
        return
    if "seed" in args:
        raise SpecError("--seed and --seeds are both given: use one of them")
    specs = [spec_of(seed) for seed in args.seeds]
    runs = execute_seeds(specs, *prepare(args, specs), together=args.together)
    print_json(report_seeds(runs, args.seeds))


def run_table(args: argparse.Namespace, spec: RunSpec, names: dict[str, str]) -> None:
    """A run that makes a table: writes it to ``--out`` with the user's names of models, and prints its JSON object.

    Of networks from outside it tells how images are fed to them, since each has a way of its own.
    """
    store, device = prepare(args, [spec])
    run = execute_run(spec, store, device)
    assert run.result is not None
    text = named(Path(run.result["table"]).read_text(encoding="utf-8"), names)
    if args.out.suffix.lower() == ".tex":
        import pandas as pd  # here, since a training has no use for it

        origin = replace(origin_of(spec), command=command_line())
        write_table(args.out, pd.read_csv(io.StringIO(text)), origin, title=title(spec))
    else:
        write_bytes(args.out, text.encode())
    outside = {name: weights_of(run_id, store) for run_id, name in names.items() if is_outside(run_id)}
    fed = {name: load_weights(path).normalisation for name, path in outside.items()}
    print_json({**report(run), "table": str(args.out), **({"normalisation": fed} if fed else {})})


def report_seeds(runs: Sequence[Run], seeds: Sequence[int]) -> dict[str, Any]:
    """What a command says of runs from several seeds: each of them, and means with Student's 95 % intervals."""
    reports = [{"seed": seed, **report(run)} for seed, run in zip(seeds, runs, strict=True)]
    metrics: dict[str, Any] = {}
    for name in reports[0]["metrics"]:
        interval = accuracy_interval if name.endswith("accuracy") else t_interval
        known = interval([each["metrics"][name] for each in reports if name in each["metrics"]])
        ends = (known.low, known.high) if known.num > 1 else (None, None)  # JSON has no NaN
        metrics[name] = {"mean": known.estimate, "low": ends[0], "high": ends[1], "num": known.num}
    return {"runs": reports, "metrics": metrics}


def report(run: Run) -> dict[str, Any]:
    """What a command says of a run."""
    result = run.result or {}
    keys = ("metrics", "checkpoint", "sha256", "seconds", "device")
    return {"run": run.id, "status": run.state, **{key: result.get(key) for key in keys}}


def named(text: str, names: dict[str, str]) -> str:
    """A table as CSV, its models called as the user called them, in whichever column."""
    for run_id, name in names.items():
        text = text.replace(f"\n{run_id},", f"\n{name},").replace(f",{run_id},", f",{name},")
    return text

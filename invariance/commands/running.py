"""What the commands share that make runs: which models are meant, execution with a bar, the report, the table."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from invariance.commands.arguments import ProgressBar
from invariance.runs.execute import run_here
from invariance.runs.gallery import entries
from invariance.runs.locate import run_id_of
from invariance.runs.store import Run, Store
from invariance.runs.together import pays_together, run_together
from invariance.spec import RunSpec, SpecError
from invariance.statistics import t_interval


class RunFailed(RuntimeError):
    """A run that did not end as done; the message is its one-line reason."""


def named_models(text: str, store: Store) -> dict[str, str]:
    """The models of a table: run id to the name that the user gave, or the gallery's.

    Args:
        text: ``gallery`` for its pretrained networks, or names separated by commas.
        store: where runs are looked up.

    Raises:
        SpecError: a name is unknown, or there is no gallery.
    """
    if text == "gallery":
        names = {entry.run_id: entry.name for entry in entries() if entry.spec.kind == "pretrain"}
        if not names:
            raise SpecError("models = gallery: there is none here; run python -m invariance gallery build")
        return names
    return {run_id_of(name, store): name.strip() for name in text.split(",") if name.strip()}


def execute_run(spec: RunSpec, store: Store, device: str) -> Run:
    """Does a run with a progress bar; raises RunFailed unless it is done then."""
    title = f"{spec.kind} {spec.run_id}"
    bar = ProgressBar(title)
    try:
        run = run_here(spec, store, device, bar)
    finally:
        bar.close()
    if run.state != "done":
        raise RunFailed(f"run {run.id} {run.state}: {run.error or 'ask for it again to resume'}")
    return run


def execute_seeds(specs: Sequence[RunSpec], store: Store, device: str, *, together: bool) -> list[Run]:
    """Does the same run from several seeds; raises RunFailed unless all are done then.

    Args:
        specs: one for each seed.
        store: where runs are recorded.
        device: see :func:`invariance.runs.device.choose_device`.
        together: all at once, where one after the other would give the last digits of the runs by themselves.
    """
    if not (together or pays_together(specs, device)):
        return [execute_run(spec, store, device) for spec in specs]
    bar = ProgressBar(f"{len(specs)} runs together")
    try:
        runs = run_together(specs, store, device, bar)
    finally:
        bar.close()
    if bad := [run for run in runs if run.state != "done"]:
        raise RunFailed("; ".join(f"run {run.id} {run.state}: {run.error or 'ask again to resume'}" for run in bad))
    return runs


def seeds_of(text: str) -> list[int]:
    """The numbers in a list such as 0,1,2; raises SpecError if there are none, or one is there twice."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isdecimal() for word in words) or len(set(words)) < len(words):
        raise SpecError(f"seeds = {text!r}: expected different whole numbers separated by commas, such as 0,1,2")
    return [int(word) for word in words]


def report_seeds(runs: Sequence[Run], seeds: Sequence[int]) -> dict[str, Any]:
    """What a command says of runs from several seeds: each of them, and means with Student's 95 % intervals."""
    reports = [{"seed": seed, **report(run)} for seed, run in zip(seeds, runs, strict=True)]
    metrics: dict[str, Any] = {}
    for name in reports[0]["metrics"]:
        known = t_interval([each["metrics"][name] for each in reports if name in each["metrics"]])
        ends = (known.low, known.high) if known.num > 1 else (None, None)  # JSON has no NaN
        metrics[name] = {"mean": known.estimate, "low": ends[0], "high": ends[1], "num": known.num}
    return {"runs": reports, "metrics": metrics}


def report(run: Run) -> dict[str, Any]:
    """What a command says of a run."""
    result = run.result or {}
    keys = ("metrics", "checkpoint", "sha256", "seconds", "device")
    return {"run": run.id, "status": run.state, **{key: result.get(key) for key in keys}}


def write_named(table: Path, names: dict[str, str], out: Path) -> None:
    """Copies a table, its models called as the user called them."""
    text = table.read_text()
    for run_id, name in names.items():
        text = text.replace(f"\n{run_id},", f"\n{name},")
    temporary = out.with_name(out.name + ".new")
    temporary.write_text(text)
    shutil.move(temporary, out)


def described(columns: str, meaning: str) -> list[str]:
    """Lines of a help text on some columns."""
    return [f"  {columns}", *textwrap.wrap(meaning, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)]

"""What the commands share that make runs: which models are meant, execution with a bar, the report, the table."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path
from typing import Any

from invariance.commands.arguments import ProgressBar
from invariance.runs.execute import run_here
from invariance.runs.gallery import entries
from invariance.runs.locate import run_id_of
from invariance.runs.store import Run, Store
from invariance.spec import RunSpec, SpecError


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


def check_output(path: Path) -> None:
    """Raises SpecError unless a file can be made there."""
    if not path.parent.is_dir():
        raise SpecError(f"out = {path}: no folder {path.parent}; make it first")


def described(columns: str, meaning: str) -> list[str]:
    """Lines of a help text on some columns."""
    return [f"  {columns}", *textwrap.wrap(meaning, 100, initial_indent=" " * 6, subsequent_indent=" " * 6)]

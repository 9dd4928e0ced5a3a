"""``runs``: what the store holds, for who has no browser: list, show, resume, export, delete, prune."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from invariance.commands.options import add_device, add_licence, add_store
from invariance.commands.output import (
    TABLE_ENDINGS,
    check_file,
    print_json,
    print_listing,
    write_table,
)
from invariance.commands.parser import Parser, command_line
from invariance.commands.push import FORMATS, export_run
from invariance.spec import SCHEMA_VERSION, SpecError, to_dict

if TYPE_CHECKING:
    from invariance.runs.run import Run
    from invariance.runs.store import Store

ACCURACIES: Final = ("transfer_accuracy", "test_accuracy")
STATES: Final = ("queued", "running", "done", "failed", "cancelled", "interrupted")


def add_commands(commands: Any) -> None:
    """Registers the commands."""
    parser = commands.add_parser(
        "runs",
        help="list, show, resume, export, delete and prune the runs of a store",
        description="A run is named by its id, or by at least the first 6 digits of it.",
        examples=("list --state failed", "show 3f2a91", "resume 3f2a91", "prune --dry-run"),
    )
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="list|show|resume|export|delete|prune", parser_class=Parser
    )
    listing = verbs.add_parser(
        "list",
        help="all runs, or those in a state",
        description="Prints a line a run on a terminal, else one JSON object.",
        examples=("", "--state failed", "--json"),
    )
    listing.add_argument("--state", choices=STATES, help="only runs in this state")
    listing.add_argument("--json", action="store_true", help="print one JSON object on a terminal too")
    listing.add_argument("--out", type=Path, metavar="X.csv", help="also as a table; X.tex is LaTeX")
    listing.set_defaults(action=list_runs)

    showing = verbs.add_parser(
        "show",
        help="all that is known of a run",
        description="Prints what a run asked for, how it stands, its files, and the command that asks for it again.",
        examples=("3f2a91",),
    )
    showing.add_argument("run", metavar="RUN")
    showing.set_defaults(action=show_run)

    resuming = verbs.add_parser(
        "resume",
        help="go on with runs that were interrupted, cancelled or failed",
        description="Executes runs here, each from its last checkpoint; what is done is answered from the store.",
        examples=("3f2a91", "3f2a91 77c0de --device cuda:1"),
    )
    resuming.add_argument("runs_named", nargs="+", metavar="RUN")
    add_device(resuming)
    resuming.set_defaults(action=resume_runs)

    exporting = verbs.add_parser(
        "export",
        help="a trained network with a model card, or its curves, for others",
        description="Writes model.safetensors, README.md (a model card) and config.json of a run or a gallery model; "
        "or with --format tensorboard the curves and settings of a run as an event file.",
        examples=("3f2a91 --out shared", "3f2a91 --format tensorboard --out events/3f2a91"),
    )
    exporting.add_argument("run", metavar="RUN")
    exporting.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default {FORMATS[0]}")
    exporting.add_argument("--out", type=Path, required=True, metavar="DIR", help="receives the files")
    add_licence(exporting)
    exporting.set_defaults(action=export_run, store_of=_store)

    deleting = verbs.add_parser(
        "delete",
        help="remove runs with their files",
        description="Removes runs with their weights, tables and metrics. Refuses one that is waiting or being "
        "executed, and one that another run was built on, unless that goes with it.",
        examples=("3f2a91 77c0de",),
    )
    deleting.add_argument("runs_named", nargs="+", metavar="RUN")
    deleting.set_defaults(action=delete_runs)

    pruning = verbs.add_parser(
        "prune",
        help="free the disk of what nobody needs any more",
        description="Removes training states of runs that are done, failed or cancelled (one that failed then starts "
        "from the beginning if it is asked for again), files that a killed process left half written, and folders of "
        "deleted runs. Weights, tables and results stay, and so does all of a run that can go on where it was.",
        examples=("--dry-run", ""),
    )
    pruning.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")
    pruning.set_defaults(action=prune_runs)
    for verb in (listing, showing, resuming, exporting, deleting, pruning):
        add_store(verb)


def list_runs(args: argparse.Namespace) -> None:
    """Prints the runs in the order in which they were asked for, and writes them as a table if that is asked for."""
    if args.out is not None:
        check_file(args.out, *TABLE_ENDINGS)
    store = _store(args)
    store.sweep()
    found = store.list(states=None if args.state is None else (args.state,))
    known = {run.id: run for run in store.list()}
    rows = [_summary(run, known) for run in found]
    if args.out is not None:
        _write_list(args.out, found, rows)
    lines = [_line(row) for row in rows] or ["no runs"]
    print_listing(lines, {"store": str(store.root), "runs": rows}, as_json=args.json)


def _write_list(path: Path, runs: Sequence[Run], rows: Sequence[dict[str, Any]]) -> None:
    """Runs as a table: how each stands, and what it came to."""
    import pandas as pd

    from invariance.runs.origin import Origin, seed_of

    columns = ("run", "title", "kind", "status", "seconds", "device", "finished")
    table = pd.DataFrame([{name: row[name] for name in columns} for row in rows], columns=list(columns))
    table.insert(4, "accuracy", [accuracy_of(run.metrics)[1] for run in runs])
    table.insert(4, "seed", [seed_of(run.spec) for run in runs])
    origin = Origin(command=command_line(), seeds=tuple(sorted(set(table["seed"]))), num=f"{len(runs):,} runs")
    write_table(path, table, origin, title="Runs")


def show_run(args: argparse.Namespace) -> None:
    """Prints one run as one JSON object."""
    from invariance.runs.describe import command
    from invariance.runs.outcome import LOG_FILE, last_line

    store = _store(args)
    store.sweep()
    (run,) = _named(store, [args.run])
    directory = store.directory(run.id)
    files = {path.name: path.stat().st_size for path in sorted(directory.glob("*")) if path.is_file()}
    print_json(
        {
            **_summary(run, {other.id: other for other in store.list()}),
            "result": run.result,
            "command": _with_store(command(run.spec), args.runs),
            "spec": to_dict(run.spec),
            "depends_on": list(run.spec.depends_on),
            "needed_by": [other.id for other in store.dependents(run.id)],
            "folder": str(directory),
            "file_bytes": files,
            "log": last_line(directory / LOG_FILE),
            **({"remark": run.remark} if run.remark else {}),
        }
    )


def _with_store(line: str | None, runs: Path | None) -> str | None:
    """A command with the store that was named; None where no command asks for such a run."""
    return line if line is None or runs is None else f"{line} --runs {shlex.quote(str(runs))}"


def resume_runs(args: argparse.Namespace) -> None:
    """Executes runs one after the other; prints one JSON object with all of them."""
    from invariance.commands.running import execute_run, report
    from invariance.runs.device import choose_device

    device, store = choose_device(args.device), _store(args)
    named = _named(store, args.runs_named)
    for run in named:
        run.require_current()
    print_json({"runs": [report(execute_run(run.spec, store, device)) for run in named]})


def delete_runs(args: argparse.Namespace) -> None:
    """Removes runs, all of them or none; prints one JSON object."""
    from invariance.runs.prune import folder_bytes

    store = _store(args)
    store.sweep()
    named = _named(store, args.runs_named)
    chosen = {run.id for run in named}
    for run in named:
        if run.is_active:
            raise SpecError(f"run {run.id} is {run.state}: cancel it, or end the process that executes it, first")
        if needed := [other.id for other in store.dependents(run.id) if other.id not in chosen]:
            raise SpecError(f"run {run.id} is what {', '.join(needed)} was built on: delete that too, or keep both")
    freed = sum(folder_bytes(store.directory(run.id)) for run in named)
    for run in named:
        store.delete(run.id)
    print_json({"deleted": [run.id for run in named], "bytes": freed})


def prune_runs(args: argparse.Namespace) -> None:
    """Removes what nobody needs any more, or says what that is; prints one JSON object."""
    from invariance.runs.prune import find_leftovers, remove

    store = _store(args)
    store.sweep()
    gone = [found for found in find_leftovers(store) if args.dry_run or remove(store, found)]
    rows = [
        {
            "run": found.run_id,
            "status": found.state,
            "files": [path.name for path in found.paths],
            "bytes": found.num_bytes,
        }
        for found in gone
    ]
    print_json({"dry_run": args.dry_run, "bytes": sum(found.num_bytes for found in gone), "runs": rows})


def _store(args: argparse.Namespace) -> Store:
    """The store that is there; who only looks makes none."""
    from invariance.commands.running import existing_store
    from invariance.runs.store import default_root

    if (store := existing_store(args)) is None:
        raise SpecError(f"runs = {args.runs or default_root()}: no store of runs there; give its folder with --runs")
    return store


def _named(store: Store, references: list[str]) -> list[Run]:
    """The runs of the store that were named, each once."""
    from invariance.runs.locate import run_id_of

    return list({run.id: run for run in (store.get(run_id_of(name, store)) for name in references)}.values())


def _summary(run: Run, known: dict[str, Run]) -> dict[str, Any]:
    """How a run stands, in plain values."""
    from invariance.commands.running import report
    from invariance.runs.describe import title

    source = known.get(run.spec.depends_on[0]) if run.spec.depends_on else None
    return {
        **report(run),
        "kind": run.kind,
        "schema": run.schema,
        "title": title(run.spec, source.spec if source is not None else None),
        "owner": run.owner,
        "progress": run.progress,
        "error": run.error,
        **{name: _time(getattr(run, name)) for name in ("created", "started", "finished")},
        "device": run.device,
    }


def accuracy_of(metrics: Mapping[str, float]) -> tuple[str, float]:
    """The accuracy on the test split among some metrics, with its name; an empty name and NaN where there is none."""
    return next(((name, metrics[name]) for name in ACCURACIES if name in metrics), ("", math.nan))


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _line(row: dict[str, Any]) -> str:
    """A run on a terminal."""
    metrics, progress = row["metrics"] or {}, row["progress"] or {}
    if row["status"] == "done":
        name, accuracy = accuracy_of(metrics)
        stands = f"{name.replace('_', ' ')} {accuracy:.3f}" if name else ""
    else:
        stands = f"step {progress['step']} of {progress['num_steps']}" if progress else ""
    error = f"  ({row['error']})" if row["error"] else ""
    when = row["finished"] or row["started"] or row["created"]
    schema = "" if row["schema"] == SCHEMA_VERSION else f"  (schema {row['schema']})"
    start = f"{row['run'][:8]}  {when[:16]}  {row['kind']:8}  {row['status']:11}  {stands:23}"
    return f"{start}  {row['title']}{schema}{error}"

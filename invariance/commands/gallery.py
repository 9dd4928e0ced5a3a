"""``gallery build`` and ``gallery list``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from invariance.commands import transferability
from invariance.commands.executor import add_executor, check_executor
from invariance.commands.options import add_execution, add_fields, add_num_classes, argument, given, parse_seeds
from invariance.commands.output import check_folder, make_folder, print_json, print_listing
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, SpecError

FIELDS: Final = {
    DatasetSpec: ("objects", "backgrounds", "transforms"),
    PretrainSpec: ("epochs", "samples_per_epoch"),
    MeasureSpec: ("num_pairs",),
    FactorSpec: ("num_images",),
}
"""What a gallery can be built from, by the spec that describes it."""
DEFAULTS: Final = {"epochs": 12, "transforms": "all"}
"""Where :class:`~invariance.runs.gallery_build.Recipe` has others than the specs, for the help."""


def add_commands(commands: Any) -> None:
    """Registers the commands."""
    parser = commands.add_parser(
        "gallery", help="the trained networks that ship with the project", examples=("list", "build --device cpu")
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="build|list|benchmark")
    listing = verbs.add_parser(
        "list", help="what there is, with accuracies; damaged files are named", examples=("", "--json")
    )
    listing.add_argument("--folder", type=Path, metavar="DIR", help="default: checkpoints/")
    listing.add_argument("--json", action="store_true", help="print one JSON object on a terminal too")
    listing.set_defaults(action=list_gallery)
    making = verbs.add_parser(
        "build",
        help="train and measure all of them again",
        description="Trains and measures all of them; goes on where it was interrupted.",
        examples=("--device cpu", "--transforms hue,blur --out mine"),
    )
    making.add_argument("--out", type=Path, metavar="DIR", help="default: checkpoints/")
    for spec, names in FIELDS.items():
        add_fields(making, spec, names, defaults={name: DEFAULTS[name] for name in names if name in DEFAULTS})
    add_num_classes(making, "default: 30, or half of the source's")
    making.add_argument(
        "--seeds",
        type=argument(parse_seeds),
        default=argparse.SUPPRESS,
        metavar="0,1,2",
        help="networks of the first one ship, those of all are measured (default: 0,1,2)",
    )
    making.add_argument(
        "--tables-only", action="store_true", help="train nothing: measure the networks that are there again"
    )
    add_execution(making)
    add_executor(making)
    making.set_defaults(action=build_gallery)
    transferability.add_making(verbs)


def list_gallery(args: argparse.Namespace) -> None:
    """Prints the networks: a line each on a terminal, else one JSON object."""
    from invariance.runs.gallery import GALLERY, damaged, entries

    folder = args.folder or GALLERY
    if not folder.is_dir():
        raise SpecError(f"folder = {folder}: no such folder; give one that gallery build has made")
    broken, lines, models = damaged(folder), list[str](), list[dict[str, Any]]()
    for entry in entries(folder):
        state = "damaged" if entry.name in broken else "ok"
        accuracy = entry.metrics.get("transfer_accuracy", entry.metrics.get("test_accuracy", float("nan")))
        lines.append(
            f"{entry.name:18} {entry.run_id}  {entry.spec.kind:9} accuracy {accuracy:.3f}  {state:7} {entry.title}"
            + (f" (schema {entry.schema})" if entry.remark else "")
        )
        about: dict[str, Any] = {"name": entry.name, "run": entry.run_id, "kind": entry.spec.kind, "title": entry.title}
        about |= {"schema": entry.schema} | ({"remark": entry.remark} if entry.remark else {})
        models.append({**about, "status": state, "metrics": entry.metrics, "file": str(entry.path)})
    lines = lines or [f"no gallery in {folder}: run python -m invariance gallery build"]
    print_listing(lines, {"folder": str(folder), "models": models}, as_json=args.json)


def build_gallery(args: argparse.Namespace) -> None:
    """Executes what is missing, exports all, prints a line a model and one JSON object."""
    from invariance.commands.study_execution import carry_out
    from invariance.runs.device import choose_device
    from invariance.runs.gallery import GALLERY, THROWN_AWAY, WHAT_IF
    from invariance.runs.gallery_build import Recipe, export, runs_of, write_tables

    check_executor(args)
    options = {name: getattr(args, name) for name in ("num_classes", "seeds") if name in args}
    for spec, names in FIELDS.items():
        options |= {name: value for name, value in given(args, spec).items() if name in names}
    if not options.get("transforms", TRANSFORM_NAMES):
        del options["transforms"]
    recipe, out = Recipe(**options), args.out or GALLERY
    runs = runs_of(recipe, trained=args.tables_only)  # what it refuses is said before anything is made
    check_folder(out)
    done, device = carry_out(runs, args, None, is_checked=True), choose_device(args.device)
    done.require_whole(None)
    make_folder(out)
    if args.tables_only:
        write_tables(recipe, done.store, out, device=device)
        tables = [path.name for path in out.iterdir() if path.suffix == ".csv" or path.name in (WHAT_IF, THROWN_AWAY)]
        print_json({"out": str(out), "tables": sorted(tables)})
        return
    exported = []
    for entry in export(recipe, done.store, out, device=device):
        exported.append(entry.name)
        print(f"{entry.name:18} {entry.metrics}  {entry.seconds:.0f} s", flush=True)
    print_json({"out": str(out), "models": exported})

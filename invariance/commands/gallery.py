"""``gallery build`` and ``gallery list``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from invariance.commands.arguments import ProgressBar, add_execution, open_store, print_json
from invariance.commands.output import make_folder
from invariance.data.catalogue import resolve_source
from invariance.runs.device import choose_device
from invariance.runs.gallery import GALLERY, damaged, entries
from invariance.runs.gallery_build import Recipe, build, measure, planned
from invariance.spec import TRANSFORM_NAMES, SpecError, parse_transforms


def add_commands(commands: Any) -> None:
    """Registers the commands."""
    parser = commands.add_parser("gallery", help="the trained networks that ship with the project")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="build|list")
    listing = verbs.add_parser("list", help="what there is, with accuracies; damaged files are named")
    listing.add_argument("--folder", type=Path, default=GALLERY, metavar="DIR", help="default: checkpoints/")
    listing.set_defaults(action=list_gallery)
    defaults = Recipe()
    making = verbs.add_parser(
        "build",
        help="train and measure all of them again",
        epilog="example: python -m invariance gallery build --device cpu (goes on where it was interrupted)",
    )
    making.add_argument("--out", type=Path, default=GALLERY, metavar="DIR", help="default: checkpoints/")
    making.add_argument("--objects", default=defaults.objects, metavar="builtin|noise|DIR")
    making.add_argument("--backgrounds", default=defaults.backgrounds, metavar="builtin|noise|#rrggbb|DIR")
    making.add_argument("--num-classes", type=int, metavar="N", help="default: 30, or half of the source's")
    making.add_argument("--epochs", type=int, default=defaults.epochs)
    making.add_argument("--samples-per-epoch", type=int, default=defaults.samples_per_epoch)
    making.add_argument("--transforms", default="all", metavar="A,B,…", help="those with a model of their own")
    making.add_argument("--num-pairs", type=int, default=defaults.num_pairs)
    making.add_argument("--num-images", type=int, default=defaults.num_images, help="to decode factors from")
    making.add_argument(
        "--tables-only", action="store_true", help="train nothing: measure the networks that are there again"
    )
    add_execution(making)
    making.set_defaults(action=build_gallery)


def list_gallery(args: argparse.Namespace) -> None:
    """Prints one line a model."""
    if not args.folder.is_dir():
        raise SpecError(f"folder = {args.folder}: no such folder; give one that gallery build has made")
    broken = damaged(args.folder)
    for entry in entries(args.folder):
        accuracy = entry.metrics.get("transfer_accuracy", entry.metrics.get("test_accuracy", float("nan")))
        state = "DAMAGED" if entry.name in broken else "ok"
        print(f"{entry.name:18} {entry.run_id}  {entry.spec.kind:9} accuracy {accuracy:.3f}  {state:7} {entry.title}")
    if not entries(args.folder):
        print(f"no gallery in {args.folder}: run python -m invariance gallery build")


def build_gallery(args: argparse.Namespace) -> None:
    """Trains what is missing, exports all, prints a line a model and one JSON object."""
    recipe = Recipe(
        objects=resolve_source(args.objects),
        backgrounds=resolve_source(args.backgrounds),
        epochs=args.epochs,
        samples_per_epoch=args.samples_per_epoch,
        num_classes=args.num_classes,
        transforms=parse_transforms(args.transforms) or TRANSFORM_NAMES,
        num_pairs=args.num_pairs,
        num_images=args.num_images,
    )
    planned(recipe)  # what it refuses is said before anything is made
    make_folder(args.out)
    store, device, bar = open_store(args), choose_device(args.device), ProgressBar("gallery")
    if args.tables_only:
        measure(recipe, store, args.out, device=device, on_event=lambda _, event: bar(event))
        bar.close()
        print_json({"out": str(args.out), "tables": ["sens.csv", "factors.csv"]})
        return
    made = build(recipe, store, args.out, device=device, on_event=lambda _, event: bar(event))
    names = []
    for entry in made:
        names.append(entry.name)
        print(f"{entry.name:18} {entry.metrics}  {entry.seconds:.0f} s", flush=True)
    bar.close()
    print_json({"out": str(args.out), "models": names})

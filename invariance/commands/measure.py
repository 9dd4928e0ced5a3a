"""``measure``: tables of invariance from the command line."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from invariance.commands.arguments import (
    add_data,
    add_execution,
    dataset,
    open_store,
    print_json,
)
from invariance.commands.output import check_file
from invariance.commands.running import (
    described,
    execute_run,
    named_models,
    report,
    write_named,
)
from invariance.measures.shifts import SHIFT_NAMES, shifted
from invariance.runs.device import choose_device
from invariance.runs.locate import pretraining_data
from invariance.runs.store import Store
from invariance.spec import (
    MEASURE_NAMES,
    DatasetSpec,
    MeasureSpec,
    SpecError,
    parse_transforms,
)
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.measures import MEASUREMENTS

DATA_OPTIONS = ("objects", "backgrounds", "classes", "num_classes", "strength", "image_size", "seed", "stickers")
"""What a shift says by itself."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "measure",
        help="measure invariance of models to transformations",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_describe_columns()
        + "\n\nexamples: python -m invariance measure --models gallery --transforms all --out sens.csv"
        + "\n          python -m invariance measure --models none,hue --shift new-noise --untrained --out x.csv",
    )
    parser.add_argument(
        "--models", default="gallery", metavar="gallery|RUN,…", help="rows of the table (default gallery)"
    )
    parser.add_argument(
        "--measure",
        default="sens",
        choices=MEASURE_NAMES,
        help="sens: all columns below (default); "
        "features: the sens-score of twins that differ in the object, the background or the sticker alone",
    )
    parser.add_argument("--num-pairs", type=int, default=1_000, help="twins for each transformation (default 1000)")
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes")
    parser.add_argument(
        "--shift",
        choices=SHIFT_NAMES,
        metavar="NAME",
        help="measure on data relative to what the models were pretrained on, instead of the options below: "
        + ", ".join(SHIFT_NAMES),
    )
    parser.add_argument(
        "--untrained", action="store_true", help="also measure the networks that the models' trainings started from"
    )
    add_data(parser)
    parser.set_defaults(transforms=None)
    add_execution(parser)
    defaults = {name: parser.get_default(name) for name in DATA_OPTIONS}
    parser.set_defaults(action=measure, defaults=defaults)


def _describe_columns() -> str:
    lines = ["columns of the table, a row for each model and transformation:"]
    for names, words in in_words(MEASUREMENTS["sens"].columns):
        if names not in ("model", "transform"):
            lines += described(names, words)
    return "\n".join(lines)


def measure(args: argparse.Namespace) -> None:
    """One table of models by transformations; writes a CSV and prints a JSON object."""
    store = open_store(args)
    names = named_models(args.models, store)
    # For twins of one feature the transformations are the images' own; otherwise they are what is measured.
    columns = "none" if args.measure == "features" else args.transforms or "all"
    args.transforms = args.transforms or "none" if args.measure == "features" else "none"
    if args.shift is None:
        data = dataset(args, num_samples=args.num_pairs)
    else:
        if given := [name for name in DATA_OPTIONS if getattr(args, name) != args.defaults[name]]:
            option = given[0].replace("_", "-")
            raise SpecError(f"--{option} and --shift are both given: the shift says what the data is; use one of them")
        data = shifted(_common_pretraining(names, store), args.shift)
    spec = MeasureSpec(
        sources=tuple(names),
        transforms=parse_transforms(columns),
        data=data,
        measure=args.measure,
        num_pairs=args.num_pairs,
        untrained=args.untrained,
    )
    check_file(args.out)
    run = execute_run(spec, store, choose_device(args.device))
    assert run.result is not None
    write_named(Path(run.result["table"]), names, args.out)
    print_json({**report(run), "table": str(args.out)})


def _common_pretraining(names: dict[str, str], store: Store) -> DatasetSpec:
    """What all of some models were pretrained on, but for the transformations.

    Raises:
        SpecError: they were pretrained on different data, so that a shift has another meaning for each.
    """
    found = {name: pretraining_data(run_id, store) for run_id, name in names.items()}
    plain = {name: replace(data, transforms=(), strength=1.0, num_samples=None) for name, data in found.items()}
    first = next(iter(plain))
    for name, data in plain.items():
        if data != plain[first]:
            raise SpecError(
                f"--shift: {first} and {name} were pretrained on different objects, backgrounds or seeds; measure them "
                "one at a time"
            )
    return found[first]

"""``measure``: tables of invariance from the command line."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from invariance.commands.options import add_data, add_execution, add_fields, add_models, dataset, given
from invariance.commands.output import TABLE_ENDINGS, check_file, described
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, MeasureSpec, SpecError
from invariance.spec.run import by_contents
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.equivariance import EQUIVARIANCE_PAIRS
from invariance.vocabulary.measures import MEASUREMENTS
from invariance.vocabulary.shifts import SHIFT_NAMES

_NOTES: Final = {
    "transforms": "all (the paper's 18) unless asked otherwise; with --measure features, what the images vary",
    "num_pairs": f"of equivariance {EQUIVARIANCE_PAIRS} unless asked otherwise",
}


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "measure",
        help="measure invariance of models to transformations",
        description="Shows twins to networks, images that differ in one transformation; writes how alike they are.",
        epilog=_describe_columns(),
        examples=(
            "--models gallery --transforms all --out sens.csv",
            "--models none,hue --shift new-noise --untrained --out x.csv",
            "--models timm:resnet18,mine.safetensors,mine.py:network --out x.csv",
            "--models none,hue --measure equivariance --layers --out equivariance.csv",
        ),
    )
    add_models(parser, "rows of the table", default=("gallery",))
    add_fields(parser, MeasureSpec, ("measure", "transforms", "num_pairs", "untrained", "layers"), notes=_NOTES)
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes; X.tex is LaTeX")
    parser.add_argument(
        "--shift",
        choices=SHIFT_NAMES,
        metavar="NAME",
        help="measure on data relative to what the models were pretrained on, instead of the options below: "
        + ", ".join(SHIFT_NAMES),
    )
    add_data(parser, leave_out=("num_samples", "transform_seed", "transforms"))
    add_execution(parser)
    parser.set_defaults(action=measure)


def _describe_columns() -> str:
    columns = in_words(MEASUREMENTS["sens"].columns)
    own = [(names, words) for names, words in columns if names not in ("model", "transform")]
    return described("columns of the table, a row for each model and transformation:", own)


def measure(args: argparse.Namespace) -> None:
    """One table of models by transformations; writes a CSV and prints a JSON object."""
    check_file(args.out, *TABLE_ENDINGS)
    own = given(args, MeasureSpec)
    if own.get("measure") == "equivariance":
        own.setdefault("num_pairs", EQUIVARIANCE_PAIRS)
    num_pairs = own.get("num_pairs", MeasureSpec.num_pairs)
    # For twins of one feature the transformations are the images' own; otherwise they are what is measured.
    of_images = own.get("measure") == "features"
    columns = own.pop("transforms", () if of_images else TRANSFORM_NAMES)
    if args.shift is not None:
        names = [field.name for field in fields(DatasetSpec) if field.name != "transforms"]
        if clashing := [name for name in (*names, "num_classes") if name in args]:
            option = clashing[0].replace("_", "-")
            raise SpecError(f"--{option} and --shift are both given: the shift says what the data is; use one of them")
    else:
        data = dataset(args, num_samples=max(1, num_pairs), transforms=columns if of_images else ())

    from invariance.commands import running

    store = running.existing_store(args)
    models = running.named_models(args.models, store, args.arch)
    if args.shift is not None:
        from invariance.measures.shifts import shifted

        data = shifted(_common_pretraining(models, store), args.shift)
    running.run_table(args, MeasureSpec(sources=tuple(models), transforms=columns, data=data, **own), models)


def _common_pretraining(models: dict[str, str], store: Any) -> DatasetSpec:
    """What all of some models were pretrained on, but for the transformations.

    Raises:
        SpecError: they were pretrained on different data, so that a shift has another meaning for each.
    """
    from invariance.runs.locate import pretraining_data

    found = {name: pretraining_data(run_id, store) for run_id, name in models.items()}
    plain = {
        name: by_contents(replace(data, transforms=(), strength=1.0, num_samples=None)) for name, data in found.items()
    }
    first = next(iter(plain))
    for name, data in plain.items():
        if data != plain[first]:
            raise SpecError(
                f"--shift: {first} and {name} were pretrained on different objects, backgrounds or seeds; measure them "
                "one at a time"
            )
    return found[first]

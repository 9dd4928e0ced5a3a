"""``factors``: what representations have kept and what they have lost, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from invariance.commands.options import (
    add_data,
    add_execution,
    add_fields,
    add_models,
    argument,
    dataset,
    given,
    parse_names,
)
from invariance.commands.output import TABLE_ENDINGS, check_file, described
from invariance.spec import FactorSpec
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.factors import FACTOR_TABLE, VERDICTS


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "factors",
        help="decode what varies between images from the representations of models",
        description="Decodes what varies between images from representations, and from two controls: the pixels, and "
        "the same network untrained. Each factor is decoded from objects that the probe knows, and from objects that "
        "are held out. Networks are compared with the one that was trained on no transformation and is the same in "
        "all else, if it is among them.",
        epilog=_describe_columns(),
        examples=("--models none,hue --factors class,hue,rotate --out factors.csv",),
    )
    add_models(parser, "rows of the table", default=("gallery",))
    parser.add_argument(
        "--factors",
        type=argument(parse_names),
        default=("all",),
        metavar="all|A,B,...",
        help="class, background, transformations, or single parameters such as translate.x (default all)",
    )
    add_fields(parser, FactorSpec, ("vary", "num_images", "num_folds"))
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes; X.tex is LaTeX")
    add_data(parser, leave_out=("num_samples", "transform_seed", "transforms"))
    add_execution(parser)
    parser.set_defaults(action=factors)


def factors(args: argparse.Namespace) -> None:
    """One table of models by factors; writes a CSV and prints a JSON object."""
    check_file(args.out, *TABLE_ENDINGS)
    own = given(args, FactorSpec)
    if args.factors == ("all",):
        del own["factors"]
    data = dataset(args, num_samples=max(1, own.get("num_images", FactorSpec.num_images)))  # the run refuses less

    from invariance.commands import running

    models = running.named_models(args.models, running.existing_store(args), args.arch)
    running.run_table(args, FactorSpec(sources=tuple(models), data=data, **own), models)


def _describe_columns() -> str:
    columns = "columns of the table, a row for each model, factor and way of splitting objects, controls first:"
    verdicts = "verdicts, each from an interval and a p-value that is adjusted over the table:"
    return f"{described(columns, in_words(FACTOR_TABLE))}\n{described(verdicts, VERDICTS.items())}"

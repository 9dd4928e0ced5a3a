"""``factors``: what representations have kept and what they have lost, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from invariance.commands.arguments import add_data, add_execution, dataset, open_store, print_json
from invariance.commands.output import check_file
from invariance.commands.running import described, execute_run, named_models, report, write_named
from invariance.runs.device import choose_device
from invariance.spec import VARIED, FactorSpec, SpecError
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.factors import FACTOR_TABLE, VERDICTS


def add_commands(commands: Any) -> None:
    """Registers the command."""
    default = FactorSpec(sources=("-",))
    parser = commands.add_parser(
        "factors",
        help="decode what varies between images from the representations of models",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_describe_columns()
        + "\n\nexample: python -m invariance factors --models none,hue --factors class,hue,rotate --out factors.csv",
    )
    parser.add_argument(
        "--models", default="gallery", metavar="gallery|RUN,…", help="rows of the table (default gallery)"
    )
    parser.add_argument(
        "--factors",
        default="all",
        metavar="all|A,B,…",
        help="class, background, transformations, or single parameters such as translate.x (default all)",
    )
    parser.add_argument(
        "--vary",
        default=default.vary,
        choices=VARIED,
        help="one: images in which one transformation varies alone (default); together: all of them at once",
    )
    parser.add_argument("--num-images", type=int, default=default.num_images, help="of each kind (default 2000)")
    parser.add_argument("--num-folds", type=int, default=default.num_folds, help="of the cross-validation (default 5)")
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes")
    add_data(parser)
    add_execution(parser)
    parser.set_defaults(action=run_factors)


def run_factors(args: argparse.Namespace) -> None:
    """One table of models by factors; writes a CSV and prints a JSON object."""
    if args.transforms != "none":
        raise SpecError(f"transforms = {args.transforms}: choose with --factors what varies")
    store = open_store(args)
    names = named_models(args.models, store)
    factors = tuple(name.strip() for name in args.factors.split(",") if name.strip())
    spec = FactorSpec(
        sources=tuple(names),
        data=dataset(args, num_samples=args.num_images),
        vary=args.vary,
        num_images=args.num_images,
        num_folds=args.num_folds,
        **({} if factors == ("all",) else {"factors": factors}),
    )
    check_file(args.out)
    run = execute_run(spec, store, choose_device(args.device))
    assert run.result is not None
    write_named(Path(run.result["table"]), names, args.out)
    print_json({**report(run), "table": str(args.out)})


def _describe_columns() -> str:
    lines = ["columns of the table, a row for each model and factor, controls first:"]
    for names, words in in_words(FACTOR_TABLE):
        lines += described(names, words)
    lines.append("verdicts, each from the interval of the skill:")
    for verdict, meaning in VERDICTS.items():
        lines += described(verdict, meaning)
    return "\n".join(lines)

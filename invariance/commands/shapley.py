"""``shapley``: whose evidence decisions rest on, the object's, the background's or the sticker's."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from invariance.commands.options import add_execution, add_explained, add_num_images, whole_number
from invariance.commands.output import TABLE_ENDINGS, check_file, described, print_json, write_table
from invariance.commands.parser import command_line
from invariance.vocabulary.attribution import ALL_CLASSES, EVIDENCE_TABLE
from invariance.vocabulary.columns import in_words


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "shapley",
        help="tell how much decisions rest on object, background and sticker",
        description="Shares the evidence for a class out to the parts of an image: exact Shapley values, over images "
        "of the test.",
        epilog=_describe_columns(),
        examples=("--models matched-transfer,disjoint-transfer --num-images 200 --out X.csv",),
    )
    add_explained(parser)
    add_num_images(parser, default=200, text="images of the test split (default 200)")
    parser.add_argument(
        "--worth", default="logit", metavar="logit|log-probability", help="of the explained class (default logit)"
    )
    parser.add_argument(
        "--reference",
        default="others",
        metavar="others|mean",
        help="what stands for an absent background: the mean over other ones (default), or a uniform mean colour",
    )
    parser.add_argument(
        "--num-references", type=whole_number, default=8, metavar="N", help="other backgrounds (default 8)"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes; X.tex is LaTeX")
    add_execution(parser)
    parser.set_defaults(action=shapley)


def shapley(args: argparse.Namespace) -> None:
    """Writes the table and prints a JSON object with the means and the differences of two networks' shares."""
    check_file(args.out, *TABLE_ENDINGS)
    from invariance.attribution.tables import evidence_tables
    from invariance.commands.running import load_models
    from invariance.runs.origin import Origin

    models, engine, device = load_models(args)
    chosen = {name: getattr(args, name) for name in ("explain", "worth", "reference", "num_references")}
    options = {"num": args.num_images, **chosen}
    named = dict(zip(args.models, models, strict=True))
    table, differences = evidence_tables(named, engine, by_class=True, **options)
    origin = Origin(command=command_line(), seeds=(engine.spec.seed,), num=f"{args.num_images:,} test images")
    write_table(args.out, table, origin, title="Evidence of the parts of an image")
    means = table[table["class"] == ALL_CLASSES].drop(columns="class")
    tables = {"models": means.to_dict("records"), "differences": differences.to_dict("records")}
    print_json({"out": str(args.out), **options, "device": device, **tables})


def _describe_columns() -> str:
    heading = (
        "Every image is made again under each coalition of its parts; the values are exact, and add up to what the\n"
        "whole image is worth beyond nothing. Two networks are compared on images that both name rightly. Columns of\n"
        "the table, a row for each model, group of images, class and part:"
    )
    return described(heading, in_words(EVIDENCE_TABLE))

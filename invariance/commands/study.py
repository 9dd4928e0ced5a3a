"""``study``: a study of the paper, executed here or on a cluster, its table, its findings and its report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from invariance.commands.executor import add_executor, check_executor
from invariance.commands.options import (
    add_execution,
    add_fields,
    add_latex,
    add_num_classes,
    argument,
    parse_names,
    parse_seeds,
)
from invariance.spec import DatasetSpec, SpecError
from invariance.vocabulary.studies import ABOUT


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "study",
        help="repeat a study of the paper: table, findings, report",
        description="Executes a study and writes DIR/results.csv (as results arrive), DIR/summary.json, "
        "DIR/report.html and DIR/notebook.ipynb.\nCtrl-C leaves runs that go on when the same is asked for again; "
        "what is done is answered from the store.",
        examples=(
            "mismatch --scale quick --out mismatch",
            "mismatch --scale paper --dry-run",
            "transforms-vs-other --factors beyond-2d --seeds 0,1 --out beyond",
            "mismatch --scale paper --executor ray --address auto --out mismatch",
            "mismatch --objects my/cutouts --backgrounds my/photographs --out mine",
        ),
    )
    parser.add_argument("name", choices=tuple(ABOUT), metavar="NAME", help=", ".join(ABOUT))
    parser.add_argument(
        "--scale", default="quick", metavar="quick|standard|paper", help="how large (default quick: half an hour)"
    )
    parser.add_argument(
        "--seeds", type=argument(parse_seeds), metavar="0,1,2", help="repetitions (default: the scale's own)"
    )
    parser.add_argument(
        "--factors",
        type=argument(_parse_factors),
        default=(),
        metavar="F,F",
        help="of transforms-vs-other: what is varied, such as usual (nothing), class-relationship, architecture, "
        "pretraining-samples, transfer-samples, objective, published, beyond-2d (default: at quick the first five, "
        "which are the paper's, else all)",
    )
    parser.add_argument(
        "--shared-backgrounds",
        action=argparse.BooleanOptionalAction,
        help="whether tests show the backgrounds of training, as in the paper (default: at paper they do, else not)",
    )
    add_fields(parser, DatasetSpec, ("objects", "backgrounds"))
    add_num_classes(
        parser, "of each group of classes that the study needs (default: the scale's, or what the objects have of them)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; made if it is absent")
    parser.add_argument("--dry-run", action="store_true", help="list the runs and estimate the hours, execute nothing")
    add_latex(parser)
    add_execution(parser)
    add_executor(parser)
    parser.set_defaults(action=study)


def study(args: argparse.Namespace) -> None:
    """Checks what was asked for, then executes it."""
    check_executor(args)
    if args.out is None and not args.dry_run:
        raise SpecError("out is missing: give --out DIR, or --dry-run")

    from invariance.commands.study_execution import execute_study

    execute_study(args)


def _parse_factors(text: str) -> tuple[str, ...]:
    if not (names := parse_names(text)):
        raise SpecError(f"factors = {text!r}: expected names separated by commas, such as beyond-2d,objective")
    return tuple(name.replace("-", "_") for name in names)

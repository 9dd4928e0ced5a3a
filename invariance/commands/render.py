"""``render``: samples of a data set, with masks and everything that was drawn, as one NPZ file."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from invariance.commands.arguments import add_data, dataset, print_json
from invariance.commands.output import check_file
from invariance.data.engine import SPLIT_START, Engine
from invariance.data.export import write_npz
from invariance.files import write_atomically
from invariance.runs.device import choose_device
from invariance.spec import SpecError


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "render",
        help="write images of a Transforms-2D variant",
        epilog="example: python -m invariance render --transforms rotate,hue --num 512 --out X.npz",
    )
    add_data(parser)
    parser.add_argument("--num", type=int, default=512, metavar="N", help="number of images (default 512)")
    parser.add_argument("--split", default="train", choices=tuple(SPLIT_START), help="which images (default train)")
    parser.add_argument("--transform-seed", type=int, help="other draws of the transformations alone: the twins")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default auto)")
    parser.add_argument("--out", type=Path, required=True, metavar="X.npz")
    parser.set_defaults(action=render)


def render(args: argparse.Namespace) -> None:
    """Writes the NPZ file and prints a JSON object."""
    spec = dataset(args, num_samples=args.num)
    check_file(args.out)
    engine = Engine(spec, choose_device(args.device)).with_spec_changes(transform_seed=args.transform_seed)
    with tqdm(total=args.num, unit="image", disable=not sys.stderr.isatty(), leave=False) as bar:
        report = partial(_move, bar)
        try:
            write_atomically(args.out, partial(write_npz, engine, num=args.num, split=args.split, on_progress=report))
        except OSError as error:
            raise SpecError(f"out = {args.out}: cannot be written ({error.strerror}); choose another place") from error
    print_json({"out": str(args.out), "num": args.num, "classes": engine.num_classes, "device": str(engine.device)})


def _move(bar: tqdm, done: int, total: int) -> None:
    bar.update(done - bar.n)

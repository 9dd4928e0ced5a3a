"""``render``: samples of a data set, with masks and everything that was drawn, as one NPZ file."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

from invariance.commands.options import add_data, add_device, add_num_images, dataset
from invariance.commands.output import check_file, print_json, say_pictures
from invariance.spec import SpecError


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "render",
        help="write images of a Transforms-2D variant",
        description="Writes images, masks, labels and all that was drawn as one NPZ file.",
        examples=(
            "--transforms rotate,hue --num-images 512 --out X.npz",
            "--objects DIR --backgrounds '#808080' --out X.npz",
        ),
    )
    add_data(parser, leave_out=("num_samples",))
    add_num_images(parser, default=512, text="how many images (default 512)", most=2**40)
    parser.add_argument(
        "--split", default="train", choices=("train", "validation", "test"), help="which images (default train)"
    )
    add_device(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="X.npz", help="where the file goes")
    parser.set_defaults(action=render)


def render(args: argparse.Namespace) -> None:
    """Writes the NPZ file and prints a JSON object."""
    spec = dataset(args, num_samples=args.num_images)
    check_file(args.out, ".npz")
    from tqdm import tqdm

    from invariance.commands.capacity import check_export_memory
    from invariance.data.engine import Engine
    from invariance.data.export import write_npz
    from invariance.files import write_atomically
    from invariance.runs.device import choose_device

    check_export_memory("num_images", args.num_images, spec)
    engine = Engine(spec, choose_device(args.device))
    say_pictures([spec])
    with tqdm(total=args.num_images, unit="image", disable=not sys.stderr.isatty(), leave=False) as bar:
        write = partial(
            write_npz,
            engine,
            num=args.num_images,
            split=args.split,
            on_progress=lambda done, total: bar.update(done - bar.n),
        )
        try:
            write_atomically(args.out, write)
        except OSError as error:
            raise SpecError(f"out = {args.out}: cannot be written ({error.strerror}); choose another place") from error
    print_json(
        {
            "out": str(args.out),
            "num": args.num_images,
            "classes": engine.num_classes,
            "backgrounds": engine.background_words,
            "device": str(engine.device),
        }
    )

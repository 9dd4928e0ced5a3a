"""``shapley``: whose evidence decisions rest on, the object's, the background's or the sticker's."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from invariance.commands.options import add_execution, add_explained, add_num_images
from invariance.commands.output import check_file, print_json, write_bytes


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "shapley",
        help="tell how much decisions rest on object, background and sticker",
        epilog="Every image is made again under each coalition of its parts; the values are exact, and add up to what\n"
        "the whole image is worth beyond nothing. Columns of the table, a row for each model, class and part:\n"
        "  shapley, low, high               mean value and its 95 % interval over images\n"
        "  share, share_low, share_high     |value| over the sum of |values|, without a unit\n"
        "  num                              images",
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
    parser.add_argument("--num-references", type=int, default=8, metavar="N", help="other backgrounds (default 8)")
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes")
    add_execution(parser)
    parser.set_defaults(action=shapley)


def shapley(args: argparse.Namespace) -> None:
    """Writes the table and prints a JSON object with the means over all images."""
    check_file(args.out, ".csv")
    import pandas as pd

    from invariance.attribution.shapley import ALL_CLASSES, evidence, player_means
    from invariance.commands.running import load_models

    models, engine, device = load_models(args)
    chosen = {name: getattr(args, name) for name in ("explain", "worth", "reference", "num_references")}
    options = {"num": args.num_images, **chosen}
    found = evidence(models, engine, **options)
    rows = [
        {"model": name, **asdict(mean)}
        for name, one in zip(args.models, found, strict=True)
        for mean in player_means(one, by_class=True)
    ]
    table = pd.DataFrame(rows).rename(columns={"class_name": "class", "value": "shapley"})
    write_bytes(args.out, table.to_csv(index=False).encode())
    overall = table[table["class"] == ALL_CLASSES].drop(columns="class")
    print_json({"out": str(args.out), **options, "device": device, "models": overall.to_dict("records")})

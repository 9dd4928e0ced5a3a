"""``shapley``: whose evidence decisions rest on, the object's, the background's or the sticker's."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd

from invariance.commands.arguments import open_store, print_json
from invariance.commands.output import check_file
from invariance.data.engine import Engine
from invariance.runs.device import choose_device
from invariance.runs.locate import task_of, weights_of
from invariance.spec import SpecError, parse_transforms
from invariance.training.checkpoint import load_weights


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "shapley",
        help="tell how much decisions rest on object, background and sticker",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Every image is made again under each coalition of its parts; the values are exact, and add up to what\n"
        "the whole image is worth beyond nothing. Columns of the table, a row for each model, class and part:\n"
        "  shapley, low, high               mean value and its 95 % interval over images\n"
        "  share, share_low, share_high     |value| over the sum of |values|, without a unit\n"
        "  num                              images\n\n"
        "example: python -m invariance shapley --models matched-transfer,disjoint-transfer --num 200 --out X.csv",
    )
    parser.add_argument(
        "--models",
        required=True,
        metavar="RUN,…",
        help="run ids, gallery models or torchvision:<name>; the images are of the first that is no published one",
    )
    parser.add_argument("--num", type=int, default=200, metavar="N", help="images of the test split (default 200)")
    parser.add_argument(
        "--transforms", metavar="A,B,…", help="of the images (default: those of the first model's task)"
    )
    parser.add_argument("--explain", default="predicted", metavar="predicted|true|CLASS")
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
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default auto)")
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="store of the runs (default: $INVARIANCE_RUNS or ./runs)"
    )
    parser.set_defaults(action=shapley)


def shapley(args: argparse.Namespace) -> None:
    """Writes the table and prints a JSON object with the means over all images."""
    from invariance.attribution.shapley import ALL_CLASSES, evidence, player_means

    names = [name.strip() for name in args.models.split(",") if name.strip()]
    if not names:
        raise SpecError("models = '': name at least one run or gallery model")
    check_file(args.out)
    store, device = open_store(args), choose_device(args.device)
    paths = [weights_of(name, store) for name in names]
    data = task_of(names, store)
    if args.transforms is not None:
        data = replace(data, transforms=parse_transforms(args.transforms))
    options = {name: getattr(args, name) for name in ("num", "explain", "worth", "reference", "num_references")}
    found = evidence([load_weights(path, device) for path in paths], Engine(data, device), **options)
    rows = [
        {"model": name, **asdict(mean)}
        for name, one in zip(names, found, strict=True)
        for mean in player_means(one, by_class=True)
    ]
    table = pd.DataFrame(rows).rename(columns={"class_name": "class", "value": "shapley"})
    table.to_csv(args.out, index=False)
    overall = table[table["class"] == ALL_CLASSES].drop(columns="class")
    print_json({"out": str(args.out), **options, "device": device, "models": overall.to_dict("records")})

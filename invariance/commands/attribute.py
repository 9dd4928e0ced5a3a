"""``attribute``: which pixels the decisions of some networks rest on, as pictures and scores."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from invariance.commands.arguments import json_text, open_store, print_json
from invariance.commands.output import make_folder
from invariance.data.engine import Engine
from invariance.data.magnitudes import magnitudes
from invariance.extras import require_extra
from invariance.runs.device import choose_device
from invariance.runs.locate import task_of, weights_of
from invariance.spec import SpecError, parse_transforms
from invariance.training.checkpoint import load_weights

if TYPE_CHECKING:
    from invariance.figures.pictures import Picture
    from invariance.models import Classifier

PICTURE_PX = 320
MAX_INDEX = 2**40
"""Positions in a split, which has as many at most."""
OPTIONS = {
    "class": ("transforms", "method", "parameters", "baseline", "num", "explain"),
    "distance": ("transform", "magnitude", "way", "num_points"),
}
"""What belongs to one question alone."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "attribute",
        help="show which pixels decisions rest on",
        epilog="examples: python -m invariance attribute --models matched-transfer,disjoint-transfer --out maps; "
        "python -m invariance attribute --models matched,disjoint --question distance --transform rotate "
        "--magnitude angle_deg=45 --out felt",
    )
    parser.add_argument(
        "--models",
        required=True,
        metavar="RUN,…",
        help="run ids, gallery models or torchvision:<name>, explained on one image",
    )
    parser.add_argument("--index", type=int, default=0, help="position of the image in the test split (default 0)")
    parser.add_argument(
        "--question",
        default="class",
        choices=("class", "distance"),
        help="class (default): which pixels speak for a class; distance: which pixels move the representation when the "
        "image is transformed (uses --transform, --magnitude, --way and --num-points)",
    )
    parser.add_argument("--transforms", metavar="A,B,…", help="of the image (default: those of the first model's task)")
    parser.add_argument(
        "--method",
        default="integrated-gradients",
        help="integrated-gradients (default), gradient-shap, deep-lift, smooth-grad, occlusion, feature-ablation or "
        "grad-cam",
    )
    parser.add_argument(
        "--parameters", default="", metavar="NAME=VALUE,…", help="of the method, such as steps=64 or window=8,stride=4"
    )
    parser.add_argument("--baseline", default="blurred", help="blurred (default), black, mean or background")
    parser.add_argument(
        "--num", type=int, metavar="N", help="also score the first N images of the test split, into DIR/scores.csv"
    )
    parser.add_argument("--explain", default="predicted", metavar="predicted|true|CLASS")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="receives attribution.png, scores.json, scores.csv"
    )
    felt = parser.add_argument_group("--question distance")
    felt.add_argument(
        "--transform", default="rotate", metavar="NAME", help="what is done to the image (default rotate)"
    )
    felt.add_argument(
        "--magnitude",
        default="",
        metavar="NAME=VALUE,…",
        help="of the transformation, such as angle_deg=45 or x=0.8,y=0.5; the rest is between neutral and the end",
    )
    felt.add_argument(
        "--way",
        default="magnitude",
        metavar="magnitude|cross-fade",
        help="path of the integral: images at growing magnitude (default), or the straight line in pixels",
    )
    felt.add_argument("--num-points", type=int, default=256, metavar="N", help="gradients on the path (default 256)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda (default auto)")
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="store of the runs (default: $INVARIANCE_RUNS or ./runs)"
    )
    defaults = {name: parser.get_default(name) for names in OPTIONS.values() for name in names}
    parser.set_defaults(action=attribute, defaults=defaults)


def attribute(args: argparse.Namespace) -> None:
    """Writes the picture and the scores, and prints a JSON object."""
    names = [name.strip() for name in args.models.split(",") if name.strip()]
    if not names:
        raise SpecError("models = '': name at least one run or gallery model")
    _check(args)
    store, device = open_store(args), choose_device(args.device)
    paths = [weights_of(name, store) for name in names]
    data = task_of(names, store)
    if args.transforms is not None:
        data = replace(data, transforms=parse_transforms(args.transforms))
    models = [load_weights(path, device) for path in paths]
    answer = _distance if args.question == "distance" else _class
    print_json({"out": str(args.out), **answer(args, names, models, Engine(data, device))})


def _check(args: argparse.Namespace) -> None:
    """Raises SpecError for options that do not go together, and for a place that cannot be written."""
    other = "distance" if args.question == "class" else "class"
    for name in OPTIONS[other]:
        if getattr(args, name) != args.defaults[name]:
            option = name.replace("_", "-")
            raise SpecError(f"--{option} is not for --question {args.question}: leave it out, or ask for {other}")
    if not 0 <= args.index < MAX_INDEX:
        raise SpecError(f"index = {args.index}: expected a whole number from 0 to {MAX_INDEX - 1}")
    if args.question == "class" or args.way == "cross-fade":
        require_extra("captum", "attribute")
    make_folder(args.out)


def _class(args: argparse.Namespace, names: list[str], models: list[Classifier], engine: Engine) -> dict[str, Any]:
    """Which pixels speak for a class."""
    from invariance.attribution.compare import compare
    from invariance.attribution.score_set import score_set
    from invariance.figures.pictures import outline, relevance_overlay, upscale

    parameters = parse_parameters(args.parameters)
    found = compare(
        models,
        engine,
        position=args.index,
        explain=args.explain,
        baseline=args.baseline,
        method=args.method,
        parameters=parameters,
    )
    table = None
    if args.num is not None:
        options = {"method": args.method, "baseline": args.baseline, "parameters": parameters}
        table = score_set(models, engine, num=args.num, **options)
    factor = max(1, PICTURE_PX // engine.spec.image_size)
    maps = [
        outline(relevance_overlay(found.image, view.relevance, limit=found.limit), found.mask, factor)
        for view in found.explanations
    ]
    records = [{"model": name, **scores} for name, scores in zip(names, found.scores(), strict=True)]
    scores = {"index": args.index, "true_class": found.true_class, "method": args.method, "models": records}
    _write(args.out, [upscale(found.image, factor), *maps], scores)
    if table is not None:
        rows = [{"model": name, **asdict(row)} for name, rows in zip(names, table, strict=True) for row in rows]
        pd.DataFrame(rows).to_csv(args.out / "scores.csv", index=False)
    return scores


def _distance(args: argparse.Namespace, names: list[str], models: list[Classifier], engine: Engine) -> dict[str, Any]:
    """Which pixels move the representation when the image is transformed."""
    from invariance.attribution.compare_distance import compare_distance
    from invariance.figures.pictures import relevance_overlay, upscale
    from invariance.measures.pairs import mean_pair_distance

    (transform, *others) = parse_transforms(args.transform) or [""]
    if others or not transform:
        raise SpecError(f"transform = {args.transform!r}: expected one transformation")
    if args.num_points < 1:
        raise SpecError(f"num_points = {args.num_points}: expected 1 or more")
    values = {one.law.name: one.start for one in magnitudes(transform)} | parse_parameters(args.magnitude)
    task = engine.with_spec_changes(transforms=(transform,))
    found = compare_distance(
        models,
        task,
        transform,
        values,
        units=[mean_pair_distance(model, task) for model in models],
        position=args.index,
        way=args.way,
        num_points=args.num_points,
    )
    factor = max(1, PICTURE_PX // engine.spec.image_size)
    maps = [relevance_overlay(found.changed, view.relevance, limit=found.limit) for view in found.views]
    records = [{"model": name, **scores} for name, scores in zip(names, found.scores(), strict=True)]
    about = {"index": args.index, "object": found.class_name, "transform": transform, "magnitude": values}
    scores = {**about, "way": args.way, "models": records}
    _write(args.out, [upscale(picture, factor) for picture in (found.image, found.changed, *maps)], scores)
    return scores


def _write(out: Path, pictures: list[Picture], scores: dict[str, Any]) -> None:
    from invariance.figures.pictures import png_bytes, side_by_side

    (out / "attribution.png").write_bytes(png_bytes(side_by_side(pictures)))
    (out / "scores.json").write_text(json_text(scores, indent=1) + "\n")


def parse_parameters(text: str) -> dict[str, float]:
    """``steps=64,noise=0.1`` as names and numbers.

    Raises:
        SpecError: a part is not NAME=NUMBER, or a name is there twice.
    """
    found = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = part.partition("=")
        if name.strip() in found:
            raise SpecError(f"parameters: {name.strip()!r} is given twice in {text!r}: give each once")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise SpecError(f"parameters: {part!r}: expected NAME=NUMBER, such as steps=64") from None
    return found

"""``attribute``: which pixels the decisions of some networks rest on, as pictures and scores."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invariance.commands.options import (
    add_execution,
    add_explained,
    add_latex,
    add_num_images,
    argument,
    count,
    whole_number,
)
from invariance.commands.output import check_folder, json_text, make_folder, print_json, write_bytes, write_latex
from invariance.commands.parser import command_line
from invariance.extras import require_extra
from invariance.spec import SpecError, parse_transforms
from invariance.vocabulary.methods import METHODS

if TYPE_CHECKING:
    from invariance.data.engine import Engine
    from invariance.figures.pictures import Picture
    from invariance.models import Classifier

PICTURE_PX = 320
MAX_INDEX = 2**40
"""Positions in a split, which has as many at most."""
OPTIONS = {
    "class": ("transforms", "method", "parameters", "baseline", "num_images", "num_untrained", "explain", "latex"),
    "distance": ("transform", "magnitude", "way", "num_points"),
}
"""What belongs to one question alone."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "attribute",
        help="show which pixels decisions rest on",
        description="Draws, for one image of a task, which pixels speak for the class that each network names (red) "
        "and against it (blue); or which ones move its representation when the image is transformed.",
        examples=(
            "--models matched-transfer,disjoint-transfer --out maps",
            "--models matched-transfer,disjoint-transfer --num-images 100 --num-untrained 6 --out maps",
            "--models matched,disjoint --question distance --transform rotate --magnitude angle_deg=45 --out felt",
        ),
    )
    add_explained(parser)
    parser.add_argument(
        "--index",
        type=count(0, MAX_INDEX - 1),
        default=0,
        metavar="N",
        help="position of the image in the test split (default 0)",
    )
    parser.add_argument(
        "--question",
        default="class",
        choices=("class", "distance"),
        help="class (default): which pixels speak for a class; distance: which pixels move the representation when the "
        "image is transformed (uses --transform, --magnitude, --way and --num-points)",
    )
    parser.add_argument(
        "--method",
        default="integrated-gradients",
        help=f"{', '.join(METHODS)} (default integrated-gradients)",
    )
    parser.add_argument(
        "--parameters",
        type=argument(parse_parameters),
        default={},
        metavar="NAME=VALUE,...",
        help="of the method, such as steps=64 or window=8,stride=4",
    )
    parser.add_argument("--baseline", default="blurred", help="blurred (default), black, mean or background")
    add_num_images(parser, default=None, text="also score the first N images of the test split, into DIR/scores.csv")
    parser.add_argument(
        "--num-untrained",
        type=whole_number,
        metavar="N",
        help="also the randomisation test of these images against N untrained networks, into DIR/randomisation.csv",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="receives attribution.png, scores.json and tables"
    )
    add_latex(parser)
    felt = parser.add_argument_group("--question distance")
    felt.add_argument(
        "--transform", default="rotate", metavar="NAME", help="what is done to the image (default rotate)"
    )
    felt.add_argument(
        "--magnitude",
        type=argument(parse_parameters),
        default={},
        metavar="NAME=VALUE,...",
        help="of the transformation, such as angle_deg=45 or x=0.8,y=0.5; the rest is between neutral and the end",
    )
    felt.add_argument(
        "--way",
        default="magnitude",
        metavar="magnitude|cross-fade",
        help="path of the integral: images at growing magnitude (default), or the straight line in pixels",
    )
    felt.add_argument(
        "--num-points", type=count(1, 10**6), default=256, metavar="N", help="gradients on the path (default 256)"
    )
    add_execution(parser)
    defaults = {name: parser.get_default(name) for names in OPTIONS.values() for name in names}
    defaults["num_images"] = None  # of its older name, argparse tells that it is left out
    parser.set_defaults(action=attribute, defaults=defaults)


def attribute(args: argparse.Namespace) -> None:
    """Writes the picture and the scores, and prints a JSON object."""
    _check(args)
    from invariance.commands.running import load_models

    models, engine, _ = load_models(args)
    answer = _distance if args.question == "distance" else _class
    print_json({"out": str(args.out), **answer(args, models, engine)})


def _check(args: argparse.Namespace) -> None:
    """Raises SpecError for options that do not go together, and for a place that cannot be written."""
    other = "distance" if args.question == "class" else "class"
    for name in OPTIONS[other]:
        if getattr(args, name) != args.defaults[name]:
            option = name.replace("_", "-")
            raise SpecError(f"--{option} is not for --question {args.question}: leave it out, or ask for {other}")
    if args.num_untrained is not None and args.num_images is None:
        raise SpecError("--num-untrained needs images to test the maps of: add --num-images 20")
    if args.latex and args.num_images is None:
        raise SpecError("--latex is of tables, which are of several images: add --num-images 20")
    if args.question == "class" or args.way == "cross-fade":
        require_extra("captum", "attribute")
    check_folder(args.out)


def _class(args: argparse.Namespace, models: list[Classifier], engine: Engine) -> dict[str, Any]:
    """Which pixels speak for a class."""
    from invariance.attribution.compare import compare
    from invariance.attribution.tables import randomisation_table, score_table
    from invariance.figures.pictures import outline, relevance_overlay, upscale
    from invariance.runs.origin import Origin

    options = {"method": args.method, "baseline": args.baseline, "parameters": args.parameters}
    found = compare(models, engine, position=args.index, explain=args.explain, **options)
    named, tables = dict(zip(args.models, models, strict=True)), {}
    if args.num_images is not None:
        tables["scores"] = score_table(named, engine, num=args.num_images, **options)
    if args.num_untrained is not None:
        numbers = {"num": args.num_images, "num_untrained": args.num_untrained}
        tables["randomisation"] = randomisation_table(named, engine, **numbers, **options)
    factor = max(1, PICTURE_PX // engine.spec.image_size)
    maps = [
        outline(relevance_overlay(found.image, view.relevance, limit=found.limit), found.mask, factor)
        for view in found.explanations
    ]
    records = [{"model": name, **scores} for name, scores in zip(args.models, found.scores(), strict=True)]
    scores = {"index": args.index, "true_class": found.true_class, "method": args.method, "models": records}
    _write(args.out, [upscale(found.image, factor), *maps], scores)
    for name, table in tables.items():
        write_bytes(args.out / f"{name}.csv", table.to_csv(index=False).encode())
    if args.latex:
        origin = Origin(command=command_line(), seeds=(engine.spec.seed,), num=f"{args.num_images:,} test images")
        write_latex(args.out, tables, origin, title=f"Maps of {args.method}")
    return scores


def _distance(args: argparse.Namespace, models: list[Classifier], engine: Engine) -> dict[str, Any]:
    """Which pixels move the representation when the image is transformed."""
    from invariance.attribution.compare_distance import compare_distance
    from invariance.data.magnitudes import magnitudes
    from invariance.figures.pictures import relevance_overlay, upscale
    from invariance.measures.pairs import mean_pair_distance

    (transform, *others) = parse_transforms(args.transform) or [""]
    if others or not transform:
        raise SpecError(f"transform = {args.transform!r}: expected one transformation")
    values = {one.law.name: one.start for one in magnitudes(transform)} | args.magnitude
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
    records = [{"model": name, **scores} for name, scores in zip(args.models, found.scores(), strict=True)]
    about = {"index": args.index, "object": found.class_name, "transform": transform, "magnitude": values}
    scores = {**about, "way": args.way, "models": records}
    _write(args.out, [upscale(picture, factor) for picture in (found.image, found.changed, *maps)], scores)
    return scores


def _write(out: Path, pictures: list[Picture], scores: dict[str, Any]) -> None:
    from invariance.figures.pictures import png_bytes, side_by_side

    make_folder(out)
    write_bytes(out / "attribution.png", png_bytes(side_by_side(pictures)))
    write_bytes(out / "scores.json", f"{json_text(scores, indent=1)}\n".encode())


def parse_parameters(text: str) -> dict[str, float]:
    """``steps=64,noise=0.1`` as names and numbers.

    Raises:
        SpecError: a part is not NAME=NUMBER, or a name is there twice.
    """
    found = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = part.partition("=")
        if name.strip() in found:
            raise SpecError(f"{name.strip()!r} is given twice in {text!r}: give each once")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            raise SpecError(f"{part!r}: expected NAME=NUMBER, such as steps=64") from None
    return found

"""What commands share: their arguments, and how they talk (progress on a terminal, JSON last, one-line errors)."""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from tqdm import tqdm

from invariance.data.catalogue import choose_classes, resolve_source
from invariance.runs.store import Store
from invariance.spec import (
    LABELS,
    MODEL_NAMES,
    OBJECTIVES,
    PRECISIONS,
    RESAMPLINGS,
    STICKER_PLACES,
    DatasetSpec,
    SpecError,
    parse_transforms,
)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line and exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Ends the program with one clear line."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def add_data(parser: argparse.ArgumentParser) -> None:
    """Options that describe a data set."""
    group = parser.add_argument_group("data")
    group.add_argument(
        "--objects",
        default="builtin",
        metavar="SOURCE",
        help="builtin, noise, hub, a folder <class>/<image>.png with alpha, or whole pictures: cifar10, cifar100, "
        "images:DIR with <class>/<image>",
    )
    group.add_argument(
        "--backgrounds",
        default="builtin",
        metavar="SOURCE",
        help="builtin, noise, #rrggbb, hub, a flat folder of images, cifar10, cifar100, images:DIR",
    )
    group.add_argument(
        "--classes",
        default="",
        metavar="A,B,…",
        help="classes to use, in label order (default: all); a name with a comma in double quotation marks",
    )
    group.add_argument("--num-classes", type=int, metavar="N", help="instead of --classes: N of them picked by --seed")
    group.add_argument(
        "--transforms",
        default="none",
        metavar="A,B,…",
        help="composition in order of application; none, all (the paper's 18); beyond the paper: pose, occlude",
    )
    group.add_argument("--strength", type=float, default=1.0, help="0 to 1, scales every range (1 = paper)")
    group.add_argument("--image-size", type=int, default=32, metavar="PX", help="side in pixels (default 32)")
    group.add_argument(
        "--num-prototypes", type=int, default=1, metavar="N", help="pictures used of each class (default 1)"
    )
    group.add_argument("--resampling", default="bilinear", choices=RESAMPLINGS)
    group.add_argument(
        "--fg-bg-correlation",
        type=float,
        default=0.0,
        metavar="R",
        help="probability that the object is the one paired with the background's class (default 0)",
    )
    group.add_argument(
        "--fg-availability",
        type=float,
        default=1.0,
        metavar="A",
        help="probability that there is an object (default 1)",
    )
    group.add_argument("--label", default="object", choices=LABELS, help="what the class is (default object)")
    group.add_argument("--seed", type=int, default=0, help="of samples and weights (default 0)")
    _add_stickers(parser)


def _add_stickers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("stickers", "a second, small object on the finished image")
    group.add_argument(
        "--stickers", default="", metavar="SOURCE", help="builtin, noise, hub or a folder (default none)"
    )
    group.add_argument("--sticker-classes", default="", metavar="A,B,…", help="classes of stickers (default: all)")
    group.add_argument(
        "--sticker-place", default="corner", choices=STICKER_PLACES, help="upper right corner (default) or anywhere"
    )
    group.add_argument(
        "--sticker-scale", type=float, default=0.55, metavar="X", help="size relative to an object (default 0.55)"
    )
    group.add_argument(
        "--sticker-correlation",
        type=float,
        default=0.0,
        metavar="R",
        help="probability that the sticker is the one paired with the object's class (default 0)",
    )
    group.add_argument(
        "--sticker-availability",
        type=float,
        default=1.0,
        metavar="A",
        help="probability that there is a sticker (default 1)",
    )
    group.add_argument("--sticker-seed", type=int, help="other draws of the stickers alone (default: --seed)")


def dataset(args: argparse.Namespace, *, num_samples: int | None, seed: int | None = None) -> DatasetSpec:
    """The data set that the options of :func:`add_data` describe.

    Raises:
        SpecError: an option has a value that cannot be used.
    """
    objects = resolve_source(args.objects)
    classes = _names(args.classes)
    if args.num_classes is not None:
        if classes:
            raise SpecError("--classes and --num-classes are both given: use one of them")
        classes = choose_classes(objects, args.num_classes, args.seed)
    return DatasetSpec(
        objects=objects,
        backgrounds=resolve_source(args.backgrounds),
        classes=classes,
        transforms=parse_transforms(args.transforms),
        strength=args.strength,
        num_samples=num_samples,
        seed=args.seed if seed is None else seed,
        image_size=args.image_size,
        num_prototypes=args.num_prototypes,
        resampling=args.resampling,
        fg_bg_correlation=args.fg_bg_correlation,
        fg_availability=args.fg_availability,
        label=args.label,
        stickers=resolve_source(args.stickers) if args.stickers else "",
        sticker_classes=_names(args.sticker_classes),
        sticker_place=args.sticker_place,
        sticker_scale=args.sticker_scale,
        sticker_correlation=args.sticker_correlation,
        sticker_availability=args.sticker_availability,
        sticker_seed=args.sticker_seed,
    )


def _names(text: str) -> tuple[str, ...]:
    """Names as in a line of CSV, so that one with a comma in it can be given in quotation marks."""
    try:
        (words,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise SpecError(
            f"classes = {text!r}: {error}; expected names separated by commas, and a name with a comma in double "
            "quotation marks"
        ) from None
    return tuple(name.strip() for name in words if name.strip())


def add_training(parser: argparse.ArgumentParser, *, epochs: int) -> None:
    """Options of gradient descent."""
    group = parser.add_argument_group("training")
    group.add_argument("--epochs", type=int, default=epochs, help=f"passes over the data (default {epochs})")
    group.add_argument("--batch-size", type=int, default=256, help="images in one step (default 256)")
    group.add_argument("--learning-rate", type=float, default=1e-3, help="of Adam (default 0.001)")
    group.add_argument("--num-test-samples", type=int, default=2_000, help="size of the test split (default 2000)")
    add_precision(group)


def add_precision(group: argparse._ActionsContainer) -> None:
    """What the networks' products are rounded to."""
    group.add_argument(
        "--precision",
        default="auto",
        choices=PRECISIONS,
        help="of the network's products; auto is bfloat16 where the device multiplies it, else float32 (default auto)",
    )


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """The same run from several seeds."""
    group = parser.add_argument_group("several seeds")
    group.add_argument(
        "--seeds",
        metavar="0,1,2",
        help="in place of --seed: a run for each; prints one JSON object with the runs, means and 95 %% intervals",
    )
    group.add_argument(
        "--together",
        action="store_true",
        help="all seeds at once; on a processor about an eighth faster, with other last digits than one by one (small "
        "networks on a GPU are always trained together)",
    )


def add_objective(parser: argparse.ArgumentParser) -> None:
    """Choice of what pretraining minimises."""
    parser.add_argument(
        "--objective",
        default="supervised",
        choices=OBJECTIVES,
        help="labels, agreement of two views (simclr, vicreg), or telling quarter turns (default supervised)",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    """Choice of the architecture."""
    parser.add_argument("--model", default="small", choices=MODEL_NAMES, help="architecture (default small)")


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Options that say where a run happens and is recorded."""
    group = parser.add_argument_group("execution")
    group.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default auto: a GPU if there is one)"
    )
    group.add_argument(
        "--runs", type=Path, metavar="DIR", help="store of the runs (default: $INVARIANCE_RUNS or ./runs)"
    )


def open_store(args: argparse.Namespace) -> Store:
    """The store that ``--runs`` names."""
    return Store(args.runs or Path(os.environ.get("INVARIANCE_RUNS", "runs")))


def print_json(values: dict[str, Any]) -> None:
    """The last thing a command prints."""
    print(json_text(values), flush=True)


def json_text(values: dict[str, Any], *, indent: int | None = None) -> str:
    """Values as JSON, where a number that is not finite is null: JSON has neither NaN nor infinity.

    Args:
        values: plain values in dictionaries, lists and tuples.
        indent: spaces a level; None for one line.
    """
    return json.dumps(_finite(values), indent=indent, allow_nan=False)


def _finite(value: Any) -> Any:
    match value:
        case dict():
            return {key: _finite(each) for key, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
        case float():
            return value if math.isfinite(value) else None
    return value


class ProgressBar:
    """Shows a run's events as a bar on a terminal, and nothing elsewhere."""

    def __init__(self, title: str) -> None:
        self._bar = tqdm(desc=title, unit="step", disable=not sys.stderr.isatty(), leave=False)

    def __call__(self, event: Any) -> None:
        """Takes one event of a run."""
        num_steps = getattr(event, "num_steps", None)
        if num_steps is None:
            return
        self._bar.total = num_steps
        self._bar.n = event.step
        if event.metrics:  # those of the last step that was measured stay
            values = {name: f"{value:.3f}" for name, value in event.metrics.items()}
            self._bar.set_postfix(values, refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        """Removes the bar."""
        self._bar.close()

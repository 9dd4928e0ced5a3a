"""Options made from the fields of specs, and specs made from options.

A field is declared once, in its dataclass: the option has its name and type, and its help is the sentence on it in the
docstring with the default behind. What was not given is not in the parsed namespace, so that the dataclass says the
default, and a command can tell what was asked for from what is usual.
"""

from __future__ import annotations

import argparse
import csv
import inspect
import re
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from invariance.spec import (
    LABELS,
    MEASURE_NAMES,
    MODEL_NAMES,
    OBJECTIVES,
    PRECISIONS,
    REGULARISATIONS,
    RESAMPLINGS,
    SCHEDULES,
    STICKER_PLACES,
    TRAINABLE,
    TRANSFER_METHODS,
    VARIED,
    DatasetSpec,
    PretrainSpec,
    SpecError,
    TransferSpec,
    parse_transforms,
)
from invariance.spec.sources import SOURCES
from invariance.vocabulary.optimizers import OPTIMIZERS

CHOICES: Final[dict[str, Collection[str]]] = {
    "model": MODEL_NAMES,
    "objective": tuple(OBJECTIVES),
    "optimizer": tuple(OPTIMIZERS),
    "precision": PRECISIONS,
    "schedule": SCHEDULES,
    "method": TRANSFER_METHODS,
    "trainable": TRAINABLE,
    "regularisation": REGULARISATIONS,
    "measure": tuple(MEASURE_NAMES),
    "vary": VARIED,
    "resampling": RESAMPLINGS,
    "label": LABELS,
    "sticker_place": STICKER_PLACES,
}
"""The values of those fields that have a few, by the field's name, which means the same in every spec."""
NETWORKS: Final = (
    "gallery names, run ids, torchvision:NAME, timm:NAME, hf:OWNER/NAME, FILE.safetensors or FILE.py:function (a "
    "function without arguments that returns a torch module; the file is executed)"
)
"""How a network is named, everywhere."""
_NOTES: Final = {
    "transforms": "none, all (the paper's 18), or names",
    "classes": "a name with a comma in double quotation marks",
    "sticker_classes": "a name with a comma in double quotation marks",
    "seed": "of a training also the initial weights and the order",
    "num_samples": "endless is a stream of new ones",
}
"""What the command line adds to the sentence on a field."""
_TRAINING: Final = ("epochs", "batch_size", "learning_rate", "num_test_samples", "precision")


def add_fields(
    parser: argparse._ActionsContainer,
    spec: type,
    names: Collection[str],
    *,
    defaults: Mapping[str, Any] | None = None,
    notes: Mapping[str, str] | None = None,
) -> None:
    """Adds an option for fields of a dataclass.

    Args:
        parser: a parser or a group of options.
        spec: the dataclass, whose docstring describes its fields under ``Attributes:``.
        names: of the fields, in the order of the options.
        defaults: that the command has in place of the dataclass's own, for the help.
        notes: what the help adds to the sentence on a field.
    """
    hints, sentences, notes = typing.get_type_hints(spec), _sentences(spec), {**_NOTES, **(notes or {})}
    known = {field.name: field.default for field in fields(spec)} | dict(defaults or {})
    for name in names:
        text = "; ".join(filter(None, (sentences.get(name, "").rstrip("."), notes.get(name))))
        if not isinstance(known[name], bool | tuple) and known[name] not in (MISSING, None, ""):
            text += f" (default {known[name]})"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            default=argparse.SUPPRESS,
            help=text.replace("%", "%%"),
            **_reading(name, hints[name], known[name]),
        )


def given(args: argparse.Namespace, spec: type) -> dict[str, Any]:
    """The values of those fields of a dataclass that were given as options, folders with their contents."""
    found = {field.name: getattr(args, field.name) for field in fields(spec) if field.name in args}
    if any(found.get(name) for name in SOURCES):
        from invariance.data.catalogue import resolve_source

        found |= {name: resolve_source(found[name]) for name in SOURCES if found.get(name)}
    return found


def _reading(name: str, hint: Any, default: Any) -> dict[str, Any]:
    """How argparse reads a field of this type."""
    if name in CHOICES:
        many = len(CHOICES[name]) > 4  # the sentence lists them
        return {"choices": CHOICES[name], **({"metavar": "NAME"} if many else {})}
    if hint == (int | None) and default is not None:
        return {"type": _count_or_endless, "metavar": "N|endless"}
    if hint == tuple[str, ...]:
        read = parse_transforms if name == "transforms" else parse_names
        return {"type": argument(read), "metavar": "A,B,..."}
    if hint == tuple[float, ...]:
        return {"type": argument(parse_numbers), "metavar": "X,X,..."}
    for kind, metavar, what in ((int, "N", "a whole number"), (float, "X", "a number")):
        if hint in (kind, kind | None):
            return {"type": number(kind, what), "metavar": metavar}
    if hint is bool:
        return {"action": argparse.BooleanOptionalAction}
    assert hint is str, f"{name} is a {hint}, which no option can be"
    return {"metavar": "SOURCE" if name in SOURCES else "NAME"}


def _sentences(spec: type) -> dict[str, str]:
    """What the docstring of a dataclass says about each field, on one line; nothing under ``python -OO``."""
    _, _, listed = (inspect.getdoc(spec) or "").partition("Attributes:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n     .*)*)", listed, re.MULTILINE)
    spoken = {name: _plain(" ".join(text.split())) for name, text in found}
    # What None means is for those who write Python; on a terminal nobody types it.
    return {name: "; ".join(part for part in text.split("; ") if "None" not in part) for name, text in spoken.items()}


def _plain(text: str) -> str:
    """A docstring's sentence for a terminal: without marks, and with the names that a constant stands for."""

    def spelled_out(found: re.Match[str]) -> str:
        module, _, last = found[1].lstrip("~").rpartition(".")
        names = getattr(import_module(module or "invariance.spec"), last, None) if last.isupper() else None
        return ", ".join(names) if isinstance(names, tuple | dict) else found[1]

    return re.sub(r"(?::\w+:)?`+(.+?)`+", spelled_out, text)


def argument(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """A reader whose refusal argparse shows as it is, behind the name of the option."""

    def reader(text: str) -> Any:
        try:
            return read(text)
        except SpecError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return reader


def number(kind: type, what: str) -> Callable[[str], Any]:
    """A reader of numbers, whose range the dataclass knows."""

    def read(text: str) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r}: expected {what}") from None

    return read


whole_number: Final = number(int, "a whole number")
"""Reads one, whose range the library knows."""


def count(low: int, high: int) -> Callable[[str], int]:
    """A reader of whole numbers in [low, high]."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text}: expected a whole number from {low} to {high}")
        return value

    return read


def parse_names(text: str) -> tuple[str, ...]:
    """Names as in a line of CSV, so that one with a comma in it can be given in quotation marks.

    Raises:
        SpecError: quotation marks do not match, or there is nothing between two commas.
    """
    try:
        (words,) = csv.reader([text], skipinitialspace=True, strict=True)
    except (csv.Error, ValueError) as error:
        raise SpecError(
            f"{text!r}: {error}; expected names separated by commas, and a name with a comma in double quotation marks"
        ) from None
    names = tuple(word.strip() for word in words)
    names = names[:-1] if names and not names[-1] else names  # a comma at the end
    if not all(names):
        raise SpecError(f"{text!r}: there is no name between two commas; leave one out")
    return names


def parse_models(text: str) -> tuple[str, ...]:
    """At least one name of a network, separated by commas."""
    if not (names := parse_names(text)):
        raise SpecError(f"models = {text!r}: name at least one run or gallery model")
    return names


def parse_seeds(text: str) -> tuple[int, ...]:
    """The numbers in a list such as 0,1,2; raises SpecError if there are none, or one is there twice."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words) or len(set(map(int, words))) < len(words):
        raise SpecError(f"seeds = {text!r}: expected different whole numbers separated by commas, such as 0,1,2")
    return tuple(map(int, words))


def parse_numbers(text: str) -> tuple[float, ...]:
    """The numbers in a list such as 0.001,0.003; raises SpecError if something else is among them."""
    try:
        return tuple(float(word) for word in text.split(","))
    except ValueError:
        raise SpecError(f"{text!r}: expected numbers separated by commas, such as 0.001,0.003") from None


def _count_or_endless(text: str) -> int | None:
    if text == "endless":
        return None
    if not text.removeprefix("-").isdecimal():
        raise argparse.ArgumentTypeError(f"num_samples = {text!r}: expected a whole number, or endless")
    return int(text)


def add_data(
    parser: argparse.ArgumentParser,
    *,
    leave_out: Collection[str] = ("num_samples", "transform_seed"),
    defaults: Mapping[str, Any] | None = None,
) -> None:
    """Options that describe a data set; arguments as for :func:`add_fields`."""
    names = [field.name for field in fields(DatasetSpec) if field.name not in leave_out]
    stickers = [name for name in names if name.startswith("sticker")]
    group = parser.add_argument_group("data")
    add_fields(group, DatasetSpec, [name for name in names if name not in stickers], defaults=defaults)
    add_num_classes(group, "instead of --classes: N of them picked by --seed")
    group = parser.add_argument_group("stickers", "a second, small object on the finished image")
    add_fields(group, DatasetSpec, stickers)


def add_num_classes(parser: argparse._ActionsContainer, text: str) -> None:
    """How many classes, where they are picked at random."""
    parser.add_argument("--num-classes", type=whole_number, default=argparse.SUPPRESS, metavar="N", help=text)


def dataset(args: argparse.Namespace, **changes: Any) -> DatasetSpec:
    """The data set that the options of :func:`add_data` describe.

    Args:
        args: the parsed options.
        changes: fields that the command sets by itself.

    Raises:
        SpecError: an option has a value that cannot be used.
    """
    values = given(args, DatasetSpec)
    if "num_classes" in args:
        if values.get("classes"):
            raise SpecError("--classes and --num-classes are both given: use one of them")
        from invariance.data.catalogue import choose_classes

        objects = values.get("objects", DatasetSpec.objects)
        values["classes"] = choose_classes(objects, args.num_classes, values.get("seed", DatasetSpec.seed))
    return DatasetSpec(**{**values, **changes})


def add_training(parser: argparse.ArgumentParser, spec: type[PretrainSpec | TransferSpec]) -> None:
    """Options of gradient descent."""
    add_fields(parser.add_argument_group("training"), spec, _TRAINING)


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """The same run from several seeds."""
    group = parser.add_argument_group("several seeds")
    group.add_argument(
        "--seeds",
        type=argument(parse_seeds),
        metavar="0,1,2",
        help="in place of --seed: a run for each; prints one JSON object with the runs, means and 95 %% intervals",
    )
    group.add_argument(
        "--together",
        action="store_true",
        help="all seeds at once: on a processor about an eighth faster, on a GPU as one network; with other last "
        "digits than one by one",
    )


def add_models(parser: argparse._ActionsContainer, text: str, *, default: tuple[str, ...] | None = None) -> None:
    """Which networks."""
    parser.add_argument(
        "--models",
        type=argument(parse_models),
        default=default,
        required=default is None,
        metavar="RUN,..." if default is None else f"{','.join(default)}|RUN,...",
        help=f"{text}: {NETWORKS}" + ("" if default is None else f" (default {','.join(default)})"),
    )
    add_arch(parser)


def add_arch(parser: argparse._ActionsContainer) -> None:
    """What a file of weights is of, where it does not say that itself."""
    parser.add_argument(
        "--arch",
        metavar="NAME",
        help="architecture of each FILE.safetensors that holds a bare state dictionary, and of no other network: a "
        "declared one (small, resnet18, ...), torchvision:NAME or timm:NAME",
    )


def add_explained(parser: argparse._ActionsContainer) -> None:
    """Which decisions are explained: of which networks, on which images, for which class."""
    add_models(parser, "which are explained, on images of the task of the first that was trained here")
    parser.add_argument(
        "--transforms",
        type=argument(parse_transforms),
        metavar="A,B,...",
        help="of the images (default: those of the first model's task)",
    )
    parser.add_argument(
        "--explain", default="predicted", metavar="predicted|true|CLASS", help="which class (default predicted)"
    )


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Options that say where a run happens and is recorded."""
    group = parser.add_argument_group("execution")
    add_device(group)
    add_store(group)


def add_device(parser: argparse._ActionsContainer) -> None:
    """Where it is computed."""
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cpu, cuda, cuda:1 (default auto: what $INVARIANCE_DEVICE says, else a GPU if there is one)",
    )


def add_latex(parser: argparse._ActionsContainer) -> None:
    """Tables of a folder in another form too."""
    parser.add_argument("--latex", action="store_true", help="also each table as LaTeX, X.tex beside X.csv")


def add_licence(parser: argparse._ActionsContainer) -> None:
    """Under which licence weights are given away."""
    parser.add_argument(
        "--license",
        dest="licence",
        metavar="ID",
        help="of the weights, as the Hub calls it, such as cc-by-4.0 (default: mit where pictures and first weights "
        "are this project's own, else unknown)",
    )


def add_store(parser: argparse._ActionsContainer) -> None:
    """Where runs are recorded."""
    parser.add_argument(
        "--runs", type=Path, metavar="DIR", help="store of the runs (default: $INVARIANCE_RUNS or ./runs)"
    )


def add_num_images(parser: argparse._ActionsContainer, *, default: int | None, text: str, most: int = 10_000) -> None:
    """How many images; ``--num`` is its older name, which scripts use."""
    for name, shown in (("--num-images", text), ("--num", argparse.SUPPRESS)):
        parser.add_argument(name, dest="num_images", type=count(1, most), default=default, metavar="N", help=shown)

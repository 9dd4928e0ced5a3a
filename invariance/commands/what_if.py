"""``what-if``: the smallest experiment, or a question of many, from the command line."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from invariance.commands.executor import add_executor, check_executor
from invariance.commands.options import (
    add_execution,
    add_fields,
    add_num_classes,
    argument,
    given,
    parse_names,
    parse_seeds,
)
from invariance.commands.output import print_json
from invariance.spec import (
    OBJECTIVES,
    TRANSFER_METHODS,
    DatasetSpec,
    PretrainSpec,
    QuestionSpec,
    SpecError,
    parse_transforms,
    to_dict,
)
from invariance.spec.question import parse_listed
from invariance.vocabulary.budgets import usual_budget

FIELDS: Final = {
    DatasetSpec: ("seed", "objects", "backgrounds", "num_prototypes"),
    PretrainSpec: ("optimizer", "epochs", "samples_per_epoch", "batch_size", "learning_rate", "precision"),
}
"""What can be asked for, by the spec that describes it; what is no data is of pretraining."""
DEFAULTS: Final = usual_budget().settings
"""Where :func:`~invariance.studies.what_if.what_if` has others than the specs, for the help."""
OF_A_QUESTION: Final = ("num_samples", "num_test_samples", "regularisation", "shared_backgrounds")
"""Fields that a question of many alone has."""
FORMS: Final = (("target", "mismatch"), ("sources", "targets"))
"""The options of the smallest question, and of one of many."""
SEVERAL: Final = {
    "model": ("architectures of what is pretrained, such as small,small_vit", "small"),
    "objective": (f"of pretraining: {', '.join(OBJECTIVES)}", "supervised"),
    "method": (f"of transfer: {', '.join(TRANSFER_METHODS)}", "linear-probe"),
}
"""Options of which a question takes one or several, and ``--target`` and ``--mismatch`` one: help and default."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "what-if",
        help="does pretraining on what a task varies help? sources x targets x networks x seeds, in one question",
        description="With --target and --mismatch: pretrains a network on the target's transformations (P), one on "
        "others (Q) and one on none, and transfers each to new classes under P and under Q. Matching helps only if "
        "each network is ahead on its own target; for that both differences have an interval over the objects and "
        "backgrounds of the test images.\n"
        "With --sources and --targets: every source on every target, for every architecture, objective, method, number "
        "of images and seed; --dry-run tells first what it takes. Ctrl-C leaves runs that go on when the same is asked "
        "for again. The first example asks: does invariance to blur carry over to tasks with noise, in a ViT and a "
        "ResNet, over three seeds?",
        examples=(
            '--sources "blur;noise;none" --targets noise --model small_vit,small_resnet --seeds 0,1,2 --out blur-noise',
            '--sources "hue;blur;none;untrained" --targets "noise;blur" --method linear-probe,fine-tune --dry-run',
            "--target rotate,hue,erasing --mismatch scale,invert,pixelate",
            "--target rotate --mismatch blur --seeds 0,1,2,3,4,5",
        ),
    )
    group = parser.add_argument_group("two compositions")
    for name, text in (
        ("target", "P: transformations of the target task and of matched pretraining"),
        ("mismatch", "Q: transformations of mismatched pretraining and of the second task"),
    ):
        group.add_argument(f"--{name}", type=argument(parse_transforms), metavar="A,B,...", help=text)
    group = parser.add_argument_group("a question of many")
    for name, text in (
        (
            "sources",
            "what networks are pretrained on: compositions, none, untrained (first weights), or networks that are "
            "there: run ids, gallery names, torchvision:NAME, timm:NAME, hf:OWNER/NAME, FILE.safetensors, "
            "FILE.py:function. A name of both is the transformation",
        ),
        ("targets", "what tasks vary: compositions"),
    ):
        group.add_argument(
            f"--{name}", type=argument(partial(parse_listed, name=name)), metavar='"A,B;C;..."', help=text
        )
    add_fields(group, QuestionSpec, OF_A_QUESTION)
    group.add_argument("--out", type=Path, metavar="DIR", help="where its files go; made if it is absent")
    group.add_argument("--dry-run", action="store_true", help="tell how many runs and how long, execute nothing")
    for name, (text, default) in SEVERAL.items():
        parser.add_argument(
            f"--{name}",
            type=argument(_several(name)),
            default=argparse.SUPPRESS,
            metavar="NAME,...",
            help=f"{text}; several with --sources (default {default})",
        )
    for spec, names in FIELDS.items():
        usual = {name: DEFAULTS[name] for name in names if name in DEFAULTS}
        add_fields(parser, spec, names, defaults=usual, notes=_notes())
    parser.add_argument(
        "--seeds",
        type=argument(parse_seeds),
        metavar="0,1,2",
        help="in place of --seed: all of it for each; intervals are then over seeds",
    )
    add_num_classes(parser, "of each task (default: 30, or half of the source's)")
    for name, shown in (
        ("--num-images", "images of each target task; several with --sources (default 2000)"),
        ("--num-transfer-samples", argparse.SUPPRESS),  # its older name, which scripts use
    ):
        parser.add_argument(
            name, dest="num_images", type=_numbers, default=argparse.SUPPRESS, metavar="N,...", help=shown
        )
    add_execution(parser)
    add_executor(parser)
    parser.set_defaults(action=what_if)


def _notes() -> dict[str, str]:
    """What the help says of the other optimizer: where it is usual, its budget, and the values of that."""
    instant, quick = usual_budget(), usual_budget(optimizer="adam")
    only = f"{', '.join(instant.measured_on or ())}, supervised"
    notes = {name: f"with adam {value}" for name, value in quick.settings.items() if DEFAULTS[name] != value}
    return notes | {
        "optimizer": f"muon trains {instant.epochs} x {instant.samples_per_epoch:,} images (budget {instant.name}; "
        f"default of {only}), adam {quick.epochs} x {quick.samples_per_epoch:,} ({quick.name}; default of all others)"
    }


def _several(name: str) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        if not (names := parse_names(text)):
            raise SpecError(f"{name} = {text!r}: name at least one")
        return names

    return read


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: expected whole numbers separated by commas, such as 500,2000"
        ) from None


def what_if(args: argparse.Namespace) -> None:
    """A question of many, or the smallest one."""
    check_executor(args)
    if args.seeds is not None and "seed" in args:
        raise SpecError("--seed and --seeds are both given: use one of them")
    pair, grid = ([name for name in names if getattr(args, name) is not None] for names in FORMS)
    if len(pair) + len(grid) != 2 or (pair and grid):
        given_here = ", ".join(f"--{name}" for name in (*pair, *grid)) or "nothing"
        raise SpecError(f"given: {given_here}; give --target and --mismatch, or --sources and --targets")
    if pair:
        _smallest(args)
    else:
        from invariance.commands.question_execution import ask

        ask(args)


def _smallest(args: argparse.Namespace) -> None:
    """Three pretrainings and six transfers for each seed; prints what they come to as one JSON object."""
    from invariance.commands import running
    from invariance.runs.finished_cells import finished_cell
    from invariance.studies.what_if import what_if as experiment
    from invariance.studies.what_if_report import what_if_report

    started = time.monotonic()
    options = _options(args)
    seeds = args.seeds or (options.pop("seed", 0),)
    studies = [experiment(args.target, args.mismatch, **options, seed=seed) for seed in seeds]
    if "objects" in options or "num_classes" in options:
        print(studies[0].words_of_classes, file=sys.stderr)
    specs = [spec for study in studies for spec in study.runs]
    store, device = running.prepare(args, specs)
    runs = running.execute_all(specs, store, device)
    report = what_if_report([[finished_cell(cell, store) for cell in study.cells] for study in studies])
    answer: dict[str, Any] = {}
    for name in ("matched", "mismatched"):
        pretrained = [runs[getattr(study, f"{name}_pretraining").run_id] for study in studies]
        transferred = [runs[getattr(study, name).run_id] for study in studies]
        answer[name] = {
            "transfer_accuracy": fmean(run.metrics["transfer_accuracy"] for run in transferred),
            "pretraining_accuracy": fmean(run.metrics["test_accuracy"] for run in pretrained),
            **(
                {"pretraining": pretrained[0].id, "transfer": transferred[0].id}
                if args.seeds is None
                else {"pretraining": [run.id for run in pretrained], "transfer": [run.id for run in transferred]}
            ),
        }
    described = {"matched": to_dict(studies[0].matched_pretraining), "target": to_dict(studies[0].matched.data)}
    seconds = round(time.monotonic() - started, 2)
    answer["classes"] = studies[0].words_of_classes
    print_json({**answer, **report, "seconds": seconds, "device": device, "spec": described})


def _options(args: argparse.Namespace) -> dict[str, Any]:
    """Arguments of the experiment.

    Raises:
        SpecError: several values are given where it takes one, or what only a question of many has.
    """
    if (
        args.out is not None
        or args.dry_run
        or args.executor != "local"
        or args.num_workers is not None
        or args.together
    ):
        raise SpecError("--out, --dry-run and the executor are of a question: ask it with --sources and --targets")
    if alone := [name for name in OF_A_QUESTION if name in args]:
        raise SpecError(f"{alone[0]} is of a question of many: ask it with --sources and --targets")
    options = {"num_classes": args.num_classes} if "num_classes" in args else {}
    for name in (*SEVERAL, "num_images"):
        if name not in args:
            continue
        if len(values := getattr(args, name)) > 1:
            shown = ",".join(map(str, values))
            raise SpecError(f"{name} = {shown}: --target and --mismatch take one; ask with --sources and --targets")
        options["num_transfer_samples" if name == "num_images" else name] = values[0]
    for spec, names in FIELDS.items():
        options |= {name: value for name, value in given(args, spec).items() if name in names}
    return options

"""``what-if``: the smallest experiment from the command line."""

from __future__ import annotations

import argparse
import sys
import time
from statistics import fmean
from typing import Any, Final

from invariance.commands.options import add_execution, add_fields, add_num_classes, argument, given, parse_seeds
from invariance.commands.output import print_json
from invariance.spec import DatasetSpec, PretrainSpec, SpecError, TransferSpec, parse_transforms, to_dict

FIELDS: Final = {
    DatasetSpec: ("seed", "objects", "backgrounds", "num_prototypes"),
    PretrainSpec: (
        "model",
        "epochs",
        "samples_per_epoch",
        "batch_size",
        "learning_rate",
        "objective",
        "precision",
    ),
    TransferSpec: ("method",),
}
"""What can be asked for, by the spec that describes it; a method of transfer, the rest of pretraining."""
DEFAULTS: Final = {"epochs": 4, "batch_size": 128, "learning_rate": 2e-3}
"""Where :func:`~invariance.studies.what_if.what_if` has others than the specs, for the help."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "what-if",
        help="does pretraining on what a task varies help? two compositions, each as source and as target",
        description="Pretrains a network on the target's transformations (P), one on others (Q) and one on none, and "
        "transfers each to new classes under P and under Q. Matching helps only if each network is ahead on its own "
        "target; for that both differences have an interval over the objects and backgrounds of the test images.",
        examples=(
            "--target rotate,hue,erasing --mismatch scale,invert,pixelate",
            "--target rotate --mismatch blur --seeds 0,1,2,3,4,5",
        ),
    )
    for name, text in (
        ("target", "P: transformations of the target task and of matched pretraining"),
        ("mismatch", "Q: transformations of mismatched pretraining and of the second task"),
    ):
        parser.add_argument(f"--{name}", type=argument(parse_transforms), required=True, metavar="A,B,...", help=text)
    for spec, names in FIELDS.items():
        add_fields(parser, spec, names, defaults={name: DEFAULTS[name] for name in names if name in DEFAULTS})
    parser.add_argument(
        "--seeds",
        type=argument(parse_seeds),
        metavar="0,1,2",
        help="in place of --seed: all of it for each; intervals are then over seeds",
    )
    add_num_classes(parser, "of each task (default: 30, or half of the source's)")
    parser.add_argument(
        "--num-transfer-samples",
        type=int,
        default=argparse.SUPPRESS,
        metavar="N",
        help="images of each target task (default 2000)",
    )
    add_execution(parser)
    parser.set_defaults(action=what_if)


def what_if(args: argparse.Namespace) -> None:
    """Three pretrainings and six transfers for each seed; prints what they come to as one JSON object."""
    from invariance.commands import running
    from invariance.runs.finished_cells import finished_cell
    from invariance.studies.what_if import what_if as experiment
    from invariance.studies.what_if_report import what_if_report

    started = time.monotonic()
    if args.seeds is not None and "seed" in args:
        raise SpecError("--seed and --seeds are both given: use one of them")
    options = {name: getattr(args, name) for name in ("num_classes", "num_transfer_samples") if name in args}
    for spec, names in FIELDS.items():
        options |= {name: value for name, value in given(args, spec).items() if name in names}
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

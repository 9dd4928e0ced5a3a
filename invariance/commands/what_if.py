"""``what-if``: the smallest experiment from the command line."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any, Final

from invariance.commands.options import add_execution, add_fields, add_num_classes, argument, given
from invariance.commands.output import print_json
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec, parse_transforms, to_dict

if TYPE_CHECKING:
    from invariance.runs.store import Run

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
        help="matched against mismatched pretraining for one target task",
        description="Pretrains one network on the target's transformations and one on others, and transfers both to "
        "new classes under the target's.",
        examples=("--target rotate,hue,erasing --mismatch scale,invert,pixelate",),
    )
    for name, text in (
        ("target", "transformations of the target task and of matched pretraining"),
        ("mismatch", "transformations of mismatched pretraining"),
    ):
        parser.add_argument(f"--{name}", type=argument(parse_transforms), required=True, metavar="A,B,...", help=text)
    for spec, names in FIELDS.items():
        add_fields(parser, spec, names, defaults={name: DEFAULTS[name] for name in names if name in DEFAULTS})
    add_num_classes(parser, "of each task (default: 30, or half of the source's)")
    parser.add_argument(
        "--num-transfer-samples",
        type=int,
        default=argparse.SUPPRESS,
        metavar="N",
        help="images of the target task (default 2000)",
    )
    add_execution(parser)
    parser.set_defaults(action=what_if)


def what_if(args: argparse.Namespace) -> None:
    """Two pretrainings and two transfers; prints both accuracies as one JSON object."""
    from invariance.commands import running
    from invariance.studies.what_if import what_if as experiment

    started = time.monotonic()
    options = {name: getattr(args, name) for name in ("num_classes", "num_transfer_samples") if name in args}
    for spec, names in FIELDS.items():
        options |= {name: value for name, value in given(args, spec).items() if name in names}
    study = experiment(args.target, args.mismatch, **options)
    store, device = running.prepare(args, study.runs)
    runs = {spec.run_id: running.execute_run(spec, store, device) for spec in study.runs}
    answer: dict[str, Any] = {}
    for name in ("matched", "mismatched"):
        pretraining, transferred = getattr(study, f"{name}_pretraining"), getattr(study, name)
        answer[name] = {
            "transfer_accuracy": _metrics(runs[transferred.run_id])["transfer_accuracy"],
            "pretraining_accuracy": _metrics(runs[pretraining.run_id])["test_accuracy"],
            "pretraining": pretraining.run_id,
            "transfer": transferred.run_id,
        }
    described = {"matched": to_dict(study.matched_pretraining), "target": to_dict(study.matched.data)}
    print_json({**answer, "seconds": round(time.monotonic() - started, 2), "device": device, "spec": described})


def _metrics(run: Run) -> dict[str, float]:
    assert run.result is not None, run.id
    metrics: dict[str, float] = run.result["metrics"]
    return metrics

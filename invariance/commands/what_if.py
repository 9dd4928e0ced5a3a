"""``what-if``: the smallest experiment from the command line."""

from __future__ import annotations

import argparse
import time
from typing import Any

from invariance.commands.arguments import (
    add_execution,
    add_model,
    add_objective,
    add_precision,
    open_store,
    print_json,
)
from invariance.commands.running import (
    execute_run,
)
from invariance.data.catalogue import resolve_source
from invariance.runs.device import choose_device
from invariance.runs.store import Run
from invariance.spec import (
    TRANSFER_METHODS,
    parse_transforms,
    to_dict,
)
from invariance.studies.what_if import what_if


def add_commands(commands: Any) -> None:
    """Registers the command."""
    parser = commands.add_parser(
        "what-if",
        help="matched against mismatched pretraining for one target task",
        epilog="example: python -m invariance what-if --target rotate,hue,erasing --mismatch scale,invert,pixelate",
    )
    parser.add_argument(
        "--target", required=True, metavar="A,B,…", help="transformations of the target task and of matched pretraining"
    )
    parser.add_argument("--mismatch", required=True, metavar="A,B,…", help="transformations of mismatched pretraining")
    parser.add_argument("--seed", type=int, default=0, help="picks classes, samples and weights (default 0)")
    parser.add_argument("--objects", default="builtin", metavar="SOURCE", help="as for render (default builtin)")
    parser.add_argument("--backgrounds", default="builtin", metavar="SOURCE", help="as for render (default builtin)")
    parser.add_argument(
        "--num-classes", type=int, metavar="N", help="of each task (default: 30, or half of the source's)"
    )
    parser.add_argument("--num-prototypes", type=int, default=1, metavar="N", help="pictures of each class (default 1)")
    add_model(parser)
    parser.add_argument("--epochs", type=int, help="of pretraining, on fresh images throughout (default 4)")
    parser.add_argument("--samples-per-epoch", type=int, help="images in one epoch of pretraining (default 10000)")
    parser.add_argument("--batch-size", type=int, help="images in one step of pretraining (default 128)")
    parser.add_argument(
        "--learning-rate", type=float, help="of Adam in pretraining (default 0.002; transformers want less)"
    )
    add_objective(parser)
    parser.add_argument("--method", default="linear-probe", choices=TRANSFER_METHODS)
    parser.add_argument("--num-transfer-samples", type=int, help="images of the target task (default 2000)")
    add_precision(parser)
    add_execution(parser)
    parser.set_defaults(action=run_what_if)


def run_what_if(args: argparse.Namespace) -> None:
    """Two pretrainings and two transfers; prints both accuracies as one JSON object."""
    started = time.monotonic()
    given = ("epochs", "samples_per_epoch", "batch_size", "learning_rate", "num_transfer_samples")
    options = {name: getattr(args, name) for name in given if getattr(args, name) is not None}
    study = what_if(
        parse_transforms(args.target),
        parse_transforms(args.mismatch),
        seed=args.seed,
        objects=resolve_source(args.objects),
        backgrounds=resolve_source(args.backgrounds),
        num_classes=args.num_classes,
        num_prototypes=args.num_prototypes,
        model=args.model,
        objective=args.objective,
        method=args.method,
        precision=args.precision,
        **options,
    )
    store, device = open_store(args), choose_device(args.device)
    runs = {spec.run_id: execute_run(spec, store, device) for spec in study.runs}
    answer: dict[str, Any] = {}
    for name in ("matched", "mismatched"):
        pretraining, transferred = getattr(study, f"{name}_pretraining"), getattr(study, name)
        answer[name] = {
            "transfer_accuracy": _metrics(runs[transferred.run_id])["transfer_accuracy"],
            "pretraining_accuracy": _metrics(runs[pretraining.run_id])["test_accuracy"],
            "pretraining": pretraining.run_id,
            "transfer": transferred.run_id,
        }
    spec = {"matched": to_dict(study.matched_pretraining), "target": to_dict(study.matched.data)}
    print_json({**answer, "seconds": round(time.monotonic() - started, 2), "device": device, "spec": spec})


def _metrics(run: Run) -> dict[str, float]:
    assert run.result is not None, run.id
    metrics: dict[str, float] = run.result["metrics"]
    return metrics

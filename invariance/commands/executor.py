"""Options that say who executes the runs of a study or a question: this machine, or a cluster."""

from __future__ import annotations

import argparse

from invariance.commands.options import count, number
from invariance.spec import SpecError

EXECUTORS = ("local", "ray")


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Adds them, as a group of their own."""
    group = parser.add_argument_group("executor")
    group.add_argument("--executor", default="local", choices=EXECUTORS, help="default local: this machine")
    group.add_argument(
        "--num-workers",
        type=count(1, 10_000),
        metavar="N",
        help="runs at once (default: a GPU each, or a core each and at most 8)",
    )
    group.add_argument(
        "--together",
        action="store_true",
        help="pretrain networks that differ in seed and data at once in this process, before all else",
    )
    group.add_argument(
        "--address", metavar="ADDRESS", help="of a Ray cluster: auto, host:port (default: a Ray of its own)"
    )
    group.add_argument(
        "--gpus",
        type=number(float, "a number"),
        metavar="G",
        help="GPUs of a run on Ray, or a share (default: 1 if any)",
    )
    group.add_argument(
        "--cpus", type=number(float, "a number"), default=1.0, metavar="C", help="cores of a run on Ray (default 1)"
    )


def check_executor(args: argparse.Namespace) -> None:
    """Raises SpecError unless what was given of them goes together."""
    if args.executor != "ray" and (args.address is not None or args.gpus is not None):
        raise SpecError("--address and --gpus are for Ray: add --executor ray")
    if args.executor == "ray" and args.together:
        raise SpecError("--together is for this machine: leave it out, or --executor ray")
    for name in ("gpus", "cpus"):
        if (value := getattr(args, name)) is not None and not 0 <= value <= 1024:
            raise SpecError(f"{name} = {value:g}: expected a number from 0 to 1024")
    if args.cpus == 0:
        raise SpecError("cpus = 0: a run needs a part of a core, such as 0.5")

"""``pretrain`` and ``transfer``: training from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from invariance.commands.arguments import (
    add_data,
    add_execution,
    add_model,
    add_objective,
    add_seeds,
    add_training,
    dataset,
    open_store,
    print_json,
)
from invariance.commands.running import (
    execute_run,
    execute_seeds,
    report,
    report_seeds,
    seeds_of,
)
from invariance.runs.device import choose_device
from invariance.runs.locate import run_id_of
from invariance.runs.store import Store
from invariance.spec import (
    REGULARISATIONS,
    SCHEDULES,
    TRANSFER_METHODS,
    PretrainSpec,
    RunSpec,
    SpecError,
    TransferSpec,
)
from invariance.studies.presets import PAPER_PRESETS
from invariance.studies.what_if import TARGET_SEED_OFFSET


def add_commands(commands: Any) -> None:
    """Registers the commands."""
    _add_pretrain(commands)
    _add_transfer(commands)


def _add_pretrain(commands: Any) -> None:
    parser = commands.add_parser(
        "pretrain",
        help="train a network on a Transforms-2D variant",
        epilog="example: python -m invariance pretrain --transforms rotate,hue --num-classes 30 --epochs 5",
    )
    parser.add_argument(
        "--preset",
        action=_Preset,
        choices=tuple(PAPER_PRESETS),
        help="the paper's settings for a study (ResNet-18, 50,000 images, hours without a GPU); give it first, what "
        "follows changes it",
    )
    add_data(parser)
    add_seeds(parser)
    add_model(parser)
    parser.add_argument("--num-samples", default="10000", metavar="N|endless", help="training images (default 10000)")
    parser.add_argument("--samples-per-epoch", type=int, default=10_000, help="images in an epoch of an endless stream")
    add_training(parser, epochs=10)
    add_objective(parser)
    parser.add_argument("--schedule", default="constant", choices=SCHEDULES, help="of the learning rate")
    parser.add_argument("--weight-decay", type=float, default=0.0, help="L2 penalty of Adam (default 0)")
    add_execution(parser)
    parser.set_defaults(action=pretrain)


class _Preset(argparse.Action):
    """Sets several options at once."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        for name, value in PAPER_PRESETS[values].items():
            setattr(namespace, name, str(value) if name == "num_samples" else value)


def pretrain(args: argparse.Namespace) -> None:
    """One pretraining run, or one for each seed; prints one JSON object."""
    num_samples = None if args.num_samples == "endless" else _count(args.num_samples)

    def spec_of(seed: int) -> PretrainSpec:
        args.seed = seed
        return PretrainSpec(
            data=dataset(args, num_samples=num_samples),
            model=args.model,
            samples_per_epoch=args.samples_per_epoch,
            seed=seed,
            objective=args.objective,
            schedule=args.schedule,
            weight_decay=args.weight_decay,
            **_training(args),
        )

    _execute_and_print(args, spec_of, open_store(args))


def _execute_and_print(args: argparse.Namespace, spec_of: Callable[[int], RunSpec], store: Store) -> None:
    """The run of ``--seed`` and its JSON object, or those of ``--seeds`` and theirs."""
    device = choose_device(args.device)
    if args.seeds is None:
        if args.together:
            raise SpecError("--together without --seeds: give the seeds that are trained together, such as 0,1,2")
        print_json(report(execute_run(spec_of(args.seed), store, device)))
        return
    seeds = seeds_of(args.seeds)
    runs = execute_seeds([spec_of(seed) for seed in seeds], store, device, together=args.together)
    print_json(report_seeds(runs, seeds))


def _add_transfer(commands: Any) -> None:
    parser = commands.add_parser(
        "transfer",
        help="reuse a pretrained network on another task",
        epilog="example: python -m invariance transfer --from matched --transforms rotate,hue,erasing --num-classes 30",
    )
    parser.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="RUN",
        help="run id or gallery model; with --seeds also one a seed, A,B,…",
    )
    add_data(parser)
    add_seeds(parser)
    parser.add_argument("--method", default="linear-probe", choices=TRANSFER_METHODS)
    parser.add_argument("--num-samples", type=int, default=2_000, metavar="N", help="target images (default 2000)")
    parser.add_argument(
        "--regularisation",
        default="prior",
        choices=REGULARISATIONS,
        help="of the probe: one fixed penalty, or the best of a grid on a validation split (default prior)",
    )
    add_training(parser, epochs=10)
    add_execution(parser)
    parser.set_defaults(action=transfer)


def transfer(args: argparse.Namespace) -> None:
    """One transfer run, or one for each seed; prints one JSON object."""
    store = open_store(args)
    seeds = [args.seed] if args.seeds is None else seeds_of(args.seeds)
    sources = [run_id_of(name, store) for name in args.source.split(",")]
    if len(sources) not in (1, len(seeds)):
        raise SpecError(f"--from names {len(sources)} runs: expected one, or one for each of {len(seeds)} seeds")
    source_of = dict(zip(seeds, sources if len(sources) > 1 else sources * len(seeds), strict=True))

    def spec_of(seed: int) -> TransferSpec:
        args.seed = seed
        return TransferSpec(
            source=source_of[seed],
            data=dataset(args, num_samples=args.num_samples, seed=seed + TARGET_SEED_OFFSET),
            method=args.method,
            regularisation=args.regularisation,
            seed=seed,
            **_training(args),
        )

    _execute_and_print(args, spec_of, store)


def _training(args: argparse.Namespace) -> dict[str, Any]:
    names = ("epochs", "batch_size", "learning_rate", "num_test_samples", "precision")
    return {name: getattr(args, name) for name in names}


def _count(text: str) -> int:
    if not text.removeprefix("-").isdecimal():
        raise SpecError(f"num_samples = {text!r}: expected a whole number, or endless")
    return int(text)

"""``pretrain`` and ``transfer``: training from the command line."""

from __future__ import annotations

import argparse
from typing import Any

from invariance.commands.options import (
    NETWORKS,
    add_arch,
    add_data,
    add_execution,
    add_fields,
    add_seeds,
    add_training,
    argument,
    dataset,
    given,
    parse_names,
)
from invariance.spec import PretrainSpec, SpecError, TransferSpec
from invariance.studies.presets import PAPER_PRESETS
from invariance.vocabulary.optimizers import OPTIMIZERS

NUM_TARGET_SAMPLES = 2_000
"""Of the target task, which is small on purpose."""


def add_commands(commands: Any) -> None:
    """Registers the commands."""
    _add_pretrain(commands)
    _add_transfer(commands)


def _add_pretrain(commands: Any) -> None:
    parser = commands.add_parser(
        "pretrain",
        help="train a network on a Transforms-2D variant",
        description="Trains a network from random weights. Ctrl-C saves it; the same line goes on where it was.",
        examples=(
            "--transforms rotate,hue --num-classes 30 --epochs 5",
            "--transforms hue --num-samples endless --seeds 0,1,2",
            "--preset paper-a --transforms all",
        ),
    )
    parser.add_argument(
        "--preset",
        choices=tuple(PAPER_PRESETS),
        help="the paper's settings for a study (ResNet-18, 50,000 images, hours without a GPU), where nothing else is "
        "given",
    )
    add_data(parser, leave_out=("transform_seed",))
    add_seeds(parser)
    add_fields(parser, PretrainSpec, ("model", "samples_per_epoch", "objective", "schedule", "weight_decay"))
    add_fields(parser, PretrainSpec, ("optimizer",), notes={"optimizer": _note()})
    add_training(parser, PretrainSpec)
    add_execution(parser)
    parser.set_defaults(action=pretrain)


def pretrain(args: argparse.Namespace) -> None:
    """One pretraining run, or one for each seed; prints one JSON object."""
    from invariance.commands import running

    for usual in (_usual(args), PAPER_PRESETS.get(args.preset, {})):
        for name, value in usual.items():
            setattr(args, name, getattr(args, name, value))

    def spec_of(seed: int) -> PretrainSpec:
        seeded = _with_seed(args, seed)
        return PretrainSpec(data=dataset(seeded), **given(seeded, PretrainSpec))

    running.run_seeds(args, spec_of)


def _usual(args: argparse.Namespace) -> dict[str, Any]:
    """What suits the optimizer that is asked for, unless it is the one that the spec's own defaults suit."""
    name = getattr(args, "optimizer", PretrainSpec.optimizer)
    return {} if name == PretrainSpec.optimizer else dict(OPTIMIZERS[name].settings)


def _note() -> str:
    usual = OPTIMIZERS["muon"]
    return (
        f"with muon the batch size is {usual.batch_size}, the learning rate {usual.learning_rate:g} and the schedule "
        f"{usual.schedule} unless given"
    )


def _with_seed(args: argparse.Namespace, seed: int) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(args), "seed": seed})


def _add_transfer(commands: Any) -> None:
    parser = commands.add_parser(
        "transfer",
        help="reuse a pretrained network on another task",
        description="Puts a new last layer on a pretrained network, or trains all of it further, on a target task.",
        examples=(
            "--from matched --transforms rotate,hue,erasing --num-classes 30",
            "--from RUN --transforms blur --method fine-tune",
            "--from RUN --transforms blur --num-samples 100 --method fine-tune --trainable last-block "
            "--learning-rates 0.0003,0.001,0.003",
            "--from mine.safetensors --arch torchvision:resnet18 --transforms hue",
        ),
    )
    parser.add_argument(
        "--from",
        dest="sources",
        type=argument(parse_names),
        required=True,
        metavar="RUN",
        help=f"what is reused: {NETWORKS}; with --seeds also one a seed, A,B,...",
    )
    add_arch(parser)
    add_data(parser, leave_out=("transform_seed",), defaults={"num_samples": NUM_TARGET_SAMPLES})
    add_seeds(parser)
    add_fields(parser, TransferSpec, ("method", "regularisation", "trainable", "learning_rates"))
    add_training(parser, TransferSpec)
    add_execution(parser)
    parser.set_defaults(action=transfer, num_samples=NUM_TARGET_SAMPLES)


def transfer(args: argparse.Namespace) -> None:
    """One transfer run, or one for each seed; prints one JSON object."""
    from invariance.commands import running
    from invariance.runs.locate import run_ids_of
    from invariance.studies.what_if import TARGET_SEED_OFFSET

    store = running.existing_store(args)
    seeds = args.seeds or (getattr(args, "seed", 0),)
    sources = run_ids_of(args.sources, store, arch=args.arch)
    if len(sources) not in (1, len(seeds)):
        raise SpecError(f"--from names {len(sources)} runs: expected one, or one for each of {len(seeds)} seeds")
    source_of = dict(zip(seeds, sources if len(sources) > 1 else sources * len(seeds), strict=True))

    def spec_of(seed: int) -> TransferSpec:
        seeded = _with_seed(args, seed)
        data = dataset(seeded, seed=seed + TARGET_SEED_OFFSET)
        return TransferSpec(source=source_of[seed], data=data, **given(seeded, TransferSpec))

    running.run_seeds(args, spec_of)

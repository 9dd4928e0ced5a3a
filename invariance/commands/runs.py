"""``pretrain``, ``transfer``, ``measure`` and ``what-if``: runs from the command line."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
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
    check_output,
    described,
    execute_run,
    execute_seeds,
    named_models,
    report,
    report_seeds,
    seeds_of,
    write_named,
)
from invariance.data.catalogue import resolve_source
from invariance.measures.columns import MEASURES, OTHER_COLUMNS
from invariance.measures.shifts import SHIFT_NAMES, shifted
from invariance.runs.device import choose_device
from invariance.runs.locate import pretraining_data, run_id_of
from invariance.runs.store import Run, Store
from invariance.spec import (
    MEASURE_NAMES,
    REGULARISATIONS,
    SCHEDULES,
    TRANSFER_METHODS,
    DatasetSpec,
    MeasureSpec,
    PretrainSpec,
    RunSpec,
    SpecError,
    TransferSpec,
    parse_transforms,
    to_dict,
)
from invariance.studies.presets import PAPER_PRESETS
from invariance.studies.what_if import TARGET_SEED_OFFSET, what_if


def add_commands(commands: Any) -> None:
    """Registers the commands."""
    _add_pretrain(commands)
    _add_transfer(commands)
    _add_measure(commands)
    _add_what_if(commands)


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


def _add_measure(commands: Any) -> None:
    parser = commands.add_parser(
        "measure",
        help="measure invariance of models to transformations",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_describe_columns()
        + "\n\nexamples: python -m invariance measure --models gallery --transforms all --out sens.csv"
        + "\n          python -m invariance measure --models none,hue --shift new-noise --untrained --out x.csv",
    )
    parser.add_argument(
        "--models", default="gallery", metavar="gallery|RUN,…", help="rows of the table (default gallery)"
    )
    parser.add_argument(
        "--measure",
        default="sens",
        choices=MEASURE_NAMES,
        help="sens: all columns below (default); "
        "features: the sens-score of twins that differ in the object, the background or the sticker alone",
    )
    parser.add_argument("--num-pairs", type=int, default=1_000, help="twins for each transformation (default 1000)")
    parser.add_argument("--out", type=Path, required=True, metavar="X.csv", help="where the table goes")
    parser.add_argument(
        "--shift",
        choices=SHIFT_NAMES,
        metavar="NAME",
        help="measure on data relative to what the models were pretrained on, instead of the options below: "
        + ", ".join(SHIFT_NAMES),
    )
    parser.add_argument(
        "--untrained", action="store_true", help="also measure the networks that the models' trainings started from"
    )
    add_data(parser)
    parser.set_defaults(transforms=None)
    add_execution(parser)
    parser.set_defaults(action=measure)


def _describe_columns() -> str:
    lines = ["columns of the table, a row for each model and transformation:"]
    for column, measure in MEASURES.items():
        lines += described(column, f"{measure.title}: {measure.meaning}. {measure.scale}")
        if measure.interval:
            lines += described(", ".join(measure.interval), "its 95 % interval, bootstrapped over twins")
    for columns, meaning in OTHER_COLUMNS.items():
        lines += described(columns, meaning)
    return "\n".join(lines)


def measure(args: argparse.Namespace) -> None:
    """One table of models by transformations; writes a CSV and prints a JSON object."""
    store = open_store(args)
    names = named_models(args.models, store)
    # For twins of one feature the transformations are the images' own; otherwise they are what is measured.
    columns = "none" if args.measure == "features" else args.transforms or "all"
    args.transforms = args.transforms or "none" if args.measure == "features" else "none"
    if args.shift is None:
        data = dataset(args, num_samples=args.num_pairs)
    else:
        data = shifted(_common_pretraining(names, store), args.shift)
    spec = MeasureSpec(
        sources=tuple(names),
        transforms=parse_transforms(columns),
        data=data,
        measure=args.measure,
        num_pairs=args.num_pairs,
        untrained=args.untrained,
    )
    check_output(args.out)
    run = execute_run(spec, store, choose_device(args.device))
    assert run.result is not None
    write_named(Path(run.result["table"]), names, args.out)
    print_json({**report(run), "table": str(args.out)})


def _common_pretraining(names: dict[str, str], store: Store) -> DatasetSpec:
    """What all of some models were pretrained on, but for the transformations.

    Raises:
        SpecError: they were pretrained on different data, so that a shift has another meaning for each.
    """
    found = {name: pretraining_data(run_id, store) for run_id, name in names.items()}
    plain = {name: replace(data, transforms=(), strength=1.0, num_samples=None) for name, data in found.items()}
    first = next(iter(plain))
    for name, data in plain.items():
        if data != plain[first]:
            raise SpecError(
                f"--shift: {first} and {name} were pretrained on different objects, backgrounds or seeds; measure them "
                "one at a time"
            )
    return found[first]


def _add_what_if(commands: Any) -> None:
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
    add_objective(parser)
    parser.add_argument("--method", default="linear-probe", choices=TRANSFER_METHODS)
    parser.add_argument("--num-transfer-samples", type=int, help="images of the target task (default 2000)")
    add_execution(parser)
    parser.set_defaults(action=run_what_if)


def run_what_if(args: argparse.Namespace) -> None:
    """Two pretrainings and two transfers; prints both accuracies as one JSON object."""
    started = time.monotonic()
    given = ("epochs", "samples_per_epoch", "num_transfer_samples")
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


def _training(args: argparse.Namespace) -> dict[str, Any]:
    names = ("epochs", "batch_size", "learning_rate", "num_test_samples", "precision")
    return {name: getattr(args, name) for name in names}


def _count(text: str) -> int:
    if not text.lstrip("-").isdigit():
        raise SpecError(f"num_samples = {text!r}: expected a whole number, or endless")
    return int(text)

"""``transferability``: scores that foresee transfer, ranked; and ``gallery benchmark``, which makes what they rank."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any, Final

from invariance.commands.executor import add_executor, check_executor
from invariance.commands.options import (
    add_device,
    add_execution,
    add_fields,
    add_num_classes,
    argument,
    count,
    given,
    parse_names,
)
from invariance.commands.output import check_folder, described, make_folder, print_json, write_bytes
from invariance.spec import DatasetSpec, PretrainSpec, SpecError
from invariance.spec.question import SEPARATOR, parse_listed
from invariance.vocabulary.columns import in_words
from invariance.vocabulary.transfer_scores import ACCURACIES, BASELINES, BENCHMARK_TABLE, RANKING_TABLE, TRANSFER_SCORES

FIELDS: Final = {
    DatasetSpec: ("objects", "backgrounds"),
    PretrainSpec: ("epochs", "samples_per_epoch", "batch_size"),
}
"""What a benchmark can be made of, by the spec that describes it."""
GALLERY_NETWORKS: Final = "gallery"
"""A source that stands for all pretrained networks of the gallery."""


def add_commands(commands: Any) -> None:
    """Registers the command."""
    told = {name: f"{one.title}: {one.meaning}" for name, one in (TRANSFER_SCORES | BASELINES).items()}
    parser = commands.add_parser(
        "transferability",
        help="can transfer be foreseen? scores ranked by how well they foresee accuracies, and your own beside them",
        description="Ranks scores by how well they foresee the accuracies of many small networks on many target tasks. "
        "With --score also score(features, labels, source_logits) -> float of a Python file, which is executed: it "
        "sees what each network makes of the images that the task's probe learns from, and more is better. "
        "NaN says that it has none to give: networks that have it for no task are left out, then tasks for which one "
        "of the others lacks it; num_networks and num_tasks say what is left. NaN for the first network that has "
        "source_logits is refused.",
        epilog=described("columns of ranking.csv:", in_words(RANKING_TABLE))
        + "\n\n"
        + described("scores, then baselines:", told.items()),
        examples=("--out scores", "--score mine.py --out mine", "--objective supervised --out supervised"),
    )
    parser.add_argument("--score", type=Path, metavar="FILE.py", help="a file with a function called score")
    parser.add_argument(
        "--objective", type=argument(parse_names), metavar="NAME,...", help="of these networks alone (default: of all)"
    )
    parser.add_argument("--folder", type=Path, metavar="DIR", help="the benchmark (default: the one that ships)")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="receives ranking.csv and scores.csv; made if absent"
    )
    add_device(parser)
    parser.set_defaults(action=rank_scores)


def add_making(verbs: Any) -> None:
    """Registers the part of ``gallery``."""
    parser = verbs.add_parser(
        "benchmark",
        help="train and transfer the networks on which transfer scores are compared",
        description="Pretrains networks and puts each to every task, and writes results.csv (as results arrive), the "
        "weights as float16 and manifest.json, which invariance transferability reads. At its usual size it takes "
        "hours, which --dry-run tells; Ctrl-C leaves runs that go on when the same is asked for again.",
        epilog=described("columns of results.csv:", in_words(BENCHMARK_TABLE)),
        examples=(
            "--dry-run",
            "--out checkpoints/transferability",
            '--sources "hue;none" --model small --objective supervised --num-tasks 2 --samples-per-epoch 500 --out x',
        ),
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the files go; made if it is absent")
    parser.add_argument("--dry-run", action="store_true", help="tell how many runs and how long, execute nothing")
    parser.add_argument(
        "--sources",
        type=argument(partial(parse_listed, name="sources")),
        metavar='"A,B;C;..."',
        help="what networks are pretrained on: compositions, none, networks that are there, or gallery for all of its "
        "(default: the gallery, none and three compositions)",
    )
    parser.add_argument("--model", type=argument(parse_names), metavar="NAME,...", help="default: the four small ones")
    parser.add_argument(
        "--objective", type=argument(parse_names), metavar="NAME,...", help="default: supervised,simclr,rotation"
    )
    parser.add_argument("--num-tasks", type=count(1, 1_000), metavar="N", help="default: 40")
    parser.add_argument("--num-images", type=count(1, 2**31), metavar="N", help="of each task (default: 500)")
    parser.add_argument(
        "--seed",
        type=count(0, 2**32 - 1),
        default=0,
        metavar="N",
        help="draws tasks, classes, images and initial weights (default 0, as the gallery's networks: for other seeds "
        "name compositions, since the classes of a task would be among those that gallery networks know)",
    )
    for spec, names in FIELDS.items():
        add_fields(parser, spec, names, defaults={name: None for name in names if spec is PretrainSpec})
    add_num_classes(parser, "of each task (default: 30, or half of the source's)")
    add_execution(parser)
    add_executor(parser)
    parser.set_defaults(action=make_benchmark)


def rank_scores(args: argparse.Namespace) -> None:
    """Writes two tables and prints one JSON object."""
    check_folder(args.out)
    from invariance.progress import ProgressBar
    from invariance.runs.device import choose_device
    from invariance.runs.transferability import FOLDER, SCORE, of_objectives, ranking, read_benchmark, score_of, scored

    own = {} if args.score is None else {SCORE: score_of(args.score)}
    device, benchmark = choose_device(args.device), read_benchmark(args.folder or FOLDER)
    if args.objective is not None:
        benchmark = of_objectives(benchmark, args.objective)
    with ProgressBar("score") as bar:
        table = benchmark.table.assign(**(scored(benchmark, own, device=device, report=bar.told) if own else {}))
    ranked = ranking(table, (*own, *TRANSFER_SCORES))
    if own:
        of_own = ranked[ranked["score"] == SCORE].set_index("foresees").loc[ACCURACIES["transfer_accuracy"]]
        if of_own["num_networks"] < 2 or of_own["num_tasks"] < 1:
            raise SpecError(
                f"{SCORE} = {args.score}: it is a number for {table[SCORE].notna().sum():,} of {len(table):,} networks "
                f"and tasks, which leaves {of_own['num_networks']} networks and {of_own['num_tasks']} tasks to rank: "
                "have it give a number for at least two networks and one task"
            )
    make_folder(args.out)
    for name, made in {"ranking": ranked, "scores": table}.items():
        write_bytes(args.out / f"{name}.csv", made.to_csv(index=False).encode())
    num_networks, num_tasks = (table[column].nunique() for column in ("network", "task"))
    counted = {"num_networks": num_networks, "num_tasks": num_tasks}
    print_json({"ranking": ranked.to_dict("records"), **counted, "out": str(args.out)})


def make_benchmark(args: argparse.Namespace) -> None:
    """Executes what is missing, writes the files and prints one JSON object."""
    check_executor(args)
    if args.out is None and not args.dry_run:
        raise SpecError("out is missing: give --out DIR, or --dry-run")
    from invariance.commands.question_execution import plan
    from invariance.commands.running import existing_store
    from invariance.commands.study_execution import carry_out
    from invariance.progress import ProgressBar
    from invariance.runs.question import make_question
    from invariance.runs.transferability import size_mb, write_benchmark
    from invariance.studies.transferability import benchmark_of

    benchmark = benchmark_of(make_question(_question(args), existing_store(args), code=True))
    if args.dry_run:
        print_json(plan(benchmark, args))
        return
    done = carry_out(benchmark, args, args.out, is_checked=False)
    done.require_whole(args.out)
    with ProgressBar("scores") as bar:
        made = write_benchmark(benchmark, done.store, args.out, made=done.made, device=done.device, report=bar.told)
    print_json(
        {
            "networks": len(made.weights),
            "tasks": int(made.table["task"].nunique()),
            "runs": done.progress.total,
            "megabytes": round(size_mb(args.out), 1),
            "seconds": round(done.seconds, 2),
            "device": done.device,
            "out": str(args.out),
        }
    )


def _question(args: argparse.Namespace) -> Any:
    from invariance.runs.gallery import entries
    from invariance.spec import QuestionSpec
    from invariance.studies.transferability import MODELS, NUM_IMAGES, NUM_TASKS, OBJECTIVES, SOURCES, tasks

    shipped = [entry.run_id for entry in entries() if entry.spec.kind == "pretrain"]
    asked = args.sources or (*SOURCES, GALLERY_NETWORKS)
    sources = [each for source in asked for each in (shipped if source == GALLERY_NETWORKS else [source])]
    if not sources:
        raise SpecError(f"sources = {SEPARATOR.join(asked)}: there is no gallery here; name compositions")
    return QuestionSpec(
        sources=tuple(sources),
        targets=tasks(args.num_tasks or NUM_TASKS, args.seed),
        seeds=(args.seed,),
        models=args.model or MODELS,
        objectives=args.objective or OBJECTIVES,
        num_images=(args.num_images or NUM_IMAGES,),
        **{name: value for spec, names in FIELDS.items() for name, value in given(args, spec).items() if name in names},
        **({"num_classes": args.num_classes} if "num_classes" in args else {}),
    )

"""A question asked from the command line: its plan, or its execution and its answer."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from typing import Any, Final

from invariance.commands.options import given
from invariance.commands.output import print_json
from invariance.commands.running import existing_store
from invariance.commands.study_execution import can_report, carry_out
from invariance.runs.device import choose_device
from invariance.runs.executors.local import local_devices
from invariance.runs.locate import weights_of
from invariance.runs.question import make_question, plan_of
from invariance.runs.study_files import write_summary
from invariance.spec import QuestionSpec, to_dict
from invariance.studies.question import Question
from invariance.studies.question_report import question_report

FIELD_OF: Final = {"model": "models", "objective": "objectives", "method": "methods"}
"""Fields of a question whose option has the name that it has with every other command."""


def ask(args: argparse.Namespace) -> None:
    """Asks a question; writes its files where ``--out`` is given, and prints its answer as one JSON object."""
    values = {FIELD_OF.get(name, name): value for name, value in vars(args).items()}
    values |= given(args, QuestionSpec)  # folders with their contents
    values["seeds"] = args.seeds or ((args.seed,) if "seed" in args else None)
    known = {field.name for field in fields(QuestionSpec)}
    spec = QuestionSpec(**{name: value for name, value in values.items() if name in known and value is not None})
    store = existing_store(args)
    question = make_question(spec, store, code=True)
    if args.dry_run:
        print_json(plan(question, args))
        return
    own = {run.run_id for run in question.runs}
    for source in {source for run in question.runs for source in run.depends_on} - own:
        weights_of(source, store)  # what is not here is refused before anything is made
    is_usual = spec.objects == spec.backgrounds == "builtin"
    if spec.num_classes is not None or not is_usual:
        print(question.words_of_classes, file=sys.stderr)
    done = carry_out(question, args, args.out, is_checked=not is_usual)
    report = question_report(question, done.table)
    answer: dict[str, Any] = {
        **report,
        "classes": question.words_of_classes,
        "runs": done.progress.total,
        "seconds": round(done.seconds, 2),
        "device": done.device,
    }
    if args.out is not None:
        summary = {name: value for name, value in answer.items() if name != "cells"}  # which are results.csv
        write_summary({**summary, "runs_done": done.progress.done, "provenance": done.made}, args.out)
        if can_report():
            from invariance.figures.question_report import write_question_report

            write_question_report(question, report, args.out, num_done=done.progress.done)
        answer["out"] = str(args.out)
    done.require_whole(args.out)
    print_json(answer)


def plan(question: Question, args: argparse.Namespace) -> dict[str, Any]:
    """What it takes; of a cluster by the estimate for a GPU."""
    device = choose_device(args.device) if args.executor == "local" else "cuda"
    known = plan_of(question, existing_store(args), device=device)
    num_workers = args.num_workers or (len(local_devices(args.device)) if args.executor == "local" else 1)
    num_workers = max(1, min(num_workers, known.num_runs - known.done))
    return {
        "question": to_dict(question.spec),
        "cells": known.num_cells,
        "runs": known.num_runs,
        "kinds": dict(known.kinds),
        "done": known.done,
        "estimated_seconds": round(known.seconds / num_workers),
        "workers": num_workers,
        "device": device,
    }

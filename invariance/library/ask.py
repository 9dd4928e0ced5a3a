"""``invariance.ask``: a question of many what-ifs, executed as a study is."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from invariance.data.catalogue import resolve_source
from invariance.library.work import several_names
from invariance.runs.added import GRAMMAR
from invariance.runs.coordinate import Coordinator
from invariance.runs.device import choose_device
from invariance.runs.executors.local import LocalExecutor, local_devices
from invariance.runs.interrupt import interrupt_flag
from invariance.runs.question import make_question
from invariance.runs.store import Store, default_root
from invariance.runs.study_progress import outcomes_of
from invariance.spec import QuestionSpec, SpecError
from invariance.spec.checks import require
from invariance.spec.question import parse_listed
from invariance.spec.reading import construct
from invariance.studies.question import Question
from invariance.studies.question_report import question_report

_NAMES = {"model": "models", "objective": "objectives", "method": "methods"}
"""Arguments of which one or several are given."""
_INSTEAD = {"seed": "seeds"} | {field: name for name, field in _NAMES.items()}
"""What an argument is called that goes by another name elsewhere."""
_SOURCES = ("objects", "backgrounds")
SHOWN_FAILURES = 3


def ask(
    sources: str | Sequence[str],
    targets: str | Sequence[str],
    *,
    model: str | Sequence[str] = "small",
    objective: str | Sequence[str] = "supervised",
    method: str | Sequence[str] = "linear-probe",
    num_images: int | Sequence[int] = 2_000,
    seeds: Sequence[int] = (0,),
    runs: str | Path | None = None,
    device: str = "auto",
    num_workers: int | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Every source on every target, for every architecture, objective, method, number of images and seed.

        invariance.ask("blur;noise;none", "noise", model=["small_vit", "small_resnet"], seeds=[0, 1, 2])

    Args:
        sources: what networks are pretrained on, a text with semicolons or a list: compositions (``rotate,hue``),
            ``none``, ``untrained`` (first weights), or networks that are there, named as for
            :func:`invariance.network`. A name of both is the transformation.
        targets: what tasks vary, likewise: compositions.
        model: architectures of what is pretrained.
        objective: of pretraining.
        method: of transfer.
        num_images: of a target task.
        seeds: all of it for each; with several, intervals of means are over seeds.
        runs: folder of the store, where what was run before is not run again; ``$INVARIANCE_RUNS`` or ``./runs``.
        device: as for :func:`invariance.sens`.
        num_workers: runs at once; None for a core each and at most 8, or a GPU each.
        **options: the other fields of :class:`invariance.spec.QuestionSpec`: objects, backgrounds, num_classes, epochs,
            samples_per_epoch, ...

    Returns:
        A row for each cell and seed: source, target, relation, model, objective, method, num_images, seed,
        pretraining_accuracy, transfer_accuracy, low, high (over test images), and the runs. ``attrs`` of the table has
        what they say together: ``summary`` (over seeds), ``effects``, ``sentence`` and ``guessing``.

    Raises:
        SpecError: an argument cannot be used, or a run did not end well.
    """
    _require_known(options)
    several = {"model": model, "objective": objective, "method": method}
    values: dict[str, Any] = {_NAMES[name]: several_names(name, given) for name, given in several.items()}
    values |= {"num_images": (num_images,) if isinstance(num_images, int) else num_images, "seeds": seeds}
    values |= {name: resolve_source(str(options[name])) for name in _SOURCES if name in options}
    spec = construct(
        QuestionSpec,
        {**options, **values, "sources": _listed("sources", sources), "targets": _listed("targets", targets)},
    )
    where, store = choose_device(device), Store(Path(runs) if runs is not None else default_root())
    question = make_question(spec, store, code=True)
    outcomes = outcomes_of(question, store)
    if len(outcomes) < len(question.runs):
        _execute(question, store, where, local_devices(device, num_workers))
        outcomes = outcomes_of(question, store)
    table = question.tabulate(outcomes)
    report = question_report(question, table)
    table.attrs.update({name: report[name] for name in ("summary", "effects", "sentence", "guessing")})
    return table


def _execute(question: Question, store: Store, device: str, workers: list[str]) -> None:
    executor = LocalExecutor(store.root / "worker.log", workers)
    coordinator = Coordinator(question, store, executor, device=device)
    with closing(executor), interrupt_flag() as stop:
        for _ in coordinator.run(stop.is_set):
            pass
    stop.raise_if_set()
    if failures := coordinator.failures:
        told = "; ".join(f"run {run_id}: {line}" for run_id, line in list(failures.items())[:SHOWN_FAILURES])
        raise SpecError(f"{len(failures)} runs did not end well; ask again to try them once more. {told}")


def _require_known(options: Iterable[str]) -> None:
    named = [name for name in inspect.signature(ask).parameters if name != "options"]
    others = [field.name for field in fields(QuestionSpec) if field.name not in (*named, *_NAMES.values())]
    for name in options:
        if name in _INSTEAD:
            raise SpecError(f"{name}: say {_INSTEAD[name]}=…, which takes one or several")
        require(name in others, "argument", name, ", ".join((*named, *others)))


def _listed(argument: str, given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return parse_listed(given, argument)
    others = [one for one in given if not isinstance(one, str)] if isinstance(given, Collection) else [given]
    if others and argument == "sources":
        raise SpecError(
            f"sources: a {type(others[0]).__name__} is no name; a question names its networks, so that its runs can be "
            f"made again: {GRAMMAR}"
        )
    return several_names(argument, given)

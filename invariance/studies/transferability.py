"""The benchmark of scores that foresee transfer: many small networks, and what becomes of each on many target tasks.

Its networks and tasks are those of a question, so that each of its runs can be asked for singly. Beside the question's
linear probes there are, on some of the tasks, fine-tunings and second probes on other images, and the sens-score of
every network to every transformation.

At its usual size, the gallery's 21 networks and 44 more (four architectures, three objectives, four compositions) on 40
tasks, these are 3,945 runs: by estimate 52 minutes of one core for pretrainings, 95 for probes, and an hour for
fine-tunings, together an hour and three quarters on two cores, and 4 GB in the folder of runs. What ships is 22 MB.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import Final

import pandas as pd

from invariance.data.random import permutation
from invariance.spec import TRANSFORM_NAMES, MeasureSpec, RunSpec, SpecError, TransferSpec, transforms_text
from invariance.studies.question import Question
from invariance.studies.question_grid import GridCell
from invariance.studies.study import Outcomes, measured_table
from invariance.vocabulary.architectures import OUTSIDE_PREFIXES
from invariance.vocabulary.transfer_scores import BENCHMARK_TABLE, TRANSFER_SCORES

NAME: Final = "transferability"
"""What its runs are asked for by, and what provenance calls it."""
SOURCES: Final = ("none", "rotate,hue,erasing", "scale,invert,pixelate", "translate,brightness,blur")
MODELS: Final = ("small", "small_resnet", "small_vgg", "small_vit")
OBJECTIVES: Final = ("supervised", "simclr", "rotation")
NUM_TASKS: Final = 40
SHARE_OF_PART: Final = 0.25
"""Of the tasks, those of which there are fine-tunings and second probes."""
NUM_IMAGES: Final = 500
"""Of each task to learn from, and for scores to look at."""
MOST_TRANSFORMS: Final = 4
"""Of a task; the first has one, the next two, and so on around."""
NUM_PAIRS: Final = 500
MEASURED: Final = tuple(column.name for column in BENCHMARK_TABLE if column.name not in TRANSFER_SCORES)
"""Columns that the runs fill."""


def tasks(num: int, seed: int = 0) -> tuple[str, ...]:
    """Compositions of the first tasks of a seed, all different: of one to four transformations, drawn at random."""
    found: dict[frozenset[str], str] = {}
    number = 0
    while len(found) < num:
        order = permutation(len(TRANSFORM_NAMES), seed=number, index=seed).tolist()
        names = [TRANSFORM_NAMES[place] for place in order[: 1 + number % MOST_TRANSFORMS]]
        found.setdefault(frozenset(names), transforms_text(tuple(names)))
        number += 1
    return tuple(found.values())


def benchmark_of(question: Question) -> Question:
    """The benchmark of a question's networks and tasks; executed, stopped, resumed and tabulated as any study.

    Args:
        question: of one seed, method and number of images.

    Raises:
        SpecError: one of its networks is from outside, so that its weights are not ours to ship.
    """
    spec, cells = question.spec, question.cells
    if outside := [name for name in networks(question) if name.startswith(OUTSIDE_PREFIXES)]:
        raise SpecError(f"source = {outside[0]}: weights from outside do not ship; name compositions, runs or gallery")
    part = spec.targets[: max(1, round(SHARE_OF_PART * len(spec.targets)))]
    sens = MeasureSpec(
        sources=networks(question),
        transforms=tuple(name for name in TRANSFORM_NAMES if any(name in cell.target for cell in cells)),
        data=replace(cells[0].transfer.data, transforms=(), num_samples=None),
        num_pairs=NUM_PAIRS,
    )
    more = [run for cell in cells if transforms_text(cell.target) in part for run in (_second(cell), _tuned(cell))]
    runs: tuple[RunSpec, ...] = (*question.runs, *more, sens)
    return replace(
        question,
        name=NAME,
        runs=tuple(dict.fromkeys(runs)),
        tabulate=partial(_tabulate, cells, sens),
        conclude=lambda table: [],  # scores are ranked, and nothing is judged
    )


def networks(question: Question) -> tuple[str, ...]:
    """References of its networks, each once."""
    return tuple(dict.fromkeys(cell.transfer.source for cell in question.cells))


def _second(cell: GridCell) -> TransferSpec:
    """A probe on other images of the task."""
    data = cell.transfer.data
    return replace(cell.transfer, data=replace(data, seed=data.seed + 1), seed=cell.transfer.seed + 1)


def _tuned(cell: GridCell) -> TransferSpec:
    return replace(cell.transfer, method="fine-tune")


def _tabulate(cells: tuple[GridCell, ...], sens: MeasureSpec, outcomes: Outcomes) -> pd.DataFrame:
    table = measured_table(outcomes, sens.run_id)
    scores = {} if table is None else table.set_index(["model", "transform"])["sens"].to_dict()
    rows = []
    for cell in cells:
        if not all(run.run_id in outcomes for run in cell.runs):
            continue
        network, (transforms, accuracy) = cell.transfer.source, _pretrained(cell, outcomes)
        each = [scores.get((network, name), math.nan) for name in cell.target]
        rows.append(
            (
                network,
                cell.model,
                cell.objective,
                "" if transforms is None else transforms_text(transforms),
                transforms_text(cell.target),
                cell.relation,
                accuracy,
                _accuracy(cell.transfer, outcomes),
                _accuracy(_second(cell), outcomes),
                _accuracy(_tuned(cell), outcomes),
                sum(each) / len(each),
                cell.transfer.run_id,
            )
        )
    return pd.DataFrame(rows, columns=list(MEASURED))


def _pretrained(cell: GridCell, outcomes: Outcomes) -> tuple[tuple[str, ...] | None, float]:
    """The transformations of a network's pretraining, None where they are not known, and its accuracy there."""
    if cell.pretraining is not None:
        return cell.pretraining.data.transforms, float(outcomes[cell.pretraining.run_id].metrics["test_accuracy"])
    assert cell.network is not None, "a network that is not pretrained here is there already"
    accuracy = cell.network.accuracy
    return cell.network.transforms, math.nan if accuracy is None else accuracy


def _accuracy(spec: TransferSpec, outcomes: Outcomes) -> float:
    found = outcomes.get(spec.run_id)
    return math.nan if found is None else float(found.metrics["transfer_accuracy"])

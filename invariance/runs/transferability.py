"""The files of the benchmark of transfer scores: its networks, its table, and what scores say of them.

A folder holds ``results.csv`` (a row for each network and task), ``manifest.json`` (data and networks), and float16
weights of those of its networks that are not the gallery's, ``<run id>.safetensors``. ``python -m invariance gallery
benchmark`` makes it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch

from invariance.data.engine import Engine
from invariance.files import write_bytes_atomically
from invariance.measures.ranking import rank
from invariance.measures.transfer_scores import SCORES, Score
from invariance.models import Classifier
from invariance.models.code_networks import function_in, running_code
from invariance.runs.gallery import GALLERY
from invariance.runs.locate import gallery_weights, weights_of
from invariance.runs.store import Store
from invariance.runs.study_files import RESULTS, write_table
from invariance.runs.study_progress import outcomes_of
from invariance.spec import DatasetSpec, SpecError, parse_transforms, to_dict
from invariance.spec.checks import require
from invariance.spec.reading import dataset_from_dict
from invariance.studies.question import Question
from invariance.studies.transferability import networks
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.evaluation import in_batches
from invariance.training.threads import threads_of
from invariance.vocabulary.transfer_scores import ACCURACIES, BASELINES, BENCHMARK_TABLE, RANKING_TABLE

FOLDER: Final = GALLERY / "transferability"
COMMAND: Final = "python -m invariance gallery benchmark"
MANIFEST: Final = "manifest.json"
SCORE: Final = "score"
"""The function of somebody's file, and what its column is called."""
_DIGITS: Final = ".9g"
"""Of a score: two that differ by rounding alone are a tie."""

Report = Callable[[int, int], None]
"""Hears how many of how many tasks are done."""


@dataclass(frozen=True)
class Shipped:
    """A benchmark as it lies in a folder.

    Attributes:
        table: with the columns of :data:`~invariance.vocabulary.transfer_scores.BENCHMARK_TABLE`.
        data: what all tasks are, but for their transformations.
        weights: file of each network.
    """

    table: pd.DataFrame
    data: DatasetSpec
    weights: dict[str, Path]


def read_benchmark(folder: Path) -> Shipped:
    """Reads a benchmark.

    Raises:
        SpecError: there is none, it is not whole, or a file of weights is missing or was changed.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise SpecError(f"folder = {folder}: no benchmark of transfer scores in it; make one with {COMMAND} --out DIR")
    said = json.loads(manifest.read_text(encoding="utf-8"))
    names = {"network": str, "run": str}
    table = pd.read_csv(folder / RESULTS, keep_default_na=False, na_values=[""], dtype=names)
    if absent := [column.name for column in BENCHMARK_TABLE if column.name not in table]:
        raise SpecError(f"folder = {folder}: {RESULTS} has no {absent[0]} yet; {COMMAND} --out DIR makes it whole")
    return Shipped(
        table=table,
        data=dataset_from_dict(said["data"]),
        weights={one["network"]: _weights(one, folder) for one in said["networks"]},
    )


def of_objectives(benchmark: Shipped, objectives: Collection[str]) -> Shipped:
    """The networks of some objectives of pretraining alone.

    Raises:
        SpecError: it has none of one of them.
    """
    known = list(dict.fromkeys(benchmark.table["objective"]))
    for objective in objectives:
        require(objective in known, "objective", objective, ", ".join(known))
    table = benchmark.table[benchmark.table["objective"].isin(objectives)].reset_index(drop=True)
    return replace(benchmark, table=table, weights={one: benchmark.weights[one] for one in table["network"].unique()})


def _weights(record: Mapping[str, Any], folder: Path) -> Path:
    network, digest = str(record["network"]), record["sha256"]
    if digest is None:
        if (path := gallery_weights(network)) is None:
            raise SpecError(f"folder = {folder}: its network {network} is not in the gallery; {COMMAND} makes it anew")
        return path
    path = folder / f"{network}.safetensors"
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        raise SpecError(f"{path}: missing, or changed since it was made; {COMMAND} makes it anew")
    return path


def write_benchmark(
    benchmark: Question, store: Store, folder: Path, *, made: Mapping[str, Any], device: str, report: Report
) -> Shipped:
    """Writes a benchmark of which all runs are done; ``manifest.json`` comes last, so that no half is read.

    Args:
        benchmark: from :func:`~invariance.studies.transferability.benchmark_of`; the store has its runs.
        store: where they are.
        folder: where it goes.
        made: how, for the manifest.
        device: where scores are computed.
        report: hears how far these are.
    """
    records = []
    for network in networks(benchmark):
        digest = None
        if gallery_weights(network) is None:
            path, run = weights_of(network, store), store.get(network)
            model = load_weights(path)
            digest = save_weights(
                folder / f"{network}.safetensors",
                model,
                class_names=model.class_names,
                spec=run.spec,
                dtype=torch.float16,
            )
        records.append({"network": network, "sha256": digest})
    data = replace(benchmark.cells[0].transfer.data, transforms=())
    weights = dict(zip(networks(benchmark), (_weights(one, folder) for one in records), strict=True))
    shipped = Shipped(benchmark.tabulate(outcomes_of(benchmark, store)), data, weights)
    columns = scored(shipped, SCORES, device=device, report=report)
    shipped = replace(shipped, table=shipped.table.assign(**columns))
    write_table(shipped.table, folder)
    manifest = {"command": COMMAND, "data": to_dict(data), "networks": records, "made": dict(made)}
    write_bytes_atomically(folder / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    return shipped


def size_mb(folder: Path) -> float:
    """What a benchmark adds to a download, in megabytes."""
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6


def score_of(path: Path) -> Score:
    """The function ``score(features, labels, source_logits) -> float`` of somebody's file, which is executed.

    Raises:
        SpecError: it cannot be read, or has no such function; when called, it fails or returns no number.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{SCORE} = {path}: cannot be read ({error.strerror}); give a Python file") from error
    called = "it is called with features (N, F), labels (N,) and the logits (N, K) of the pretraining's classes"
    with running_code(path, SCORE, called):
        function = function_in(content, path, SCORE)

    def score(*arguments: Any) -> float:
        with running_code(path, SCORE, called):
            return float(function(*arguments))

    return score


def scored(benchmark: Shipped, scores: Mapping[str, Score], *, device: str, report: Report) -> dict[str, list[float]]:
    """What scores say of every network and task; all that they see are the images that the task's probe learns from.

    Args:
        benchmark: its table says which.
        scores: by name.
        device: where networks look at images.
        report: hears how far it is.

    Returns:
        By name, a number for each row of the table; NaN where a score has none to give.

    Raises:
        SpecError: a score is infinite, or somebody's own is none for the first network that has a last layer.
    """
    models = {network: load_weights(path, device) for network, path in benchmark.weights.items()}
    found: dict[tuple[str, str], dict[str, float]] = {}
    is_first = True
    tasks = list(benchmark.table.groupby("task", sort=False))
    for number, (task, rows) in enumerate(tasks):
        engine = Engine(replace(benchmark.data, transforms=parse_transforms(str(task))), device)
        assert engine.spec.num_samples is not None, "a task is finite"
        images, labels = engine.render(engine.indices("train", engine.spec.num_samples))
        for row in rows[["network", "model", "objective"]].itertuples(index=False):
            network, *about = map(str, row)
            features, logits = _seen(models[network], images)
            seen = features, labels.cpu().numpy(), logits
            values = {name: float(f"{score(*seen):{_DIGITS}}") for name, score in scores.items()}
            for name, value in values.items():
                if math.isinf(value) or (math.isnan(value) and logits is not None and is_first and name == SCORE):
                    raise _no_number(name, value, f"network {network} ({', '.join(about)}) for the task {task}")
            is_first &= logits is None
            found[network, str(task)] = values
        report(number + 1, len(tasks))
    places = list(zip(benchmark.table["network"], benchmark.table["task"], strict=True))
    return {name: [found[place][name] for place in places] for name in scores}


def _no_number(name: str, value: float, place: str) -> SpecError:
    return SpecError(f"{name} = {value} of {place}: expected a number, or NaN of networks of which it has none to give")


@torch.no_grad()
def _seen(model: Classifier, images: torch.Tensor) -> tuple[Any, Any]:
    """Features (N, F) of images, and logits (N, K) of the classes of pretraining or None, both float64."""
    with threads_of([model.architecture], images.device):
        features = in_batches(model.representation, images)
        logits = model.head(features).cpu().double().numpy() if model.num_classes else None
    return features.cpu().double().numpy(), logits


def ranking(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """How well scores and baselines foresee accuracies, best first.

    Args:
        table: of the benchmark, with a column for each score.
        names: of the scores.

    Returns:
        A table with the columns of :data:`~invariance.vocabulary.transfer_scores.RANKING_TABLE`.
    """
    wide = {column: _wide(table, column) for column in ("pretraining_accuracy", "second_probe", *ACCURACIES)}
    wide |= {name: _wide(table, name) for name in names} | {"sens": -_wide(table, "sens")}
    groups = table.drop_duplicates("network")["model"].to_numpy(dtype=str)
    rows = []
    for column, foreseen in ACCURACIES.items():
        accuracies = wide[column]
        others = {"relation": _of_relation(table, column), "other_tasks": _of_other_tasks(accuracies)}
        for name in (*names, *BASELINES):
            found = rank((wide | others)[name], accuracies, groups)
            parts = (found.tau, found.tau_within, found.share_of_best)
            ends = [value for part in parts for value in (part.estimate, part.low, part.high)]
            rows.append((name, foreseen, *ends, found.num_networks, found.num_tasks))
    made = pd.DataFrame(rows, columns=[column.name for column in RANKING_TABLE])
    return made.sort_values(["foresees", "tau"], ascending=[False, False], kind="stable", ignore_index=True)


def _wide(table: pd.DataFrame, column: str) -> Any:
    """A column as (networks, tasks), both in the order of the table."""
    found = table.pivot(index="network", columns="task", values=column)
    return found.loc[table["network"].unique(), table["task"].unique()].to_numpy(dtype=float)


def _of_relation(table: pd.DataFrame, column: str) -> Any:
    """For each row the mean accuracy, over the other tasks, of the networks that are related to those alike."""
    sums = table.groupby(["relation", "task"])[column].agg(["sum", "count"])
    whole = sums.groupby("relation").transform("sum") - sums
    means = (whole["sum"] / whole["count"]).where(whole["count"] > 0)
    joined = table.assign(found=[means[place] for place in zip(table["relation"], table["task"], strict=True)])
    return _wide(joined, "found")


def _of_other_tasks(accuracies: Any) -> Any:
    """Of each network its mean accuracy over the other tasks."""
    known = ~np.isnan(accuracies)
    sums = np.nansum(accuracies, axis=1, keepdims=True) - np.nan_to_num(accuracies)
    counts = known.sum(axis=1, keepdims=True) - known
    return np.divide(sums, counts, out=np.full(accuracies.shape, math.nan), where=counts > 0)

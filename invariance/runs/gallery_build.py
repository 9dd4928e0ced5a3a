"""How the gallery is made: all of its models trained, transferred and measured through the store like any other run.

So a build that was interrupted goes on where it was. What ships are float16 copies of the runs' weights.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pandas as pd
import torch

from invariance.files import write_bytes_atomically
from invariance.measures.shifts import PICTURES, available_shifts, own_shift, shifted
from invariance.runs.execute import run_here
from invariance.runs.finished_cells import finished_cell
from invariance.runs.gallery import COMMAND, EQUIVARIANCE, WHAT_IF, GalleryEntry, all_objects, entry_of, table_file
from invariance.runs.gallery_cards import write_cards
from invariance.runs.gallery_tables import make_tables
from invariance.runs.store import Store
from invariance.spec import (
    PLAIN_FACTORS,
    SCHEMA_VERSION,
    TRANSFORM_NAMES,
    FactorSpec,
    MeasureSpec,
    PretrainSpec,
    RunSpec,
    SpecError,
    to_dict,
)
from invariance.studies.what_if import WhatIf, what_if
from invariance.studies.what_if_report import what_if_report
from invariance.training.checkpoint import load_weights, save_weights
from invariance.training.precision import auto_precision
from invariance.vocabulary.equivariance import EQUIVARIANCE_PAIRS
from invariance.vocabulary.measures import starting_network_name

MATCHED: Final = ("rotate", "hue", "erasing")
DISJOINT: Final = ("scale", "invert", "pixelate")
NUM_PAIRS: Final = 1_000


@dataclass(frozen=True)
class Recipe:
    """What a gallery is built from.

    Attributes:
        objects: source of the objects.
        backgrounds: source of the backgrounds.
        epochs: of pretraining on an endless stream.
        samples_per_epoch: images in one of them.
        optimizer: of pretraining. Muon's short trainings discard less of what they do not need, which is what is shown.
        num_classes: of each task; None as in :func:`~invariance.studies.what_if.what_if`.
        transforms: transformations that get a model of their own, and the columns of ``sens.csv``.
        num_pairs: twins of the sens-scores.
        num_images: images of each kind from which factors are decoded.
        num_attributed: images whose maps and evidence are scored.
        seeds: the first one's networks ship; those of all are measured, so that a score has an interval over them.
    """

    objects: str = "builtin"
    backgrounds: str = "builtin"
    epochs: int = 12
    samples_per_epoch: int = 10_000
    optimizer: str = "adam"
    num_classes: int | None = None
    transforms: tuple[str, ...] = TRANSFORM_NAMES
    num_pairs: int = NUM_PAIRS
    num_images: int = 2_000
    num_attributed: int = 200
    seeds: tuple[int, ...] = (0, 1, 2)

    def __post_init__(self) -> None:
        MeasureSpec(sources=("any",), num_pairs=self.num_pairs)  # they come last, and would refuse after all training
        FactorSpec(sources=("any",), num_images=self.num_images)


def planned(recipe: Recipe, seed: int | None = None) -> list[tuple[str, str, RunSpec]]:
    """Name, title and spec of every model of a seed, in the order in which they are made; None: of those that ship."""
    pair = _pair(recipe, seed)
    base = pair.matched_pretraining
    singles: list[tuple[str, str, RunSpec]] = [("none", "no transformation", _with_transforms(base, ()))]
    singles += [(name, f"{name} only", _with_transforms(base, (name,))) for name in recipe.transforms]
    return [
        *singles,
        ("matched", " + ".join(MATCHED), pair.matched_pretraining),
        ("disjoint", " + ".join(DISJOINT), pair.mismatched_pretraining),
        ("matched-transfer", f"{' + '.join(MATCHED)}, probed on the target task", pair.matched),
        ("disjoint-transfer", f"{' + '.join(DISJOINT)}, probed on the target task", pair.mismatched),
    ]


def build(
    recipe: Recipe,
    store: Store,
    folder: Path,
    *,
    device: str,
    on_event: Callable[[str, Any], None],
) -> Iterator[GalleryEntry]:
    """Makes a gallery: runs what is planned (what the store has done already is not run again) and exports it.

    Args:
        recipe: what to make.
        store: where the runs are recorded, so that an interrupted build goes on where it was.
        folder: where the gallery goes; an existing one is replaced model by model.
        device: where to run.
        on_event: called with the model's name and each event of its run.

    Yields:
        Each model when it is ready. The manifest is written after the last one, then the tables of single pictures and
        the cards of pairs.

    Raises:
        SpecError: a run could not be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = []
    for name, title, spec in planned(recipe):
        result = _run(spec, store, device, name, on_event)
        models.append(_export(name, title, spec, result, folder))
        yield entry_of(models[-1], folder)
    for seed in recipe.seeds[1:]:
        for name, _, spec in planned(recipe, seed):
            if isinstance(spec, PretrainSpec):
                _run(spec, store, device, f"{name} (seed {seed})", on_event)
    measure(recipe, store, folder, device=device, on_event=on_event)
    _write_manifest(models, folder)
    for _ in make_tables(folder, recipe.transforms, recipe.num_pairs, recipe.num_attributed, device=device):
        pass
    write_cards(folder, recipe.transforms, recipe.num_images, recipe.num_attributed, device=device)


def measure(recipe: Recipe, store: Store, folder: Path, *, device: str, on_event: Callable[[str, Any], None]) -> None:
    """Measures the networks of a gallery.

    Writes ``sens.csv``, ``equivariance.csv``, ``factors.csv`` and ``what-if.json``.

    Scores are also measured on each other type of data that needs no download, into ``sens-<type>.csv``.

    Args:
        recipe: what the gallery was built from; its networks are in the store, or are those that ship.
        store: where the measurements are recorded.
        folder: where the tables go.
        device: where to run.
        on_event: called with the table's name and each event of its run.

    Raises:
        SpecError: a network is missing, or a table could not be made.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for seed in recipe.seeds:
        for file, table in _measured(recipe, seed, store, device, on_event):
            parts.setdefault(file, []).append(table)
    for file, tables in parts.items():
        pd.concat(tables).to_csv(folder / file, index=False, float_format="%.5g")
    _judge_pair(_pair(recipe), store, folder, device=device, on_event=on_event)


def _measured(
    recipe: Recipe, seed: int, store: Store, device: str, on_event: Callable[[str, Any], None]
) -> Iterator[tuple[str, pd.DataFrame]]:
    """File and rows of each table for the networks of a seed, under the names of those that ship."""
    names = {spec.run_id: name for name, _, spec in planned(recipe, seed) if isinstance(spec, PretrainSpec)}
    pretrained_on = _pair(recipe, seed).matched_pretraining.data
    own, tables = own_shift(pretrained_on), dict[str, MeasureSpec | FactorSpec]()
    for shift, shown in available_shifts(pretrained_on).items():
        if shift not in PICTURES:
            tables[table_file(None if shift == own else shift)] = MeasureSpec(
                sources=tuple(names),
                transforms=recipe.transforms,
                data=shown,
                num_pairs=recipe.num_pairs,
                untrained=True,
            )
    if seed == recipe.seeds[0]:  # what is decoded and foreseen is told of the networks that ship
        tables[EQUIVARIANCE] = MeasureSpec(
            sources=tuple(names),
            transforms=recipe.transforms,
            data=all_objects(shifted(pretrained_on, own)),
            measure="equivariance",
            num_pairs=min(EQUIVARIANCE_PAIRS, recipe.num_pairs),
            untrained=True,
        )
        tables["factors.csv"] = FactorSpec(
            sources=tuple(names),
            factors=(*PLAIN_FACTORS, *recipe.transforms),
            data=shifted(pretrained_on, own),
            num_images=recipe.num_images,
        )
    model = _pair(recipe, seed).matched_pretraining.model
    names |= {starting_network_name(model, seed): starting_network_name(model, recipe.seeds[0])}
    for file, spec in tables.items():
        result = _run(spec, store, device, file.removesuffix(".csv"), on_event)
        table = pd.read_csv(result["table"])
        for column in table.columns.intersection(["model", "reference"]):
            table[column] = table[column].replace(names)
        yield file, table.assign(seed=seed) if file.startswith("sens") else table


def _judge_pair(pair: WhatIf, store: Store, folder: Path, *, device: str, on_event: Callable[[str, Any], None]) -> None:
    """Transfers the networks that the pair needs to both tasks, and writes what that comes to."""
    for cell in pair.cells:
        _run(cell.transfer, store, device, WHAT_IF, on_event)
    report = what_if_report([[finished_cell(cell, store) for cell in pair.cells]])
    write_bytes_atomically(folder / WHAT_IF, (json.dumps(report, indent=1) + "\n").encode())


def _run(spec: RunSpec, store: Store, device: str, name: str, on_event: Callable[[str, Any], None]) -> dict[str, Any]:
    run = run_here(spec, store, device, partial(on_event, name))
    if run.state != "done" or run.result is None:
        raise SpecError(f"{name} of the gallery ended as {run.state}: {run.error or 'build again to go on'}")
    return run.result


def _pair(recipe: Recipe, seed: int | None = None) -> WhatIf:
    return what_if(
        MATCHED,
        DISJOINT,
        seed=recipe.seeds[0] if seed is None else seed,
        objects=recipe.objects,
        backgrounds=recipe.backgrounds,
        num_classes=recipe.num_classes,
        epochs=recipe.epochs,
        samples_per_epoch=recipe.samples_per_epoch,
        optimizer=recipe.optimizer,
    )


def _with_transforms(spec: PretrainSpec, transforms: tuple[str, ...]) -> PretrainSpec:
    return replace(spec, data=replace(spec.data, transforms=transforms))


def _export(name: str, title: str, spec: RunSpec, result: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Writes a run's weights as float16 and returns its manifest record."""
    model = load_weights(Path(result["checkpoint"]))
    class_names = model.class_names
    sha256 = save_weights(
        folder / f"{name}.safetensors", model, class_names=class_names, spec=spec, dtype=torch.float16
    )
    return {
        "name": name,
        "title": title,
        "file": f"{name}.safetensors",
        "sha256": sha256,
        "metrics": {key: round(float(value), 4) for key, value in result["metrics"].items()},
        "seconds": round(result["seconds"], 1),
        "device": result["device"],
        "class_names": list(class_names),
        "run_id": spec.run_id,
        "spec": {"schema": SCHEMA_VERSION, **to_dict(spec)},
    }


def _write_manifest(models: list[dict[str, Any]], folder: Path) -> None:
    manifest = {
        "command": COMMAND,
        "date": time.strftime("%Y-%m-%d"),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores"
        + (f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""),
        "auto_precision": {device: auto_precision(device) for device in sorted({model["device"] for model in models})},
        "torch": torch.__version__.split("+")[0],
        "models": models,
    }
    temporary = folder / "manifest.json.new"
    temporary.write_text(json.dumps(manifest, indent=1) + "\n")
    temporary.replace(folder / "manifest.json")

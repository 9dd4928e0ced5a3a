"""How the gallery is made: its runs are executed as those of a study are, then exported.

So a build that was interrupted goes on where it was, and its runs are shared out among workers. What ships are float16
copies of the runs' weights.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pandas as pd
import torch

from invariance.files import write_bytes_atomically
from invariance.measures.shifts import PICTURES, available_shifts, own_shift, shifted
from invariance.runs.finished_cells import finished_cell
from invariance.runs.gallery import (
    COMMAND,
    EQUIVARIANCE,
    WHAT_IF,
    GalleryEntry,
    all_objects,
    entries,
    entry_of,
    table_file,
)
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
    to_dict,
)
from invariance.studies.study import Study
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
        ("matched-transfer", f"{' + '.join(MATCHED)}, transferred", pair.matched),
        ("disjoint-transfer", f"{' + '.join(DISJOINT)}, transferred", pair.mismatched),
    ]


def runs_of(recipe: Recipe, *, trained: bool = False) -> Study:
    """All runs behind a gallery as a study, which has no table or findings of its own.

    Args:
        recipe: what to make.
        trained: the networks are there already, in the store or shipped: no pretraining is among the runs.
    """
    runs: dict[str, RunSpec] = {}
    for seed in recipe.seeds:
        made = [*_pretrainings(recipe, seed), *(spec for _, spec in _measurements(recipe, seed))]
        runs |= {spec.run_id: spec for spec in made}
    runs |= {cell.transfer.run_id: cell.transfer for cell in _pair(recipe).cells}
    return Study(
        name="gallery",
        scale="",
        seeds=recipe.seeds,
        runs=tuple(spec for spec in runs.values() if not (trained and isinstance(spec, PretrainSpec))),
        tabulate=lambda _: pd.DataFrame(),
        conclude=lambda _: [],
    )


def export(recipe: Recipe, store: Store, folder: Path, *, device: str) -> Iterator[GalleryEntry]:
    """Writes a gallery from its runs, all of which are done.

    Args:
        recipe: what it is made of.
        store: where the runs are recorded.
        folder: where the gallery goes; an existing one is replaced model by model.
        device: what the tables are computed on.

    Yields:
        Each model when its file is written. The manifest is written after the last one, then all tables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = []
    for name, title, spec in planned(recipe):
        models.append(_export(name, title, spec, _result(spec, store), folder))
        yield entry_of(models[-1], folder)
    _write_manifest(models, folder)
    write_tables(recipe, store, folder, device=device)


def write_tables(recipe: Recipe, store: Store, folder: Path, *, device: str) -> None:
    """Writes what the measurements of a gallery came to, ``what-if.json``, and what is behind single pictures.

    The last needs the networks themselves, and is left out where the folder has none.

    Args:
        recipe: what the gallery is made of.
        store: where the measurements are recorded, all of which are done.
        folder: where the tables go.
        device: what those of single pictures are computed on.
    """
    parts: dict[str, list[pd.DataFrame]] = {}
    for seed in recipe.seeds:
        names = _names(recipe, seed)
        for file, spec in _measurements(recipe, seed):
            table = pd.read_csv(_result(spec, store)["table"])
            for column in table.columns.intersection(["model", "reference"]):
                table[column] = table[column].replace(names)
            parts.setdefault(file, []).append(table.assign(seed=seed) if file.startswith("sens") else table)
    for file, tables in parts.items():
        pd.concat(tables).to_csv(folder / file, index=False, float_format="%.5g")
    report = what_if_report([[finished_cell(cell, store) for cell in _pair(recipe).cells]])
    write_bytes_atomically(folder / WHAT_IF, (json.dumps(report, indent=1) + "\n").encode())
    if entries(folder):
        make_tables(folder, recipe.transforms, recipe.num_pairs, recipe.num_attributed, device=device)
        write_cards(folder, recipe.transforms, recipe.num_images, recipe.num_attributed, device=device)


def _pretrainings(recipe: Recipe, seed: int) -> list[PretrainSpec]:
    return [spec for _, _, spec in planned(recipe, seed) if isinstance(spec, PretrainSpec)]


def _measurements(recipe: Recipe, seed: int) -> Iterator[tuple[str, MeasureSpec | FactorSpec]]:
    """File and spec of each table of the networks of a seed.

    Scores are also measured on each other type of data that needs no download, into ``sens-<type>.csv``.
    """
    networks = tuple(spec.run_id for spec in _pretrainings(recipe, seed))
    pretrained_on = _pair(recipe, seed).matched_pretraining.data
    own = own_shift(pretrained_on)
    for shift, shown in available_shifts(pretrained_on).items():
        if shift not in PICTURES:
            yield (
                table_file(None if shift == own else shift),
                MeasureSpec(
                    sources=networks,
                    transforms=recipe.transforms,
                    data=shown,
                    num_pairs=recipe.num_pairs,
                    untrained=True,
                ),
            )
    if seed == recipe.seeds[0]:  # what is decoded and foreseen is told of the networks that ship
        yield (
            EQUIVARIANCE,
            MeasureSpec(
                sources=networks,
                transforms=recipe.transforms,
                data=all_objects(shifted(pretrained_on, own)),
                measure="equivariance",
                num_pairs=min(EQUIVARIANCE_PAIRS, recipe.num_pairs),
                untrained=True,
            ),
        )
        yield (
            "factors.csv",
            FactorSpec(
                sources=networks,
                factors=(*PLAIN_FACTORS, *recipe.transforms),
                data=shifted(pretrained_on, own),
                num_images=recipe.num_images,
            ),
        )


def _names(recipe: Recipe, seed: int) -> dict[str, str]:
    """What tables call the networks of a seed: by the names of those that ship."""
    model = _pair(recipe, seed).matched_pretraining.model
    names = {spec.run_id: name for name, _, spec in planned(recipe, seed)}
    return names | {starting_network_name(model, seed): starting_network_name(model, recipe.seeds[0])}


def _result(spec: RunSpec, store: Store) -> dict[str, Any]:
    result = store.get(spec.run_id).result
    assert result is not None, "all runs are done"
    return result


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

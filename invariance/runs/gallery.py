"""The gallery: small trained networks that ship with the project, so that every page shows real results at once.

``checkpoints/`` holds one file of float16 weights for each model, ``manifest.json`` with their specs, accuracies and
hashes, and ``sens.csv`` with the sens-score of every pretrained model for every transformation. All of it is made by
``python -m invariance gallery build``.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pandas as pd
import torch

from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.spec import (
    TRANSFORM_NAMES,
    DatasetSpec,
    MeasureSpec,
    PretrainSpec,
    RunSpec,
    SpecError,
    run_from_dict,
    to_dict,
)
from invariance.studies.what_if import WhatIf, what_if
from invariance.training.checkpoint import load_weights, save_weights

GALLERY: Final = Path(__file__).parents[2] / "checkpoints"
MATCHED: Final = ("rotate", "hue", "erasing")
DISJOINT: Final = ("scale", "invert", "pixelate")
COMMAND: Final = "python -m invariance gallery build"
NUM_PAIRS: Final = 1_000


@dataclass(frozen=True)
class GalleryEntry:
    """One shipped model.

    Attributes:
        name: short and unique: ``none``, the name of a transformation, ``matched``, ``disjoint`` (pretrained), and
            ``matched-transfer``, ``disjoint-transfer`` (the same, with a head probed on the target task).
        title: for people.
        spec: the run that made it.
        metrics: accuracies in [0, 1], as recorded by that run in float32.
        path: file of weights, float16.
        sha256: of that file.
        class_names: in label order.
        seconds: how long the run took.
        device: where it ran.
    """

    name: str
    title: str
    spec: RunSpec
    metrics: dict[str, float]
    path: Path
    sha256: str
    class_names: tuple[str, ...]
    seconds: float
    device: str

    @property
    def run_id(self) -> str:
        """Identity of the run."""
        return self.spec.run_id


def entries(folder: Path | None = None) -> tuple[GalleryEntry, ...]:
    """The shipped models in the order of the manifest; none where there is no gallery."""
    manifest = (folder or GALLERY) / "manifest.json"
    return _read(manifest, manifest.stat().st_mtime_ns) if manifest.is_file() else ()


@lru_cache(maxsize=4)
def _read(manifest: Path, modified_ns: int) -> tuple[GalleryEntry, ...]:
    return tuple(
        GalleryEntry(
            name=model["name"],
            title=model["title"],
            spec=run_from_dict(model["spec"]),
            metrics=model["metrics"],
            path=manifest.parent / model["file"],
            sha256=model["sha256"],
            class_names=tuple(model["class_names"]),
            seconds=model["seconds"],
            device=model["device"],
        )
        for model in json.loads(manifest.read_text())["models"]
    )


def entry(name: str, folder: Path | None = None) -> GalleryEntry:
    """The shipped model of that name.

    Raises:
        SpecError: there is none.
    """
    known = entries(folder)
    for candidate in known:
        if candidate.name == name:
            return candidate
    raise SpecError(f"no gallery model {name!r}: {', '.join(model.name for model in known) or f'run {COMMAND} first'}")


def sens_table(folder: Path | None = None) -> pd.DataFrame:
    """Sens-scores of the shipped models, one row for each model (by its gallery name) and transformation."""
    path = (folder or GALLERY) / "sens.csv"
    return pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=["model", "transform", "sens", "sens_conditional"])


def damaged(folder: Path | None = None) -> list[str]:
    """Names of shipped models whose file is missing or does not have the hash of the manifest."""
    return [
        model.name
        for model in entries(folder)
        if not model.path.is_file() or hashlib.sha256(model.path.read_bytes()).hexdigest() != model.sha256
    ]


@dataclass(frozen=True)
class Recipe:
    """What a gallery is built from.

    Attributes:
        objects: source of the objects.
        backgrounds: source of the backgrounds.
        epochs: of pretraining on an endless stream.
        samples_per_epoch: images in one of them.
        num_classes: of each task; None as in :func:`~invariance.studies.what_if.what_if`.
        transforms: transformations that get a model of their own, and the columns of ``sens.csv``.
        num_pairs: twins of the sens-scores.
    """

    objects: str = "builtin"
    backgrounds: str = "builtin"
    epochs: int = 10
    samples_per_epoch: int = 10_000
    num_classes: int | None = None
    transforms: tuple[str, ...] = TRANSFORM_NAMES
    num_pairs: int = NUM_PAIRS


def planned(recipe: Recipe) -> list[tuple[str, str, RunSpec]]:
    """Name, title and spec of every model, in the order in which they are made."""
    pair = _pair(recipe)
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
        Each model when it is ready. The manifest is written last.

    Raises:
        SpecError: a run could not be made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    models = []
    for name, title, spec in planned(recipe):
        run = run_here(spec, store, device, lambda event, name=name: on_event(name, event))
        if run.state != "done" or run.result is None:
            raise SpecError(f"gallery model {name} ended as {run.state}: {run.error or 'build again to go on'}")
        models.append(_export(name, title, run.spec, run.result, folder))
        yield _entry_of(models[-1], folder)
    _measure(recipe, store, folder, device=device, on_event=on_event)
    _write_manifest(models, folder)


def _pair(recipe: Recipe) -> WhatIf:
    return what_if(
        MATCHED,
        DISJOINT,
        objects=recipe.objects,
        backgrounds=recipe.backgrounds,
        num_classes=recipe.num_classes,
        epochs=recipe.epochs,
        samples_per_epoch=recipe.samples_per_epoch,
    )


def _with_transforms(spec: PretrainSpec, transforms: tuple[str, ...]) -> PretrainSpec:
    values = to_dict(spec)
    values["data"] = {**values["data"], "transforms": list(transforms)}
    result = run_from_dict(values)
    assert isinstance(result, PretrainSpec)
    return result


def _export(name: str, title: str, spec: RunSpec, result: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Writes a run's weights as float16 and returns its manifest record."""
    model = load_weights(Path(result["checkpoint"]))
    class_names = model.class_names
    sha256 = save_weights(folder / f"{name}.safetensors", model.half(), class_names=class_names, spec=spec)
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
        "spec": to_dict(spec),
    }


def _entry_of(model: dict[str, Any], folder: Path) -> GalleryEntry:
    values = {key: value for key, value in model.items() if key not in ("file", "run_id")}
    values |= {"spec": run_from_dict(model["spec"]), "path": folder / model["file"]}
    return GalleryEntry(**{**values, "class_names": tuple(model["class_names"])})


def _measure(
    recipe: Recipe, store: Store, folder: Path, *, device: str, on_event: Callable[[str, Any], None]
) -> None:
    pretrained = [(name, spec) for name, _, spec in planned(recipe) if isinstance(spec, PretrainSpec)]
    data = _pair(recipe).matched_pretraining.data
    measured = MeasureSpec(
        sources=tuple(spec.run_id for _, spec in pretrained),
        transforms=recipe.transforms,
        data=DatasetSpec(objects=data.objects, backgrounds=data.backgrounds, classes=data.classes, seed=data.seed),
        num_pairs=recipe.num_pairs,
    )
    run = run_here(measured, store, device, lambda event: on_event("sens", event))
    if run.state != "done" or run.result is None:
        raise SpecError(f"the sens-scores of the gallery ended as {run.state}: {run.error or 'build again to go on'}")
    table = pd.read_csv(run.result["table"])
    table["model"] = table["model"].map({spec.run_id: name for name, spec in pretrained})
    table.to_csv(folder / "sens.csv", index=False, float_format="%.5g")


def _write_manifest(models: list[dict[str, Any]], folder: Path) -> None:
    manifest = {
        "command": COMMAND,
        "date": time.strftime("%Y-%m-%d"),
        "hardware": f"{platform.machine()}, {os.cpu_count()} cores"
        + (f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""),
        "torch": torch.__version__.split("+")[0],
        "models": models,
    }
    temporary = folder / "manifest.json.new"
    temporary.write_text(json.dumps(manifest, indent=1) + "\n")
    temporary.replace(folder / "manifest.json")

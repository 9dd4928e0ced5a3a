"""A gallery of random networks, small enough to be written in a moment."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest

from invariance.models import create_model
from invariance.runs import gallery
from invariance.runs.gallery_build import DISJOINT, MATCHED
from invariance.spec import (
    SCHEMA_VERSION,
    TRANSFORM_NAMES,
    DatasetSpec,
    PretrainSpec,
    RunSpec,
    TransferSpec,
    to_dict,
)
from invariance.statistics import Interval
from invariance.studies.relations import relation
from invariance.studies.two_by_two import CONTRASTS, TwoByTwo
from invariance.training.checkpoint import save_weights
from invariance.vocabulary.factors import FACTOR_COLUMNS

CLASSES = ("noise-00", "noise-01", "noise-02")
TARGET_CLASSES = ("noise-10", "noise-11")
DATA = DatasetSpec(objects="noise", backgrounds="noise", classes=CLASSES, num_samples=None, image_size=16)
FACTORS_SHOWN = (
    ("class", "class", "choice"),
    ("translate.x", "translate x", "number"),
    ("hue.shift", "hue", "circle"),
)
ACCURACIES = {"matched-transfer": 0.9, "disjoint-transfer": 0.6}


def planned() -> dict[str, RunSpec]:
    """The specs of the tiny gallery by name."""
    plain = PretrainSpec(data=DATA)
    matched = replace(plain, data=replace(DATA, transforms=MATCHED))
    disjoint = replace(plain, data=replace(DATA, transforms=DISJOINT))
    task = replace(matched.data, classes=TARGET_CLASSES, num_samples=100, seed=7)
    return {
        "none": plain,
        "rotate": replace(plain, data=replace(DATA, transforms=("rotate",))),
        "matched": matched,
        "disjoint": disjoint,
        "matched-transfer": TransferSpec(source=matched.run_id, data=task),
        "disjoint-transfer": TransferSpec(source=disjoint.run_id, data=task),
    }


def write_gallery(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes a manifest, weights and scores, and makes them the gallery."""
    folder.mkdir()
    for name, content in files().items():
        (folder / name).write_bytes(content)
    monkeypatch.setattr(gallery, "GALLERY", folder)


@cache
def files() -> dict[str, bytes]:
    """What is in the folder of the tiny gallery, made once."""
    with TemporaryDirectory() as made:
        make_gallery(Path(made))
        return {path.name: path.read_bytes() for path in Path(made).iterdir()}


def make_gallery(folder: Path) -> None:
    """Makes networks, and tables about them."""
    models, scores = [], []
    for number, (name, spec) in enumerate(planned().items()):
        names = spec.data.classes
        model = create_model("small", len(names), seed=number)
        sha256 = save_weights(folder / f"{name}.safetensors", model, class_names=names, spec=spec)
        metrics = {"transfer_accuracy": ACCURACIES[name]} if name in ACCURACIES else {"test_accuracy": 0.8}
        written = {"run_id": spec.run_id, "spec": {"schema": SCHEMA_VERSION, **to_dict(spec)}}
        models.append({"name": name, "title": name, **written, "metrics": metrics, "sha256": sha256})
        models[-1] |= {"file": f"{name}.safetensors", "class_names": names, "seconds": 1.0, "device": "cpu"}
        if spec.kind == "pretrain":
            scores += [(name, transform, 0.25 + number / 100, 0.5) for transform in TRANSFORM_NAMES]
    (folder / "manifest.json").write_text(json.dumps({"models": models}))
    columns = ["model", "transform", "sens", "sens_conditional"]
    pd.DataFrame(scores, columns=columns).to_csv(folder / "sens.csv", index=False)
    factors_of([name for name, spec in planned().items() if spec.kind == "pretrain"]).to_csv(
        folder / "factors.csv", index=False
    )
    (folder / gallery.WHAT_IF).write_text(json.dumps(tiny_report()))


def tiny_report() -> dict[str, Any]:
    """What the pair of the tiny gallery came to: 30 points on the first task and 20 on the other, each ± 10."""
    accuracies = {
        (MATCHED, MATCHED): 0.9,
        (DISJOINT, MATCHED): 0.6,
        (MATCHED, DISJOINT): 0.5,
        (DISJOINT, DISJOINT): 0.7,
    }

    def interval(estimate: float) -> dict[str, float]:
        return {"estimate": estimate, "low": estimate - 0.1, "high": estimate + 0.1}

    effects = interval(0.3), interval(0.2)
    found = TwoByTwo(
        (Interval(**effects[0], num=90), Interval(**effects[1], num=90)),
        *(Interval(**interval(gain), num=90) for gain in (0.25, 1.3)),
        num_images=90,
        num_objects=2,
        num_backgrounds=90,
        num_seeds=1,
    )
    return {
        "P": ",".join(MATCHED),
        "Q": ",".join(DISJOINT),
        "cells": [
            {"source": ",".join(source), "target": ",".join(target), "relation": relation(source, target), "seed": 0}
            | {"transfer_accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05}
            for (source, target), accuracy in accuracies.items()
        ],
        "simple_effects": [{"contrast": contrast, **one} for contrast, one in zip(CONTRASTS, effects, strict=True)],
        "interaction": {**interval(0.25), "logits": interval(1.3)},
        "verdict": found.matching.value,
        "statement": found.statement((", ".join(MATCHED), ", ".join(DISJOINT))),
    }


def factors_of(networks: list[str]) -> pd.DataFrame:
    """Made-up rows of controls and networks, each of which has kept less than the one before.

    With objects held out everything is decoded worse by 1, and class not at all.
    """
    rows = []
    for number, name in enumerate(("pixels", "untrained small", *networks)):
        role, reference = name.split()[0] if number < 2 else "network", number < 3
        for (factor, title, kind), objects in product(FACTORS_SHOWN, ("known", "held_out")):
            if (factor, objects) == ("class", "held_out"):
                continue
            skill = 0.9 - 0.1 * number - (objects == "held_out")
            row = {"model": name, "role": role, "factor": factor, "title": title, "kind": kind, "score": skill}
            row |= {"objects": objects, "p": 0.005, "p_adjusted": 0.006, "num_units": 50, "verdict": "decodable"}
            row |= {"chance": 0.0, "skill": skill, "low": skill - 0.05, "high": skill + 0.05, "control": 0.0}
            row |= {"control_high": 0.02, "angle_error_deg": 30.0 if kind == "circle" else None, "num_images": 100}
            if role == "network":
                row |= {"pixels": 0.9, "untrained": 0.8, **_against("learnt", skill - 0.8)}
            if not reference:
                row |= {"reference": networks[0], "verdict": "lower", **_against("change", 0.1 * (2 - number))}
            rows.append(row)
    return pd.DataFrame(rows, columns=list(FACTOR_COLUMNS))


def _against(name: str, value: float) -> dict[str, float]:
    ends = {f"{name}_low": value - 0.03, f"{name}_high": value + 0.03}
    return {name: value, **ends, f"{name}_p": 0.0001, f"{name}_p_adjusted": 0.0002}


def no_gallery(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a folder without anything in it the gallery."""
    monkeypatch.setattr(gallery, "GALLERY", folder)

"""The columns that ``docs/formats.md`` lists are those that files have."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from invariance.data.engine import Engine
from invariance.data.export import write_image_folder, write_npz
from invariance.models.wrap import wrap
from invariance.runs.gallery import GALLERY
from invariance.runs.shipped_studies import SHIPPED
from invariance.spec import DatasetSpec, QuestionSpec
from invariance.studies.findings import Finding, Part
from invariance.studies.question import COLUMNS, question_of
from invariance.studies.question_report import question_report
from invariance.studies.registry import make_study
from invariance.training.checkpoint import save_weights
from invariance.vocabulary.attribution import (
    EVIDENCE_DIFFERENCES,
    EVIDENCE_TABLE,
    RANDOMISATION_TABLE,
    SCORE_TABLE,
)
from invariance.vocabulary.measures import MEASUREMENTS
from invariance.vocabulary.studies import STUDY_NAMES
from invariance.vocabulary.thrown_away import THROWN_AWAY_TABLE
from invariance.vocabulary.verdicts import Size, Verdict
from tests.docs.pages import ROOT, tables

PAGE = ROOT / "docs" / "formats.md"
LISTED = tables(PAGE)
SPEC = DatasetSpec(transforms=("rotate",), num_samples=4, stickers="builtin")
DRAWN = {"rotate.angle_deg"}
PLACEHOLDER = "<transform>.<parameter>"


def listed(heading: str) -> list[str]:
    return [name for row in LISTED[heading] for name in row]


def test_arrays_of_an_npz():
    file = io.BytesIO()
    write_npz(Engine(SPEC), file, num=4)
    file.seek(0)
    assert set(listed("Images: an NPZ file")) - {PLACEHOLDER} == set(np.load(file)) - DRAWN


def test_columns_of_a_recipe():
    file = io.BytesIO()
    write_image_folder(Engine(SPEC), file, num=4)
    with zipfile.ZipFile(file) as archive, archive.open("recipe.csv") as table:
        header = next(csv.reader(io.TextIOWrapper(table, encoding="utf-8")))
    assert set(listed("Images: folders of PNG")) - {PLACEHOLDER} == set(header) - DRAWN


@pytest.mark.parametrize(
    ("heading", "name"),
    [
        ("A table of invariance", "sens"),
        ("A table of features", "features"),
        ("A table of equivariance", "equivariance"),
        ("A table of factors", "factors"),
    ],
)
def test_columns_of_a_measurement(heading, name):
    assert set(listed(heading)) == {column.name for column in MEASUREMENTS[name].columns}


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("scores.csv", SCORE_TABLE),
        ("randomisation.csv", RANDOMISATION_TABLE),
        ("Evidence", EVIDENCE_TABLE),
        ("differences", EVIDENCE_DIFFERENCES),
        ("A card of two networks", THROWN_AWAY_TABLE),
    ],
)
def test_columns_of_what_is_compared(heading, columns):
    assert listed(heading) == [column.name for column in columns]


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_columns_of_a_study(name):
    table = make_study(name).tabulate({})
    assert set(listed(name)) == set(table.columns)


def test_fields_of_a_question():
    question = question_of(QuestionSpec(sources=("hue", "none"), targets=("blur",), objects="noise"))
    place = ("none", "blur", "none", "small", "supervised", "linear-probe", 2000, 0, 0.9, 0.5, 0.4, 0.6, "run", "run")
    table = pd.DataFrame([place, ("hue", "blur", "disjoint", *place[3:])], columns=list(COLUMNS))
    report = question_report(question, table)
    commanded = {"classes", "runs", "seconds", "device"}
    assert set(listed("A question")) == {*report, *commanded, *COLUMNS, *report["effects"][0]}


def test_fields_of_a_summary():
    summary = json.loads((SHIPPED / "mismatch-quick" / "summary.json").read_text(encoding="utf-8"))
    text = PAGE.read_text(encoding="utf-8")
    (section,) = re.findall(r"^## A study\n(.*?)^### ", text, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`([\w ]+)`", section)) - {"invariance study"}
    of_findings = {field.name for kind in (Finding, Part) for field in fields(kind)}
    assert named == {*summary, *of_findings, *Verdict, *Size}
    assert all(set(finding) == {field.name for field in fields(Finding)} for finding in summary["findings"])


def test_entries_of_a_file_of_weights(tmp_path):
    own = wrap(lambda images: images.mean(dim=(2, 3)))
    save_weights(tmp_path / "own.safetensors", own, class_names=own.class_names, spec=None)
    found = set()
    for path in (GALLERY / "none.safetensors", tmp_path / "own.safetensors"):
        with safe_open(path, framework="np") as file:
            found |= set(file.metadata())
    assert set(listed("A network's weights")) == found


def test_fields_of_the_manifest():
    manifest = json.loads((GALLERY / "manifest.json").read_text(encoding="utf-8"))
    of_all, of_each = set(manifest), set(manifest["models"][0])
    assert set(listed("The gallery")) == of_all | of_each

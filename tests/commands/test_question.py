"""A question from the command line: its cells are the runs that one could ask for singly, and its files hold them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import invariance
from invariance.__main__ import main
from invariance.commands import what_if
from invariance.runs import describe
from invariance.runs.locate import run_id_of
from invariance.runs.question import make_question, titles_of
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, QuestionSpec, SpecError, TransferSpec
from invariance.studies.what_if_report import CELL_KEYS

TINY = {"num_classes": 4, "epochs": 1, "samples_per_epoch": 64, "batch_size": 32, "num_images": (24,)}
NOISE = {"objects": "noise", "backgrounds": "noise"}
WORDS = (
    "what-if --sources blur;untrained --targets blur --objects noise --backgrounds noise --num-classes 4 "
    "--epochs 1 --samples-per-epoch 64 --batch-size 32 --num-images 24 --device cpu --num-workers 1"
)


def answer_of(capsys: pytest.CaptureFixture[str], words: str, *more: str) -> dict[str, Any]:
    assert main([*shlex.split(words.replace(";", "\\;")), *more]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_plan_is_told_and_nothing_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, runs = tmp_path / "out", tmp_path / "runs"
    plan = answer_of(capsys, WORDS, "--seeds", "0,1", "--dry-run", "--out", str(out), "--runs", str(runs))
    assert (plan["cells"], plan["runs"], plan["kinds"], plan["done"]) == (4, 8, {"pretrain": 4, "transfer": 4}, 0)
    assert plan["estimated_seconds"] > 0 and not list(tmp_path.iterdir())


def test_cells_are_the_same_runs_asked_for_singly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, runs = tmp_path / "out", str(tmp_path / "runs")
    answer = answer_of(capsys, WORDS, "--out", str(out), "--runs", runs)
    cells = answer["cells"]
    assert [(cell["source"], cell["relation"]) for cell in cells] == [
        ("blur", "same"),
        ("untrained", "untrained"),
    ]
    store, alone = Store(Path(runs)), str(tmp_path / "alone")
    for cell in cells:
        assert set(CELL_KEYS) <= set(cell) and cell["low"] <= cell["transfer_accuracy"] <= cell["high"]
        for run_id, metric in ((cell["pretraining"], "test_accuracy"), (cell["transfer"], "transfer_accuracy")):
            line = describe.command(store.get(run_id).spec)
            assert line is not None
            single = answer_of(capsys, line.removeprefix("python -m invariance "), "--runs", alone, "--device", "cpu")
            assert single["run"] == run_id and single["metrics"] == store.get(run_id).metrics
            assert cell[metric if metric in cell else "pretraining_accuracy"] == single["metrics"][metric]
            mine, theirs = store.directory(run_id), Store(Path(alone)).directory(run_id)
            if (mine / "answers.csv").exists():
                assert (mine / "answers.csv").read_bytes() == (theirs / "answers.csv").read_bytes()
            assert single["sha256"] == (store.get(run_id).result or {})["sha256"], "bit for bit"

    # Its files, and the same from the store: of the command, and of a program.
    table = pd.read_csv(out / "results.csv", keep_default_na=False)
    assert table["transfer_accuracy"].tolist() == [cell["transfer_accuracy"] for cell in cells]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["effects"] == answer["effects"] and summary["runs_done"] == summary["runs"] == 4
    assert summary["provenance"]["study"] == "question"
    page = (out / "report.html").read_text()
    first = store.get(cells[0]["pretraining"]).spec
    assert summary["training"] == {name: getattr(first, name) for name in summary["training"]}
    assert (summary["training"]["optimizer"], summary["training"]["samples_per_epoch"]) == ("muon", 64)
    for name, value in summary["training"].items():
        assert f"<th>{name.replace('_', ' ')}</th><td>{value}</td>" in page
    assert answer["sentence"] in page.replace("&#39;", "'") and "--sources" in page and str(tmp_path) not in page
    again = answer_of(capsys, WORDS, "--runs", runs)
    assert again["cells"] == cells and not {"out"} & set(again)
    asked = invariance.ask(["blur", "untrained"], "blur", runs=runs, device="cpu", **{**TINY, **NOISE})
    assert asked["transfer_accuracy"].tolist() == [cell["transfer_accuracy"] for cell in cells]
    assert asked.attrs["sentence"] == answer["sentence"] and asked.attrs["effects"] == answer["effects"]


def test_the_command_that_a_report_tells_asks_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    spec = QuestionSpec(
        sources=("rotate,hue", "none", "matched"),
        targets=("noise", "blur"),
        models=("small", "small_vit"),
        methods=("linear-probe", "fine-tune"),
        seeds=(0, 2),
        **{**TINY, "num_images": (24, 48)},
    )
    line = describe.question_command(spec).removeprefix("python -m invariance ")
    assert main([*shlex.split(line), "--dry-run"]) == 0
    question = json.loads(capsys.readouterr().out)["question"]
    assert run_identity(question) == spec


def run_identity(values: dict[str, Any]) -> QuestionSpec:
    return QuestionSpec(**{name: value for name, value in values.items() if name != "kind"})


def test_named_networks_are_looked_up(tmp_path: Path) -> None:
    spec = QuestionSpec(sources=("matched", "none"), targets=("blur",), **TINY)
    question = make_question(spec)
    named, own = question.cells[1], question.cells[0]
    assert named.network is not None and (named.network.title, named.model) == ("matched", "small")
    assert named.network.transforms and named.relation == "disjoint" and named.network.accuracy
    assert isinstance(own.pretraining, PretrainSpec) and isinstance(named.transfer, TransferSpec)


@pytest.mark.parametrize(
    ("written", "called"),
    [
        (("mine/net.py:sized",), ("net",)),
        (("mine/net.py:a", "mine/net.py:sized", "matched"), ("net.py:a", "net.py:sized", "matched")),
        (("mine/net.py:a", "yours/net.py:a"), ("mine/net.py:a", "yours/net.py:a")),
        (("/x/1/weights.safetensors", "/x/2/weights.safetensors"), ("1/weights.safetensors", "2/weights.safetensors")),
        (("a/m.safetensors", "b/m.safetensors", "b/n.safetensors"), ("a/m.safetensors", "b/m.safetensors", "n")),
        (("../net.safetensors", "net.safetensors"), ("../net.safetensors", "net.safetensors")),
        (("net.safetensors", "timm:net", "net"), ("net.safetensors", "timm:net", "net")),
        (("mine/hue.safetensors", "mine/untrained.py:f"), ("hue.safetensors", "untrained.py:f")),
    ],
)
def test_every_network_of_a_question_has_a_name_of_its_own(written: tuple[str, ...], called: tuple[str, ...]) -> None:
    assert titles_of(written) == dict(zip(written, called, strict=True))


def test_two_functions_of_a_file_are_two_networks_and_one_named_twice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    path = tmp_path / "net.py"
    path.write_text(
        "from torch import nn\n\n"
        "def of(width):\n    return nn.Sequential(nn.Conv2d(3, width, 3, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten())\n\n"
        "def a():\n    return of(8)\n\ndef c():\n    return of(4)\n"
    )
    spec = QuestionSpec(sources=(f"{path}:a", f"{path}:c", "none"), targets=("blur",), **TINY)
    question = make_question(spec, code=True)
    found = {cell.source: cell.transfer.source for cell in question.cells if cell.network is not None}
    assert [*found] == ["net.py:a", "net.py:c"] and found["net.py:a"] != found["net.py:c"]
    assert question.titles == {reference: title for title, reference in found.items()}
    twice = QuestionSpec(sources=("matched", run_id_of("matched", None)), targets=("blur",), **TINY)
    with pytest.raises(SpecError, match=r"^sources: matched and \w{16} are the same network; name it once$"):
        make_question(twice)


def test_the_help_has_the_question_as_one_asks_it(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["what-if", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "does invariance to blur carry over to tasks with noise, in a ViT and a ResNet, over three seeds?" in told
    first = '--sources "blur;noise;none" --targets noise --model small_vit,small_resnet --seeds 0,1,2 --out blur-noise'
    assert first in told
    assert main([*shlex.split(f"what-if {first}"), "--dry-run"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["cells"], plan["kinds"]) == (18, {"pretrain": 18, "transfer": 18})
    assert what_if.FORMS[1] == ("sources", "targets")

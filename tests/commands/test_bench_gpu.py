"""``bench gpu`` on a CPU, in a clone, without the packages that the project does without."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gpu.goals import GOALS
from benchmarks.gpu.parts import PARTS
from invariance.__main__ import main

ROOT = Path(__file__).parents[2]
MISSING = ("numba", "captum", "plotly", "streamlit", "kornia", "ray")
WITHOUT = f"""
import importlib.machinery

find = importlib.machinery.PathFinder.find_spec


def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in {MISSING!r} else find(name, path, target)


importlib.machinery.PathFinder.find_spec = find_spec
"""


@pytest.mark.slow
def test_every_part_has_its_line_on_a_bare_machine(tmp_path):
    """``sitecustomize`` is loaded by every Python that is started, the child's too."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT, encoding="utf-8")
    out = tmp_path / "found"
    words = f"bench gpu --device cpu --budget 60 --json --out {out}".split()
    done = subprocess.run(
        [sys.executable, "-m", "invariance", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == (out / "gpu.jsonl").read_text(encoding="utf-8")
    *lines, summary = (json.loads(line) for line in done.stdout.splitlines())
    assert [line["part"] for line in lines] == [part.name for part in PARTS]
    by_name = {line["part"]: line for line in lines}
    failed = {name: line["said"] for name, line in by_name.items() if line["status"] == "failed"}
    assert not failed
    assert set(MISSING) <= set(by_name["machine"]["result"]["missing"]) and summary["missing"]
    for name in ("attribution", "compiled"):
        assert by_name[name]["status"] == "left out" and by_name[name]["said"]
    images = by_name["images"]["result"]
    assert images["parameters_differ"] == 0 and images["worst"]["moved_by_precision"] == 0.0
    assert all(line["is_stand_in"] and line["device"] == "cpu" for line in lines)
    assert summary["part"] == "summary" and summary["is_stand_in"] and summary["seconds"] < 55
    assert summary["parts"] == {line["part"]: line["status"] for line in lines}
    assert [goal["name"] for goal in summary["goals"]] == [goal.name for goal in GOALS]
    assert {goal["verdict"] for goal in summary["goals"]} == {"not measured"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--budget 4", "--budget: 4: expected a whole number from 5 to"),
        ("--parts images,pictures", "parts = pictures: expected some of machine, images"),
        ("--device tpu", "device = 'tpu': expected auto"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(capsys, tmp_path, options, said):
    try:
        code = main(["bench", "gpu", "--out", str(tmp_path / "found"), *options.split()])
    except SystemExit as ended:
        code = ended.code
    out, err = capsys.readouterr()
    assert code == 2 and said in err and err.count("\n") == 1 and not out
    assert not (tmp_path / "found").exists()


def test_a_file_is_no_folder(capsys, tmp_path):
    (tmp_path / "found").write_text("")
    code = main(["bench", "gpu", "--out", str(tmp_path / "found")])
    assert code == 2 and "is none" in capsys.readouterr().err


def test_people_read_lines_and_scripts_objects(capsys, tmp_path):
    words = f"bench gpu --device cpu --budget 60 --parts machine --out {tmp_path}"
    assert main(words.split()) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["part"] for line in out.splitlines()] == ["machine", "summary"]
    assert err.splitlines()[0].split()[:2] == ["machine", "done"] and "not measured" in err
    assert json.loads(out.splitlines()[0])["result"]["python"] == ".".join(map(str, sys.version_info[:3]))

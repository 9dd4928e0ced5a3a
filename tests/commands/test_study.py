"""``study`` from the command line: what it writes, prints and refuses, and that its report and notebook hold."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient
from PIL import Image

import invariance
from invariance.__main__ import main
from invariance.commands import study_execution as command_module
from invariance.figures.study_figures import STUDY_FIGURES
from invariance.figures.study_notebook import notebook, write_notebook
from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.runs.study_files import summarise, write_summary, write_table
from invariance.runs.study_progress import StudyProgress, estimated_seconds
from invariance.studies.registry import DESIGNS, make_study
from invariance.studies.scales import QUICK
from invariance.studies.study import RunOutcome
from invariance.studies.telling import tally
from invariance.training.precision import auto_precision
from invariance.vocabulary.citation import PAPER_URL
from invariance.vocabulary.studies import STUDY_NAMES
from tests.runs.tiny import wait_until
from tests.runs.tiny_study import COLUMNS, tiny_study
from tests.studies.judged import of_every_kind

ROOT = Path(__file__).parents[2]
Command = Callable[[str], tuple[int, dict[str, Any] | None, str, str]]


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command with its own store: exit code, last JSON object, output, error text."""

    def run(text: str) -> tuple[int, dict[str, Any] | None, str, str]:
        try:
            code = main([*text.split(), "--runs", str(tmp_path / "runs"), "--device", "cpu"])
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        lines = [line for line in out.splitlines() if line.startswith("{")]
        return code, json.loads(lines[-1]) if lines else None, out, err

    return run


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts the tiny study in the place of every other."""
    monkeypatch.setattr(command_module, "make_study", lambda name, *, seeds, **_: tiny_study(seeds=seeds or (0, 1)))
    monkeypatch.setitem(STUDY_FIGURES, "transforms-vs-other", ())


def test_a_study_writes_its_table_summary_and_report(command: Command, tiny: None, tmp_path: Path) -> None:
    out = tmp_path / "made" / "here"
    text = f"study transforms-vs-other --seeds 3 --num-workers 1 --latex --out {out}"
    code, answer, said, err = command(text)
    assert (code, err) == (0, "") and answer is not None
    assert said.splitlines()[0] == "1 seed: 1 with too few seeds for a verdict."
    assert said.splitlines()[1].startswith("✚ numbers only: 1 seed: mean: The mean accuracy is 0.")
    assert said.splitlines()[2].startswith("{")
    assert answer["study"] == "transforms-vs-other" and answer["runs"] == answer["runs_done"] == 4
    table = pd.read_csv(out / "results.csv")
    assert list(table.columns) == COLUMNS and len(table) == 2 and table.notna().all(axis=None)
    summary = json.loads((out / "summary.json").read_text())
    (finding,) = summary["findings"]
    assert {"name", "statement", "effect", "low", "high", "n", "verdict", "published", "per_seed"} <= set(finding)
    assert finding["effect"] == finding["per_seed"]["3"] == pytest.approx(table["accuracy"].mean())
    assert (finding["n"], finding["low"], finding["verdict"]) == (1, None, None)
    told = summary["provenance"]
    assert told["seeds"] == [3] and told["devices"] == {"cpu": 4} and told["executor"] == "local"
    assert told["auto_precision"] == {"cpu": auto_precision("cpu")}
    assert told["versions"]["torch"] and told["hardware"] and told["date"] and told["version"] == invariance.__version__
    assert summary["seconds"] > 0
    page = (out / "report.html").read_text()
    assert finding["statement"] in page and "Plotly.newPlot" in page
    assert (
        "numbers only" in (out / "findings.tex").read_text()
        and "n = 4 runs; seed 3;" in (out / "results.tex").read_text()
    )
    needs_no_network(page)
    assert not list(out.glob("*.part"))
    # Asked for again: answered from the store, with the same results.
    before = (out / "results.csv").read_bytes()
    code, again, _, _ = command(text)
    assert code == 0 and again is not None and again["findings"] == answer["findings"]
    assert (out / "results.csv").read_bytes() == before


def test_pretrained_together_a_study_says_the_same(
    command: Command, tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    original = command_module.run_together
    monkeypatch.setattr(
        command_module, "run_together", lambda specs, *more: groups.append(len(specs)) or original(specs, *more)
    )
    tables = []
    for words in ("", "--together"):
        out = tmp_path / f"out{words}"
        code, answer, _, err = command(f"study mismatch --num-workers 1 --out {out} {words}")
        shutil.rmtree(tmp_path / "runs")
        assert (code, err) == (0, "") and answer is not None and answer["runs_done"] == 7
        tables.append((out / "results.csv").read_bytes())
    assert groups == [2] and tables[0] == tables[1]


@pytest.mark.slow
def test_a_study_on_ray_writes_what_it_writes_here(command: Command, tiny: None, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    code, answer, _, err = command(f"study mismatch --seeds 3 --executor ray --num-workers 1 --gpus 0 --out {tmp_path}")
    assert code == 0 and answer is not None, err
    assert answer["provenance"]["executor"] == "ray" and answer["runs_done"] == answer["runs"]
    assert (tmp_path / "report.html").is_file() and (tmp_path / "notebook.ipynb").is_file()


def needs_no_network(page: str) -> None:
    own = page.replace(page[page.index("<script>") : page.index("</head>")], "")  # without Plotly's own source
    own = own.replace('href="data:', "").replace(PAPER_URL, "")  # a file inside of it, and a text
    for word in ("src=", "href=", "@import", "url(", "http://", "https://"):
        assert word not in own, f"{word} may load something"


def test_without_plotly_all_but_the_report_is_written(
    command: Command, tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plotly", None)
    with closing(Store(tmp_path / "runs")) as store:
        assert all(run_here(spec, store, "cpu").state == "done" for spec in tiny_study(seeds=(3,)).runs)
    code, _, _, err = command(f"study transforms-vs-other --seeds 3 --num-workers 1 --out {tmp_path / 'out'}")
    assert code == 0
    assert err == 'no report.html, since plotly is not installed: pip install "invariance-lab[app]"\n'
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"results.csv", "summary.json", "notebook.ipynb"}


def test_a_failed_run_is_told_and_the_rest_reported(
    command: Command, tiny: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = tiny_study(seeds=(0,))
    bad = tiny_study(seeds=(1,), objects=str(tmp_path / "no/such/folder"))
    both = replace(good, seeds=(0, 1), runs=good.runs + bad.runs)
    monkeypatch.setattr(command_module, "make_study", lambda name, **_: both)
    for looks in ("check_pictures", "say_pictures"):  # the folder goes after it was looked at
        monkeypatch.setattr(command_module, looks, lambda specs: None)
    code, answer, _, err = command(f"study mismatch --num-workers 1 --out {tmp_path}")
    assert code == 1 and answer is None
    assert err.count("\n") == 1 and "4 of 8 runs are done" in err and "no/such/folder" in err
    assert len(pd.read_csv(tmp_path / "results.csv")) == 2
    assert "4 of 8 runs are done" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study nothing --out {out}", "argument NAME: invalid choice: 'nothing'"),
        ("study mismatch --scale huge --out {out}", "unknown scale 'huge': choose from quick"),
        ("study mismatch", "out is missing: give --out DIR, or --dry-run"),
        ("study mismatch --seeds 1,x --out {out}", "argument --seeds: '1,x': expected different whole numbers"),
        ("study mismatch --seeds , --out {out}", "argument --seeds: ',': expected different whole numbers"),
        ("study mismatch --seeds 1,1 --out {out}", "argument --seeds: '1,1': expected different whole numbers"),
        ("study mismatch --num-workers 0 --out {out}", "--num-workers: 0: expected a whole number from 1"),
        ("study mismatch --address auto --out {out}", "add --executor ray"),
        ("study mismatch --executor ray --together --out {out}", "--together is for this machine"),
        ("study mismatch --executor ray --gpus -1 --out {out}", "gpus = -1: expected a number from 0"),
        ("study mismatch --executor ray --cpus 0 --out {out}", "cpus = 0: a run needs a part of a core"),
        ("study mismatch --executor ray --address 127.0.0.1:1 --out {out}", "no Ray cluster answers there"),
        ("study mismatch --out {file}", "cannot be used as a folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(command: Command, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "file").touch()
    code, answer, _, err = command(text.format(out=tmp_path / "out", file=tmp_path / "file"))
    assert code == 2 and answer is None
    assert said in err and err.count("\n") == 1 and "Traceback" not in err


def test_what_disagrees_is_printed_first() -> None:
    counted, *lines = command_module.told(of_every_kind())
    assert counted == tally(of_every_kind())
    assert [line.split(": ")[0] for line in lines[:3]] == ["✖ opposite", "■ no difference", "◆ undecided"]
    assert "on_the_other_side is −0.30 [−0.32, −0.28]." in lines[0]
    assert lines[-1] == "✚ unstarted: no seed has finished what this needs."
    assert command_module.told([]) == []


@pytest.mark.parametrize("name", STUDY_NAMES)
def test_a_dry_run_lists_every_run_and_estimates_the_hours(command: Command, tmp_path: Path, name: str) -> None:
    code, answer, out, _ = command(f"study {name} --scale paper --seeds 4,7 --dry-run --num-workers 4")
    study = make_study(name, scale="paper", seeds=(4, 7))
    assert code == 0 and answer is not None
    listed = [line.split()[0] for line in out.splitlines() if not line.startswith("{")]
    assert listed == [spec.run_id for spec in study.runs]
    hours = answer["estimated_hours"]["cuda"]
    assert hours["1 workers"] == pytest.approx(sum(estimated_seconds(study, "cuda").values()) / 3600, abs=0.01)
    assert hours["4 workers"] == pytest.approx(hours["1 workers"] / 4, abs=0.01)
    assert not (tmp_path / "runs" / "runs").exists() or not list((tmp_path / "runs" / "runs").iterdir())


_STUDY = """
import sys
import invariance.commands.study_execution as command
from invariance.__main__ import main
from tests.runs.tiny_study import tiny_study
command.make_study = lambda name, **_: tiny_study(epochs=60)
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("way", "number"),
    [("--num-workers 1", signal.SIGINT), ("--together", signal.SIGINT), ("--num-workers 1", signal.SIGTERM)],
)
def test_a_signal_to_stop_leaves_a_study_that_goes_on(tmp_path: Path, way: str, number: int) -> None:
    words = f"study mismatch {way} --out {tmp_path / 'out'} --runs {tmp_path / 'runs'} --device cpu".split()
    process = subprocess.Popen([sys.executable, "-c", _STUDY, *words], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    store = Store(tmp_path / "runs")
    first = tiny_study(epochs=60).runs[0].run_id
    wait_until(lambda: (run := store.find(first)) is not None and (run.progress or {"step": 0})["step"] > 3)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, 128 + number)
    assert err.startswith("python -m invariance: interrupted") and err.count("\n") == 1
    assert store.get(first).state == "interrupted" and (store.directory(first) / "state.pt").is_file()
    assert "Not complete: 0 of 7 runs are done" in (tmp_path / "out" / "report.html").read_text()
    store.close()


def test_the_notebook_redoes_the_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Executed as a reader would, on a table of the real study that was not made by training."""
    study = make_study("mismatch", seeds=(0, 1))
    metrics = {"test_accuracy": 0.9, "train_accuracy": 0.95}
    outcomes = {
        spec.run_id: RunOutcome(metrics | {"transfer_accuracy": 0.5 + number % 7 / 30})
        for number, spec in enumerate(study.runs)
    }
    table = study.tabulate(outcomes)
    progress = StudyProgress(len(study.runs), len(study.runs), 0, 0, 0, 1.0, 1.0, 0.0)
    write_table(table, tmp_path)
    told = {"command": "made for a test"}
    summary = summarise(study.conclude(table), seconds=1.0, provenance=told, progress=progress)
    write_summary(summary, tmp_path)
    write_notebook(study, tmp_path)
    notebook = nbformat.read(tmp_path / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    script = "import os, sys; sys.path.insert(0, os.environ['PROJECT'])"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(script))
    monkeypatch.setenv("PROJECT", str(ROOT))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    text = json.dumps(outputs)
    assert all(finding["name"] in text for finding in summary["findings"])


def test_factors_are_chosen_and_recorded(command: Command) -> None:
    code, answer, _, _ = command("study transforms-vs-other --factors beyond-2d,objective --seeds 4 --dry-run")
    study = make_study("transforms-vs-other", seeds=(4,), factors=("beyond_2d", "objective"))
    assert code == 0 and answer is not None and answer["runs"] == len(study.runs)
    text = "".join("".join(cell["source"]) for cell in notebook(study)["cells"])
    assert "seeds=(4,), factors=('beyond_2d', 'objective'))" in text
    assert "factors" not in "".join("".join(cell["source"]) for cell in notebook(make_study("mismatch"))["cells"][1:2])


@pytest.fixture
def cutouts(tmp_path: Path) -> Path:
    """Ten classes of somebody's own."""
    for number in range(10):
        (tmp_path / "cutouts" / f"thing {number}").mkdir(parents=True)
        picture = Image.new("RGBA", (16, 16), (25 * number, 80, 255 - 25 * number, 255))
        picture.putpixel((0, 0), (0, 0, 0, 0))
        picture.save(tmp_path / "cutouts" / f"thing {number}" / "a.png")
    return tmp_path / "cutouts"


def test_a_study_on_pictures_of_ones_own_runs_to_its_report(
    command: Command, cutouts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real design, with one source and one target, from a relative path and on one colour."""
    monkeypatch.chdir(tmp_path)
    design, out = DESIGNS["mismatch"], tmp_path / "out"
    small = {"epochs": 1, "samples_per_epoch": 64, "batch_size": 32, "transfer_samples": 32, "num_test_samples": 32}
    scale = replace(design.scales["quick"], counts=(1,), budget=replace(QUICK, **small))
    monkeypatch.setitem(DESIGNS, "mismatch", replace(design, scales={"quick": scale}))
    text = f"study mismatch --seeds 0 --objects cutouts --backgrounds #336699 --num-workers 1 --out {out}"
    code, answer, _, err = command(text)
    words = (
        "10 classes of pretraining and target tasks, of the 10 in cutouts; on one colour in place of pictures, so "
        "sizes do not compare with published ones."
    )
    assert code == 0 and words in err.splitlines() and answer is not None and answer["runs_done"] == 2
    told = json.loads((out / "summary.json").read_text())["provenance"]
    assert (told["objects"], told["backgrounds"], told["num_classes"]) == ("cutouts", "#336699", 10)
    assert told["classes"] == words and words in (out / "report.html").read_text()
    assert len(pd.read_csv(out / "results.csv")) == 1 and (out / "notebook.ipynb").is_file()
    _, again, _, _ = command(text.replace(" cutouts", f" {cutouts}") + " --dry-run")
    assert again is not None and again["done"] == again["runs"] == 2 and again["classes"] == words


def test_too_few_classes_and_damaged_pictures_are_one_line(command: Command, cutouts: Path, tmp_path: Path) -> None:
    code, _, _, err = command(f"study transforms-vs-other --objects {cutouts} --out {tmp_path / 'out'}")
    assert code == 2 and err.count("\n") == 1 and "study transforms-vs-other needs 2 x 10 classes" in err
    assert "has 10; add 10, or ask for fewer: --num-classes from 2 to 5" in err
    (cutouts / "thing 3" / "a.png").write_bytes(b"no picture")
    code, _, _, err = command(f"study mismatch --seeds 0 --objects {cutouts} --out {tmp_path / 'out'}")
    assert code == 2 and "thing 3" in err.splitlines()[-1] and "Traceback" not in err
    assert not (tmp_path / "out").exists() and not (tmp_path / "runs").exists()


def test_where_files_went_is_no_part_of_the_provenance(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["x", "study", "mismatch", "--out", "/home/me", "--runs=/tmp/mine", "--seeds", "4,5", "--runs", "there"]
    monkeypatch.setattr(sys, "argv", words)
    assert command_module.command_line() == "python -m invariance study mismatch --seeds 4,5"

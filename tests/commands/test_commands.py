"""The command line: what it prints, writes and refuses."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from invariance.__main__ import main
from invariance.attribution.compare import Comparison
from invariance.data.engine import Engine, to_bytes
from invariance.numbers import format_number
from invariance.runs.gallery import entries, factors_table
from invariance.spec import DatasetSpec
from invariance.training import reporting
from invariance.vocabulary.attribution import EVIDENCE_TABLE, RANDOMISATION_TABLE, SCORE_TABLE
from invariance.vocabulary.factors import FACTOR_COLUMNS
from invariance.vocabulary.measures import FEATURES
from invariance.vocabulary.thrown_away import THROWN_AWAY_TABLE

TINY = "--objects noise --backgrounds noise --classes noise-00,noise-01,noise-02 --num-test-samples 60"
ROOT = Path(__file__).parents[2]


@pytest.fixture
def command(tmp_path, capsys):
    """Runs one command with its own store; gives exit code, last JSON object and the error text."""

    def run(text, *, store=True):
        words = text.split()
        if store:
            words += ["--runs", str(tmp_path / "runs"), "--device", "cpu"]
        try:
            code = main(words)
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        lines = [line for line in out.splitlines() if line.startswith("{")]
        return code, json.loads(lines[-1]) if lines else None, err

    return run


def test_render_writes_everything_that_was_drawn(command, tmp_path):
    out = tmp_path / "x.npz"
    text = f"render --objects noise --backgrounds noise --transforms rotate,erasing --num 40 --seed 3 --out {out}"
    code, answer, _ = command(f"{text} --device cpu", store=False)
    assert code == 0 and answer["num"] == 40
    with np.load(out) as file:
        arrays = dict(file)
    assert arrays["images"].shape == (40, 32, 32, 3) and arrays["images"].dtype == np.uint8
    assert arrays["mask"].shape == (40, 32, 32) and arrays["mask"].dtype == np.uint8
    assert arrays["labels"].dtype == np.int64 and arrays["background"].dtype == np.int64
    assert {"rotate.angle_deg", "erasing.applied", "erasing.x", "erasing.y"} <= set(arrays)
    assert arrays["rotate.angle_deg"].shape == (40,) and len(arrays["class_names"]) == 61
    engine = Engine(DatasetSpec(objects="noise", backgrounds="noise", transforms=("rotate", "erasing"), seed=3))
    batch = engine.batch(engine.indices("train", 40))
    assert np.array_equal(arrays["images"], to_bytes(batch.images).permute(0, 2, 3, 1).numpy())


def test_what_was_read_of_folders_is_said_once(command, tmp_path):
    for name in ("a", "b"):
        (tmp_path / "o" / name).mkdir(parents=True)
        Image.new("RGBA", (16, 16), (0, 200, 0, 128)).save(tmp_path / "o" / name / "1.png")
    text = f"--objects {tmp_path / 'o'} --backgrounds noise --num-samples 64 --epochs 1 --num-test-samples 64"
    code, _, err = command(f"pretrain --transforms hue --seeds 0,1 {text}")
    said = f"objects {tmp_path / 'o'}: 2 pictures of 2 classes; nothing left out"
    assert code == 0 and err.splitlines() == [said]


def test_pretrain_transfer_measure(command, tmp_path):
    pretrain = f"pretrain {TINY} --transforms hue --num-samples 128 --epochs 2 --batch-size 32"
    code, first, _ = command(pretrain)
    assert code == 0
    assert set(first) == {"run", "status", "metrics", "checkpoint", "sha256", "seconds", "device"}
    assert first["status"] == "done" and 0 <= first["metrics"]["test_accuracy"] <= 1
    assert Path(first["checkpoint"]).is_file() and len(first["sha256"]) == 64
    assert command(pretrain)[1] == first, "the same spec asked for twice is one run"

    code, probe, _ = command(f"transfer --from {first['run'][:8]} {TINY} --transforms hue --num-samples 90")
    assert code == 0 and 0 <= probe["metrics"]["transfer_accuracy"] <= 1
    tune = f"transfer --from {first['run']} {TINY} --num-samples 90 --method fine-tune --epochs 1"
    assert command(tune)[1]["run"] != probe["run"]

    table = tmp_path / "sens.csv"
    measure = f"measure --models {first['run']} --transforms hue,invert --num-pairs 64 --out {table} --objects noise"
    code, answer, _ = command(f"{measure} --backgrounds noise")
    assert code == 0 and answer["table"] == str(table)
    rows = pd.read_csv(table)
    assert list(rows["transform"]) == ["hue", "invert"] and set(rows["model"]) == {first["run"]}
    assert (rows["sens_conditional"] >= rows["sens"] - 1e-9).all()

    code, again, _ = command(f"{measure} --backgrounds noise".replace("sens.csv", "sens.tex"))
    text = (tmp_path / "sens.tex").read_text()
    assert code == 0 and again["run"] == answer["run"] and f"{first['run']} & hue & ${rows['sens'][0]:.4g}$ &" in text
    assert "n = 64 pairs of twins; seed 0;" in text and r"\label{tab:sens}" in text
    code, listed, error = command(f"runs list --out {tmp_path / 'runs.csv'} --runs {tmp_path / 'runs'}", store=False)
    assert code == 0, error
    rows = pd.read_csv(tmp_path / "runs.csv")
    assert list(rows["run"]) == [run["run"] for run in listed["runs"]]
    assert rows["accuracy"][0] == first["metrics"]["test_accuracy"] and rows["accuracy"].isna().sum() == 1


def test_factors(command, tmp_path):
    _, run, _ = command(f"pretrain {TINY} --transforms hue --num-samples 64 --epochs 1")
    table = tmp_path / "factors.csv"
    text = f"factors --models {run['run'][:8]} --factors class,hue --num-images 60 --out {table} --objects noise"
    code, answer, _ = command(f"{text} --backgrounds noise")
    assert code == 0 and answer["table"] == str(table) and answer["metrics"]["num_factors"] == 2
    rows = pd.read_csv(table)
    assert list(dict.fromkeys(rows["model"])) == ["pixels", "untrained small", run["run"][:8]]
    assert list(rows.columns) == list(FACTOR_COLUMNS)
    assert command(f"{text} --backgrounds noise")[1]["run"] == answer["run"]


@pytest.mark.skipif(not entries(), reason="no gallery: python -m invariance gallery build")
def test_a_card_of_the_gallery_is_answered_at_once(command, tmp_path):
    code, answer, _ = command(f"thrown-away none hue --out {tmp_path / 'card'}")
    hue = factors_table().set_index(["model", "factor", "objects"])["skill"].loc[["none", "hue"], "hue.shift", "known"]
    before, after = map(format_number, hue)
    told = f"B (*hue*) can hardly tell **hue**: skill {after} against {before} of A (*none*); only B's training varied"
    assert code == 0 and answer["sentences"][0].startswith(f"{told} hue (")
    written = json.loads((tmp_path / "card" / "card.json").read_text(), parse_constant=pytest.fail)
    assert written == {key: value for key, value in answer.items() if key != "out"}
    rows = pd.read_csv(tmp_path / "card" / "card.csv")
    assert list(rows.columns) == [column.name for column in THROWN_AWAY_TABLE] and len(rows) == len(answer["rows"])
    page = (tmp_path / "card" / "report.html").read_text()
    assert "What hue (B) threw away that none (A) keeps" in page and "B (hue) can hardly tell hue" in page


def test_a_card_of_a_run_and_of_a_network_with_the_same_weights(command):
    _, run, _ = command(f"pretrain {TINY} --transforms hue --num-samples 64 --epochs 1")
    text = f"thrown-away {run['run'][:8]} {run['run']} --factors hue --num-images 60 --num-attributed 20"
    code, answer, _ = command(text)
    assert code == 0 and answer["sentences"][0].startswith("Nothing separates A") and answer["strips"] == []
    assert [row["part"] for row in answer["rows"]] == ["factor", "evidence"]
    assert answer["trained_on"] == [["hue"], ["hue"]]


@pytest.mark.parametrize("how", ["", "--together"])
def test_several_seeds_are_runs_with_a_mean_and_an_interval(command, how):
    pretrain = f"pretrain {TINY} --transforms hue --num-samples 64 --epochs 1 --batch-size 32"
    code, answer, _ = command(f"{pretrain} --seeds 0,2 {how}")
    assert code == 0 and [run["seed"] for run in answer["runs"]] == [0, 2]
    values = [run["metrics"]["test_loss"] for run in answer["runs"]]
    found = answer["metrics"]["test_loss"]
    assert found["mean"] == pytest.approx(sum(values) / 2) and found["num"] == 2
    half = 12.7062 * abs(values[0] - values[1]) / 2  # Student's t of one degree of freedom, times s / sqrt 2
    assert (found["low"], found["high"]) == pytest.approx((found["mean"] - half, found["mean"] + half))
    assert command(f"{pretrain} --seed 2")[1]["run"] == answer["runs"][1]["run"], "a run of its own like any other"

    sources = ",".join(run["run"][:8] for run in answer["runs"])
    code, probes, _ = command(f"transfer --from {sources} {TINY} --num-samples 60 --seeds 0,2 {how}")
    assert code == 0 and {run["status"] for run in probes["runs"]} == {"done"}
    assert 0 <= probes["metrics"]["transfer_accuracy"]["mean"] <= 1


def test_what_if(command):
    text = "what-if --target hue --mismatch rotate --objects noise --backgrounds noise --num-classes 3 --epochs 1"
    training = "--batch-size 32 --learning-rate 0.0005 --precision float32"
    code, answer, _ = command(f"{text} --samples-per-epoch 256 --num-transfer-samples 60 {training}")
    assert code == 0
    matched = answer["spec"]["matched"]
    assert (matched["batch_size"], matched["learning_rate"], matched["precision"]) == (32, 0.0005, "float32")
    assert {"matched", "mismatched", "seconds", "device", "spec"} <= set(answer)
    assert answer["spec"]["target"]["transforms"] == ["hue"]
    cells = {(cell["source"], cell["target"]): cell for cell in answer["cells"]}
    assert list(cells) == [(source, target) for target in ("hue", "rotate") for source in ("hue", "rotate", "none")]
    accuracies = {place: cell["transfer_accuracy"] for place, cell in cells.items()}
    for name, source in (("matched", "hue"), ("mismatched", "rotate")):
        assert answer[name]["transfer_accuracy"] == pytest.approx(accuracies[source, "hue"], abs=1e-12)
        assert answer[name]["pretraining_accuracy"] == cells[source, "hue"]["pretraining_accuracy"]
    first, second = (effect["estimate"] for effect in answer["simple_effects"])
    assert first == pytest.approx(accuracies["hue", "hue"] - accuracies["rotate", "hue"])
    assert second == pytest.approx(accuracies["rotate", "rotate"] - accuracies["hue", "rotate"])
    assert answer["interaction"]["estimate"] == pytest.approx((first + second) / 2)
    assert answer["statement"].startswith("On this run")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pretrain --transforms wobble", "unknown transformation 'wobble': choose from none, translate"),
        ("pretrain --epochs -3", "epochs = -3: expected a whole number from 0"),
        ("pretrain --num-samples many", "argument --num-samples: 'many': expected"),
        ("pretrain --seeds 1,1", "argument --seeds: '1,1': expected different whole numbers"),
        ("pretrain --seeds 1 --seed 2", "--seed and --seeds are both given"),
        ("pretrain --transforms rotate,,hue", "there is no name between two commas"),
        ("pretrain --together", "--together without --seeds"),
        ("transfer --from matched,disjoint --seeds 0,1,2", "--from names 2 runs: expected one, or one for each of 3"),
        ("pretrain --num-classes 1", "--num-classes = 1: builtin has 72; choose from 2 to 72"),
        ("pretrain --batchsize 3", "pretrain: unrecognized arguments: --batchsize 3; the nearest is --batch-size (see"),
        ("render --num 0 --out x.npz", "argument --num: 0: expected a whole number from 1"),
        ("factors --models none --num-images 0 --out x.csv", "--num-images = 0: expected a whole number from 50"),
        ("what-if --target hue --mismatch blur --num-transfer-samples 0", "--num-transfer-samples = 0: expected"),
        ("attribute --models none --magnitude x --out x", "argument --magnitude: 'x': expected NAME=NUMBER"),
        ("pretrain --objects noise --classes noise-00", "at least 2 classes"),
        ("pretrain --objects nowhere", "no such folder"),
        ("pretrain --model vgg99", "invalid choice: 'vgg99'"),
        ("transfer --from nothing", "no run or gallery model 'nothing'"),
        ("measure --models nothing --out x.csv", "no run or gallery model 'nothing'"),
        ("measure --out nowhere/x.csv --objects noise --backgrounds noise --models none", "nowhere"),
        ("factors --models none --factors wobble --out x.csv", "unknown factor 'wobble'"),
        ("factors --models none --transforms hue --out x.csv", "factors: unrecognized arguments: --transforms hue"),
        ("factors --models nothing --out x.csv", "no run or gallery model 'nothing'"),
        ("what-if --target hue --mismatch hue", "different transformations"),
        ("what-if --target hue --mismatch rotate --learning-rate 0", "--learning-rate = 0.0: expected"),
        ("pretrain --num-samples ²", "argument --num-samples: '²': expected a whole number, or endless"),
        ("measure --models matched --out .", "out = .: is a folder"),
        ("factors --models matched --out .", "out = .: is a folder"),
        ("shapley --models matched --out .", "out = .: is a folder"),
        ("attribute --models matched --out pyproject.toml", "out = pyproject.toml: cannot be used as a folder"),
        (
            "attribute --models matched --index 1099511627776 --out x",
            "argument --index: 1099511627776: expected a whole number",
        ),
        ("attribute --models matched --way cross-fade --out x", "--way is not for --question class"),
        (
            "attribute --models matched --question distance --num 3 --out x",
            "--num-images is not for --question",
        ),
        ("measure --models matched --shift new-noise --seed 3 --out x.csv", "--seed and --shift are both given"),
        ("gallery build --out pyproject.toml", "out = pyproject.toml: cannot be used as a folder"),
        ("gallery build --num-pairs 1 --out x", "--num-pairs = 1: expected a whole number from 2"),
        ("gallery build --num-images 3 --out x", "--num-images = 3: expected a whole number from 50"),
        ("study mismatch --out pyproject.toml", "out = pyproject.toml: cannot be used as a folder"),
        ("study mismatch --factors objective --dry-run", "only transforms-vs-other has some"),
        (
            "study transforms-vs-other --factors , --dry-run",
            "argument --factors: ',': there is no name between two commas",
        ),
        (
            "study transforms-vs-other --factors beyond-3d --dry-run",
            "unknown factor 'beyond_3d': choose from usual",
        ),
    ],
)
def test_bad_input_gives_one_line_and_code_2(command, text, message, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, answer, error = command(text)
    assert code == 2 and answer is None
    assert message in error and len(error.strip().splitlines()) == 1


def test_attribute(command, tmp_path):
    _, run, _ = command(f"pretrain {TINY} --transforms hue --num-samples 64 --epochs 1")
    out = tmp_path / "maps"
    words = f"attribute --models {run['run']},{run['run'][:8]} --index 3 --out {out} --device cpu"
    words += f" --runs {tmp_path / 'runs'}"
    code, answer, _ = command(words, store=False)
    assert code == 0 and [model["model"] for model in answer["models"]] == [run["run"], run["run"][:8]]
    scores = json.loads((out / "scores.json").read_text())["models"]
    assert scores[0]["share_on_object"] == scores[1]["share_on_object"]
    assert scores[0]["difference"] == pytest.approx(scores[0]["share_on_object"] - scores[0]["null"])
    assert scores[0]["completeness_error"] >= 0 and scores[0]["explained"] in ("noise-00", "noise-01", "noise-02")
    with Image.open(out / "attribution.png") as picture:
        assert picture.width > 3 * 320 - 1
    words += " --method occlusion --parameters window=8,stride=8"
    code, _, _ = command(f"{words} --num 5 --num-untrained 3 --latex", store=False)
    for name, columns, num in (("scores", SCORE_TABLE, 6), ("randomisation", RANDOMISATION_TABLE, 4)):
        rows = (out / f"{name}.csv").read_text().splitlines()
        assert code == 0 and rows[0] == ",".join(column.name for column in columns) and len(rows) == 1 + num
        text = (out / f"{name}.tex").read_text()
        assert text.count(" \\\\\n") == 1 + num and "n = 5 test images; seed 0;" in text
    refused = {
        "--method magic": "magic",
        "--parameters steps=many": "NAME=NUMBER",
        "--num 0": "--num: 0: expected",
        "--num-untrained 3": "add --num-images",
        "--latex": "add --num-images",
        "--num 5 --num-untrained 2": "--num-untrained = 2: expected a whole number from 3",
        "--parameters steps=2,steps=3": "'steps' is given twice",
    }
    for option, message in refused.items():
        code, _, error = command(f"{words} {option}", store=False)
        assert code == 2 and message in error and len(error.strip().splitlines()) == 1


def test_stickers_features_and_shapley(command, tmp_path):
    sticker = "--stickers noise --sticker-classes noise-10,noise-11 --sticker-correlation 0.5 --label sticker"
    code, run, error = command(f"pretrain {TINY} {sticker} --transforms hue --num-samples 64 --epochs 1")
    assert code == 0, error
    table = tmp_path / "features.csv"
    asked = f"measure --models {run['run']} --measure features --num-pairs 32 --out {table} {TINY} {sticker}"
    code, answer, error = command(asked.replace("--num-test-samples 60", ""))
    assert code == 0 and answer["metrics"]["num_features"] == 4, error
    assert [line.split(",")[1] for line in table.read_text().splitlines()[1:]] == [*FEATURES]
    out = tmp_path / "shapley.csv"
    words = f"shapley --models {run['run']},{run['run'][:8]} --num 12 --num-references 2 --out {out}"
    code, answer, error = command(words)
    num_groups = len({row["images"] for row in answer["models"]})
    assert code == 0 and len(answer["models"]) == 2 * 3 * num_groups and num_groups in (2, 3), error
    assert answer["models"][0]["model"] == run["run"] and answer["models"][0]["num"] == 12
    rows = out.read_text().splitlines()
    assert rows[0] == ",".join(column.name for column in EVIDENCE_TABLE)
    assert {row.split(",")[2] for row in rows[1:]} == {"all", "noise-10", "noise-11"}
    first, second = (answer["differences"][0][name] for name in ("first", "second"))
    assert [first, second] == [run["run"], run["run"][:8]] and answer["differences"][0]["difference"] == 0.0
    refused = {"--worth money": "expected logit", "--num 0": "--num: 0: expected", "--out no/x.csv": "no"}
    for option, message in refused.items():
        code, _, error = command(f"{words} {option}")
        assert code == 2 and message in error and len(error.strip().splitlines()) == 1


def test_attribute_asks_what_moves_the_representation(command, tmp_path):
    _, run, _ = command(f"pretrain {TINY} --transforms hue --num-samples 64 --epochs 1")
    out = tmp_path / "felt"
    words = f"attribute --models {run['run']} --question distance --index 3 --out {out} --device cpu"
    words += f" --transform hue --magnitude shift=0.4 --runs {tmp_path / 'runs'}"
    code, answer, _ = command(words, store=False)
    scores = json.loads((out / "scores.json").read_text())
    assert code == 0 and answer == {"out": str(out), **scores}
    assert scores["magnitude"] == {"shift": 0.4} and scores["way"] == "magnitude"
    assert scores["models"][0]["distance"] > 0 and scores["models"][0]["completeness_error"] < 0.05
    with Image.open(out / "attribution.png") as picture:
        assert picture.width > 3 * 320 - 1
    refused = {
        "--magnitude size=1": "no such parameter",
        "--way x": "magnitude, cross-fade",
        "--num-points 0": "--num-points: 0: expected",
        "--transform hue,blur": "expected one",
        "--transform none": "expected one",
    }
    for option, message in refused.items():
        code, _, error = command(f"{words} {option}", store=False)
        assert code == 2 and message in error and len(error.strip().splitlines()) == 1


def test_a_score_that_is_not_a_number_is_null(command, tmp_path, monkeypatch):
    _, run, _ = command(f"pretrain {TINY} --transforms hue --num-samples 64 --epochs 1")
    monkeypatch.setattr(Comparison, "scores", lambda _: [{"share_on_object": float("nan"), "logit": 1.0}])
    code, answer, _ = command(f"attribute --models {run['run']} --parameters steps=2 --out {tmp_path / 'maps'}")
    scores = json.loads((tmp_path / "maps" / "scores.json").read_text(), parse_constant=pytest.fail)
    assert code == 0 and scores["models"] == answer["models"]
    assert scores["models"] == [{"model": run["run"], "share_on_object": None, "logit": 1.0}]


def test_unreadable_checkpoint_gives_one_line(command, tmp_path):
    _, run, _ = command(f"pretrain {TINY} --num-samples 64 --epochs 1")
    Path(run["checkpoint"]).write_bytes(b"no weights")
    code, _, error = command(f"transfer --from {run['run']} {TINY} --num-samples 60")
    assert code in (1, 2) and len(error.strip().splitlines()) == 1 and "weights" in error


def test_device_that_is_not_there(command, tmp_path):
    code, _, error = command(f"render --num 2 --out {tmp_path / 'x.npz'} --device cuda:99", store=False)
    assert code == 2 and "cuda:99" in error


def test_the_module_runs():
    words = [sys.executable, "-m", "invariance", "gallery", "list"]
    result = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0 and result.stderr == ""


def test_a_training_that_diverges_is_one_line(command, monkeypatch):
    monkeypatch.setattr(reporting, "SMALLEST_SPREAD", 1e9)  # no representation is spread as far
    code, answer, err = command(f"pretrain --transforms none --num-samples 64 --epochs 1 {TINY}")
    assert code == 1 and answer is None
    assert err.endswith("the same for all images; choose a smaller --learning-rate, or another seed\n")
    assert "Traceback" not in err

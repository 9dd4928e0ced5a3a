"""The benchmark of transfer scores, made at its smallest for real, and what it says of scores."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from invariance.__main__ import main
from invariance.data.engine import Engine
from invariance.measures.transfer_scores import SCORES, logme
from invariance.runs.run import State
from invariance.runs.store import Store
from invariance.runs.transferability import FOLDER, RESULTS, Shipped, ranking, read_benchmark, scored, size_mb
from invariance.spec import SpecError, parse_transforms
from invariance.studies.transferability import MOST_TRANSFORMS, NUM_TASKS, tasks
from invariance.training.checkpoint import load_weights
from invariance.vocabulary.transfer_scores import BASELINES, BENCHMARK_TABLE, RANKING_TABLE, TRANSFER_SCORES

WORDS = (
    "gallery benchmark --sources blur;hue --model small --objective supervised --num-tasks 1 --num-images 24 "
    "--epochs 1 --samples-per-epoch 64 --batch-size 32 --num-classes 4 --objects noise --backgrounds noise --device cpu"
)
OWN = """
from dataclasses import dataclass
from beside import offset

@dataclass
class Settings:
    sign: float = -1.0

def score(features, labels, source_logits):
    return Settings().sign * float(features[labels == 0].mean()) + offset + source_logits.shape[1]
"""


def answer_of(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(list(words)) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_benchmark_is_made_read_and_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*shlex.split(WORDS.replace(";", "\\;")), "--runs", str(tmp_path / "runs")]
    plan = answer_of(capsys, *words, "--dry-run")
    assert plan["kinds"] == {"pretrain": 2, "transfer": 6, "measure": 1}
    assert not (tmp_path / "runs").exists()
    folder = tmp_path / "made"
    said = answer_of(capsys, *words, "--num-workers", "1", "--out", str(folder))
    other = answer_of(capsys, *words, "--dry-run", "--seed", "3")["question"]
    assert other["seeds"] == [3] and other["targets"] == list(tasks(1, seed=3))
    assert (said["networks"], said["tasks"], said["runs"]) == (2, 1, 9) and 0.5 < said["megabytes"] < 2
    made = read_benchmark(folder)
    assert list(made.table) == [column.name for column in BENCHMARK_TABLE] and not made.table.isna().any().any()
    store = Store(tmp_path / "runs")
    runs = store.list()
    assert all(run.state == State.DONE for run in runs) and len(runs) == 9
    for row in made.table.itertuples():
        assert store.get(row.run).metrics["transfer_accuracy"] == row.transfer_accuracy

    # Its scores are of what the task's probe learnt from, seen by the network that ships.
    engine = Engine(store.get(made.table["run"][0]).spec.data)
    images, labels = engine.render(engine.indices("train", 24))
    row = made.table.iloc[0]
    assert engine.spec.transforms == parse_transforms(row["task"])
    features = load_weights(made.weights[row["network"]]).representation(images).detach().double().numpy()
    assert row["logme"] == pytest.approx(logme(features, labels.numpy()), rel=1e-3, abs=1e-3)  # float16

    # Asked for again nothing is run, and what is written is the same.
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}
    answer_of(capsys, *words, "--num-workers", "1", "--out", str(folder))
    assert {run.id: run.finished for run in store.list()} == {run.id: run.finished for run in runs}
    assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"}

    # A score of one's own, from a file that reads another beside it.
    (tmp_path / "beside.py").write_text("offset = 0.25\n")
    (own := tmp_path / "own.py").write_text(OWN)
    ask = ["transferability", "--folder", str(folder), "--device", "cpu"]
    said = answer_of(capsys, *ask, "--score", str(own), "--out", str(tmp_path / "asked"))
    ranked = pd.read_csv(tmp_path / "asked" / "ranking.csv")
    assert list(ranked) == [column.name for column in RANKING_TABLE] and len(said["ranking"]) == len(ranked)
    assert {"score", *TRANSFER_SCORES, *BASELINES} == set(ranked["score"])
    scores = pd.read_csv(tmp_path / "asked" / "scores.csv")
    assert scores["score"][0] == pytest.approx(0.25 + 4 - features[labels.numpy() == 0].mean(), rel=1e-4)

    # What cannot be used is refused in a line.
    own.write_text("def score(features, labels, source_logits):\n    return features.absent\n")
    assert main([*ask, "--score", str(own), "--out", str(tmp_path / "none")]) == 2
    assert "own.py:score fails (AttributeError" in capsys.readouterr().err and not (tmp_path / "none").exists()
    own.write_text("def score(features, labels, source_logits):\n    return float('inf')\n")
    assert main([*ask, "--score", str(own), "--out", str(tmp_path / "none")]) == 2
    first = f"network {row['network']} (small, supervised) for the task {row['task']}: expected a number, or NaN of"
    assert f"score = inf of {first}" in capsys.readouterr().err
    own.write_text("def score(features, labels, source_logits):\n    return float('nan')\n")
    assert main([*ask, "--score", str(own), "--out", str(tmp_path / "none")]) == 2
    assert f"score = nan of {first}" in capsys.readouterr().err
    # Of two networks the second has none: it is left out, and one alone cannot be ranked.
    own.write_text(
        "seen = []\n\ndef score(*_):\n    seen.append(0)\n    return 1.0 if len(seen) == 1 else float('nan')\n"
    )
    assert main([*ask, "--score", str(own), "--out", str(tmp_path / "none")]) == 2
    assert "it is a number for 1 of 2 networks and tasks" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
    next(folder.glob("*.safetensors")).write_bytes(b"changed")
    with pytest.raises(SpecError, match="changed since it was made"):
        read_benchmark(folder)
    made.table.drop(columns="leep").to_csv(folder / RESULTS, index=False)  # as while it is made anew
    with pytest.raises(SpecError, match="has no leep yet"):
        read_benchmark(folder)
    with pytest.raises(SpecError, match="no benchmark of transfer scores in it; make one with"):
        read_benchmark(tmp_path)


def test_networks_from_outside_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gallery", "benchmark", "--sources", "hue;torchvision:resnet18", "--dry-run"]) == 2
    assert "source = torchvision:resnet18: weights from outside do not ship" in capsys.readouterr().err


def test_tasks_are_different_and_the_first_ones_stay() -> None:
    found = tasks(NUM_TASKS)
    sets = [frozenset(task.split(",")) for task in found]
    assert len(set(sets)) == NUM_TASKS and {len(each) for each in sets} == set(range(1, MOST_TRANSFORMS + 1))
    assert tasks(10) == found[:10]
    assert len({*found} & {*tasks(NUM_TASKS, seed=1)}) < NUM_TASKS / 2


def test_baselines_look_at_the_other_tasks() -> None:
    random = np.random.default_rng(0)
    relations = {("n", "p"): "same", ("n", "q"): "none", ("m", "p"): "none", ("m", "q"): "same"}
    relations |= {("n", "r"): "none", ("m", "r"): "none"}
    accuracies = dict(zip(relations, random.uniform(size=6), strict=True))
    rows = [
        {"network": network, "task": task, "model": "small", "relation": how, "run": RESULTS}
        | {"transfer_accuracy": accuracies[network, task], "second_probe": accuracies[network, task]}
        | {"fine_tune_accuracy": np.nan, "pretraining_accuracy": 0.5 + (network == "n"), "sens": random.uniform()}
        for (network, task), how in relations.items()
    ]
    found = ranking(pd.DataFrame(rows), ()).set_index(["foresees", "score"])["tau"]["linear probe"]
    assert found["second_probe"] == pytest.approx(1)

    def agreement(score: dict[tuple[str, str], float]) -> float:
        return float(
            np.mean(
                [
                    np.sign(score["n", task] - score["m", task])
                    * np.sign(accuracies["n", task] - accuracies["m", task])
                    for task in "pqr"
                    if score["n", task] != score["m", task]
                ]
            )
        )

    others = {
        (network, task): np.mean([accuracies[network, other] for other in "pqr" if other != task])
        for network, task in relations
    }
    assert found["other_tasks"] == pytest.approx(agreement(others))
    alike = {
        place: np.mean([accuracies[other] for other in relations if other[1] != place[1] and relations[other] == how])
        for place, how in relations.items()
    }
    assert found["relation"] == pytest.approx(agreement(alike))
    assert found["pretraining_accuracy"] == pytest.approx(agreement({place: place[0] == "n" for place in relations}))


@pytest.fixture(scope="module")
def shipped() -> Shipped:
    return read_benchmark(FOLDER)


def test_what_ships_is_whole_and_small(shipped: Shipped) -> None:
    """Every network was put to every task; weights are what the manifest says, and few megabytes."""
    table = shipped.table
    assert table["network"].nunique() >= 60 and table["task"].nunique() == NUM_TASKS
    assert len(table) == table["network"].nunique() * NUM_TASKS and not table["transfer_accuracy"].isna().any()
    assert set(shipped.weights) == set(table["network"]) and size_mb(FOLDER) <= 25
    assert list(dict.fromkeys(table["task"])) == list(tasks(NUM_TASKS))


def test_the_shipped_ranking_is_that_of_the_shipped_table(shipped: Shipped) -> None:
    recorded = json.loads((Path("benchmarks") / "results" / "transferability.json").read_text(encoding="utf-8"))
    found = ranking(shipped.table, tuple(TRANSFER_SCORES))
    pd.testing.assert_frame_equal(found, pd.DataFrame(recorded["ranking"])[list(found)], rtol=1e-9)


def test_networks_of_one_objective_are_ranked_by_themselves(
    shipped: Shipped, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer_of(capsys, "transferability", "--objective", "supervised", "--out", str(tmp_path / "made"))
    assert found["num_networks"] == shipped.table[shipped.table["objective"] == "supervised"]["network"].nunique()
    recorded = json.loads((Path("benchmarks") / "results" / "transferability.json").read_text(encoding="utf-8"))
    columns = [column.name for column in RANKING_TABLE]
    pd.testing.assert_frame_equal(
        pd.DataFrame(found["ranking"])[columns], pd.DataFrame(recorded["supervised"])[columns], rtol=1e-9
    )
    assert main(["transferability", "--objective", "vicreg", "--out", str(tmp_path)]) == 2
    assert "objective = 'vicreg': expected supervised, simclr, rotation" in capsys.readouterr().err


def test_shipped_scores_are_those_of_the_shipped_weights(shipped: Shipped) -> None:
    """Of one task; float16 weights and the table were made together."""
    task = "translate"
    some = shipped.table[shipped.table["task"] == task].groupby("model").head(2)
    part = replace(shipped, table=some, weights={one: shipped.weights[one] for one in some["network"]})
    again = scored(part, SCORES, device="cpu", report=lambda *_: None)
    for name, values in again.items():
        assert values == pytest.approx(some[name].tolist(), rel=1e-3, abs=1e-3, nan_ok=True), name

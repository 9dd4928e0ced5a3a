"""Runs of the schema of specs before today's: shown, and good as sources, but never the answer to a question."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from invariance.__main__ import main
from invariance.runs.execute import run_here
from invariance.runs.gallery import entries
from invariance.runs.life import take_up
from invariance.runs.locate import pretraining_data, task_of, weights_of
from invariance.runs.manager import Manager
from invariance.runs.store import Store
from invariance.spec import MeasureSpec, SpecError, canonical_json, run_from_json
from invariance.training.checkpoint import load_weights, save_weights
from tests.runs.tiny import tiny_pretrain, tiny_transfer, wait_until

CLASSES = '"classes":["noise-00","noise-01"]'
DATA = f'{{{CLASSES},"image_size":16,"num_samples":64,"objects":"noise"}}'
DONE, STOPPED, WAITING = "1" * 16, "2" * 16, "3" * 16
TABLES = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    created REAL NOT NULL, queued REAL NOT NULL, started REAL, finished REAL, progress TEXT, result TEXT, error TEXT,
    device TEXT, cancel_requested INTEGER NOT NULL DEFAULT 0, losses INTEGER NOT NULL DEFAULT 0);
CREATE INDEX runs_by_state ON runs (state, queued);
CREATE TABLE metrics (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, value REAL, seconds REAL NOT NULL,
    PRIMARY KEY (run_id, step, name)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""


def written(seed: int) -> str:
    """A pretraining as the version before wrote it."""
    return (
        f'{{"batch_size":16,"data":{DATA},"epochs":1,"kind":"pretrain","num_test_samples":16,"schema":1,"seed":{seed}}}'
    )


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store of the version before, with a run that is done, one that was stopped and one that waits."""
    root = tmp_path / "old"
    for name in (DONE, STOPPED, WAITING):
        (root / "runs" / name).mkdir(parents=True)
    result = {
        "type": "finished",
        "metrics": {"test_accuracy": 0.75},
        "checkpoint": "weights.safetensors",
        "sha256": "0",
        "seconds": 1.0,
        "device": "cpu",
    }
    with sqlite3.connect(root / "store.sqlite") as connection:
        connection.executescript(TABLES)
        for number, (name, state) in enumerate([(DONE, "done"), (STOPPED, "interrupted"), (WAITING, "queued")]):
            connection.execute(
                "INSERT INTO runs VALUES (?, 'pretrain', ?, ?, '', 1.0, 1.0, 2.0, 3.0, NULL, ?, NULL, 'cpu', 0, 0)",
                (name, written(number), state, json.dumps(result) if state == "done" else None),
            )
    connection.close()
    made = Store(tmp_path / "made")
    run = run_here(tiny_pretrain(), made, "cpu")
    assert run.result is not None
    model = load_weights(Path(run.result["checkpoint"]))
    path = root / "runs" / DONE / "weights.safetensors"
    save_weights(path, model, class_names=("noise-00", "noise-01"), spec=run.spec)
    # The metadata in the words of then: the file is rewritten around the same numbers.
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"]["spec"] = written(0)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + content[8 + size :])
    made.close()
    return root


def test_runs_of_before_are_shown_by_their_own_name(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = {run.id: run for run in Store(old).list()}
    assert set(runs) == {DONE, STOPPED, WAITING}
    done = runs[DONE]
    assert done.schema == 1 and done.spec.run_id != DONE and "earlier version" in done.remark
    assert done.spec.data.shared_backgrounds and not runs[STOPPED].can_resume
    main(["runs", "list", "--json", "--runs", str(old)])
    listed = {row["run"]: row for row in json.loads(capsys.readouterr().out)["runs"]}
    assert listed[DONE]["schema"] == 1 and listed[DONE]["metrics"] == {"test_accuracy": 0.75}
    main(["runs", "show", DONE, "--runs", str(old)])
    shown = json.loads(capsys.readouterr().out)
    assert shown["remark"] == done.remark and "--shared-backgrounds" in shown["command"]


def test_a_run_of_before_is_a_source_and_no_answer(old: Path) -> None:
    store = Store(old)
    probe = run_here(tiny_transfer(DONE), store, "cpu")
    assert probe.state == "done" and probe.schema == 2 and not probe.remark
    measured = run_here(MeasureSpec(sources=(DONE,), transforms=("hue",), num_pairs=8), store, "cpu")
    assert measured.state == "done"
    assert task_of([DONE], store).shared_backgrounds and pretraining_data(probe.id, store).shared_backgrounds
    assert weights_of(DONE, store).parent.name == DONE
    # The same words again, and even the very run as it was read: a run of its own.
    for spec in (run_from_json(written(0).replace('"schema":1', '"schema":2')), store.get(DONE).spec):
        again = store.submit(spec)
        assert again.id not in (DONE, STOPPED, WAITING) and again.state == "queued" and again.schema == 2


def test_what_was_stopped_cannot_go_on(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(old)
    for name in (STOPPED, WAITING):
        with pytest.raises(SpecError, match=f"run {name} was asked for under schema 1 .* ask for the same settings"):
            take_up(store, name, "cpu")
    assert main(["runs", "resume", STOPPED, "--runs", str(old)]) == 2
    said = capsys.readouterr().err
    assert "under schema 1" in said and len(said.strip().splitlines()) == 1
    assert store.get(STOPPED).state == "interrupted"


def test_a_server_gives_up_what_waited_before_it_was_new(old: Path) -> None:
    store = Store(old)
    manager = Manager(store, "cpu")
    try:
        with pytest.raises(SpecError, match="under schema 1"):
            manager.resume(STOPPED)
        wait_until(lambda: store.get(WAITING).state == "failed")
        assert "under schema 1" in (store.get(WAITING).error or "")
    finally:
        manager.close()


def test_what_was_written_before_reads_as_what_it_meant() -> None:
    spec = run_from_json(written(0))
    assert spec.data.shared_backgrounds
    assert '"schema":2' in canonical_json(spec) and run_from_json(canonical_json(spec)) == spec
    bare = run_from_json('{"kind":"measure","schema":1,"sources":["x"],"transforms":["hue"]}')
    assert bare.data.shared_backgrounds and bare != MeasureSpec(sources=("x",), transforms=("hue",))
    with pytest.raises(SpecError, match="data"):
        run_from_json('{"kind":"pretrain","schema":1}')


def test_a_gallery_of_before_keeps_its_names(tmp_path: Path) -> None:
    """Its manifest did not say the schema."""
    model = {
        "name": "none",
        "title": "no transformation",
        "file": "none.safetensors",
        "sha256": "0",
        "metrics": {},
        "seconds": 1.0,
        "device": "cpu",
        "class_names": ["a", "b"],
        "run_id": DONE,
        "spec": {"kind": "pretrain", "data": {"num_samples": None}},
    }
    named = {**model, "name": "hue", "spec": {"schema": 2, **model["spec"]}}
    (tmp_path / "manifest.json").write_text(json.dumps({"models": [model, named]}))
    before, today = entries(tmp_path)
    assert before.run_id == DONE and before.schema == 1 and before.remark and before.spec.data.shared_backgrounds
    assert today.schema == 2 and not today.remark and not today.spec.data.shared_backgrounds

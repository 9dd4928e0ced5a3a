"""The store: one row a spec, legal transitions only, nothing doubled, nothing torn."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import invariance.runs.run as run_module
from invariance.runs import database
from invariance.runs.claim import try_claim
from invariance.runs.database import SCHEMA_VERSION
from invariance.runs.execute import run_here
from invariance.runs.run import PREDECESSORS, STATES, State
from invariance.runs.store import Store
from invariance.spec import SpecError, canonical_json
from tests.runs.tiny import PATIENCE_S, tiny_pretrain, tiny_transfer
from tests.runs.write_much import progress, write_much


def in_state(store: Store, state: str, seed: int = 0) -> str:
    """A run that was brought into a state on a legal path."""
    run_id = store.submit(tiny_pretrain(seed=seed)).id
    if state != "queued":
        store.transition(run_id, "running", device="cpu")
    if state not in ("queued", "running"):
        store.transition(run_id, state)
    return run_id


def test_the_same_spec_is_one_run(store: Store) -> None:
    first = store.submit(tiny_pretrain(), owner="ada")
    second = store.submit(tiny_pretrain(), owner="bob")
    assert (second.id, second.owner, second.owners) == (first.id, "ada", ("ada", "bob"))
    assert (first.id, first.owner, first.state) == (tiny_pretrain().run_id, "ada", "queued")
    assert first.spec == tiny_pretrain()
    assert store.directory(first.id).is_dir()


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_only_legal_transitions_happen(store: Store, before: str, after: str) -> None:
    run_id = in_state(store, before)
    if before in PREDECESSORS[after]:
        assert store.transition(run_id, after).state == after
    else:
        with pytest.raises(SpecError, match=f"{run_id} is {before}: only"):
            store.transition(run_id, after)
        assert store.get(run_id).state == before


def test_a_new_state_clears_the_error_and_keeps_the_progress(store: Store) -> None:
    run_id = in_state(store, "running")
    store.record(run_id, progress(3, loss=0.5))
    assert store.transition(run_id, "failed", error="too hot").error == "too hot"
    run = store.transition(run_id, "queued")
    assert (run.error, run.finished) == (None, None)
    assert run.progress == progress(3, loss=0.5)


def test_a_repeated_step_replaces_its_values(store: Store) -> None:
    run_id = in_state(store, "running")
    for loss in (0.9, 0.8):
        store.record(run_id, progress(1, loss=loss, accuracy=0.1))
    store.record(run_id, progress(2, loss=0.7))
    table = store.metrics(run_id)
    assert table.to_dict("records") == [
        {"step": 1, "name": "accuracy", "value": 0.1, "seconds": 0.1},
        {"step": 1, "name": "loss", "value": 0.8, "seconds": 0.1},
        {"step": 2, "name": "loss", "value": 0.7, "seconds": 0.2},
    ]
    assert list(store.metrics(run_id, after_step=1)["step"]) == [2]


def test_list_filters_and_keeps_the_order_of_asking(store: Store) -> None:
    first = in_state(store, "queued", seed=2)
    second = in_state(store, "done", seed=1)
    third = store.submit(tiny_transfer(first)).id
    assert [run.id for run in store.list()] == [first, second, third]
    assert [run.id for run in store.list(kind="pretrain")] == [first, second]
    assert [run.id for run in store.list(states=("done", "failed"))] == [second]
    assert store.list(states=()) == []
    assert [run.id for run in store.dependents(first)] == [third]


def test_cancel_ends_a_waiting_run_and_asks_a_running_one(store: Store) -> None:
    waiting, done = in_state(store, "queued"), in_state(store, "done", seed=1)
    running = store.submit(tiny_pretrain(seed=2)).id
    with try_claim(store.directory(running)) as claimed:
        assert claimed
        store.transition(running, "running")
        assert [store.request_cancel(run_id).state for run_id in (waiting, done, running)] == [
            "cancelled",
            "done",
            "running",
        ]
        assert [store.cancel_requested(run_id) for run_id in (waiting, done, running)] == [False, False, True]
        store.transition(running, "cancelled")
    store.transition(running, "queued")
    assert not store.cancel_requested(running)


def test_delete_removes_everything_but_never_an_active_run(store: Store) -> None:
    run_id = in_state(store, "running")
    store.record(run_id, progress(1, loss=1.0))
    with pytest.raises(SpecError, match="cancel it before deleting it"):
        store.delete(run_id)
    store.transition(run_id, "done")
    store.delete(run_id)
    assert store.find(run_id) is None and store.metrics(run_id).empty and not store.directory(run_id).exists()
    with pytest.raises(SpecError, match="is not known here"):
        store.get(run_id)


def test_sweep_interrupts_only_runs_without_a_living_executor(store: Store) -> None:
    orphan, held = in_state(store, "queued"), in_state(store, "queued", seed=1)
    program = (
        "import sys, time; from pathlib import Path; from invariance.runs.claim import try_claim\n"
        "with try_claim(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holders = []
    for run_id in (orphan, held):
        command = [sys.executable, "-c", program, str(store.directory(run_id))]
        holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        store.transition(run_id, "running")
        holders.append(holder)
    assert store.sweep() == ()
    os.kill(holders[0].pid, signal.SIGKILL)
    holders[0].wait()
    assert store.sweep() == (orphan,)
    assert [store.get(run_id).state for run_id in (orphan, held)] == ["interrupted", "running"]
    holders[1].kill()
    for holder in holders:
        holder.communicate()


def test_several_processes_write_at_once_without_loss(store: Store) -> None:
    run_id = in_state(store, "running")
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=write_much, args=(store.root, run_id, 100 * number, 100)) for number in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_S)
    assert [process.exitcode for process in processes] == [0] * 4
    table = store.metrics(run_id)
    assert len(table) == 800 and set(table["step"]) == set(range(400))
    assert len(store.list()) == 2


def test_threads_share_a_store(store: Store) -> None:
    run_id = in_state(store, "running")

    def write(first_step: int) -> None:
        for step in range(first_step, first_step + 25):
            store.record(run_id, progress(step, a=1.0))

    threads = [threading.Thread(target=write, args=(25 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.metrics(run_id)) == 100


def test_a_reader_is_not_kept_waiting_by_a_writer(store: Store) -> None:
    run_id = in_state(store, "running")
    began, free = threading.Event(), threading.Event()

    def hold() -> None:
        with store._database.write():
            began.set()
            free.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert began.wait(10)
    assert store.get(run_id).state == "running"
    free.set()
    thread.join()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(SpecError, match="cannot be used"):
        Store(tmp_path / "file")


_FORMER_SCHEMA = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, spec TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    created REAL NOT NULL, queued REAL NOT NULL, started REAL, finished REAL, progress TEXT, result TEXT, error TEXT,
    device TEXT, cancel_requested INTEGER NOT NULL DEFAULT 0);
CREATE INDEX runs_by_state ON runs (state, queued);
CREATE TABLE metrics (
    run_id TEXT NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, value REAL, seconds REAL NOT NULL,
    PRIMARY KEY (run_id, step, name)) WITHOUT ROWID;
"""


def former_store(root: Path) -> None:
    """A store as the version without a number left it: a run that is done, and one whose process was killed."""
    root.mkdir()
    connection = sqlite3.connect(root / "store.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(_FORMER_SCHEMA)
    for seed, state, result in ((0, "done", '{"metrics": {"test_accuracy": 0.5}}'), (1, "running", None)):
        spec = tiny_pretrain(seed=seed)
        values = (spec.run_id, "pretrain", canonical_json(spec), state, "ada", 1.0, 1.0, 2.0, None, None, result)
        connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 'cpu', 0)", values)
        connection.execute("INSERT INTO metrics VALUES (?, 1, 'train_loss', 0.7, 0.1)", (spec.run_id,))
    connection.commit()
    connection.close()


def test_a_store_of_a_former_version_opens_and_keeps_everything(tmp_path: Path) -> None:
    former_store(tmp_path / "old")
    store = Store(tmp_path / "old")
    done, orphan = store.list()
    assert (done.state, done.owner, done.metrics) == ("done", "ada", {"test_accuracy": 0.5})
    assert list(store.metrics(done.id)["value"]) == [0.7]
    assert store.sweep() == (orphan.id,)
    assert store.get(orphan.id).state == "interrupted"
    again = Store(tmp_path / "old")
    assert again.list() == store.list()
    for each in (store, again):
        each.close()


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(store: Store) -> None:
    with store._database.write() as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = (store.root / "store.sqlite").read_bytes()
    with pytest.raises(SpecError, match=f"newer version .*of version {SCHEMA_VERSION + 1}, .*: update it, or give"):
        Store(store.root)
    assert (store.root / "store.sqlite").read_bytes() == before


def test_a_store_that_is_locked_for_too_long_is_one_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.1)
    holder = sqlite3.connect(store.root / "store.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    for ask in (store.submit, lambda spec: run_here(spec, store, "cpu")):
        store.close()  # a new connection has the new timeout
        with pytest.raises(
            SpecError, match=r"store\.sqlite' was locked by another process for 0\.1 s: end that"
        ) as said:
            ask(tiny_pretrain())
        assert "\n" not in str(said.value)
    holder.execute("ROLLBACK")
    holder.close()
    assert store.submit(tiny_pretrain()).state == "queued"


def test_a_full_disk_is_one_line_and_undone(store: Store) -> None:
    run_id = in_state(store, "running")
    with store._database.write() as connection:
        connection.execute("PRAGMA max_page_count = 1")  # no more pages than there are
    with pytest.raises(SpecError, match="the disk is full: delete runs that nobody needs"):
        store.record(run_id, progress(1, **{f"metric_{number}": 1.0 for number in range(10_000)}))
    assert store.metrics(run_id).empty and store.get(run_id).progress is None


def test_states_are_told_by_their_value(store: Store) -> None:
    run = store.get(in_state(store, "done"))
    assert run.state == "done" and isinstance(run.state, State) and f"{run.state}" == "done"
    assert json.dumps({"state": run.state}) == '{"state": "done"}' and tuple(PREDECESSORS) == STATES
    with pytest.raises(ValueError, match="'elsewhere' is not a valid State"):
        store.transition(run.id, "elsewhere")


def test_a_run_of_another_version_is_left_out_and_that_is_said_once(
    store: Store, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "_SAID", set())
    in_state(store, "queued")
    other = in_state(store, "queued", seed=1)
    with store._database.write() as connection:
        connection.execute(
            "UPDATE runs SET spec = replace(spec, '\"schema\":2', '\"schema\":99') WHERE id = ?", (other,)
        )
    assert [run.id for run in store.list()] == [run.id for run in store.list()] == [tiny_pretrain().run_id]
    assert [record.message for record in caplog.records if "left out" in record.message] == [
        f"run {other} is left out: schema = 99: this version reads schemas 1 to 2"
    ]


@pytest.mark.parametrize("spec", ["{", '{"kind": "pretrain", "data": 3}', "[]", "null", b"\xff\xfe", '{"epochs": "x"}'])
def test_a_row_that_cannot_be_read_spoils_no_other_and_can_be_deleted(store: Store, spec: str | bytes) -> None:
    good, bad = in_state(store, "queued"), in_state(store, "queued", seed=1)
    with store._database.write() as connection:
        connection.execute("UPDATE runs SET spec = ? WHERE id = ?", (spec, bad))
    assert [run.id for run in store.list()] == [run.id for run in store.newest(9, kinds=["pretrain"], states=STATES)[0]]
    assert [run.id for run in store.list()] == [good]
    (row,) = store.bad_rows()
    assert (row.id, row.state) == (bad, "queued") and row.why
    store.delete(bad)
    assert not store.bad_rows() and [run.id for run in store.list()] == [good]


def broken(root: Path, how: str) -> None:
    """A store with a run, damaged in some way."""
    store = Store(root)
    store.submit(tiny_pretrain())
    store._database.read("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    path = root / "store.sqlite"
    content = path.read_bytes()
    damaged = {
        "garbage": b"not a database at all " * 500,
        "cut short": content[: len(content) // 2],
        "flipped": content[:100] + bytes(byte ^ 255 for byte in content[100:2000]) + content[2000:],
    }
    if how in damaged:
        path.write_bytes(damaged[how])
        return
    with sqlite3.connect(path) as connection:
        connection.execute({"no table": "DROP TABLE runs", "no column": "ALTER TABLE runs DROP COLUMN device"}[how])
    connection.close()


@pytest.mark.parametrize("how", ["garbage", "cut short", "flipped", "no table", "no column"])
def test_a_store_that_cannot_be_used_is_one_line(tmp_path: Path, how: str) -> None:
    broken(tmp_path, how)
    with pytest.raises(SpecError, match=r"store\.sqlite' cannot be used .*with --runs or INVARIANCE_RUNS") as said:
        Store(tmp_path).list()
    assert "\n" not in str(said.value)


def test_a_run_is_given_up_when_the_last_who_asked_lets_go(store: Store) -> None:
    run = store.submit(tiny_pretrain(), owner="ada")
    assert store.submit(tiny_pretrain(), owner="bo").owners == ("ada", "bo")
    assert not store.release(run.id, ["ada"])
    left = store.get(run.id)
    assert (left.owner, left.owners, left.state) == ("bo", ("bo",), "queued")
    assert not store.release(run.id, ["ada"]), "who let go already"
    assert store.release(run.id, ["bo"])
    store.request_cancel(run.id)
    again = store.submit(tiny_pretrain(), owner="cy")
    assert (again.owner, again.owners) == ("cy", ("cy",)), "in the turn of who asks again"


def test_pages_of_runs_are_the_newest_first(store: Store) -> None:
    ids = [in_state(store, "queued", seed=seed) for seed in range(5)]
    runs, total = store.newest(2, 1, kinds=["pretrain"], states=["queued"])
    assert [run.id for run in runs] == [ids[3], ids[2]] and total == 5
    assert store.newest(2, kinds=["transfer"], states=STATES) == ([], 0)

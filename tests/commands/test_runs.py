"""``runs``: what the store holds, shown, resumed, deleted and pruned without a browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from invariance.__main__ import main
from invariance.commands.runs import STATES
from invariance.runs import run as run_module
from invariance.runs.claim import try_claim
from invariance.runs.store import Store
from tests.runs.tiny import tiny_pretrain, tiny_transfer

Command = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def command(store: Store, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(*words: str) -> tuple[int, Any, str]:
        code = main(["runs", *words, "--runs", str(store.root)])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return run


def settled(store: Store, spec: Any, state: str, **files: int) -> str:
    """A run in a state, with files of so many bytes; nothing is trained."""
    run = store.submit(spec)
    store.directory(run.id).mkdir(exist_ok=True)
    if state != "queued":
        store.transition(run.id, "running", device="cpu")
    if state == "done":
        result = {"metrics": {"test_accuracy": 0.75}, "checkpoint": "model.safetensors", "seconds": 2.0}
        store.transition(run.id, "done", result=result)
    elif state not in ("queued", "running"):
        store.transition(run.id, state, error="it broke" if state == "failed" else None)
    for name, num_bytes in files.items():
        (store.directory(run.id) / name.replace("__", ".")).write_bytes(b"x" * num_bytes)
    return run.id


def test_states_are_those_of_the_store() -> None:
    assert set(STATES) == set(run_module.STATES)


def test_list_shows_all_runs_or_those_in_a_state(store: Store, command: Command) -> None:
    done = settled(store, tiny_pretrain(seed=1), "done")
    failed = settled(store, tiny_pretrain(seed=2), "failed")
    code, answer, _ = command("list")
    assert code == 0 and answer["store"] == str(store.root)
    assert [(run["run"], run["status"]) for run in answer["runs"]] == [(done, "done"), (failed, "failed")]
    assert answer["runs"][0]["metrics"] == {"test_accuracy": 0.75} and answer["runs"][1]["error"] == "it broke"
    assert answer["runs"][0]["title"] == "none · small" and answer["runs"][0]["finished"].endswith("+00:00")
    assert [run["run"] for run in command("list", "--state", "failed")[1]["runs"]] == [failed]
    assert command("list", "--state", "queued")[1]["runs"] == []


def test_a_terminal_shows_a_line_a_run(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = settled(store, tiny_pretrain(seed=1), "done")
    failed = settled(store, tiny_pretrain(seed=2), "failed")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["runs", "list", "--runs", str(store.root)]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(done[:8]) and "test accuracy 0.750" in first
    assert second.startswith(failed[:8]) and "(it broke)" in second


def test_show_tells_spec_files_and_the_command(store: Store, command: Command) -> None:
    run_id = settled(store, tiny_pretrain(seed=0), "done", model__safetensors=12)
    needed_by = settled(store, tiny_transfer(run_id), "failed", log__txt=0)
    (store.directory(needed_by) / "log.txt").write_text("first\nlast words\n")
    code, answer, _ = command("show", run_id[:6])
    assert code == 0 and answer["run"] == run_id and answer["needed_by"] == [needed_by]
    assert answer["file_bytes"]["model.safetensors"] == 12 and answer["spec"]["kind"] == "pretrain"
    assert answer["command"].startswith("python -m invariance pretrain")
    _, answer, _ = command("show", needed_by)
    assert answer["log"] == "last words" and answer["depends_on"] == [run_id]


def test_resume_executes_what_did_not_end(store: Store, command: Command) -> None:
    first = settled(store, tiny_pretrain(seed=0), "interrupted")
    second = settled(store, tiny_pretrain(seed=1), "failed")
    code, answer, err = command("resume", first[:7], second, first, "--device", "cpu")
    assert (code, err) == (0, "")
    assert [(run["run"], run["status"]) for run in answer["runs"]] == [(first, "done"), (second, "done")]
    assert store.get(second).state == "done"


def test_delete_takes_all_or_none(store: Store, command: Command) -> None:
    source = settled(store, tiny_pretrain(seed=0), "done", model__safetensors=100)
    probe = settled(store, tiny_transfer(source), "failed", log__txt=20)
    waiting = settled(store, tiny_pretrain(seed=5), "queued")
    for words, message in (
        ([source], f"run {source} is what {probe} was built on"),
        ([probe, waiting], f"run {waiting} is queued"),
        ([probe, "ffffff"], "no run or gallery model 'ffffff'"),
    ):
        code, answer, err = command("delete", *words)
        assert code == 2 and answer is None and message in err and err.count("\n") == 1
    assert len(store.list()) == 3
    code, answer, _ = command("delete", source[:6], probe)
    assert code == 0 and answer["deleted"] == [source, probe] and answer["bytes"] >= 120
    assert [run.id for run in store.list()] == [waiting] and not store.directory(source).exists()


def test_prune_removes_only_what_nobody_needs(store: Store, command: Command) -> None:
    done = settled(store, tiny_pretrain(seed=0), "done", model__safetensors=10, state__pt=1000, x__part=7)
    failed = settled(store, tiny_pretrain(seed=1), "failed", state__pt=500, state__previous__pt=300, log__txt=3)
    halted = settled(store, tiny_pretrain(seed=2), "interrupted", state__pt=5, y__part=5)
    queued = settled(store, tiny_pretrain(seed=3), "queued", state__pt=5)
    claimed = settled(store, tiny_pretrain(seed=4), "failed", state__pt=5)
    deleted = store.root / "runs" / ("d" * 16)
    deleted.mkdir()
    (deleted / "model.safetensors").write_bytes(b"x" * 40)

    def files() -> set[str]:
        found = (store.root / "runs").rglob("*")
        return {f"{path.parent.name}/{path.name}" for path in found if path.is_file() and path.suffix != ".lock"}

    before = files()
    with try_claim(store.directory(claimed)):
        code, planned, _ = command("prune", "--dry-run")
        assert code == 0 and files() == before and planned["bytes"] == 1000 + 7 + 500 + 300 + 40
        code, answer, _ = command("prune")
    assert code == 0 and answer == {**planned, "dry_run": False}
    assert {run["run"]: run["status"] for run in answer["runs"]} == {
        done: "done",
        failed: "failed",
        deleted.name: "deleted",
    }
    kept = {f"{done}/model.safetensors", f"{failed}/log.txt", f"{halted}/state.pt", f"{halted}/y.part"}
    assert files() == kept | {f"{queued}/state.pt", f"{claimed}/state.pt"} and not deleted.exists()
    assert command("prune")[1]["runs"][0]["run"] == claimed, "who executed it is gone"

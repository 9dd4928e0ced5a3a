"""The real worker: a real child process that really trains."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from invariance.runs.child import WORKER_COMMAND, Child
from invariance.runs.locate import weights_of
from invariance.runs.manager import Manager
from invariance.runs.outcome import LOG_FILE
from invariance.runs.store import Store
from invariance.spec import canonical_json
from invariance.training.resume import load_state
from tests.runs.tiny import PATIENCE_S, tiny_pretrain, tiny_transfer, wait_until

_RUN_HERE = """
import json, sys
import torch
from invariance.runs.execute import run_here
from invariance.runs.store import Store
from invariance.spec import run_from_json
seen = []
spec, store = run_from_json(sys.argv[2]), Store(sys.argv[1])
run = run_here(spec, store, "cpu", lambda event: seen.append(torch.get_num_threads()))
print(json.dumps({"threads": seen[0], "sha256": run.result["sha256"]}))
"""
ENDLESS = tiny_pretrain(epochs=100_000)


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    manager = Manager(Store(tmp_path_factory.mktemp("real")), device="cpu")
    yield manager
    manager.close()
    manager.store.close()


def wait_for(manager: Manager, run_id: str, *states: str) -> None:
    wait_until(lambda: manager.store.get(run_id).state in states)


def test_pretraining_and_transfer_are_done_by_the_worker(manager: Manager) -> None:
    source = manager.submit(tiny_pretrain())
    transfer = manager.submit(tiny_transfer(source.id))
    wait_for(manager, transfer.id, "done", "failed")
    run = manager.store.get(transfer.id)
    assert (run.state, run.error, run.device) == ("done", None, "cpu")
    assert 0 <= run.metrics["transfer_accuracy"] <= 1
    assert weights_of(source.id[:8], manager.store) == manager.store.directory(source.id) / "weights.safetensors"
    assert {"train_loss", "train_accuracy"} <= set(manager.store.metrics(source.id)["name"])


def test_cancel_keeps_the_state_and_resume_goes_on(manager: Manager) -> None:
    run = manager.submit(ENDLESS)
    wait_until(lambda: (manager.store.get(run.id).progress or {"step": 0})["step"] > 3)
    manager.cancel(run.id)
    wait_for(manager, run.id, "cancelled")
    last = (manager.store.get(run.id).progress or {})["step"]
    (pid,) = manager.worker_pids()
    manager.resume(run.id)
    wait_until(lambda: (manager.store.get(run.id).progress or {})["step"] > last)
    steps = manager.store.metrics(run.id, after_step=last)["step"]
    assert steps.min() <= last + 8, "it started again from the beginning or skipped steps"
    assert manager.worker_pids() == [pid], "cancelling politely must not cost the warm process"
    manager.cancel(run.id)
    wait_for(manager, run.id, "cancelled")


def test_kill_minus_9_costs_the_steps_since_the_last_checkpoint_and_sigterm_none(manager: Manager) -> None:
    run = manager.submit(replace(ENDLESS, seed=1))
    wait_until(lambda: manager.store.get(run.id).progress)
    (killed,) = manager.worker_pids()
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: (pids := manager.worker_pids()) and pids != [killed])
    assert manager.store.get(run.id).state == "running", "another worker goes on with it"
    wait_until(lambda: (manager.store.get(run.id).device or "") == "cpu")
    before = (manager.store.get(run.id).progress or {})["step"]
    wait_until(lambda: (manager.store.get(run.id).progress or {})["step"] > before)
    os.kill(manager.worker_pids()[0], signal.SIGTERM)
    wait_for(manager, run.id, "interrupted")
    state = load_state(manager.store.directory(run.id))
    assert state is not None and state["step"] >= (manager.store.get(run.id).progress or {})["step"]


def test_a_worker_without_a_parent_saves_its_run_and_ends(tmp_path: Path) -> None:
    process = subprocess.Popen([*WORKER_COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    job = {"type": "job", "id": "x", "spec": canonical_json(ENDLESS), "directory": str(tmp_path), "device": "cpu"}
    process.stdin.write(json.dumps({**job, "sources": {}}) + "\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline()) == {"type": "ready"}
    process.send_signal(signal.SIGINT)  # the terminal's Ctrl-C is the parent's matter
    step = 0
    while step < 20:
        message = json.loads(process.stdout.readline())
        step = message["progress"]["step"] if message["type"] == "progress" else 0
    process.stdout.close()  # a killed parent reads no more either
    process.stdin.close()
    assert process.wait(PATIENCE_S) == 0
    state = load_state(tmp_path)
    assert state is not None and state["step"] >= step


def test_a_folder_that_is_not_there_is_one_clear_line(manager: Manager) -> None:
    spec = tiny_pretrain()
    run = manager.submit(replace(spec, data=replace(spec.data, objects="no/such/folder")))
    wait_for(manager, run.id, "failed")
    error = manager.store.get(run.id).error or ""
    assert "no/such/folder" in error and "\n" not in error and "Traceback" not in error


def test_stray_output_goes_to_the_log_and_out_of_memory_is_told(tmp_path: Path) -> None:
    child = Child(tmp_path / "worker.log")
    child.start()
    assert not child.is_ready, "it loads torch first"
    spec = canonical_json(tiny_pretrain())
    function = "tests.runs.works:noisy"
    child.send(type="job", id="x", spec=spec, directory=str(tmp_path), device="cpu", sources={}, function=function)
    messages = [child.receive(PATIENCE_S) or {} for _ in range(4)]
    assert [message["type"] for message in messages] == ["ready", "started", "failed", "exit"]
    assert not child.is_ready, "it is gone"
    assert messages[2]["error"].startswith("out of memory on cpu: choose a smaller batch")
    log = (tmp_path / LOG_FILE).read_text()
    for text in ("printed by a library", "printed by a child", "written to the descriptor", "MemoryError: 4 GB"):
        assert text in log
    child.end()


def test_the_worker_ends_with_its_parent() -> None:
    command = [*WORKER_COMMAND]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    assert json.loads(process.stdout.readline()) == {"type": "ready"}
    process.stdin.close()
    assert process.wait(PATIENCE_S) == 0
    process.stdout.close()


def test_the_worker_and_the_command_line_come_to_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Batches of 64 pictures of 32 px: the sums of a step are long enough to be split among threads.
    spec = tiny_pretrain(epochs=1)
    spec = replace(spec, batch_size=64, data=replace(spec.data, image_size=32))
    for name in ("INVARIANCE_THREADS", "OMP_NUM_THREADS"):  # as where nobody says anything
        monkeypatch.delenv(name, raising=False)
    manager = Manager(Store(tmp_path / "worker"), device="cpu")
    try:
        run = manager.submit(spec)
        wait_for(manager, run.id, "done", "failed")
        of_worker = manager.store.get(run.id).result
    finally:
        manager.close()
        manager.store.close()
    command = [sys.executable, "-c", _RUN_HERE, str(tmp_path / "here"), canonical_json(spec)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert of_worker is not None
    here = json.loads(done.stdout)
    assert here["sha256"] == of_worker["sha256"]
    assert here["threads"] > 1 or len(os.sched_getaffinity(0)) == 1

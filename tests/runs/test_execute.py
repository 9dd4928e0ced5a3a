"""Running in this process, as the command line does, against what other processes may be doing."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from invariance.events import Finished, Progress
from invariance.runs.claim import try_claim, writing
from invariance.runs.execute import run_here
from invariance.runs.interrupt import STOP_SIGNALS
from invariance.runs.locate import task_of
from invariance.runs.outcome import RESULT_FILE
from invariance.runs.run import Run
from invariance.runs.store import Store
from invariance.runs.together import run_together
from invariance.spec import DatasetSpec, PretrainSpec, RunSpec, SpecError, canonical_json
from invariance.training.resume import CURRENT, PREVIOUS, load_state, save_state
from tests.runs.tiny import PATIENCE_S, tiny_pretrain, tiny_transfer, wait_until

_COMMAND_LINE = """
import sys
from invariance.runs.execute import run_here
from invariance.runs.interrupt import Stopped
from invariance.runs.store import Store
from invariance.spec import run_from_json
try:
    print(run_here(run_from_json(sys.argv[2]), Store(sys.argv[1]), "cpu").state)
except Stopped as stopped:
    sys.exit(128 + stopped.signal_number)
"""


def start(store: Store, spec: PretrainSpec) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _COMMAND_LINE, str(store.root), canonical_json(spec)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    run_id = spec.run_id
    wait_until(lambda: (run := store.find(run_id)) is not None and run.progress)
    return process


def test_a_run_is_executed_once_and_then_answered_from_the_store(store: Store) -> None:
    events: list[Progress | Finished] = []
    run = run_here(tiny_pretrain(), store, "cpu", events.append)
    assert run.state == "done" and isinstance(events[0], Progress) and isinstance(events[-1], Finished)
    assert run.result == events[-1].to_dict()
    again: list[Progress | Finished] = []
    assert run_here(tiny_pretrain(), store, "cpu", again.append) == run
    assert again == []
    transfer = run_here(tiny_transfer(run.id), store, "cpu")
    assert transfer.state == "done" and "transfer_accuracy" in transfer.metrics


def test_a_folder_is_known_by_its_pictures_wherever_they_are(store: Store, tmp_path: Path) -> None:
    def asked(folder: Path) -> tuple[Run, int]:
        data = DatasetSpec(objects=str(folder), backgrounds="noise", transforms=("rotate",), num_samples=64)
        events: list[Any] = []
        return run_here(replace(tiny_pretrain(), data=data), store, "cpu", events.append), len(events)

    def draw(folder: Path, colours: dict[str, str]) -> None:
        for name, colour in colours.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            picture = Image.new("RGBA", (16, 16))
            picture.paste(colour, (4, 4, 12, 12))
            picture.save(folder / name / "1.png")

    draw(tmp_path / "here", {"a": "red", "b": "blue"})
    first, num_events = asked(tmp_path / "here")
    assert first.state == "done" and num_events
    moved = (tmp_path / "here").rename(tmp_path / "there")
    again, num_events = asked(moved)
    assert (again.id, num_events) == (first.id, 0)
    assert again.spec.data.objects.startswith(f"{moved}@"), "the store knows where they are now"
    assert task_of([first.id], store).objects == again.spec.data.objects
    draw(moved, {"b": "red"})
    changed, num_events = asked(moved)
    assert changed.id != first.id and num_events
    with pytest.raises(SpecError, match="its pictures have changed since this was asked for"):
        run_here(replace(again.spec, seed=5), store, "cpu")
    shutil.rmtree(moved)
    transfer = run_here(tiny_transfer(first.id), store, "cpu")
    assert transfer.state == "done", "weights are enough to build on"


def test_a_transfer_without_its_source_is_refused_and_leaves_no_trace(store: Store) -> None:
    waiting = store.submit(tiny_pretrain())
    with pytest.raises(SpecError, match="is queued, so it has no weights yet"):
        run_here(tiny_transfer(waiting.id), store, "cpu")
    assert [run.id for run in store.list()] == [waiting.id]


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_to_stop_loses_no_step_and_a_kill_leaves_an_orphan_that_is_taken_over(
    store: Store, number: signal.Signals
) -> None:
    spec = tiny_pretrain(epochs=100_000)
    process = start(store, spec)
    process.send_signal(number)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 128 + number
    run = store.get(spec.run_id)
    assert run.state == "interrupted" and run.progress is not None
    step, state = run.progress["step"], load_state(store.directory(run.id))
    assert state is not None and state["step"] >= step, "what was seen is saved"
    if number != signal.SIGINT:
        return

    process = start(store, spec)
    wait_until(lambda: (store.get(run.id).progress or {"step": 0})["step"] > step)
    process.kill()
    process.communicate()
    assert store.get(run.id).state == "running"
    threading.Timer(1.0, store.request_cancel, (run.id,)).start()
    assert run_here(spec, store, "cpu").state == "cancelled"


def test_what_another_process_executes_is_followed_to_its_end(store: Store) -> None:
    spec = tiny_pretrain(epochs=150)
    process = start(store, spec)
    events: list[Progress | Finished] = []
    run = run_here(spec, store, "cpu", events.append)
    assert run.state == "done" and isinstance(events[-1], Finished)
    assert process.communicate(timeout=PATIENCE_S)[0].strip() == "done"


def test_a_result_on_disk_is_not_made_again(store: Store) -> None:
    run = run_here(tiny_pretrain(), store, "cpu")
    with (
        store._database.write() as connection
    ):  # as if the process had been killed between writing and recording the result
        connection.execute("UPDATE runs SET state = 'running', result = NULL")
    save_state(store.directory(run.id), {})
    weights = store.directory(run.id) / "weights.safetensors"
    before = weights.stat().st_mtime_ns
    assert run_here(tiny_pretrain(), store, "cpu").result == run.result
    assert weights.stat().st_mtime_ns == before
    assert not (store.directory(run.id) / CURRENT).exists(), "there is nothing left to go on with"
    tensors = load_file(weights)
    weights.unlink()
    with store._database.write() as connection:
        connection.execute("UPDATE runs SET state = 'running', result = NULL")
    again = run_here(tiny_pretrain(), store, "cpu")
    assert again.state == "done"
    assert all(torch.equal(tensor, tensors[name]) for name, tensor in load_file(weights).items())
    assert (store.directory(run.id) / RESULT_FILE).is_file()


@pytest.mark.parametrize("kind", ["pretrain", "probe", "together"])
def test_what_was_measured_is_recorded_though_its_recorder_was_killed_first(store: Store, kind: str) -> None:
    specs: list[RunSpec] = [tiny_pretrain(seed=seed) for seed in (0, 1)]

    def ask() -> None:
        if kind == "together":
            run_together(specs, store, "cpu")
        else:
            run_here(specs[-1], store, "cpu")

    if kind == "probe":
        specs.append(tiny_transfer(run_here(specs[0], store, "cpu").id))
    ask()
    run_id = specs[-1].run_id
    before = store.metrics(run_id)
    assert not before.empty
    with store._database.write() as connection:  # as if a server had been killed, whose worker had just finished
        connection.execute("UPDATE runs SET state = 'running', result = NULL WHERE id = ?", (run_id,))
        connection.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))
    ask()
    pd.testing.assert_frame_equal(store.metrics(run_id), before)


@pytest.mark.parametrize("together", [False, True])
def test_a_run_that_is_recorded_as_done_has_no_state_left(
    store: Store, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    # Whoever is killed right after the recording leaves what there is then, and nobody looks there again.
    left: list[set[str]] = []
    transition = Store.transition

    def looking(self: Store, run_id: str, state: str, **details: Any) -> Run:
        run = transition(self, run_id, state, **details)
        if state == "done":
            left.append({path.name for path in self.directory(run_id).iterdir()})
        return run

    monkeypatch.setattr(Store, "transition", looking)
    if together:
        run_together([tiny_pretrain(seed=0), tiny_pretrain(seed=1)], store, "cpu")
    else:
        run_here(tiny_pretrain(), store, "cpu")
    assert left and all(RESULT_FILE in names and not names & {CURRENT, PREVIOUS} for names in left)


def test_a_user_mistake_is_raised_and_recorded(store: Store) -> None:
    with pytest.raises(SpecError, match="device = 'tpu'"):
        run_here(tiny_pretrain(), store, "tpu")
    assert store.list() == []


def test_nobody_writes_while_another_does(tmp_path: Path) -> None:
    with (
        writing(tmp_path),
        pytest.raises(SpecError, match="still written by another process"),
        writing(tmp_path, timeout_s=0.1),
    ):
        pass
    with try_claim(tmp_path) as first, try_claim(tmp_path) as second:
        assert (first, second) == (True, False)
    with try_claim(tmp_path) as third:
        assert third

"""The same killed worker has the same end, whoever executes: app, command line, group of runs, or study."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from invariance.events import Event, Finished, Progress
from invariance.files import write_atomically
from invariance.runs import execute as execute_module
from invariance.runs.claim import try_claim
from invariance.runs.coordinate import Coordinator
from invariance.runs.execute import run_here
from invariance.runs.executors.local import LocalExecutor
from invariance.runs.life import take_up
from invariance.runs.manager import Manager
from invariance.runs.outcome import write_result
from invariance.runs.run import State
from invariance.runs.store import NUM_RETRIES, Store
from invariance.runs.together import run_together
from invariance.spec import PretrainSpec, SpecError
from invariance.studies.study import Study
from invariance.training import together as together_module
from tests.runs.conftest import FAKE_WORKER
from tests.runs.tiny import tiny_pretrain, wait_until
from tests.runs.tiny_study import tiny_study

DEATHS = "deaths"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows has not")


def dying(directory: Path, times: int) -> Iterator[Event]:
    """A run that takes a step, kills its process so many times, and then finishes."""
    yield Progress(step=1, num_steps=3, metrics={"train_loss": 1.0})
    died = directory / DEATHS
    if (number := len(died.read_text()) if died.exists() else 0) < times:
        died.write_text("x" * (number + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    yield Finished(metrics={"test_accuracy": 0.5}, checkpoint=None, sha256=None, seconds=1.0, device="cpu")


def in_the_app(store: Store, spec: PretrainSpec) -> None:
    manager = Manager(store, command=FAKE_WORKER)
    try:
        run_id = manager.submit(spec).id
        wait_until(lambda: not store.get(run_id).is_active)
    finally:
        manager.close()


def in_a_study(store: Store, spec: PretrainSpec) -> None:
    tiny = tiny_study()
    study = Study("mismatch", "quick", (0,), (spec,), tiny.tabulate, tiny.conclude)
    with closing(LocalExecutor(store.root / "worker.log", ["cpu"], command=FAKE_WORKER)) as executor:
        list(Coordinator(study, store, executor).run())


def on_the_command_line(store: Store, spec: PretrainSpec) -> None:
    asked_again(store, spec, lambda: run_here(spec, Store(store.root), "cpu"))


def in_a_group(store: Store, spec: PretrainSpec) -> None:
    asked_again(store, spec, lambda: run_together([spec], Store(store.root), "cpu"))


def asked_again(store: Store, spec: PretrainSpec, ask: Callable[[], object]) -> None:
    """A command is its own worker: who asked asks again when it was killed, until the run has ended."""
    while True:
        process = multiprocessing.get_context("fork").Process(target=ask)
        process.start()
        process.join()
        store.sweep()  # what anybody does who looks
        if store.get(spec.run_id).state != State.INTERRUPTED:
            return


@needs_fork
@pytest.mark.parametrize("execute", [in_the_app, in_a_study, on_the_command_line, in_a_group])
@pytest.mark.parametrize("times", [NUM_RETRIES, NUM_RETRIES + 1])
def test_a_killed_worker_is_tried_again_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch, execute: Callable[[Store, PretrainSpec], None], times: int
) -> None:
    spec = tiny_pretrain(learning_rate=8e-3 if times == NUM_RETRIES else 4e-3)  # see fake_worker.py

    def alone(spec: Any, locate: Any, directory: Path, device: str, cancelled: Any) -> Iterator[Event]:
        return dying(directory, times)

    def of_group(specs: Any, directories: list[Path], **_: Any) -> Iterator[tuple[int, Event]]:
        return ((0, event) for event in dying(directories[0], times))

    monkeypatch.setattr(execute_module, "events_of", alone)
    monkeypatch.setattr(together_module, "pretrain_together", of_group)
    execute(store, spec)
    run = store.get(spec.run_id)
    assert len((store.directory(run.id) / DEATHS).read_text()) == times
    if times == NUM_RETRIES:
        assert (run.state, run.error, run.metrics) == (State.DONE, None, {"test_accuracy": 0.5})
    else:
        assert run.state == State.FAILED and "process" in (run.error or "") and "ended" in (run.error or "")
        assert store.transition(run.id, State.QUEUED).error is None, "it may be asked for again"
    with try_claim(store.directory(run.id)) as claimed:
        assert claimed


def test_losses_count_only_since_a_run_was_asked_for(store: Store) -> None:
    run_id = store.submit(tiny_pretrain()).id
    for _ in range(2):
        store.transition(run_id, State.RUNNING)
        assert [store.lose(run_id, "gone", is_held=True) for _ in range(NUM_RETRIES + 1)] == [True, True, False]
        run = store.get(run_id)
        assert (run.state, run.error) == (State.FAILED, "gone") and run.finished is not None
        store.transition(run_id, State.QUEUED)
    assert not store.lose(run_id, "gone") and store.get(run_id).state == State.QUEUED, "nobody executes it"


def test_what_is_left_is_recorded_and_not_executed(store: Store) -> None:
    run_id = store.submit(tiny_pretrain()).id
    measured = Progress(step=1, num_steps=1, metrics={"train_loss": 1.0}).to_dict()
    result = Finished(metrics={"a": 1.0}, checkpoint=None, sha256=None, seconds=1.0, device="cpu").to_dict()
    write_result(store.directory(run_id), result, [measured])
    assert take_up(store, run_id, "cpu", states=(State.RUNNING,)) is None and store.get(run_id).state == State.QUEUED
    assert take_up(store, run_id, "cpu") is None
    run = store.get(run_id)
    assert (run.state, run.metrics) == (State.DONE, {"a": 1.0}) and len(store.metrics(run_id)) == 1
    assert take_up(store, run_id, "cpu") is None, "it is done"


def test_a_life_that_nobody_ends_leaves_a_run_to_resume(store: Store) -> None:
    run_id = store.submit(tiny_pretrain()).id
    life = take_up(store, run_id, "cpu")
    assert life is not None
    with life:
        assert take_up(store, run_id, "cpu") is None, "it is in our hands"
    assert store.get(run_id).state == State.INTERRUPTED


def test_a_full_disk_fails_the_run_in_one_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, write: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("invariance.training.resume.write_atomically", full)
    with pytest.raises(SpecError, match="the disk is full: delete runs") as refused:
        run_here(tiny_pretrain(), store, "cpu")
    run = store.get(tiny_pretrain().run_id)
    assert (run.state, run.error) == (State.FAILED, str(refused.value))
    monkeypatch.setattr("invariance.training.resume.write_atomically", write_atomically)
    assert run_here(tiny_pretrain(), store, "cpu").state == State.DONE

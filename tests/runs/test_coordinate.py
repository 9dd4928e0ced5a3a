"""Studies executed on this machine, with workers and coordinators that die on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from invariance.runs import coordinate
from invariance.runs.claim import try_claim
from invariance.runs.coordinate import Coordinator, StudyEvent
from invariance.runs.execute import execute
from invariance.runs.executors.executor import Work
from invariance.runs.executors.local import LocalExecutor
from invariance.runs.store import Store
from invariance.runs.study_progress import outcomes_of, progress_of
from invariance.spec import SpecError
from invariance.studies.study import Study
from tests.runs.conftest import FAKE_WORKER
from tests.runs.tiny import tiny_transfer, wait_until
from tests.runs.tiny_study import assert_nothing_doubled, tiny_study
from tests.runs.works import always_killed, killed_once, patient, saving_often, starts

STUDY = tiny_study(epochs=4)


def run_study(
    store: Store, study: Study = STUDY, *, workers: int = 1, function: Work = execute
) -> tuple[list[StudyEvent], Coordinator]:
    with closing(LocalExecutor(store.root / "worker.log", ["cpu"] * workers)) as executor:
        coordinator = Coordinator(study, store, executor, function=function)
        return list(coordinator.run()), coordinator


def test_a_study_is_executed_in_order_with_partial_tables_and_then_answered(
    store: Store, expected: pd.DataFrame
) -> None:
    events, coordinator = run_study(store, workers=2)
    pd.testing.assert_frame_equal(STUDY.tabulate(outcomes_of(STUDY, store)), expected, check_exact=True)
    assert_nothing_doubled(STUDY, store)
    assert coordinator.failures == {}
    sizes = [len(event.table) for event in events if event.table is not None]
    assert sizes[0] == 0 and sizes[-1] == 4 and sizes == sorted(sizes) and len(set(sizes)) > 2
    done = [event.progress.done for event in events]
    assert done == sorted(done) and done[-1] == 7
    shares = [event.progress.share for event in events]
    assert shares[0] < 0.5 and shares[-1] == 1.0
    assert events[-1].progress.eta_seconds == 0
    started = {run.id: run.started for run in store.list()}
    again, _ = run_study(store)
    assert [event.progress.is_done for event in again] == [True]
    assert {run.id: run.started for run in store.list()} == started, "what is done was executed again"


def test_a_study_whose_events_are_dear_has_few(
    store: Store, expected: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coordinate, "EVENT_SHARE", 1e-9)  # as of one with a million runs
    events, _ = run_study(store, workers=2)
    assert [event.progress.done for event in events] == [0, 7], "before anything, and when all is done"
    assert events[-1].table is not None
    pd.testing.assert_frame_equal(events[-1].table, expected, check_exact=True)


def test_a_killed_worker_costs_its_run_nothing_but_time(store: Store, expected: pd.DataFrame) -> None:
    _, coordinator = run_study(store, function=killed_once)
    assert coordinator.failures == {}
    pd.testing.assert_frame_equal(STUDY.tabulate(outcomes_of(STUDY, store)), expected, check_exact=True)
    assert_nothing_doubled(STUDY, store)
    for spec in STUDY.runs[:2]:
        assert starts(spec.run_id) == [1, 8], "it began anew instead of going on"


def test_a_run_that_always_kills_its_worker_is_given_up_alone(store: Store) -> None:
    events, coordinator = run_study(store, function=always_killed)
    bad = STUDY.runs[1].run_id
    assert set(coordinator.failures) == {bad}
    assert "SIGKILL" in coordinator.failures[bad] and store.get(bad).state == "failed"
    table = events[-1].table if events[-1].table is not None else STUDY.tabulate(outcomes_of(STUDY, store))
    assert set(table["source"]) == {STUDY.runs[0].run_id} and len(table) == 2
    progress = events[-1].progress
    assert (progress.done, progress.stopped, progress.waiting) == (3, 1, 3)


def test_stopping_leaves_runs_to_resume(store: Store) -> None:
    with closing(LocalExecutor(store.root / "worker.log", ["cpu"])) as executor:
        coordinator = Coordinator(STUDY, store, executor, function=patient)
        first = STUDY.runs[0].run_id
        events = list(coordinator.run(lambda: bool(store.metrics(first)["step"].max() > 3)))
        assert executor.worker_pids(), "stopping politely must not cost the warm process"
    assert events[-1].progress.done == 0
    assert [run.state for run in store.list()] == ["interrupted"]
    with try_claim(store.directory(first)) as claimed:
        assert claimed


def test_cancelling_one_run_from_elsewhere_lets_the_others_end(store: Store) -> None:
    study = tiny_study(seeds=(0,))
    with closing(LocalExecutor(store.root / "worker.log", ["cpu"])) as executor:
        for event in Coordinator(study, store, executor, function=patient).run():
            if event.progress.running:
                store.request_cancel(study.runs[0].run_id)
    assert [run.state for run in store.list()] == ["cancelled"]


_COORDINATOR = """
import sys
from invariance.runs.coordinate import Coordinator
from invariance.runs.executors.local import LocalExecutor
from invariance.runs.store import Store
from tests.runs.tiny_study import tiny_study
from tests.runs.works import saving_often
store = Store(sys.argv[1])
executor = LocalExecutor(store.root / "worker.log", ["cpu"])
print("", flush=True)
list(Coordinator(tiny_study(epochs=int(sys.argv[2])), store, executor, function=saving_often).run())
"""


def test_a_killed_coordinator_is_taken_over(store: Store, expected: pd.DataFrame) -> None:
    command = [sys.executable, "-c", _COORDINATOR, str(store.root), "4"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    first = STUDY.runs[0].run_id
    wait_until(lambda: (run := store.find(first)) is not None and (run.progress or {"step": 0})["step"] >= 4)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert store.get(first).state == "running"
    with closing(LocalExecutor(store.root / "worker.log", ["cpu"])) as executor:
        for _ in Coordinator(STUDY, store, executor, function=saving_often).run():
            pass
    pd.testing.assert_frame_equal(STUDY.tabulate(outcomes_of(STUDY, store)), expected, check_exact=True)
    assert_nothing_doubled(STUDY, store)
    begun, resumed = starts(first)
    assert begun == 1 < resumed, "it began anew instead of going on"
    # Its worker may have saved a state after steps of which the killed coordinator had not heard.
    assert list(store.metrics(first)["step"].unique()) == list(range(1, 17))


def test_a_coordinator_killed_before_it_heard_the_end_of_a_run_loses_nothing(
    store: Store, expected: pd.DataFrame
) -> None:
    run_study(store)
    before = {spec.run_id: store.metrics(spec.run_id) for spec in STUDY.runs}
    with store._database.write() as connection:
        connection.execute("UPDATE runs SET state = 'running', result = NULL")
        connection.execute("DELETE FROM metrics")
    run_study(store)
    pd.testing.assert_frame_equal(STUDY.tabulate(outcomes_of(STUDY, store)), expected, check_exact=True)
    for run_id, table in before.items():
        pd.testing.assert_frame_equal(store.metrics(run_id), table)


def test_what_another_process_executes_is_waited_for_and_not_doubled(store: Store, expected: pd.DataFrame) -> None:
    process = subprocess.Popen([sys.executable, "-c", _COORDINATOR, str(store.root), "4"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    run_study(store, function=saving_often)
    assert process.wait(60) == 0
    process.stdout.close()
    pd.testing.assert_frame_equal(STUDY.tabulate(outcomes_of(STUDY, store)), expected, check_exact=True)
    assert_nothing_doubled(STUDY, store)


def test_a_source_outside_of_the_study_must_be_here(store: Store) -> None:
    study = Study("mismatch", "quick", (0,), (tiny_transfer("0123456789abcdef"),), STUDY.tabulate, STUDY.conclude)
    with pytest.raises(SpecError, match="no run or gallery model"):
        run_study(store, study)


def test_a_folder_that_runs_would_name_otherwise_is_refused(store: Store) -> None:
    study = tiny_study()
    (first, *_) = study.runs
    elsewhere = replace(first, data=replace(first.data, objects="photos"))
    with pytest.raises(SpecError, match=r"^objects = photos: a study names folders by their full path and contents"):
        run_study(store, replace(study, runs=(elsewhere,)))


def test_progress_is_scaled_by_what_runs_really_took(store: Store) -> None:
    first, second = STUDY.runs[:2]
    before = progress_of(STUDY, store, device="cpu")
    assert (before.total, before.done, before.waiting, before.share) == (7, 0, 7, 0.0)
    store.submit(first)
    store.transition(first.run_id, "running")
    store.transition(first.run_id, "done", result={"metrics": {}, "seconds": 1000.0, "device": "cpu"})
    slow = progress_of(STUDY, store, device="cpu")
    assert slow.worked_seconds == 1000.0 and 5000 < slow.eta_seconds < 7000
    assert progress_of(STUDY, store, num_slots=2, device="cpu").eta_seconds == pytest.approx(slow.eta_seconds / 2)
    store.submit(second)
    store.transition(second.run_id, "running")
    progress = {"step": 8, "num_steps": 16, "seconds": 1.0, "metrics": {}, "eta_seconds": 9e5, "images_per_second": 1.0}
    store.record(second.run_id, progress)
    assert progress_of(STUDY, store, num_slots=6, device="cpu").eta_seconds == 9e5, "the slowest run is not shared out"
    assert progress_of(STUDY, store, device="cpu").share - slow.share == pytest.approx(0.5 / 7, rel=0.1)


@pytest.fixture
def fake_executor(tmp_path: Path) -> Iterator[LocalExecutor]:
    executor = LocalExecutor(tmp_path / "worker.log", ["cpu"] * 2, command=FAKE_WORKER, grace_s=0.3)
    yield executor
    executor.close()


def test_an_interrupted_consumer_leaves_nothing_running(store: Store, fake_executor: LocalExecutor) -> None:
    study = tiny_study()
    deaf = [spec for spec in study.runs if spec.kind == "pretrain"]
    for event in Coordinator(study, store, fake_executor).run():
        if event.progress.running:
            pids = fake_executor.worker_pids()
            break
    wait_until(lambda: not fake_executor.worker_pids())
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert {store.get(spec.run_id).state for spec in deaf} <= {"interrupted", "done"}

"""The manager with a worker that pretends (see fake_worker.py for what each learning rate makes it do)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from invariance.runs import manager as manager_module
from invariance.runs.claim import try_claim
from invariance.runs.device import ServerDevices
from invariance.runs.manager import POLL_S, Manager
from invariance.runs.store import NUM_RETRIES, Store
from invariance.spec import PretrainSpec, SpecError, canonical_json
from tests.runs.conftest import FAKE_WORKER
from tests.runs.tiny import tiny_pretrain, tiny_transfer, wait_until


def behaving(number: int, seed: int = 0) -> PretrainSpec:
    return tiny_pretrain(learning_rate=number / 1000, seed=seed)


def state_of(manager: Manager, run_id: str) -> str:
    return manager.store.get(run_id).state


def wait_for(manager: Manager, run_id: str, state: str) -> None:
    wait_until(lambda: not manager.store.get(run_id).is_active or state_of(manager, run_id) == state)
    assert state_of(manager, run_id) == state, manager.store.get(run_id)


def test_a_run_is_executed_and_recorded(manager: Manager) -> None:
    run = manager.submit(behaving(1), owner="ada")
    wait_for(manager, run.id, "done")
    run = manager.store.get(run.id)
    assert run.metrics == {"test_accuracy": 0.5}
    assert (run.device, run.owner, run.error) == ("fake cpu", "ada", None)
    assert run.progress is not None and run.progress["step"] == 3
    assert list(manager.store.metrics(run.id)["value"]) == pytest.approx([1, 1 / 2, 1 / 3])
    assert run.started is not None and run.finished is not None and run.created <= run.started <= run.finished


def test_submit_is_idempotent_fast_and_takes_json(manager: Manager) -> None:
    first = manager.submit(canonical_json(behaving(2)))
    wait_for(manager, first.id, "running")
    wait_until(lambda: manager.store.get(first.id).progress)
    took = []
    for _ in range(10):
        began = time.perf_counter()
        assert manager.submit(behaving(2)).id == first.id
        took.append(time.perf_counter() - began)
    assert min(took) < 0.02, "the others share the machine with whatever else it does"
    assert len(manager.store.list()) == 1


def test_one_run_at_a_time_in_the_order_of_asking(manager: Manager) -> None:
    runs = [manager.submit(behaving(2))] + [manager.submit(behaving(1, seed)) for seed in range(3)]
    wait_for(manager, runs[0].id, "running")
    assert [manager.position(run.id) for run in runs] == [0, 1, 2, 3]
    manager.cancel(runs[0].id)
    wait_for(manager, runs[3].id, "done")
    started = [manager.store.get(run.id).started or 0 for run in runs]
    assert started == sorted(started)


def test_two_workers_execute_two_runs_at_once(store: Store) -> None:
    manager = Manager(store, num_workers=2, command=FAKE_WORKER)
    runs = [manager.submit(behaving(2, seed)) for seed in range(2)]
    for run in runs:
        wait_for(manager, run.id, "running")
    assert len(manager.worker_pids()) == 2
    manager.close()


def test_each_gpu_of_a_server_executes_one_run(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus = ("cuda:0", "cuda:1", "cuda:2")
    monkeypatch.setattr(manager_module, "server_devices", lambda name: ServerDevices(gpus, "3 x T4"))
    manager = Manager(store, command=FAKE_WORKER)
    runs = [manager.submit(behaving(2, seed)) for seed in range(4)]
    for run in runs[:3]:
        wait_for(manager, run.id, "running")
        wait_until(lambda run=run: store.get(run.id).progress)
    assert sorted(store.get(run.id).device or "" for run in runs[:3]) == [f"fake {gpu}" for gpu in gpus]
    assert state_of(manager, runs[3].id) == "queued" and len(manager.worker_pids()) == 3
    manager.close()


@pytest.mark.parametrize(("device", "is_ended"), [("cuda:0", True), ("cpu", False)])
def test_an_idle_worker_gives_the_memory_of_a_gpu_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, device: str, is_ended: bool
) -> None:
    monkeypatch.setattr(manager_module, "server_devices", lambda name: ServerDevices((device,)))
    manager = Manager(store, command=FAKE_WORKER, idle_s=0.0)
    wait_until(lambda: manager.worker_pids())
    (first,) = manager.worker_pids()
    for seed in range(2):
        run = manager.submit(behaving(1, seed))
        wait_for(manager, run.id, "done")
    if is_ended:
        wait_until(lambda: not manager.worker_pids())
        time.sleep(2 * POLL_S)
    assert manager.worker_pids() == ([] if is_ended else [first]), "it is started again for a job alone"
    run = manager.submit(behaving(1, 2))
    wait_for(manager, run.id, "done")
    manager.close()


@pytest.mark.parametrize("number", [2, 3], ids=["obedient", "deaf"])
def test_cancel_stops_a_running_run_and_the_next_one_runs(manager: Manager, number: int) -> None:
    run = manager.submit(behaving(number))
    waiting = manager.submit(behaving(1))
    wait_until(lambda: manager.store.get(run.id).progress)
    manager.cancel(run.id)
    wait_for(manager, run.id, "cancelled")
    wait_for(manager, waiting.id, "done")


def test_cancel_of_a_waiting_run_is_at_once_and_of_a_done_one_nothing(manager: Manager) -> None:
    done = manager.submit(behaving(1))
    wait_for(manager, done.id, "done")
    manager.submit(behaving(2))
    waiting = manager.submit(behaving(1, seed=1))
    assert manager.cancel(waiting.id).state == "cancelled"
    assert manager.cancel(done.id).state == "done"


def test_a_killed_worker_is_replaced_and_its_run_fails_alone_in_the_end(manager: Manager) -> None:
    run, waiting = manager.submit(behaving(2)), manager.submit(behaving(1))
    wait_until(lambda: manager.store.get(run.id).progress)
    killed: set[int] = set()
    while len(killed) <= NUM_RETRIES:
        wait_until(lambda: set(manager.worker_pids()) - killed)
        (pid,) = set(manager.worker_pids()) - killed
        assert state_of(manager, run.id) == "running", "nobody who looks sees it stop"
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
    wait_for(manager, run.id, "failed")
    assert "SIGKILL" in (manager.store.get(run.id).error or "")
    wait_for(manager, waiting.id, "done")
    assert not killed & set(manager.worker_pids())
    assert manager.resume(run.id).state == "queued"
    wait_for(manager, run.id, "running")
    assert manager.store.get(run.id).error is None


def test_a_crash_says_what_was_last_said(manager: Manager) -> None:
    run = manager.submit(behaving(4))
    wait_for(manager, run.id, "failed")
    assert (manager.store.get(run.id).error or "").endswith(": last words")


@pytest.mark.parametrize(("number", "error"), [(5, "it cannot be done"), (7, "broken")])
def test_a_failure_is_reported_in_its_own_words(manager: Manager, number: int, error: str) -> None:
    run, after = manager.submit(behaving(number)), manager.submit(behaving(1))
    wait_for(manager, run.id, "failed")
    assert manager.store.get(run.id).error == error
    wait_for(manager, after.id, "done")


def test_a_result_on_disk_is_never_lost(manager: Manager) -> None:
    run = manager.submit(behaving(6))
    wait_for(manager, run.id, "done")
    assert manager.store.get(run.id).metrics == {"test_accuracy": 0.5}


def test_a_transfer_waits_for_its_source_and_is_given_its_weights(manager: Manager) -> None:
    source = manager.submit(behaving(1))
    transfer = manager.submit(tiny_transfer(source.id))
    wait_for(manager, transfer.id, "done")
    assert (manager.store.get(source.id).finished or 0) <= (manager.store.get(transfer.id).started or 0)
    result = manager.store.get(transfer.id).result or {}
    assert result["sources"] == {source.id: str(manager.store.directory(source.id) / "weights.safetensors")}


def test_a_waiting_transfer_lets_others_pass(manager: Manager) -> None:
    slow = behaving(1, seed=9).run_id
    with try_claim(manager.store.directory(slow)):  # its source is executed elsewhere
        manager.store.submit(behaving(1, seed=9))
        manager.store.transition(slow, "running")
        transfer = manager.submit(tiny_transfer(slow))
        other = manager.submit(behaving(1))
        wait_for(manager, other.id, "done")
        assert state_of(manager, transfer.id) == "queued"
        manager.store.transition(slow, "done", result={"checkpoint": "weights.safetensors", "metrics": {}})
    (manager.store.directory(slow) / "weights.safetensors").touch()
    wait_for(manager, transfer.id, "done")


def test_a_transfer_fails_with_its_source_and_resumes_it(manager: Manager) -> None:
    source = manager.submit(behaving(5))
    transfer = manager.submit(tiny_transfer(source.id))
    wait_for(manager, transfer.id, "failed")
    assert f"its source {source.id} is failed (it cannot be done)" in (manager.store.get(transfer.id).error or "")
    manager.resume(transfer.id)
    wait_for(manager, transfer.id, "failed")
    assert (manager.store.get(source.id).started or 0) > (manager.store.get(source.id).created + 0.05)


def test_an_unknown_source_is_refused(manager: Manager) -> None:
    with pytest.raises(SpecError, match="source 'nowhere' is not known here"):
        manager.submit_all([behaving(1), tiny_transfer("nowhere")])
    assert manager.store.list() == [], "all are asked for, or none"
    with pytest.raises(SpecError, match="source 'nowhere' is not known here"):
        manager.submit(tiny_transfer("nowhere"))
    assert manager.store.list() == []


def test_close_interrupts_and_the_next_manager_resumes(store: Store) -> None:
    manager = Manager(store, num_workers=1, command=FAKE_WORKER, grace_s=0.5)
    run, waiting = manager.submit(behaving(2)), manager.submit(behaving(1))
    wait_until(lambda: store.get(run.id).progress)
    (pid,) = manager.worker_pids()
    manager.close()
    assert [store.get(run_id).state for run_id in (run.id, waiting.id)] == ["interrupted", "queued"]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    manager = Manager(store, num_workers=1, command=FAKE_WORKER, grace_s=0.5)
    wait_for(manager, waiting.id, "done")
    manager.resume(run.id)
    wait_for(manager, run.id, "running")
    manager.close()


def test_two_managers_cannot_share_a_store(manager: Manager) -> None:
    with pytest.raises(SpecError, match="are managed by another server"):
        Manager(Store(manager.store.root), command=FAKE_WORKER)


_SERVER = """
import sys, time
from invariance.runs.manager import Manager
manager = Manager(sys.argv[1], command=sys.argv[3:])
manager.submit(sys.argv[2])
while True:
    print(*manager.worker_pids(), flush=True)
    time.sleep(0.1)
"""


def test_a_killed_server_leaves_an_interrupted_run_and_no_worker(store: Store) -> None:
    command = [sys.executable, "-c", _SERVER, str(store.root), canonical_json(behaving(2)), *FAKE_WORKER]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    run_id = behaving(2).run_id
    wait_until(lambda: store.find(run_id) is not None and store.get(run_id).progress)
    pid = int(server.stdout.readlines(1)[-1].split()[0])
    server.kill()
    server.communicate()
    wait_until(lambda: not _lives(pid), 5)
    manager = Manager(store, command=FAKE_WORKER)
    assert state_of(manager, run_id) == "interrupted"
    manager.resume(run_id)
    wait_for(manager, run_id, "running")
    manager.close()


def test_many_threads_submit_and_cancel_without_losing_anything(manager: Manager) -> None:
    def ask(first_seed: int) -> None:
        for seed in range(first_seed, first_seed + 3):
            run = manager.submit(behaving(1, seed))
            if seed % 3 == 0:
                manager.cancel(run.id)
        manager.store.close()

    threads = [threading.Thread(target=ask, args=(2 * number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: not manager.store.list(states=("queued", "running")))
    runs = manager.store.list()
    assert len(runs) == 7 and {run.state for run in runs} <= {"done", "cancelled"}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as status:  # a killed child of a killed parent may wait to be reaped
        return status.read().split(")")[1].split()[0] != "Z"


def test_what_a_server_s_end_interrupted_goes_on_first_twice(store: Store) -> None:
    manager = Manager(store, num_workers=1, command=FAKE_WORKER, grace_s=0.5)
    first, *others = (manager.submit(behaving(2, seed), owner=owner) for seed, owner in enumerate("abc"))
    anonymous = manager.submit(behaving(2, 9))  # of a script, which goes on when it is told to
    wait_for(manager, first.id, "running")
    manager.close()
    assert store.get(first.id).state == "queued" and store.going_on() == {first.id}
    manager = Manager(store, num_workers=1, command=FAKE_WORKER, grace_s=0.5)
    wait_for(manager, first.id, "running")
    for run in (*others, anonymous):
        assert state_of(manager, run.id) == "queued"
    manager.close()
    with try_claim(store.directory(first.id)) as claimed:  # a server that was killed leaves it running
        assert claimed
        store.transition(first.id, "running", device="cpu")
    manager = Manager(store, num_workers=1, command=FAKE_WORKER, grace_s=0.5)
    wait_for(manager, first.id, "running")
    wait_until(lambda: manager.store.get(first.id).progress)
    manager.cancel(first.id)
    wait_for(manager, others[0].id, "running")
    assert not store.going_on()
    manager.close()


def test_a_store_that_cannot_be_written_is_said_once_and_the_queue_moves_again(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = "'store.sqlite' cannot grow, the disk is full"

    def refuse(*_: object, **__: object) -> None:
        raise SpecError(full)

    monkeypatch.setattr(Store, "transition", refuse)
    run = manager.submit(behaving(1))
    wait_until(lambda: manager.trouble)
    time.sleep(3 * POLL_S)
    assert manager.trouble == full and sum("runs stand still" in line for line in caplog.messages) == 1
    monkeypatch.undo()
    wait_for(manager, run.id, "done")
    wait_until(lambda: not manager.trouble)


def test_what_several_ask_for_at_once_is_not_divided_between_them(manager: Manager) -> None:
    specs = [behaving(2, seed) for seed in range(12)]
    asking = [threading.Thread(target=manager.submit_all, args=(specs, owner)) for owner in "abcd"]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    runs = manager.store.list()
    assert len(runs) == 12 and len({run.owner for run in runs}) == 1
    assert {run.owners for run in runs} == {("a", "b", "c", "d")}

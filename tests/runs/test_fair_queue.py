"""Whose turn it is, how long one waits, and who is refused."""

from __future__ import annotations

import shutil
from collections import namedtuple
from dataclasses import replace

import pytest

from invariance.runs import store as store_module
from invariance.runs.estimate import checkpoint_bytes, estimate_seconds
from invariance.runs.fair_queue import in_turn, place, require_disk, startable
from invariance.runs.manager import Manager
from invariance.runs.run import Run
from invariance.runs.slots import Slot
from invariance.runs.store import Store
from invariance.spec import MeasureSpec, SpecError
from tests.runs.conftest import FAKE_WORKER
from tests.runs.test_manager import behaving, wait_for
from tests.runs.tiny import tiny_pretrain, tiny_transfer, wait_until


def asked(store: Store, owners: str) -> list[Run]:
    """One waiting run for each letter, in this order."""
    return [store.submit(tiny_pretrain(seed=seed), owner) for seed, owner in enumerate(owners)]


def test_turns_go_round_and_keep_the_order_of_each_owner(store: Store) -> None:
    runs = asked(store, "aaabbc")
    assert [runs.index(run) for run in in_turn(runs, {})] == [0, 3, 5, 1, 4, 2]
    assert [run.owner for run in in_turn(runs, {"a": 30.0, "b": 20.0, "c": 10.0})] == ["c", "b", "a", "b", "a", "a"]
    assert [run.owner for run in in_turn(runs, {"a": 1.0}, {"b"})] == ["c", "a", "b", "a", "b", "a"]
    assert in_turn([], {}) == []


def test_an_owner_with_a_run_under_way_comes_after_all_who_have_none(store: Store) -> None:
    runs = asked(store, "aaabb")
    store.transition(runs[0].id, "running")
    assert [runs.index(run) for run in startable(store)] == [3, 4, 1, 2], "and is not left out"
    store.transition(runs[3].id, "running")
    assert [runs.index(run) for run in startable(store)] == [1, 4, 2], "both have one: in turn again"
    nameless = store.submit(tiny_pretrain(seed=10))
    store.transition(nameless.id, "running")
    waiting = store.submit(tiny_pretrain(seed=11))
    assert startable(store)[0].id == waiting.id, "who gives no name is never one who has a run"


def test_the_place_counts_turns_and_the_wait_what_runs_before(store: Store) -> None:
    runs = asked(store, "aab")
    store.transition(runs[0].id, "running", device="cpu")
    store.record(runs[0].id, {"step": 1, "num_steps": 2, "metrics": {}, "seconds": 1.0, "eta_seconds": 40.0})
    assert place(store, runs[0].id) == (0, 0.0)
    assert place(store, runs[2].id) == (1, 40.0), "b was not served yet, so it comes before the second of a"
    number, seconds = place(store, runs[1].id)
    assert number == 2 and seconds == pytest.approx(40.0 + estimate_seconds(runs[2].spec))


def test_a_second_worker_shortens_the_wait_for_small_networks_alone(store: Store) -> None:
    slots = (Slot("cpu"), Slot("cpu", is_second=True))
    large, under_way, first, second = (
        store.submit(tiny_pretrain(seed=seed, model=model), owner)
        for seed, (model, owner) in enumerate([("resnet18", "a"), ("small", "b"), ("small", "c"), ("resnet18", "d")])
    )
    for run, seconds in ((under_way, 10.0), (large, 300.0)):
        store.transition(run.id, "running", device="cpu")
        store.record(run.id, {"step": 1, "num_steps": 2, "metrics": {}, "seconds": 1.0, "eta_seconds": seconds})
    assert place(store, first.id, slots) == (1, 10.0), "behind the small one that is under way"
    assert place(store, second.id, slots) == (2, 300.0), "behind the large one"
    probe = store.submit(tiny_transfer(large.id), "e")
    number, seconds = place(store, probe.id, slots)
    of_second = estimate_seconds(second.spec, model="resnet18")
    assert number == 3 and seconds == pytest.approx(300.0 + of_second), "its source is large"
    number, seconds = place(store, store.submit(tiny_transfer(under_way.id), "f").id, slots)
    assert number == 4 and seconds == pytest.approx(10.0 + estimate_seconds(first.spec))


def test_the_wait_that_is_told_follows_what_runs_took_here(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (store.submit(tiny_pretrain(seed=seed), "a") for seed in (8, 9))
    estimated = estimate_seconds(first.spec)
    assert place(store, second.id) == (2, pytest.approx(estimated))
    now = 1000.0
    monkeypatch.setattr(store_module.time, "time", lambda: now)
    for seed, slower in enumerate((3.0, 4.0, 50.0)):  # one of them waited for something
        run = store.submit(tiny_pretrain(seed=seed), "b")
        store.transition(run.id, "running", device="cpu")
        now += slower * estimated
        store.transition(run.id, "done", result={"device": "cpu"})
    assert place(store, second.id) == (2, pytest.approx(4 * estimated))


def test_too_many_waiting_are_refused_as_a_whole(store: Store) -> None:
    manager = Manager(store, num_workers=1, command=FAKE_WORKER)
    first = manager.submit(behaving(2), owner="a")
    wait_for(manager, first.id, "running")
    manager.submit_all([behaving(1, seed) for seed in (1, 2)], owner="a")
    with pytest.raises(SpecError, match="2 of your runs are waiting and this would add 2, but 3 is the most"):
        manager.submit_all([behaving(1, seed) for seed in (3, 4)], owner="a", max_queued=3)
    assert len(store.list()) == 3
    manager.submit_all(
        [behaving(1, seed) for seed in (1, 2)], owner="a", max_queued=3
    )  # asked for already: adds nothing
    manager.submit_all([behaving(1, seed) for seed in (5, 6)], owner="b")
    manager.cancel(first.id)
    wait_until(lambda: not store.list(states=("queued", "running")))
    manager.close()
    started = sorted((run for run in store.list(states=("done",))), key=lambda run: run.started or 0.0)
    assert [run.owner for run in started] == ["b", "a", "b", "a"]


def test_a_full_disk_fails_a_run_before_it_starts(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9, 10**7))
    run = manager.submit(behaving(1))
    wait_for(manager, run.id, "failed")
    error = manager.store.get(run.id).error or ""
    assert "the disk is full: 10 MB are free" in error and "then resume it" in error
    monkeypatch.undo()
    manager.resume(run.id)
    wait_for(manager, run.id, "done")


def test_the_disk_a_run_needs_is_that_of_two_checkpoints(store: Store) -> None:
    resnet = replace(tiny_pretrain(), model="resnet18")
    assert checkpoint_bytes(resnet) == pytest.approx(2 * 3 * 44.8e6 + 44.8e6, rel=0.01)
    assert checkpoint_bytes(tiny_transfer("matched")) >= checkpoint_bytes(resnet), "its source may be large"
    assert checkpoint_bytes(MeasureSpec(sources=("matched",))) == 0
    require_disk(tiny_pretrain(), store.root)

"""The workers of a server: two for the small networks of a CPU, and what the second one takes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from invariance.runs import slots as slots_module
from invariance.runs.gallery import entries
from invariance.runs.manager import POLL_S, Manager
from invariance.runs.slots import Slot, num_at_once, slots_of
from invariance.runs.store import Store
from invariance.spec import FactorSpec, MeasureSpec, RunSpec
from invariance.vocabulary.architectures import ARCHITECTURES
from tests.runs.conftest import FAKE_WORKER
from tests.runs.test_manager import behaving, wait_for
from tests.runs.tiny import tiny_pretrain, tiny_transfer, wait_until

FIRST, SECOND = Slot("cpu"), Slot("cpu", is_second=True)


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots_module, "num_cores", lambda: 2)


@pytest.fixture
def pair(store: Store) -> Iterator[Manager]:
    """A manager as a server has it, with fake workers."""
    manager = Manager(store, "cpu", command=FAKE_WORKER, grace_s=0.5, idle_s=POLL_S)
    yield manager
    manager.close()


def test_a_cpu_has_a_second_worker_unless_their_number_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slots_of(("cpu",)) == (FIRST, SECOND)
    assert slots_of(("cpu",), 1) == (FIRST,) and slots_of(("cpu",), 2) == (FIRST, FIRST)
    assert slots_of(("cuda:0",)) == (Slot("cuda:0"),)
    assert slots_of(("cuda:0", "cuda:1")) == (Slot("cuda:0"), Slot("cuda:1"))
    assert [slot.is_kept for slot in (FIRST, SECOND, Slot("cuda:0"))] == [True, False, False]
    monkeypatch.setattr(slots_module, "num_cores", lambda: 1)
    assert slots_of(("cpu",)) == (FIRST,)


def test_the_second_takes_what_computes_with_small_networks_alone(store: Store) -> None:
    data = replace(tiny_pretrain().data, image_size=32)
    for name, architecture in ARCHITECTURES.items():
        assert SECOND.takes(tiny_pretrain(model=name, data=data), store) == architecture.is_small
    small = store.submit(tiny_pretrain()).id
    large = store.submit(tiny_pretrain(model="resnet18")).id
    probes = {source: store.submit(tiny_transfer(source)).id for source in (small, large)}
    shipped = next(entry for entry in entries() if entry.spec.kind == "transfer")
    published = "torchvision:resnet18"
    for source, is_taken in {
        small: True,
        probes[small]: True,
        shipped.run_id: True,
        large: False,
        probes[large]: False,
        published: False,
        "0123456789abcdef": False,  # nothing is known of it
    }.items():
        assert SECOND.takes(tiny_transfer(source), store) == is_taken, source
        for sources in ((source,), (small, source)):
            assert SECOND.takes(MeasureSpec(sources=sources, transforms=("hue",)), store) == is_taken
            assert SECOND.takes(FactorSpec(sources=sources), store) == is_taken
        assert FIRST.takes(tiny_transfer(source), store)


def test_a_study_has_both_workers_if_all_its_networks_are_small() -> None:
    small, large = tiny_pretrain(), tiny_pretrain(model="resnet18")
    runs: list[RunSpec] = [small, tiny_transfer(small.run_id)]
    assert num_at_once(runs, (FIRST, SECOND)) == 2 and num_at_once(runs, (FIRST,)) == 1
    assert num_at_once([*runs, large], (FIRST, SECOND)) == 1
    assert num_at_once([*runs, large], (Slot("cuda:0"), Slot("cuda:1"))) == 2


def test_two_small_runs_of_one_owner_run_at_once_and_an_idle_server_has_one_worker(pair: Manager) -> None:
    wait_until(pair.worker_pids)
    time.sleep(2 * POLL_S)
    (first,) = pair.worker_pids()
    alone = pair.submit(behaving(2), owner="ada")
    wait_for(pair, alone.id, "running")
    time.sleep(2 * POLL_S)
    assert pair.worker_pids() == [first], "no second one while nothing waits"
    other = pair.submit(behaving(2, seed=1), owner="ada")
    wait_for(pair, other.id, "running")
    wait_until(lambda: all(pair.store.get(run.id).progress for run in (alone, other)))
    assert len(pair.worker_pids()) == 2 and pair.worker_pids()[0] == first
    third = pair.submit(behaving(1, seed=2), owner="ada")
    time.sleep(2 * POLL_S)
    assert pair.store.get(third.id).state == "queued"
    pair.cancel(alone.id)
    wait_for(pair, third.id, "done")
    assert pair.store.get(other.id).state == "running"
    pair.cancel(other.id)
    wait_until(lambda: pair.worker_pids() == [first])
    wait_for(pair, pair.submit(behaving(1, seed=3)).id, "done")
    assert pair.worker_pids() == [first], "it is started again for what the first has no hand for"


def test_a_large_network_waits_for_the_first_worker(pair: Manager) -> None:
    busy = pair.submit(behaving(2), owner="ada")
    wait_for(pair, busy.id, "running")
    large = pair.submit(tiny_pretrain(model="resnet18"), owner="ada")
    small = pair.submit(behaving(1), owner="ada")
    wait_for(pair, small.id, "done")
    assert pair.store.get(large.id).state == "queued", "though it was asked for before the small one"
    pair.cancel(busy.id)
    wait_for(pair, large.id, "done")


def test_another_owner_comes_before_the_second_run_of_the_first(pair: Manager) -> None:
    first = pair.submit(behaving(2), owner="ada")
    wait_for(pair, first.id, "running")
    mine = pair.submit(behaving(2, seed=1), owner="ada")
    wait_for(pair, mine.id, "running")
    again = pair.submit(behaving(2, seed=2), owner="ada")
    theirs = pair.submit(behaving(2, seed=3), owner="bob")
    pair.cancel(mine.id)
    wait_for(pair, theirs.id, "running")
    assert pair.store.get(again.id).state == "queued" and pair.store.get(first.id).state == "running"


def test_a_probe_begins_as_soon_as_its_source_is_there(pair: Manager) -> None:
    """The pair of a what-if: both pretrainings side by side, then the probe of whichever is done first."""
    specs = [behaving(2), behaving(1, seed=1)]
    asked = [spec for each in specs for spec in (each, tiny_transfer(each.run_id))]
    runs = pair.submit_all(asked, owner="ada")
    wait_for(pair, runs[3].id, "done")
    states = [pair.store.get(run.id).state for run in runs]
    assert states == ["running", "queued", "done", "done"]


def test_the_second_is_ready_before_somebody_asks_who_is_expected_to(pair: Manager, store: Store) -> None:
    wait_until(lambda: len(pair.worker_pids()) == 1)
    pair.expect()
    wait_until(lambda: len(pair.worker_pids()) == 2)
    wait_until(lambda: len(pair.worker_pids()) == 1)
    assert store.list() == [], "and goes if nobody does"

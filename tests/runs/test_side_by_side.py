"""A handful of runs in one process: the bits of each alone, sources first, and a good end whatever happens."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from invariance.events import Diverged, Event
from invariance.runs import side_by_side, together
from invariance.runs.execute import run_here
from invariance.runs.interrupt import Stopped
from invariance.runs.run import Run
from invariance.runs.side_by_side import run_side_by_side
from invariance.runs.store import Store
from invariance.spec import PretrainSpec, RunSpec, TransferSpec
from invariance.training import loop
from invariance.vocabulary.architectures import ARCHITECTURES
from tests.runs.tiny import tiny_pretrain


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_by_side, "num_threads", lambda: 2)


def with_probes(pretrainings: list[PretrainSpec]) -> list[RunSpec]:
    """Each after its probe, so that the order asked for is not the one that works."""
    return [
        spec
        for one in pretrainings
        for spec in (TransferSpec(source=one.run_id, data=replace(one.data, seed=9, num_samples=24)), one)
    ]


def runs_of(seeds: int, **changes: Any) -> list[RunSpec]:
    return with_probes([tiny_pretrain(seed=seed, **changes) for seed in range(seeds)])


@pytest.mark.usefixtures("two")
def test_each_has_the_bits_of_its_run_alone(tmp_path: Path) -> None:
    specs, told = runs_of(3), list[tuple[int, int]]()
    before = torch.get_num_threads()
    beside, alone = Store(tmp_path / "beside"), Store(tmp_path / "alone")
    runs = run_side_by_side(specs, beside, "cpu", lambda done, num: told.append((done, num)))
    assert torch.get_num_threads() == before and told == [(done, 6) for done in range(1, 7)]
    assert {run.state for run in runs.values()} == {"done"} and runs.keys() == {spec.run_id for spec in specs}
    for spec in sorted(specs, key=lambda spec: spec.kind):
        assert run_here(spec, alone, "cpu").metrics == runs[spec.run_id].metrics
    assert run_side_by_side(specs, beside, "cpu") == runs, "what is done is answered from the store"


@pytest.mark.usefixtures("two")
def test_runs_are_found_by_what_was_asked_for_however_the_store_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a folder, which the store names by what is in it."""
    store, [spec] = Store(tmp_path), [tiny_pretrain()]
    other = replace(store.submit(tiny_pretrain(seed=7)), state="done")
    monkeypatch.setattr(side_by_side, "run_here", lambda *_, **options: other)
    assert run_side_by_side([spec], store, "cpu") == {spec.run_id: other}


class Watch:
    """Which runs begin, and how many are under way at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = 0
        self.begun: list[RunSpec] = []
        self._lock = threading.Lock()
        monkeypatch.setattr(side_by_side, "run_here", self.run)

    def run(self, spec: RunSpec, store: Store, device: str, **options: Any) -> Run:
        with self._lock:
            self.begun.append(spec)
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.05)
        with self._lock:
            self.now -= 1
        return replace(store.submit(spec), state="done")


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("device", "stacks"), [("cpu", False), ("cuda", False), ("cuda", True)])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_how_many_at_once_is_a_matter_of_bits_or_of_a_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, device: str, stacks: bool
) -> None:
    stacked: list[int] = []
    monkeypatch.setattr(together, "STACKS_UNASKED", stacks)
    monkeypatch.setattr(side_by_side, "choose_device", lambda device: device)
    monkeypatch.setattr(side_by_side, "run_together", lambda specs, *_: stacked.append(len(specs)))
    watch = Watch(monkeypatch)
    run_side_by_side(runs_of(3, model=name, data=replace(tiny_pretrain().data, image_size=32)), Store(tmp_path), device)
    assert watch.most == (2 if device == "cpu" and ARCHITECTURES[name].is_small else 1)
    assert stacked == ([3] if stacks and ARCHITECTURES[name].stackable else [])


@pytest.mark.usefixtures("two")
def test_a_thread_waits_for_no_network_while_another_has_probes_to_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    first, second, third = (tiny_pretrain(seed=seed) for seed in range(3))
    probes = [replace(spec, seed=seed) for seed in range(2) for spec in runs_of(3) if isinstance(spec, TransferSpec)]
    run_side_by_side([first, second, third, *probes], Store(tmp_path), "cpu")  # by task, as a question has them
    sources = [spec.source for spec in watch.begun if isinstance(spec, TransferSpec)]
    assert set(sources[:4]) == {first.run_id, second.run_id} and sources[4:] == [third.run_id] * 2


@pytest.mark.usefixtures("two")
def test_a_run_that_fails_ends_the_others_which_go_on_when_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = loop.pretrain

    def diverging(spec: PretrainSpec, *rest: Any, **options: Any) -> Iterator[Event]:
        for event in original(spec, *rest, **options):
            yield event
            if spec.seed == 1:
                raise Diverged("loss is nan")

    monkeypatch.setattr(loop, "pretrain", diverging)
    store = Store(tmp_path)
    good, bad = tiny_pretrain(seed=0, epochs=60), tiny_pretrain(seed=1)
    with pytest.raises(Diverged, match="loss is nan"):
        run_side_by_side(with_probes([good, bad]), store, "cpu")
    assert (store.get(bad.run_id).state, store.get(bad.run_id).error) == ("failed", "loss is nan")
    assert store.get(good.run_id).state == "interrupted" and len(store.list()) == 2, "nothing else has begun"
    assert run_side_by_side([good], store, "cpu")[good.run_id].state == "done"


@pytest.mark.usefixtures("two")
def test_a_run_that_another_process_gave_up_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, specs = Store(tmp_path), runs_of(2)
    monkeypatch.setattr(
        side_by_side, "run_here", lambda spec, *_, **options: replace(store.submit(spec), state="cancelled")
    )
    found = run_side_by_side(specs, store, "cpu")
    assert [run.state for run in found.values()] == ["cancelled"] and found.keys() < {spec.run_id for spec in specs}
    assert {run.kind for run in store.list()} == {"pretrain"}, "nothing builds on it"


@pytest.mark.usefixtures("two")
def test_what_one_raises_is_raised_and_the_others_are_saved(tmp_path: Path) -> None:
    store = Store(tmp_path)
    lost = TransferSpec(source="0123456789abcdef", data=tiny_pretrain().data)
    with pytest.raises(Exception, match="0123456789abcdef"):
        run_side_by_side([tiny_pretrain(epochs=60), lost], store, "cpu")
    assert {run.state for run in store.list()} <= {"interrupted", "done", "queued"}


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT as a terminal's process has it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("two", "heard")
def test_ctrl_c_saves_all_and_asking_again_goes_on_bit_for_bit(tmp_path: Path) -> None:
    specs: list[RunSpec] = [tiny_pretrain(seed=seed, epochs=40) for seed in (0, 1)]
    store, short = Store(tmp_path), tiny_pretrain(seed=2)
    with pytest.raises(Stopped):
        run_side_by_side([*specs, short][::-1], store, "cpu", lambda *_: os.kill(os.getpid(), signal.SIGINT))
    assert "interrupted" in {run.state for run in store.list()}
    again = run_side_by_side(specs, store, "cpu")
    other = Store(tmp_path / "other")
    for spec in specs:
        assert run_here(spec, other, "cpu").metrics == again[spec.run_id].metrics


def test_whoever_asks_to_stop_gets_an_interrupted_run(tmp_path: Path) -> None:
    events: list[Event] = []
    run = run_here(tiny_pretrain(epochs=40), Store(tmp_path), "cpu", events.append, cancelled=lambda: len(events) > 3)
    assert run.state == "interrupted" and len(events) < 100

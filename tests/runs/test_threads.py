from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from invariance.runs import threads
from invariance.runs.execute import run_here
from invariance.runs.manager import Manager
from invariance.runs.store import Store
from invariance.runs.threads import chosen_threads, num_cores, num_threads, shared_threads, wanted_threads
from invariance.spec import SpecError
from tests.runs.tiny import tiny_pretrain


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "num_cores", lambda: 4)


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("4", 4), ("999", 4)])
def test_the_number_of_threads_can_be_given_up_to_the_cores(
    monkeypatch: pytest.MonkeyPatch, text: str, number: int
) -> None:
    monkeypatch.setenv("INVARIANCE_THREADS", text)
    assert (wanted_threads(), num_threads()) == (number, number)
    before = torch.get_num_threads()
    with chosen_threads():
        assert torch.get_num_threads() == number
    assert torch.get_num_threads() == before
    assert shared_threads(2) == {}, "what somebody chose stays for each worker"


def test_otherwise_it_is_torch_s_own_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_THREADS", "")
    assert wanted_threads() is None and num_threads() == 4
    before = torch.get_num_threads()
    with chosen_threads():
        assert torch.get_num_threads() == before
    assert shared_threads(1) == {} and shared_threads(2) == {"INVARIANCE_THREADS": "2"}
    assert shared_threads(9) == {"INVARIANCE_THREADS": "1"}
    assert num_cores() >= 1


@pytest.mark.parametrize("text", ["abc", "0", "-1", "1.5"])
def test_what_is_no_number_of_threads_is_refused_before_anything_is_recorded(
    monkeypatch: pytest.MonkeyPatch, store: Store, text: str
) -> None:
    monkeypatch.setenv("INVARIANCE_THREADS", text)
    with pytest.raises(SpecError, match=f"INVARIANCE_THREADS = '{text}': expected a whole number from 1"):
        run_here(tiny_pretrain(), store, "cpu")
    with pytest.raises(SpecError, match="INVARIANCE_THREADS"):
        Manager(store)
    assert store.list() == []


def test_a_run_of_a_small_network_is_the_same_whatever_number_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = set()
    for number in ("1", "2"):
        monkeypatch.setenv("INVARIANCE_THREADS", number)
        other = Store(tmp_path / number)
        run = run_here(tiny_pretrain(data=replace(tiny_pretrain().data, image_size=32)), other, "cpu")
        assert run.result is not None
        found.add(run.result["sha256"])
        other.close()
    assert len(found) == 1

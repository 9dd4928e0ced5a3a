from __future__ import annotations

import os

import pytest
import torch

from invariance.runs.threads import chosen_threads, num_threads, wanted_threads


def test_the_number_of_threads_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_THREADS", "3")
    assert (wanted_threads(), num_threads()) == (3, 3)
    before = torch.get_num_threads()
    with chosen_threads():
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("text", ["", "many", "0", "-1"])
def test_otherwise_it_is_torch_s_own_choice(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("INVARIANCE_THREADS", text)
    assert wanted_threads() is None and num_threads() == len(os.sched_getaffinity(0))
    before = torch.get_num_threads()
    with chosen_threads():
        assert torch.get_num_threads() == before

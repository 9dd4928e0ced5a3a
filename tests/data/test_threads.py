"""Threads that make samples, each computing alone."""

from __future__ import annotations

import os
import threading

import pytest
import torch

from invariance.data.threads import begin, share_out


@pytest.fixture
def two_threads():
    torch.set_num_threads(2)


@pytest.mark.parametrize("num", [0, 1, 9, 10, 11, 1000])
def test_every_sample_is_made_once(two_threads, num):
    made, lock = [], threading.Lock()

    def work(start: int, stop: int) -> None:
        assert 0 < stop - start <= 100 and start % 10 == 0
        with lock:
            made.extend(range(start, stop))

    share_out(num, work, unit=10, most=10)
    assert sorted(made) == list(range(num))


def test_threads_compute_alone_and_leave_the_setting(two_threads):
    meeting, seen = threading.Barrier(2, timeout=30), []

    def work(start: int, stop: int) -> None:
        meeting.wait()  # both are at work at the same time
        seen.append((threading.get_ident(), torch.get_num_threads()))

    share_out(20, work, unit=1, most=100)
    assert {num for _, num in seen} == {1} and len({thread for thread, _ in seen}) == 2
    assert torch.get_num_threads() == 2
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2], "a thread that comes later is not bound by what those set for themselves"


def test_few_samples_are_made_where_they_are_asked_for(two_threads):
    seen = []
    share_out(10, lambda start, stop: seen.append((start, stop, threading.get_ident())), unit=10, most=10)
    assert seen == [(0, 10, threading.get_ident())]


def test_what_fails_in_a_thread_is_raised(two_threads):
    def work(start: int, stop: int) -> None:
        raise ArithmeticError(f"at {start}")

    with pytest.raises(ArithmeticError, match="at "):
        share_out(100, work, unit=10, most=5)
    assert torch.get_num_threads() == 2


def test_work_that_is_begun_is_done_by_a_kept_thread(two_threads):
    def where() -> tuple[int, int]:
        return threading.get_ident(), torch.get_num_threads()

    jobs = [begin(where).result() for _ in range(10)]
    assert {num for _, num in jobs} == {1}
    assert threading.get_ident() not in {thread for thread, _ in jobs} and len({thread for thread, _ in jobs}) <= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_threads_of_its_own(two_threads):
    begin(threading.get_ident).result()
    child = os.fork()
    if child == 0:
        try:
            begin(threading.get_ident).result(timeout=30)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_single_thread_does_the_work_itself():
    assert begin(threading.get_ident).result() == threading.get_ident()
    with pytest.raises(ArithmeticError):
        begin(lambda: 1 // 0)

"""What a process that is asked to stop does: one request is a flag, a later one an exception."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from invariance.runs import interrupt
from invariance.runs.interrupt import STOP_SIGNALS, Stopped, interrupt_flag


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    yield
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before, "what was there is put back"


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_the_first_signal_is_a_flag_and_a_later_one_stops(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "SAME_REQUEST_S", -1.0)
    with interrupt_flag() as flag:
        assert not flag.is_set()
        flag.raise_if_set()
        signal.raise_signal(number)
        assert flag.is_set() and flag.signal_number == number
        with pytest.raises(Stopped) as stopped:
            signal.raise_signal(signal.SIGINT)
    assert stopped.value.signal_number == signal.SIGINT
    assert isinstance(stopped.value, KeyboardInterrupt)


def test_a_signal_that_comes_twice_at_once_is_one_request() -> None:
    with interrupt_flag() as flag:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert flag.signal_number == signal.SIGTERM
    with pytest.raises(Stopped):
        flag.raise_if_set()


def test_who_waits_inside_of_another_and_the_other_both_hear_it() -> None:
    with interrupt_flag() as outer:
        with interrupt_flag() as inner:
            signal.raise_signal(signal.SIGTERM)
        assert (inner.signal_number, outer.signal_number) == (signal.SIGTERM, signal.SIGTERM)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_under_nohup_a_closed_terminal_is_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupt_flag() as flag:
            signal.raise_signal(signal.SIGHUP)
            assert not flag.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_hear_no_signals() -> None:
    seen: list[bool] = []

    def ask() -> None:
        with interrupt_flag() as flag:
            seen.append(flag.is_set())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [False]

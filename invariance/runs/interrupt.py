"""Ctrl-C, SIGTERM and SIGHUP: the first asks to stop in good order, the second stops.

SIGTERM is what Slurm, ``timeout`` and a service manager send before they kill, SIGHUP what a closed terminal sends: who
sends them means the same as who presses Ctrl-C, and loses as little.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
SAME_REQUEST_S = 1.0
"""``timeout`` sends its signal to the command and to its whole group, a closing terminal sends several: one request."""


class Stopped(KeyboardInterrupt):
    """A signal asked this process to stop, and what it was doing is saved as far as it can be.

    Args:
        signal_number: which one; a shell expects the exit code 128 + this.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class StopFlag:
    """Whether a signal asked to stop, and which.

    Attributes:
        signal_number: of the first one; None as long as there was none.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._patient_until = 0.0

    def is_set(self) -> bool:
        """Whether to stop."""
        return self.signal_number is not None

    def hear(self, signal_number: int) -> None:
        """Notes a signal; raises :class:`Stopped` if it is a second request."""
        if self.signal_number is not None and time.monotonic() > self._patient_until:
            raise Stopped(signal_number)
        if self.signal_number is None:
            self.signal_number = signal_number
            self._patient_until = time.monotonic() + SAME_REQUEST_S

    def raise_if_set(self) -> None:
        """Raises :class:`Stopped` once everything that was to be saved is saved."""
        if self.signal_number is not None:
            raise Stopped(self.signal_number)


_flags: list[StopFlag] = []  # signals belong to the process: who waits for one inside of another hears it, and both do


@contextmanager
def interrupt_flag() -> Iterator[StopFlag]:
    """Turns the first stop signal during the body into a flag; one that comes later raises :class:`Stopped` at once.

    Outside of the main thread, which alone hears signals, the flag stays down.
    """
    flag = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS if _is_heard(number)}
    _flags.append(flag)
    for number in before:
        signal.signal(number, _raise_flags)
    try:
        yield flag
    finally:
        _flags.remove(flag)
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_heard(number: int) -> bool:
    """Under nohup a closed terminal is no reason to stop."""
    return number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN


def _raise_flags(number: int, frame: object) -> None:
    for flag in reversed(_flags):
        flag.hear(number)

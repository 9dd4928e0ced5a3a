"""Lessons that a class guesses at together: in the server's memory alone, without a name of anybody.

All of it is read and changed by routes, which one thread runs one after the other.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from invariance.spec import SpecError
from pages.shared.serving import process

T = TypeVar("T")
CODE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are read as each other."""
CODE_LENGTH = 5
MAX_CLASSES = 20
MAX_PEOPLE = 500
"""In one class."""
KEEP_S = 4 * 3600.0
"""For so long a class is kept that nobody looks at."""
HERE_S = 15.0
"""Who has asked within it is here."""
HOLD_S = 3.0
"""An answer waits so long for news; also the longest that it holds up the server's end."""
GAP_S = 0.3
"""Between two guesses of one person."""


class Classes:
    """The classes of a server, by their codes."""

    def __init__(self) -> None:
        self._found: dict[str, Class] = {}

    def begin(self, owner: str, number: int) -> Class:
        """A class of somebody at a lesson: the one that is under way, or a new one.

        Args:
            owner: who shows it.
            number: of the lesson, from 1.

        Raises:
            SpecError: there are too many already.
        """
        self._forget()
        for one in self._found.values():
            if one.owner == owner:
                one.show(number, is_revealed=False)
                return one
        if len(self._found) >= MAX_CLASSES:
            raise SpecError(f"classes: {MAX_CLASSES} are under way on this server; end one, or wait for one to end")
        while (code := "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))) in self._found:
            pass
        self._found[code] = Class(code, owner, number)
        return self._found[code]

    def get(self, code: str) -> Class | None:
        """The class of a code, if it is under way."""
        self._forget()
        return self._found.get(code)

    def only(self) -> Class | None:
        """The class that is meant where no code is given."""
        self._forget()
        return next(iter(self._found.values())) if len(self._found) == 1 else None

    def end(self, code: str) -> None:
        """Forgets a class and what was guessed in it."""
        if (gone := self._found.pop(code, None)) is not None:
            gone.changed()

    def _forget(self) -> None:
        old = time.monotonic() - KEEP_S
        for code in [code for code, one in self._found.items() if one.used < old]:
            del self._found[code]


class Class:
    """One class: which lesson it is at, who is here, and what they guessed.

    Args:
        code: by which people find it.
        owner: who shows it.
        number: of its lesson, from 1.
    """

    def __init__(self, code: str, owner: str, number: int) -> None:
        self.code, self.owner, self.number = code, owner, number
        self.used = time.monotonic()
        self.revealed: set[int] = set()
        self._guesses: dict[int, dict[str, Mapping[str, Any]]] = {}
        self._seen: dict[str, float] = {}
        self._said: dict[str, float] = {}
        self._made: dict[tuple[Any, ...], asyncio.Future[Any]] = {}
        self._stage, self._news = 0, 0
        self._waiting: set[asyncio.Event] = set()

    def tag(self, *, is_shown: bool) -> str:
        """What the class looks like, for who guesses, or for who shows it: another one, another look."""
        return f"{self._stage}.{self._news}" if is_shown else f"{self._stage}"

    async def wait(self, tag: str, *, is_shown: bool) -> None:
        """Until the class looks otherwise than a tag says, or :data:`HOLD_S` are over."""
        self.used = time.monotonic()
        if tag != self.tag(is_shown=is_shown) or len(self._waiting) > 2 * MAX_PEOPLE:
            return
        news, until = asyncio.Event(), time.monotonic() + HOLD_S
        self._waiting.add(news)
        try:
            with suppress(TimeoutError):
                while tag == self.tag(is_shown=is_shown):
                    await asyncio.wait_for(news.wait(), until - time.monotonic())
                    news.clear()
        finally:
            self._waiting.discard(news)

    async def once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What is made under a key, by one thread for all who ask, beside what else the server answers.

        The first part of the key says what it is; of a class's guesses the latest alone is kept.
        """
        if key not in self._made:
            if key[0] == "class":
                self._made = {known: value for known, value in self._made.items() if known[0] != "class"}
            self._made[key] = asyncio.ensure_future(asyncio.to_thread(make))
        making: asyncio.Future[T] = self._made[key]
        try:
            return await asyncio.shield(making)
        except SpecError:
            self._made.pop(key, None)
            raise

    def see(self, who: str) -> None:
        """Somebody is here."""
        if who not in self._seen and len(self._seen) < MAX_PEOPLE:
            self._news += 1
            self.changed()
        elif who not in self._seen:
            return
        self._seen[who] = time.monotonic()

    def num_here(self) -> int:
        """People who are here, or have guessed at this lesson."""
        since = time.monotonic() - HERE_S
        return len({who for who, when in self._seen.items() if when > since} | set(self.guesses()))

    def guesses(self, number: int | None = None) -> dict[str, Mapping[str, Any]]:
        """What was guessed at a lesson, by whom; None for the lesson that is shown."""
        return self._guesses.get(self.number if number is None else number, {})

    def wait_s(self, who: str) -> float:
        """Seconds that somebody has to wait before the next guess is taken."""
        return max(0.0, self._said.get(who, -GAP_S) + GAP_S - time.monotonic())

    def guess(self, who: str, number: int, guess: Mapping[str, Any]) -> None:
        """Takes somebody's guess in place of the one before.

        Args:
            who: guesses.
            number: of the lesson that was guessed at.
            guess: that :func:`invariance.lessons.guesses.checked` has seen.

        Raises:
            SpecError: the class is at another lesson, or at its answer, or is full.
        """
        if number != self.number or number in self.revealed:
            raise SpecError(f"lesson {number}: the class has gone on")
        given = self._guesses.setdefault(number, {})
        if who not in given and len(given) >= MAX_PEOPLE:
            raise SpecError(f"guesses: a class has {MAX_PEOPLE} at most")
        given[who] = guess
        if who in self._said or len(self._said) < 2 * MAX_PEOPLE:
            self._said[who] = time.monotonic()
        self._news += 1
        self.changed()

    def show(self, number: int, *, is_revealed: bool) -> None:
        """Goes to a lesson, and to its answer."""
        if is_revealed:
            self.revealed.add(number)
        self.number = number
        self._stage += 1
        self.changed()

    def changed(self) -> None:
        """Has who waits look again."""
        for news in self._waiting:
            news.set()


def classes() -> Classes:
    """Those of this server."""
    found: Classes = process.keep("classes", "", Classes)
    return found

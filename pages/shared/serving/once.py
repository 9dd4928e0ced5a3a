"""What is made once for all visitors who ask for the same: figures, pictures, what networks say.

A class mostly looks at the same things at the same time. Results are found by their contents, never by who asks, and
belong to the process, so that no browser empties them; what was not asked for longest goes first.
"""

from __future__ import annotations

import hashlib
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import streamlit as st

from pages.shared.serving import process

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from invariance.data.engine import Engine

P = ParamSpec("P")
R = TypeVar("R")
MOST_BYTES = 128_000_000
"""Of the results that are kept."""
MOST_SHOWN = 128
"""Parts of pages whose messages to browsers are kept."""
FIGURE_BYTES = 20
"""Of memory that a figure takes for each letter of its JSON, about."""


class Shelf:
    """Things by key, each made by the first who asks while others who ask for it wait.

    Args:
        most_bytes: that all of them take; the one that was not asked for longest goes first.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._used = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    @property
    def used_bytes(self) -> int:
        """Of what is kept."""
        return self._used

    def find(self, key: Hashable) -> Any | None:
        """What is kept by that key, or None."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def get(self, key: Hashable, make: Callable[[], R], size: Callable[[R], int]) -> R:
        """The thing by that key.

        Args:
            key: everything that it depends on.
            make: makes it, without a word to Streamlit; what it raises is passed on, and kept by nobody.
            size: its bytes.
        """
        if (found := self.find(key)) is not None:
            return cast(R, found)
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            try:
                if (found := self.find(key)) is None:
                    found = make()
                    self._keep(key, found, size(found))
                return cast(R, found)
            finally:
                with self._lock:
                    self._making.pop(key, None)

    def _keep(self, key: Hashable, thing: Any, size: int) -> None:
        with self._lock:
            self._kept[key] = (thing, size)
            self._used += size
            while self._used > self._most and len(self._kept) > 1:
                self._used -= self._kept.popitem(last=False)[1][1]


def key_of(*parts: object) -> str:
    """The digest of what a result depends on: arrays, tables, specs and other plain things, by their contents."""
    # Written to be hashed and never read. Equal contents may be written in two ways, which costs a repetition.
    return hashlib.sha256(pickle.dumps(parts, protocol=5)).hexdigest()[:32]


def made(make: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a function makes of these arguments, made once for all; nobody may change it.

    Args:
        make: a function of a module, or partial; its result depends on its arguments alone.
        *args: see :func:`key_of`.
        **kwargs: likewise.
    """
    return _once(lambda: make(*args, **kwargs), _size, make, args, kwargs)


def made_of(engine: Engine, make: Callable[..., R], *args: object, **kwargs: object) -> R:
    """The same of a function of an engine, which stands for its data set and the pictures that it read.

    Args:
        engine: from :func:`pages.shared.cache.engine`.
        make: takes the engine first.
        *args: the rest, see :func:`key_of`.
        **kwargs: likewise.
    """
    from invariance.data.picture_contents import stamp
    from invariance.spec.sources import SOURCES

    stamps = [stamp(getattr(engine.spec, role)) for role in SOURCES]
    return _once(lambda: make(engine, *args, **kwargs), _size, make, engine.spec, stamps, args, kwargs)


def drawn(draw: Callable[P, go.Figure], *args: P.args, **kwargs: P.kwargs) -> go.Figure:
    """A figure, drawn once for all who look at the same numbers; nobody may change it.

    Args:
        draw: a function of a module, or partial.
        *args: what it draws, see :func:`key_of`.
        **kwargs: likewise.
    """

    def draw_it() -> go.Figure:
        figure = draw(*args, **kwargs)
        figure._drawn_as = key_of(figure.to_json())  # attributes of other names are parts of the picture
        return figure

    return _once(draw_it, lambda figure: FIGURE_BYTES * len(figure.to_json()), draw, args, kwargs)


def name_of(figure: go.Figure) -> str:
    """What tells a figure's contents from those of others."""
    return str(getattr(figure, "_drawn_as", "")) or key_of(figure.to_json())


def replayed(show: Callable[[], None], *depends_on: object) -> None:
    """Elements of a page that are no widgets, made once for all who see the same and put there as they were.

    Args:
        show: puts them where the page is at; it reads no session.
        *depends_on: what they are, and everything that they depend on, see :func:`key_of`.
    """
    _replayed(key_of(depends_on), show)


@st.cache_resource(max_entries=MOST_SHOWN, show_spinner=False)
def _replayed(key: str, _show: Callable[[], None]) -> None:
    _show()


def kept(do: Callable[[], R], *depends_on: object) -> R:
    """What a closure makes, made once for all; nobody may change it.

    Args:
        do: makes it, without a word to Streamlit.
        *depends_on: what it is, and everything that it depends on, see :func:`key_of`.
    """
    return _once(do, _size, *depends_on)


def _once(do: Callable[[], R], size: Callable[[R], int], *depends_on: object) -> R:
    # A function that was loaded anew, or put in another's place, is another one.
    functions = [id(getattr(one, "func", one)) for one in depends_on if callable(one)]
    try:
        key = key_of(functions, depends_on)
    except (pickle.PicklingError, AttributeError, TypeError):  # a function that is no module's: made for each
        return do()
    return _shelf().get(key, do, size)


def _shelf() -> Shelf:
    shelf: Shelf = process.keep("made once", "", lambda: Shelf(MOST_BYTES))
    return shelf


def _size(thing: object) -> int:
    return len(pickle.dumps(thing, protocol=5))

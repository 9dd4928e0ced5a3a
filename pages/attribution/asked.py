"""What questions about two networks have in common: the method of their maps, and the names in tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from typing import Any

import streamlit as st

from invariance.models import Classifier
from invariance.numbers import NOT_KNOWN, signed
from invariance.vocabulary.attribution import HIGHER, LOWER, UNDECIDED
from invariance.vocabulary.methods import METHODS, Method
from pages.shared.controls import choose
from pages.shared.glossary import meaning
from pages.shared.networks import Models

Row = Mapping[Hashable, Any]
"""Of a table."""
Parameters = tuple[tuple[str, float], ...]
QUICK_STEPS = 16
"""Of a method that has steps, at most, where maps of many images are made."""
SAID = {HIGHER: "more", LOWER: "less", UNDECIDED: "not shown"}
"""A verdict in a table for people."""


def choose_method() -> tuple[Method, Parameters]:
    """The method and its parameters, both part of the page's link."""
    method = METHODS[choose("Method", {name: one.title for name, one in METHODS.items()}, key="method")]
    st.caption(method.summary)
    if not method.parameters:
        return method, ()
    values = []
    for one in method.parameters:
        kind = int if one.is_whole else float
        low, high, default, step = (kind(value) for value in (one.low, one.high, one.default, one.step))
        key, words = f"{method.name}_{one.name}", meaning(one.title)
        value = st.slider(one.title, low, high, default, step, key=key, bind="query-params", help=words)
        values.append((one.name, value))
    return method, tuple(values)


def quick(parameters: Parameters) -> Parameters:
    """The same with few steps, for many images."""
    return tuple((name, min(value, QUICK_STEPS) if name == "steps" else value) for name, value in parameters)


def names_of(models: Models) -> list[str]:
    """Short titles, told apart where both are the same network."""
    first, second = (model.short_title for model in models)
    return [first, second if second != first else f"{second} (again)"]


def by_names(models: Models) -> dict[str, Classifier]:
    """The networks themselves, as tables of them are asked for."""
    return dict(zip(names_of(models), (model.model for model in models), strict=True))


def percent(row: Row, name: str, ends: tuple[str, str] | None = None) -> str:
    """A share and, with the columns of its interval's ends, those, for a table."""
    return _with_ends(row, name, ends, "{:.0%}".format)


def points(row: Row, name: str, ends: tuple[str, str] | None = None) -> str:
    """A difference of shares likewise, in points of a hundred."""
    return _with_ends(row, name, ends, lambda value: signed(100 * value, 0))


def _with_ends(row: Row, name: str, ends: tuple[str, str] | None, text: Callable[[float], str]) -> str:
    value, *interval = (float(row[column]) for column in (name, *(ends or ())))
    if math.isnan(value):
        return NOT_KNOWN
    has_ends = interval and not math.isnan(interval[0])
    return f"{text(value)} ({text(interval[0])} to {text(interval[1])})" if has_ends else text(value)

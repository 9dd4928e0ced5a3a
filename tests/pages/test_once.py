"""What many ask for is made once, within bounds, and what failed is nobody's."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.serving.once import Shelf, drawn, made, name_of


def test_what_was_not_asked_for_longest_goes_first() -> None:
    shelf = Shelf(10)
    for key in "abc":
        shelf.get(key, lambda key=key: key * 4, len)  # type: ignore[misc]
    assert shelf.find("a") is None and shelf.find("b") == "bbbb" and shelf.used_bytes == 8
    shelf.get("d", lambda: "dddd", len)
    assert shelf.find("c") is None and shelf.find("b") == "bbbb"


def test_thirty_who_ask_at_once_have_it_made_once() -> None:
    shelf, made_by = Shelf(100), []

    def make() -> str:
        made_by.append(threading.get_ident())
        time.sleep(0.05)
        return "it"

    with ThreadPoolExecutor(30) as threads:
        found = list(threads.map(lambda _: shelf.get("key", make, len), range(30)))
    assert found == ["it"] * 30 and len(made_by) == 1


def test_a_failure_is_not_kept() -> None:
    shelf = Shelf(100)
    with pytest.raises(ZeroDivisionError):
        shelf.get("key", lambda: 1 // 0, lambda _: 1)
    assert shelf.get("key", lambda: 2, lambda _: 1) == 2


def total(table: pd.DataFrame, *, times: int) -> float:
    return float(table.to_numpy().sum()) * times + np.random.default_rng().random() / 2


def points(table: pd.DataFrame) -> go.Figure:
    return go.Figure(go.Scatter(x=table["x"], y=table["x"]))


def test_equal_contents_are_one_thing_and_other_contents_another() -> None:
    first = made(total, pd.DataFrame({"x": [1, 2]}), times=1)
    assert made(total, pd.DataFrame({"x": [1, 2]}), times=1) == first
    assert made(total, pd.DataFrame({"x": [1, 3]}), times=1) != first
    assert made(total, pd.DataFrame({"x": [1, 2]}), times=2) != first


def test_a_figure_is_named_by_what_it_shows() -> None:
    table = pd.DataFrame({"x": [1, 2]})
    figure = drawn(points, table)
    assert drawn(points, table.copy()) is figure
    assert name_of(figure) == name_of(points(table)) != name_of(points(table + 1))


def test_elements_are_made_once_and_stand_where_each_page_has_them() -> None:
    def page() -> None:
        from functools import partial

        import streamlit as st

        from pages.shared.serving.once import replayed

        def show(number: int) -> None:
            made.append(number)
            st.caption(f"of {number}")

        left, right = st.columns(2)
        made = st.session_state.setdefault("made", [])
        for number, place in enumerate((left, right, left)):
            with place:
                replayed(partial(show, number), "a test", number // 2)

    app = AppTest.from_function(page).run()
    left, right = app.columns
    assert app.session_state["made"] == [0, 2] and [one.value for one in right.caption] == ["of 0"]
    assert [one.value for one in left.caption] == ["of 0", "of 2"]
    assert [one.value for one in app.run().caption] == ["of 0", "of 2", "of 0"] and app.session_state["made"] == [0, 2]

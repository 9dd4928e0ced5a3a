"""A view as one file: nothing in it asks a network, the data is all there, and it says how it was made."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from invariance.figures.offline import MAX_ROWS, offline_html
from invariance.figures.pictures import png_bytes
from invariance.runs.origin import Origin
from invariance.vocabulary.citation import CITATION

LOADING = ("src", "href", "srcset", "data", "poster", "action", "xlink:href")
TABLE = pd.DataFrame({"model": ["<b>a</b>", "b & c"], "sens": [0.125, None]})
ORIGIN = Origin(
    command="python -m invariance measure --models 'a<b' --out x.csv",
    seeds=(3,),
    num="20 pairs of twins",
    settings={"measure": "sens", "data: objects": "cats & dogs"},
)


class Resources(HTMLParser):
    """What a browser would load, and what it would run."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in LOADING]


@pytest.fixture(scope="module")
def page() -> str:
    figure = go.Figure(go.Heatmap(z=[[0.1, 0.2]], text=[["</script>", "b"]]))
    picture = png_bytes(np.zeros((4, 4, 3), np.uint8))
    return offline_html(
        "Sens & more",
        ORIGIN,
        figures={"Two cells": figure},
        pictures={"a black one": picture},
        tables={"sens": TABLE},
        text="Made with `measure`.",
    ).decode()


def test_nothing_is_asked_of_a_network(page: str) -> None:
    found = Resources()
    found.feed(page)
    assert len(found.addresses) == 2 and all(address.startswith("data:") for address in found.addresses)
    assert not {"link", "iframe", "object", "embed", "base"} & set(found.tags)
    assert "default-src 'none'" in page, "and a browser would refuse it"
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style and "url(" not in style
    assert page.count(get_plotlyjs()) == 1


def test_data_command_seed_settings_and_citation_are_inside(page: str) -> None:
    (content,) = re.findall(r'<a href="data:text/csv;charset=utf-8;base64,([^"]+)" download="sens.csv">', page)
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(base64.b64decode(content))), TABLE)
    assert "python -m invariance measure --models &#39;a&lt;b&#39; --out x.csv" in page
    assert "n = 20 pairs of twins; seed 3; Invariance Lab" in page
    assert "<th>data: objects</th><td>cats &amp; dogs</td>" in page and "<code>measure</code>" in page
    assert CITATION in page and "<td>&lt;b&gt;a&lt;/b&gt;</td>" in page
    assert page.count("</script>") == 2, "text of a figure ends no script"


def test_without_a_figure_there_is_no_drawing_library_and_a_long_table_is_shown_in_part() -> None:
    table = pd.DataFrame({"step": range(MAX_ROWS + 1)})
    page = offline_html("Long", ORIGIN, tables={"steps": table}).decode()
    assert f"The first {MAX_ROWS} of {MAX_ROWS + 1} rows; the file has all." in page and len(page) < 60_000

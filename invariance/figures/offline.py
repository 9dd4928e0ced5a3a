"""Views and reports as one HTML file that needs no network: figures, pictures, data, how to make it again, citation."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from invariance.figures.paper import paper_json
from invariance.figures.study_findings import colour_of
from invariance.runs.origin import Origin
from invariance.studies.telling import symbol
from invariance.vocabulary.citation import CITATION

if TYPE_CHECKING:
    import plotly.graph_objects as go

MAX_ROWS: Final = 500
"""Of a table that are shown; the CSV in the file has all."""

HERE: Final = Path(__file__).parent


def offline_html(
    title: str,
    origin: Origin,
    *,
    figures: Mapping[str, go.Figure] | None = None,
    pictures: Mapping[str, bytes] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    text: str = "",
) -> bytes:
    """A view as one HTML document with everything inside: no other file and no address is asked for anything.

    Args:
        title: of the view, one line.
        origin: command, seeds, numbers and settings that make it again.
        figures: by their titles, in the order of the page.
        pictures: PNG files by what they show.
        tables: all the numbers, by the names of the CSV files that the document holds, without the ending.
        text: a sentence or two below the title; what stands in backticks is set as code.
    """
    drawings = [
        drawn(figure, name=str(number), title=caption)
        for number, (caption, figure) in enumerate((figures or {}).items())
    ]
    return render(
        "offline.html.j2",
        title=title,
        origin=origin,
        figures=drawings,
        pictures=pictures or {},
        tables=tables or {},
        text=text,
        plotly=_plotly() if drawings else "",  # 5 MB that pictures and tables do without
    ).encode()


def drawn(figure: go.Figure, *, name: str, title: str, caption: str = "") -> dict[str, str]:
    """A figure as the templates take it.

    Args:
        figure: stays as it is.
        name: its anchor, unique in the document.
        title: above it.
        caption: below it.
    """
    return {"name": name, "title": title, "caption": caption, "json": paper_json(figure, title=title)}


def render(template: str, **values: Any) -> str:
    """A document of this folder's templates, with style, drawing library and citation.

    Args:
        template: its file.
        values: what it shows; whatever it is, it is escaped where it is put in, but for what a filter declares to be
            markup.
    """
    style = (HERE / "report.css").read_text(encoding="utf-8")
    return _environment().get_template(template).render(**{"plotly": _plotly(), "style": style, **values})


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(HERE)
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(max_rows=MAX_ROWS, citation=CITATION)
    environment.filters.update(
        number=_number,
        with_code=_with_code,
        in_script=_in_script,
        csv_address=_csv_address,
        png_address=_png_address,
        symbol=symbol,
        colour=colour_of,
    )
    return environment


def _plotly() -> Markup:
    return Markup(get_plotlyjs())


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.4g}"


def _with_code(text: str) -> Markup:
    """Text in which backticks mark what is typed."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _in_script(content: str) -> Markup:
    """JSON that cannot end the script that it stands in."""
    return Markup(content.replace("</", "<\\/"))


def _csv_address(table: pd.DataFrame) -> str:
    return _address("text/csv;charset=utf-8", table.to_csv(index=False).encode())


def _png_address(content: bytes) -> str:
    return _address("image/png", content)


def _address(kind: str, content: bytes) -> str:
    """A file inside of the document that names it."""
    return f"data:{kind};base64,{b64encode(content).decode()}"

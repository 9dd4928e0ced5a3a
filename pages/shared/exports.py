"""Below a figure: what it shows as PNG, SVG, CSV, LaTeX and HTML, each with one click.

The visitor's browser draws the first two with the Plotly of the server's own package, so that it takes neither a
browser on the server nor a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from invariance.figures.latex import latex_table
from invariance.figures.offline import offline_html
from invariance.figures.paper import paper_json
from invariance.figures.pictures import png_bytes
from invariance.files import write_atomically
from pages.shared.glossary import words_of
from pages.shared.origins import page_origin
from pages.shared.serving.made import later
from pages.shared.serving.once import name_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from invariance.runs.origin import Origin

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "static"
"""The folder that Streamlit serves under ``app/static`` (``server.enableStaticServing``); git ignores it."""

PNG_SCALE = 3
OFFLINE = "One file that opens without a network: figure, data, seed, command, citation."
HTML = """<div role="group" aria-label="Save the figure"><span class="what">Save the figure</span>
<button data-format="png">PNG</button><button data-format="svg">SVG</button><button data-format="csv">CSV</button>
<span role="status"></span></div>"""

_buttons = st.components.v2.component(
    "invariance_exports", html=HTML, css=(HERE / "exports.css").read_text(), js=(HERE / "exports.js").read_text()
)


def export_row(
    figure: go.Figure, table: pd.DataFrame, *, title: str, name: str, key: str, origin: Origin | None = None
) -> None:
    """Buttons that save a figure, its numbers, and both with what makes them again.

    Args:
        figure: as on the page; the files have a white ground, dark text and the title, whatever the page's theme.
        table: the numbers that the figure shows.
        title: above the figure in the files.
        name: of the files, without the ending.
        key: of the widget.
        origin: what makes it again; None for the page with all that is set on it.
    """
    origin = origin or page_origin()
    data = {
        # Got by the browser when a button is clicked, and made then.
        "figure": later("json", partial(paper_json, figure, title=title), "paper", name_of(figure), title),
        "csv": later("csv", lambda: str(table.to_csv(index=False)), "csv", table),
        "name": name,
        "title": title,
        "plotly": plotly_script(),
        "scale": PNG_SCALE,
    }
    with st.container(horizontal=True, gap="xxsmall", vertical_alignment="center", key=f"row_{key}"):
        _buttons(data=data, key=key, width="content")
        # Made when they are asked for, not with every run of the page.
        latex = partial(latex_table, table, origin, title=title, label=f"tab:{name}")
        _download("LaTeX", latex, f"{name}.tex", "application/x-tex", key, "The table, with a caption.")
        page = partial(offline_html, title, origin, figures={title: figure}, tables={name: table})
        _download("HTML", page, f"{name}.html", "text/html", key, OFFLINE)
        if words := words_of(figure, title):
            st.caption("What the words mean", help=words, width="content")


def offline_button(
    pictures: Mapping[str, NDArray[np.uint8]], table: pd.DataFrame, *, title: str, name: str, origin: Origin
) -> None:
    """A button that saves pictures and numbers of a view as one file.

    Args:
        pictures: (H, W, 3), by what they show.
        table: the numbers beside them.
        title: of the view.
        name: of the file, without the ending.
        origin: see :func:`export_row`.
    """

    def page() -> bytes:
        files = {words: png_bytes(picture) for words, picture in pictures.items()}
        return offline_html(title, origin, pictures=files, tables={name: table})

    _download("HTML", page, f"{name}.html", "text/html", f"save_{name}", OFFLINE)


def _download(label: str, make: Callable[[], str | bytes], file: str, mime: str, key: str, words: str) -> None:
    st.download_button(label, make, file, mime, key=f"{key}_{label.lower()}", on_click="ignore", help=words)


@st.cache_resource(show_spinner=False)
def plotly_script() -> str | None:
    """Where the browser finds the Plotly of the installed package; None where the folder cannot be written."""
    target = STATIC / f"plotly-{version('plotly')}.min.js"
    try:
        if not target.is_file():
            source = files("plotly").joinpath("package_data/plotly.min.js").read_bytes()
            write_atomically(target, lambda stream: stream.write(source))
    except OSError:
        return None
    return f"app/static/{target.name}"

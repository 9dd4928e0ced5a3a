"""Below a figure: what it shows as PNG, SVG and CSV, each with one click.

The visitor's browser draws them with the Plotly of the server's own package, so that it takes neither a browser on the
server nor a network.
"""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from invariance.figures.paper import paper_json
from invariance.files import write_atomically

if TYPE_CHECKING:
    import plotly.graph_objects as go

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "static"
"""The folder that Streamlit serves under ``app/static`` (``server.enableStaticServing``); git ignores it."""

PNG_SCALE = 3
HTML = """<div role="group" aria-label="Save the figure"><span class="what">Save the figure</span>
<button data-format="png">PNG</button><button data-format="svg">SVG</button><button data-format="csv">CSV</button>
<span role="status"></span></div>"""

_buttons = st.components.v2.component(
    "invariance_exports", html=HTML, css=(HERE / "exports.css").read_text(), js=(HERE / "exports.js").read_text()
)


def export_row(figure: go.Figure, table: pd.DataFrame, *, title: str, name: str, key: str) -> None:
    """Buttons that save a figure and its numbers.

    Args:
        figure: as on the page; the files have a white ground, dark text and the title, whatever the page's theme.
        table: the numbers that the figure shows.
        title: above the figure in the files.
        name: of the files, without the ending.
        key: of the widget.
    """
    data = {
        "figure": paper_json(figure, title=title),
        "csv": table.to_csv(index=False),
        "name": name,
        "title": title,
        "plotly": plotly_script(),
        "scale": PNG_SCALE,
    }
    _buttons(data=data, key=key)


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

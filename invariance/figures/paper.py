"""A figure as it leaves the page: on white paper, with a title, whatever theme the page has."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any, Final

import plotly.graph_objects as go
import plotly.io as pio

WIDTH_PX: Final = 900
HEIGHT_PX: Final = 450
TITLE_PX: Final = 46
"""Room for the title above the margin that the figure has on the page."""

EDGE_PX: Final = 12
INK: Final = "#1d2b2a"
PAPER: Final = "#ffffff"
GRID: Final = "#dfe5e3"
FONTS: Final = "Source Sans 3, Source Sans Pro, Helvetica, Arial, sans-serif"


def paper_json(figure: go.Figure, *, title: str, width_px: int = WIDTH_PX) -> str:
    """Plotly JSON of a figure on a white ground, with dark text, a title and lines behind its axes.

    On a page the theme gives a figure its ground and its text, and the text around it is its title; a file has neither.

    Args:
        figure: stays as it is.
        title: one line, above the figure; markup is shown as it is written.
        width_px: of the figure; its height is its own and the title's.
    """
    # As plain values: a second validated figure takes twenty times as long, on every run of a page.
    found: dict[str, Any] = figure.to_dict()
    layout = found["layout"]
    margin = {"l": 60, "r": 20, "t": 40, "b": 50} | layout.get("margin", {})
    margin = {side: margin[side] + EDGE_PX for side in "lrb"} | {"t": margin["t"] + TITLE_PX}
    found["layout"] = {
        **layout,
        **{
            name: axis | {"gridcolor": GRID, "zerolinecolor": GRID, "automargin": True}
            for name, axis in layout.items()
            if name.startswith(("xaxis", "yaxis"))
        },
        "template": _template(),
        "width": width_px,
        "height": layout.get("height", HEIGHT_PX) + TITLE_PX,
        "margin": margin,
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {"color": INK, "family": FONTS, "size": 13},
        "title": {
            "text": _literal(title),
            "font": {"size": 17},
            "x": 16 / width_px,
            "xanchor": "left",
            "y": 1.0,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 14},
        },
    }
    return str(pio.json.to_json_plotly(found))


@cache
def _template() -> dict[str, Any]:
    return deepcopy(pio.templates["plotly_white"].to_plotly_json())


def _literal(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

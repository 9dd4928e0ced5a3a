"""A figure for the back row: its letters are at least :data:`LEAST_PX` high."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import plotly.graph_objects as go

LEAST_PX: Final = 20
TALLER: Final = 1.25
"""Room for larger letters, as a factor of a figure's height."""


def for_projector(figure: go.Figure) -> dict[str, Any]:
    """The figure as plain Plotly JSON, with large letters.

    Args:
        figure: stays as it is.
    """
    found: dict[str, Any] = _raised(figure.to_dict())
    large, layout = {"font": {"size": LEAST_PX}}, found["layout"]
    for name in {"xaxis", "yaxis", *(name for name in layout if name.startswith(("xaxis", "yaxis", "coloraxis")))}:
        axis = layout.setdefault(name, {})
        if name.startswith("coloraxis"):
            _enlarge(axis.setdefault("colorbar", {}), "tickfont")
            continue
        _enlarge(axis, "tickfont")
        axis["automargin"] = True
        if "title" in axis:
            axis["title"] = large | ({"text": axis["title"]} if isinstance(axis["title"], str) else axis["title"])
    for part in ("legend", "hoverlabel"):
        _enlarge(layout.setdefault(part, {}), "font")
    for note in layout.get("annotations", ()):
        _enlarge(note, "font")
    for trace in found["data"]:
        if "text" in trace or "texttemplate" in trace:
            _enlarge(trace, "textfont")
        if "colorbar" in trace:
            _enlarge(trace["colorbar"], "tickfont")
    _enlarge(layout, "font")
    if layout.get("height"):
        layout["height"] = round(layout["height"] * TALLER)
    return found


def _enlarge(part: dict[str, Any], name: str) -> None:
    font = part.setdefault(name, {})
    size = font.get("size", LEAST_PX)
    font["size"] = max(LEAST_PX, size) if isinstance(size, int | float) else LEAST_PX


def _raised(node: Any) -> Any:
    """The same, with every size of letters that is given raised to the least."""
    if isinstance(node, list | tuple):
        return [_raised(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {name: _raised(value) for name, value in node.items()}
    for name, value in found.items():
        if name.endswith("font") and isinstance(value, dict):
            _enlarge(found, name)
    return found

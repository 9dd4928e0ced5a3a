"""Figures in large letters."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from invariance.figures.projector import LEAST_PX, for_projector


def sizes(node: Any) -> list[float]:
    """Of all letters of a figure."""
    if isinstance(node, list | tuple):
        return [size for one in node for size in sizes(one)]
    if not isinstance(node, dict):
        return []
    own = [value["size"] for name, value in node.items() if name.endswith("font")]
    return own + [size for value in node.values() for size in sizes(value)]


def test_all_letters_are_large_and_the_figure_stays_as_it_was() -> None:
    figure = go.Figure([go.Bar(x=[1], y=[2], text=["a"]), go.Heatmap(z=[[1]], colorbar={"title": "b"})])
    figure.update_layout(height=400, xaxis={"title": "x", "tickfont": {"size": 9}}, legend={"font": {"size": 30}})
    figure.add_annotation(text="c", x=1, y=1, font={"size": 8})
    before = figure.to_json()
    found = for_projector(figure)
    assert min(sizes(found)) == LEAST_PX and max(sizes(found)) == 30 and found["layout"]["height"] == 500
    layout = found["layout"]
    for fonts in (layout["font"], layout["xaxis"]["tickfont"], layout["xaxis"]["title"]["font"]):
        assert fonts["size"] == LEAST_PX
    assert layout["yaxis"]["tickfont"]["size"] == found["data"][0]["textfont"]["size"] == LEAST_PX
    go.Figure(found)
    assert figure.to_json() == before

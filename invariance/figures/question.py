"""The answer to a question: dots for each source on each target, between a floor and a ceiling."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from invariance.figures.layout import error_bars
from invariance.figures.palette import CATEGORICAL, NEUTRAL
from invariance.numbers import format_number
from invariance.spec.question import UNTRAINED

CAPTION: Final = (
    "Transfer accuracy of each source (rows) on each target (panels). Bars are 95 % intervals: over seeds, of one seed "
    "over its test images; small dots are single seeds. The pale strip behind a dot reaches from the floor, a network "
    "pretrained on none, to the ceiling, one pretrained on the target's own transformations; the dotted line is "
    "guessing."
)
"""How the figure is to be read."""

Row = dict[str, Any]
Setting = tuple[Any, ...]
_FIELDS: Final = ("model", "objective", "method", "num_images")
_LETTERS: Final = 22
"""Of a line of a source's name."""
_LANE_PX, _ROW_PX, _TITLE_PX, _LEGEND_PX, _FOOT_PX = 18, 16, 44, 34, 44
_COLOURS: Final = CATEGORICAL[2:]
"""Of settings, so none of those of the two networks that are compared."""
_SYMBOLS: Final = ("circle", "diamond", "square", "triangle-up", "cross", "x", "star", "hexagon")


def question_figure(report: Mapping[str, Any]) -> go.Figure:
    """One panel a target, one row a source, in it one lane a setting: architecture, objective, method, images.

    Args:
        report: from :func:`invariance.studies.question_report.question_report`, whole or partial.
    """
    rows = report["summary"]
    if not rows:
        return go.Figure()
    targets = list(dict.fromkeys(row["target"] for row in rows))
    asked = {source: place for place, source in enumerate(report["question"]["sources"])}
    sources = sorted(dict.fromkeys(row["source"] for row in rows), key=lambda source: asked.get(source, len(asked)))
    settings = list(dict.fromkeys(_setting(row) for row in rows if row["relation"] != UNTRAINED))
    settings = settings or list(dict.fromkeys(map(_setting, rows)))
    inner = len(sources) * (_ROW_PX + _LANE_PX * len(settings))
    whole = len(targets) * inner + (len(targets) - 1) * _TITLE_PX
    titles = [f"<b>on {_words(target)}</b>" for target in targets]
    figure = make_subplots(
        rows=len(targets),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=min(1.0, _TITLE_PX / whole) if len(targets) > 1 else 0.0,
        subplot_titles=titles,
    )
    names = _names(settings)
    for number, setting in enumerate(settings):
        colour = _COLOURS[number % len(_COLOURS)]
        offset = ((number + 0.5) / len(settings) - 0.5) * 0.72 if len(settings) > 1 else 0.0
        for panel, target in enumerate(targets, 1):
            here = {row["source"]: row for row in rows if row["target"] == target and _is_in(row, setting)}
            _draw(figure, panel, here, sources, offset, colour, number, names[setting])
            single = [row for row in report["cells"] if row["target"] == target and _is_in(row, setting)]
            _draw_seeds(figure, panel, single, sources, offset, colour)
    for panel in range(1, len(targets) + 1):
        figure.add_vline(
            report["guessing"], line={"color": NEUTRAL, "width": 1.5, "dash": "dot"}, row=panel, col=1, layer="below"
        )
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    figure.update_yaxes(
        tickvals=list(range(len(sources))),
        ticktext=[_wrapped(source) for source in sources],
        range=[len(sources) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
        automargin=True,
    )
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", fixedrange=True)
    figure.update_xaxes(title="transfer accuracy", row=len(targets), col=1)
    figure.update_layout(
        height=_LEGEND_PX + _TITLE_PX + whole + _FOOT_PX,
        margin={"l": 8, "r": 8, "t": _LEGEND_PX + _TITLE_PX, "b": _FOOT_PX},
        dragmode=False,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1 + _TITLE_PX / whole, "x": 0},
    )
    return figure


def _draw(
    figure: go.Figure,
    panel: int,
    here: dict[str, Row],
    sources: Sequence[str],
    offset: float,
    colour: str,
    number: int,
    name: str,
) -> None:
    """One setting on one target: strips from floor to ceiling, and dots with their intervals."""
    shown = [(place + offset, here[source]) for place, source in enumerate(sources) if source in here]
    if not shown:
        return
    floor, ceiling = (
        next((row["transfer_accuracy"] for row in here.values() if row["relation"] == relation), None)
        for relation in ("none", "same")
    )
    if floor is not None and ceiling is not None:
        figure.add_scatter(
            x=[end for _ in shown for end in (floor, ceiling, None)],
            y=[end for at, _ in shown for end in (at, at, None)],
            mode="lines",
            line={"color": colour, "width": 9},
            opacity=0.22,
            hoverinfo="skip",
            showlegend=False,
            legendgroup=name,
            row=panel,
            col=1,
        )
    values = [row["transfer_accuracy"] for _, row in shown]
    ends = [[np.nan if row[end] is None else row[end] for _, row in shown] for end in ("low", "high")]
    figure.add_scatter(
        x=values,
        y=[at for at, _ in shown],
        mode="markers",
        name=name,
        legendgroup=name,
        showlegend=panel == 1,
        marker={"color": colour, "size": 10, "symbol": _SYMBOLS[number % len(_SYMBOLS)]},
        error_x=error_bars(values, *ends, color=colour, thickness=2, width=4),
        text=[_hover(row) for _, row in shown],
        hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        row=panel,
        col=1,
    )


def _draw_seeds(
    figure: go.Figure, panel: int, cells: Sequence[Row], sources: Sequence[str], offset: float, colour: str
) -> None:
    """Single seeds, where there are several."""
    if len({row["seed"] for row in cells}) < 2:
        return
    figure.add_scatter(
        x=[row["transfer_accuracy"] for row in cells],
        y=[sources.index(row["source"]) + offset for row in cells],
        mode="markers",
        marker={"color": colour, "size": 5, "opacity": 0.55},
        text=[f"seed {row['seed']}: {format_number(row['transfer_accuracy'], 3)}" for row in cells],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        row=panel,
        col=1,
    )


def _setting(row: Row) -> Setting:
    return tuple(row[field] for field in _FIELDS)


def _is_in(row: Row, setting: Setting) -> bool:
    """Whether a row belongs to a setting; first weights belong to those of every objective."""
    own = _setting(row)
    if row["relation"] == UNTRAINED:
        return all(
            mine == other for name, mine, other in zip(_FIELDS, own, setting, strict=True) if name != "objective"
        )
    return own == setting


def _names(settings: Sequence[Setting]) -> dict[Setting, str]:
    """What a setting is called: those of its fields in which settings differ, or its architecture."""
    varied = [place for place in range(len(_FIELDS)) if len({setting[place] for setting in settings}) > 1] or [0]

    def word(setting: Setting, place: int) -> str:
        value = setting[place]
        if value is None:
            return "no objective"
        return f"{value:,} images" if _FIELDS[place] == "num_images" else _words(str(value))

    return {setting: ", ".join(word(setting, place) for place in varied) for setting in settings}


def _hover(row: Row) -> str:
    seeds = "1 seed" if row["n"] == 1 else f"{row['n']} seeds"
    interval = "" if row["low"] is None else f" [{format_number(row['low'])}, {format_number(row['high'])}]"
    return (
        f"{_words(row['source'])} on {_words(row['target'])}: {format_number(row['transfer_accuracy'], 3)}{interval}, "
        f"{seeds} ({row['relation']})"
    )


def _words(name: str) -> str:
    return name.replace(",", " + ").replace("_", " ")


def _wrapped(name: str) -> str:
    return "<br>".join(textwrap.wrap(_words(name), _LETTERS))

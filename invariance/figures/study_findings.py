"""The findings of a study in one figure: each effect with its interval, beside what was published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from invariance.figures.layout import error_bars
from invariance.figures.palette import NEUTRAL, TEXT_PX, VERDICTS
from invariance.numbers import format_number
from invariance.studies.findings import Finding
from invariance.studies.telling import furthest_first, symbol

CAPTION: Final = (
    "Each row has an axis of its own. Large symbols are effects with their 95 % intervals over seeds; hollow ones are "
    "preliminary, grey ones exploratory. Small dots below are single seeds. The shaded band is the published value "
    "with its margin; the dotted line is the threshold: no effect, or of a ratio what it has to exceed."
)
"""How the figure is to be read."""

SHAPES: Final = {"●": "circle", "▲": "triangle-up", "✖": "x", "■": "square", "◆": "diamond", "✚": "cross"}
"""Plotly's names of the symbols."""
ROW_PX: Final = 48
GAP_PX: Final = 72
"""Between rows, for the labels of an axis and the two lines of the next row's title."""
TITLE_PX: Final = 44
HEAD_PX: Final = TITLE_PX + 44
FOOT_PX: Final = 30
WIDEST: Final = 1.0
"""Interval beyond what else a row shows, in widths of that; what is wider is cut off, and told on hovering."""
AT, SEEDS_AT = 0.35, -0.45
"""Heights in a row, which goes from -1 to 1."""


def findings_figure(findings: Sequence[Finding]) -> go.Figure:
    """One row a finding, in the order in which they are told.

    Args:
        findings: of a study; those without any numbers are left out.
    """
    known = [finding for finding in furthest_first(findings) if finding.n and not math.isnan(finding.effect)]
    if not known:
        return go.Figure()
    inner = len(known) * (ROW_PX + GAP_PX) - GAP_PX
    figure = make_subplots(rows=len(known), cols=1, vertical_spacing=min(1.0, GAP_PX / inner))
    shown: set[str] = set()
    for row, finding in enumerate(known, 1):
        _draw_row(figure, row, finding, shown)
    figure.update_yaxes(range=[-1, 1], visible=False, fixedrange=True)
    figure.update_xaxes(zeroline=False, showgrid=False, showline=True, linecolor=NEUTRAL, nticks=7)
    figure.update_xaxes(fixedrange=True, tickfont={"size": TEXT_PX})
    figure.update_layout(
        height=HEAD_PX + inner + FOOT_PX,
        margin={"l": 10, "r": 10, "t": HEAD_PX, "b": FOOT_PX},
        dragmode=False,
        legend={
            "orientation": "h",
            "y": 1 + TITLE_PX / inner,
            "yanchor": "bottom",
            "x": 0.0,
            "itemclick": False,
            "itemdoubleclick": False,
        },
    )
    return figure


def _draw_row(figure: go.Figure, row: int, finding: Finding, shown: set[str]) -> None:
    at = {"row": row, "col": 1}
    seeds, colour = _of_seeds(finding), colour_of(finding)
    left, right = _ends(finding, seeds)
    figure.add_scatter(
        x=list(seeds.values()),
        y=[SEEDS_AT] * len(seeds),
        mode="markers",
        marker={"color": colour, "size": 5, "opacity": 0.75},
        text=[f"seed {seed}: {format_number(value, 3)}" for seed, value in seeds.items()],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        **at,
    )
    low, high = max(finding.low, left), min(finding.high, right)  # NaN where there is no interval
    figure.add_scatter(
        x=[finding.effect],
        y=[AT],
        error_x=error_bars([finding.effect], [low], [high], color=colour, thickness=2.5, width=5),
        mode="markers",
        marker=_marker(_shape(finding), colour, is_hollow=finding.preliminary),
        text=[_hover(finding)],
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        **at,
    )
    for label, marker in _entries(finding).items():
        figure.add_scatter(
            x=[None], y=[None], mode="markers", marker=marker, name=label, showlegend=label not in shown, **at
        )
        shown.add(label)
    if (band := _band(finding)) is not None:
        figure.add_vrect(*band, fillcolor=NEUTRAL, opacity=0.25, line_width=0, layer="below", **at)
    if finding.published is not None:
        figure.add_vline(finding.published, line={"color": NEUTRAL, "width": 2.5}, layer="below", **at)
    figure.add_vline(finding.above, line={"color": NEUTRAL, "width": 1.5, "dash": "dot"}, layer="below", **at)
    figure.update_xaxes(range=[left, right], **at)
    axis = str(row) if row > 1 else ""
    figure.add_annotation(
        text=f"<b>{title_of(finding)}</b><br><span style='color:{colour}'>{symbol(finding)}</span> {finding.words}",
        x=0,
        xref=f"x{axis} domain",
        y=1,
        yref=f"y{axis} domain",
        align="left",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font={"size": TEXT_PX},
    )


def title_of(finding: Finding) -> str:
    """A finding's name for people."""
    return finding.name.replace("-", " ").replace("_", " ")


def _entries(finding: Finding) -> dict[str, dict[str, Any]]:
    """Markers that the legend explains, by their labels; verdicts stand in words above their rows."""
    found = {}
    if finding.preliminary:
        found["hollow: preliminary"] = _marker("circle", NEUTRAL, is_hollow=True)
    if finding.published is not None:
        found["published, with its margin"] = _marker("line-ns", NEUTRAL, is_hollow=True)
    return found


def _marker(shape: str, colour: str, *, is_hollow: bool = False) -> dict[str, Any]:
    return {"color": colour, "size": 12, "symbol": shape + "-open" * is_hollow, "line": {"width": 2, "color": colour}}


def _shape(finding: Finding) -> str:
    return SHAPES[symbol(finding)]


def colour_of(finding: Finding) -> str:
    """Of its verdict."""
    return NEUTRAL if finding.verdict is None else VERDICTS[finding.verdict]


def _of_seeds(finding: Finding) -> dict[int, float]:
    """What the dots show: of a ratio, each seed's own, where it has one."""
    below = finding.denominators
    if below is None:
        return dict(finding.per_seed)
    return {seed: value / below[seed] for seed, value in finding.per_seed.items() if below[seed]}


def _band(finding: Finding) -> tuple[float, float] | None:
    if finding.margin is None:
        return None
    middle = finding.published or 0.0
    return middle - finding.margin, middle + finding.margin


def _ends(finding: Finding, seeds: dict[int, float]) -> tuple[float, float]:
    """Of a row's axis: all but what is too wide of an interval."""
    shown = [finding.effect, finding.above, *seeds.values(), *(_band(finding) or ())]
    if finding.published is not None:
        shown.append(finding.published)
    low, high = min(shown), max(shown)
    room = WIDEST * (high - low)
    if not math.isnan(finding.low):
        low, high = min(low, max(finding.low, low - room)), max(high, min(finding.high, high + room))
    pad = 0.04 * (high - low) or 0.05
    return low - pad, high + pad


def _hover(finding: Finding) -> str:
    interval = "" if math.isnan(finding.low) else f" [{format_number(finding.low)}, {format_number(finding.high)}]"
    published = "" if finding.published is None else f", published {format_number(finding.published)}"
    return f"{format_number(finding.effect, 3)}{interval}, n = {finding.n}{published}<br>{finding.words}"

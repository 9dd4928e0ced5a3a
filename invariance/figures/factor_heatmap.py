"""What models have kept: a heatmap of models and controls by factors, legible without its colours."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from invariance.figures.cells import (
    coloured,
    filled,
    frame_selected,
    frame_trained,
    grid,
    lay_out,
    texts,
    told_of,
)
from invariance.figures.palette import NEUTRAL, SHARE_SCALE
from invariance.numbers import format_number, signed
from invariance.vocabulary.factors import (
    DECODABLE,
    HELD_OUT,
    HIGHER,
    KEPT,
    LOST,
    LOWER,
    NETWORK,
    NOT_DECODABLE,
    UNDECIDED,
)

ROW_PX: Final = 25
SKILL_LEGEND: Final[dict[str, Any]] = {
    "bar": [colour for _, colour in SHARE_SCALE],
    "low": "0, guessing",
    "high": "1, perfect",
}
"""The colours and what their ends mean, for who draws the cells otherwise."""
GLYPHS: Final[dict[str, str]] = {
    KEPT: "=",
    LOWER: "▼",
    LOST: "○",
    HIGHER: "▲",
    UNDECIDED: "?",
    DECODABLE: "●",
    NOT_DECODABLE: "×",
}
"""One sign a verdict."""


def factor_heatmap(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    trained_on: Mapping[str, Collection[str]] | None = None,
    selected: tuple[Collection[str], str] | None = None,
    verdicts: bool = False,
) -> go.Figure:
    """Draws models (rows, controls first) by factors (columns), coloured by skill.

    Args:
        table: columns of :data:`~invariance.vocabulary.factors.FACTOR_COLUMNS`; one row a cell,
            so that objects are known, or held out, in all of them. Colours end at 0 and 1, numbers do not.
        titles: what to call the models; missing ones keep their name.
        trained_on: for each model the transformations of its training, whose cells get a frame.
        selected: models and the factor whose cells get a thick frame.
        verdicts: whether signs of the verdicts are written in the cells, instead of the skills.
    """
    models, factors = list(dict.fromkeys(table["model"])), list(dict.fromkeys(table["factor"]))
    labels = table.drop_duplicates("factor").set_index("factor")["title"]
    values, signs = (grid(table, column, rows=models, columns=factors, by="factor") for column in ("skill", "verdict"))
    skills = values.astype(np.float32)
    values = np.clip(skills, 0.0, 1.0)
    cells = filled(values)
    names = [(titles or {}).get(model, model) for model in models]
    by_cell = table.drop_duplicates(["model", "factor"]).set_index(["model", "factor"])
    words = [GLYPHS.get(signs[cell], "") if verdicts else format_number(float(skills[cell])) for cell in cells]
    told = [hover_text(names[row], by_cell.loc[(models[row], factors[column])]) for row, column in cells]
    figure = go.Figure(
        [
            coloured(values, "skill", SHARE_SCALE, **told_of(values, told)),
            texts(values, words, SHARE_SCALE),
        ]
    )
    _frames(figure, models, factors, trained_on or {}, selected)
    num_controls = table.loc[table["role"] != NETWORK, "model"].nunique()
    if 0 < num_controls < len(models):
        line = {"color": NEUTRAL, "width": 2}
        figure.add_shape(
            type="line", x0=-0.5, x1=len(factors) - 0.5, y0=num_controls - 0.5, y1=num_controls - 0.5, line=line
        )
    lay_out(
        figure,
        names,
        [labels[factor] for factor in factors],
        row_px=ROW_PX,
        top_px=10,
        names=(models, factors),
        row_title="from what",
        column_title="what is decoded",
        column_angle=-55,
    )
    return figure


def factors_in_words(table: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """What a heatmap shows, for who cannot see it: what is decoded best and worst, over networks.

    Args:
        table: as for :func:`factor_heatmap`.
        titles: of the models.
    """
    rows = table[table["role"] == NETWORK]
    means = rows.groupby("title", sort=False)["skill"].mean().dropna().sort_values()
    num = rows["model"].nunique()
    told = f"Skill of a linear probe: {num} networks and controls (rows) by {len(means)} factors (columns)."
    if means.empty:
        return told
    worst, best = (
        ", ".join(f"{name} {format_number(value)}" for name, value in part.items())
        for part in (means.head(3), means.tail(3)[::-1])
    )
    lowest = rows.nsmallest(1, "skill").iloc[0]
    name = titles.get(lowest["model"], lowest["model"])
    return (
        f"{told} On average best decoded: {best}; worst: {worst}. "
        f"Lowest cell: {format_number(lowest['skill'])}, {lowest['title']} from {name}."
    )


def hover_text(name: str, row: pd.Series) -> str:
    """What is said of a cell: score against chance, its skill against that of plain objects' network, the verdict."""
    kind = "balanced accuracy" if row["kind"] == "choice" else "R²"
    objects = ", objects held out" if row["objects"] == HELD_OUT else ""
    lines = [
        name,
        f"{row['title']}{objects}: {kind} {format_number(row['score'])}, guessing {format_number(row['chance'])}",
        f"skill {format_number(row['skill'])} {_interval(row['low'], row['high'])}, p {_p_value(row['p_adjusted'])}",
    ]
    if row["kind"] == "circle":
        lines.append(f"mean error {row['angle_error_deg']:.0f}°, guessing 90°")
    for column, against in (("change", "trained on plain objects"), ("learnt", "untrained")):
        if row[column] == row[column]:  # not NaN
            lines.append(
                f"against {against} {signed(row[column])} {_interval(row[f'{column}_low'], row[f'{column}_high'])}, "
                f"p {_p_value(row[f'{column}_p_adjusted'])}"
            )
    if isinstance(row["verdict"], str) and row["verdict"]:
        lines.append(row["verdict"])
    return "<br>".join(lines)


def _interval(low: float, high: float) -> str:
    return f"[{format_number(low)}, {format_number(high)}]"


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {format_number(value, 3)}"


def _frames(
    figure: go.Figure,
    models: Sequence[str],
    factors: Sequence[str],
    trained_on: Mapping[str, Collection[str]],
    selected: tuple[Collection[str], str] | None,
) -> None:
    for row, model in enumerate(models):
        for column, factor in enumerate(factors):
            if factor.split(".")[0] in trained_on.get(model, ()):
                frame_trained(figure, column, row)
            if selected is not None and model in selected[0] and factor == selected[1]:
                frame_selected(figure, column, row)

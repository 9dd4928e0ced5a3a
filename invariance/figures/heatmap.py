"""The sens-scores of models for transformations: a heatmap that can be read without its colours."""

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
from invariance.figures.palette import NEUTRAL, SENS_SCALE
from invariance.numbers import format_number
from invariance.spec import ALL_CATEGORIES
from invariance.vocabulary.measures import MEASURES, SHOWN_MEASURES

ColourScale = tuple[tuple[float, str], ...]

ROW_PX: Final = 25


def sens_heatmap(
    table: pd.DataFrame,
    *,
    score: str = "sens",
    models: Sequence[str] | None = None,
    titles: Mapping[str, str] | None = None,
    trained_on: Mapping[str, Collection[str]] | None = None,
    selected: tuple[str, str] | None = None,
    apart: Collection[str] = (),
) -> go.Figure:
    """Draws models (rows) by transformations (columns), grouped by category.

    Args:
        table: columns model, transform and the score; one row a cell.
        score: the column shown, one of :data:`~invariance.vocabulary.measures.MEASURES`; where the table has its
            interval, that is shown on hovering. Purple is invariant, whichever way the measure runs.
        models: rows from top to bottom; None for the order of the table.
        titles: what to call the models; missing ones keep their name.
        trained_on: for each model the transformations of its training, whose cells get a frame.
        selected: (model, transformation) with a thick frame, dark and light.
        apart: models that come last, below a rule: references such as untrained networks, not contestants.
    """
    models, transforms = rows_and_columns(table, models, apart)
    measure = MEASURES[score]
    values, *ends = (
        grid(table, column, rows=models, columns=transforms, by="transform").astype(np.float32)
        for column in (score, *(end for end in measure.interval or () if end in table))
    )
    scale = SENS_SCALE if measure.invariant == 0 else _reversed(SENS_SCALE)
    names = [(titles or {}).get(model, model) for model in models]
    told = [
        f"{names[row]}<br>{transforms[column].replace('_', ' ')}: {format_number(values[row, column], 3)}"
        + _hovered([end[row, column] for end in ends])
        for row, column in filled(values)
    ]
    figure = go.Figure(
        [
            coloured(values, measure.title, scale, **told_of(values, told)),
            texts(values, [format_number(float(values[place])) for place in filled(values)], scale),
        ]
    )
    lay_out_transforms(figure, models, transforms, names, trained_on=trained_on, selected=selected, apart=apart)
    return figure


def lay_out_transforms(
    figure: go.Figure,
    models: Sequence[str],
    transforms: Sequence[str],
    names: Sequence[str],
    *,
    trained_on: Mapping[str, Collection[str]] | None = None,
    selected: tuple[str, str] | None = None,
    apart: Collection[str] = (),
) -> None:
    """Frames, categories and names of cells of models by transformations; see :func:`sens_heatmap`.

    Args:
        figure: changed in place.
        models: rows, those apart last.
        transforms: columns, by category.
        names: of the models.
        trained_on: of cells with a frame.
        selected: cell with a thick frame.
        apart: models below a rule.
    """
    for left, right, category in _blocks(transforms):
        _mark_category(figure, left, right, category, is_last=right == len(transforms))
    for row, model in enumerate(models):
        for column, transform in enumerate(transforms):
            if transform in (trained_on or {}).get(model, ()):
                frame_trained(figure, column, row)
            if selected == (model, transform):
                frame_selected(figure, column, row)
    if 0 < (num_above := sum(model not in apart for model in models)) < len(models):
        _rule_above(figure, num_above, len(transforms))
    lay_out(
        figure,
        names,
        [name.replace("_", " ") for name in transforms],
        row_px=ROW_PX,
        top_px=12,
        names=(models, transforms),
        row_title="transformations in pretraining",
        column_title="transformation between the twins",
        column_angle=-55,
    )


def rows_and_columns(
    table: pd.DataFrame, models: Sequence[str] | None = None, apart: Collection[str] = ()
) -> tuple[list[str], list[str]]:
    """Models of a table, those apart last, and its transformations by category."""
    models = list(dict.fromkeys(table["model"])) if models is None else list(models)
    models.sort(key=lambda model: model in apart)
    return models, [name for names in ALL_CATEGORIES.values() for name in names if name in set(table["transform"])]


def sens_legend(score: str) -> dict[str, Any]:
    """The colours of a measure and what their ends mean, for who draws the cells otherwise."""
    measure = MEASURES[score]
    scale = SENS_SCALE if measure.invariant == 0 else _reversed(SENS_SCALE)
    low, high = ("0, invariant", "1, as two other images") if measure.invariant == 0 else ("0", "1, invariant")
    return {"bar": [colour for _, colour in scale], "low": low, "high": high}


def heatmap_in_words(
    table: pd.DataFrame, score: str, trained_on: Mapping[str, Collection[str]], titles: Mapping[str, str]
) -> str:
    """What a heatmap shows, for who cannot see it: its ends, and what training on a transformation goes with.

    Args:
        table: columns model, transform and the score.
        score: the column that is shown.
        trained_on: of each model.
        titles: of the models.
    """
    known = table.dropna(subset=[score])
    num = known["model"].nunique(), known["transform"].nunique()
    told = f"{SHOWN_MEASURES[score].title}: {num[0]} networks (rows) by {num[1]} transformations (columns)."
    if known.empty:
        return told
    for word, found in (("Lowest", known.nsmallest(1, score)), ("Highest", known.nlargest(1, score))):
        cell = found.iloc[0]
        name = titles.get(cell["model"], cell["model"])
        told += f" {word}: {format_number(cell[score])}, {name} for {cell['transform'].replace('_', ' ')}."
    own = pd.Series(
        [one in trained_on.get(model, ()) for model, one in zip(known["model"], known["transform"], strict=True)],
        index=known.index,
    )
    if own.any() and not own.all():
        inside, outside = known.loc[own, score].mean(), known.loc[~own, score].mean()
        told += f" Mean of what networks were trained on {format_number(inside)}, of the rest {format_number(outside)}."
    return told


def interval_text(low: float, high: float) -> str:
    """A 95 % interval in words; empty where there is none."""
    return (
        f"95 % interval {format_number(low)} to {format_number(high)}" if np.isfinite(low) and np.isfinite(high) else ""
    )


def _reversed(scale: ColourScale) -> ColourScale:
    return tuple((1 - stop, colour) for stop, colour in reversed(scale))


def _hovered(ends: Sequence[float]) -> str:
    text = interval_text(*ends) if len(ends) == 2 else ""
    return text and f"<br>{text}"


def _blocks(transforms: Sequence[str]) -> list[tuple[int, int, str]]:
    """First and past-the-last column of each category that is shown."""
    result, start = [], 0
    for category, members in ALL_CATEGORIES.items():
        if count := sum(name in members for name in transforms):
            result.append((start, start + count, category))
            start += count
    return result


def _mark_category(figure: go.Figure, left: int, right: int, category: str, *, is_last: bool) -> None:
    figure.add_annotation(x=(left + right - 1) / 2, y=0.0, yref="paper", yanchor="top", text=category, showarrow=False)
    if not is_last:
        figure.add_shape(
            type="line",
            x0=right - 0.5,
            x1=right - 0.5,
            y0=-0.03,
            y1=1,
            yref="paper",
            line={"color": NEUTRAL, "width": 2},
        )


def _rule_above(figure: go.Figure, row: int, num_columns: int) -> None:
    """A line across the cells and their names."""
    figure.add_shape(
        type="line", x0=-0.5, x1=num_columns - 0.5, y0=row - 0.5, y1=row - 0.5, line={"color": NEUTRAL, "width": 4}
    )

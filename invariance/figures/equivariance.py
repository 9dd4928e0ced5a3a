"""Whether what transformations do can be foreseen: verdicts as a heatmap, and what foresees one change how well."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from invariance.figures.cells import coloured, filled, grid, texts, told_of
from invariance.figures.heatmap import ROW_PX, interval_text, lay_out_transforms, rows_and_columns
from invariance.figures.layout import LEGEND_ABOVE, error_bars, lay_out_plot
from invariance.figures.palette import EQUIVARIANCE_COLOURS, NEUTRAL
from invariance.figures.profile import LOOKS
from invariance.numbers import format_number
from invariance.vocabulary.equivariance import INVARIANT, LOCAL_ERROR, R2_COLUMNS, R2_TITLES, VERDICTS

SAME: Final = "="
"""In the cells of what is invariant, where there is hardly a change to foresee."""
_STOPS: Final = {verdict: number / (len(VERDICTS) - 1) for number, verdict in enumerate(VERDICTS)}
_SCALE: Final = tuple((_STOPS[verdict], EQUIVARIANCE_COLOURS[verdict]) for verdict in VERDICTS)
_LEGEND_PX: Final = 30
_APART: Final = 0.22
"""Of the dots of two networks, where what foresees the change is 1 apart."""

Cell = Mapping[Hashable, Any]
"""Column to value."""


def equivariance_heatmap(
    table: pd.DataFrame,
    *,
    titles: Mapping[str, str] | None = None,
    trained_on: Mapping[str, Collection[str]] | None = None,
    selected: tuple[str, str] | None = None,
    apart: Collection[str] = (),
) -> go.Figure:
    """Draws models (rows) by transformations (columns): colours are verdicts, numbers the equivariance.

    What is invariant has a sign in place of its number. Frames and rows are as in
    :func:`~invariance.figures.heatmap.sens_heatmap`.

    Args:
        table: columns of :data:`~invariance.vocabulary.equivariance.EQUIVARIANCE_TABLE`; one row a cell.
        titles: what to call the models; missing ones keep their name.
        trained_on: for each model the transformations of its training, whose cells get a frame.
        selected: (model, transformation) with a thick frame.
        apart: models that come last, below a rule.
    """
    models, transforms = rows_and_columns(table, apart=apart)
    stops = table.assign(stop=table["verdict"].map(_STOPS))
    values = grid(stops, "stop", rows=models, columns=transforms, by="transform").astype(np.float64)
    of_cells = table.drop_duplicates(["model", "transform"]).to_dict("records")
    by_cell: dict[tuple[str, str], Cell] = {(cell["model"], cell["transform"]): cell for cell in of_cells}
    names = [(titles or {}).get(model, model) for model in models]
    cells = [(row, by_cell[models[row], transforms[column]]) for row, column in filled(values)]
    words = [SAME if cell["verdict"] == INVARIANT else format_number(cell["equivariance"]) for _, cell in cells]
    told = [_told(names[row], cell) for row, cell in cells]
    figure = go.Figure(
        [
            coloured(values, "verdict", _SCALE, **told_of(values, told)).update(showscale=False),
            texts(values, words, _SCALE),
        ]
    )
    figure.data[1].showlegend = False
    for colour, name in equivariance_legend()["colours"]:
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            marker={"symbol": "square", "size": 12, "color": colour},
            name=name,
            hoverinfo="skip",
        )
    lay_out_transforms(
        figure,
        models,
        transforms,
        names,
        trained_on=trained_on,
        selected=selected,
        apart=apart,
    )
    below = -24 / (ROW_PX * len(models))
    figure.update_layout(
        height=figure.layout.height + _LEGEND_PX,
        showlegend=True,
        legend={**LEGEND_ABOVE, "yanchor": "top", "y": below, "itemclick": False, "itemdoubleclick": False},
    )
    return figure


def equivariance_legend() -> dict[str, Any]:
    """The colours of the verdicts, for who draws the cells otherwise."""
    named = {verdict: f"{SAME} {verdict}" if verdict == INVARIANT else verdict for verdict in EQUIVARIANCE_COLOURS}
    return {"colours": [(colour, named[verdict]) for verdict, colour in EQUIVARIANCE_COLOURS.items()]}


def _told(name: str, cell: Cell) -> str:
    control = f"with shuffled parameters {format_number(cell['control'])}"
    lines = [
        f"{name}<br>{str(cell['transform']).replace('_', ' ')}: {cell['verdict']}",
        f"equivariance {format_number(cell['equivariance'])}, {control}",
        interval_text(cell["equivariance_low"], cell["equivariance_high"]),
        f"conditional sens-score {format_number(cell['sens_conditional'])}",
    ]
    if np.isfinite(cell[LOCAL_ERROR]):
        lines.append(f"local equivariance error {format_number(cell[LOCAL_ERROR])}")
    return "<br>".join(filter(None, lines))


def foreseen_figure(
    table: pd.DataFrame, *, colours: Mapping[str, str], titles: Mapping[str, str] | None = None
) -> go.Figure:
    """How well one change is foreseen from what: R² on held-out objects, a row a model of it, a colour a network.

    Args:
        table: rows of one transformation, of up to three networks.
        colours: ``#rrggbb`` of each network, see :mod:`invariance.figures.networks`.
        titles: what to call the networks; missing ones keep their name.
    """
    figure, places = go.Figure(), np.arange(len(R2_COLUMNS), dtype=np.float64)
    middle = (len(table) - 1) / 2
    for number, (look, (_, row)) in enumerate(zip(LOOKS, table.iterrows(), strict=False)):
        values, low, high = ([row[name + end] for name in R2_COLUMNS] for end in ("", "_low", "_high"))
        name = str(row["model"])
        colour = colours[name]
        figure.add_scatter(
            x=values,
            y=places + _APART * (number - middle),
            error_x=error_bars(values, low, high, thickness=1.5, color=colour),
            mode="markers",
            marker={"symbol": look["symbol"], "size": 9, "color": colour},
            name=(titles or {}).get(name, name),
            text=[
                f"{R2_TITLES[column]}: {format_number(value)}<br>{interval_text(*ends)}"
                for column, value, *ends in zip(R2_COLUMNS, values, low, high, strict=True)
            ],
            hovertemplate="%{fullData.name}<br>%{text}<extra></extra>",
        )
    figure.add_vline(x=0.0, line={"color": NEUTRAL, "width": 1, "dash": "dot"})
    figure.update_xaxes(title="R² of the second view, held-out objects", fixedrange=True, zeroline=False)
    figure.update_xaxes(
        range=[min(-0.05, float(table[[f"{name}_low" for name in R2_COLUMNS]].min().min()) - 0.05), 1.02]
    )
    figure.update_yaxes(
        tickvals=places,
        ticktext=[R2_TITLES[name] for name in R2_COLUMNS],
        range=[len(R2_COLUMNS) - 0.5, -0.5],
        fixedrange=True,
        automargin=True,
        zeroline=False,
        showgrid=False,
    )
    lay_out_plot(figure, 300, dragmode=False, showlegend=True)
    return figure

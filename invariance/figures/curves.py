"""What is measured while a run works, as curves over the training images seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from invariance.figures.layout import lay_out_plot
from invariance.vocabulary.target_probe import TARGET_ACCURACY

METRIC_TITLES: dict[str, str] = {
    "train_accuracy": "training accuracy",
    "validation_accuracy": "validation accuracy",
    "train_loss": "training loss (nats)",
    "validation_loss": "validation loss (nats)",
    TARGET_ACCURACY: "target accuracy if transferred now",
}
MAX_POINTS = 300


def metric_title(metric: str) -> str:
    """A metric's name for people."""
    return METRIC_TITLES.get(metric, metric.replace("_", " "))


def training_curves(
    tables: Mapping[str, pd.DataFrame],
    metric: str,
    *,
    colours: Sequence[str],
    height_px: int = 280,
    dashed: frozenset[str] = frozenset(),
) -> go.Figure:
    """One curve for each run, smoothed where there are many values, so that runs can be told apart.

    Args:
        tables: for each run's title, its measured values: columns step, name, value (as of ``Store.metrics``).
        metric: name of the metric; accuracies are in [0, 1] and shown in percent.
        colours: ``#rrggbb`` of each run's network, see :mod:`invariance.figures.networks`.
        height_px: height of the figure.
        dashed: titles of the runs whose curves are dashed, so that colour is not the only difference.

    Returns:
        A figure with the curves in the order of ``tables``; background and text are the page's.
    """
    is_accuracy = metric.endswith("accuracy")
    figure = go.Figure()
    highest = 0.0
    for (title, table), colour in zip(tables.items(), colours, strict=True):
        values = table[table["name"] == metric].sort_values("step")
        step, value = _bundled(values["step"].astype("float32"), values["value"].astype("float32"))
        highest = max(highest, float(value.max()) if len(value) else 0.0)
        figure.add_scatter(
            x=step.to_numpy(),
            y=value.to_numpy(),
            name=title,
            mode="lines+markers" if len(step) < 12 else "lines",
            line={"width": 2.5, "color": colour, "dash": "dash" if title in dashed else "solid"},
            hovertemplate="step %{x:.0f}<br>%{y:.1%}" if is_accuracy else "step %{x:.0f}<br>%{y:.3f}",
        )
    figure.update_xaxes(title="training step", rangemode="tozero")
    figure.update_yaxes(title=metric_title(metric), rangemode="tozero")
    if is_accuracy:
        figure.update_yaxes(range=[0, min(1.02, max(0.2, 1.15 * highest))], tickformat=".0%")
    # A refreshed figure keeps the reader's zoom.
    lay_out_plot(figure, height_px, showlegend=True, uirevision="kept")
    return figure


def values_table(tables: Mapping[str, pd.DataFrame], metric: str) -> pd.DataFrame:
    """The measured values behind :func:`training_curves`, unsmoothed.

    Args:
        tables: as there.
        metric: as there.

    Returns:
        Columns run (its title), step and the metric.
    """
    parts = []
    for title, table in tables.items():
        values = table[table["name"] == metric].sort_values("step")
        parts.append(pd.DataFrame({"run": title, "step": values["step"], metric: values["value"]}))
    return pd.concat(parts, ignore_index=True)


def _bundled(step: pd.Series[float], value: pd.Series[float]) -> tuple[pd.Series[float], pd.Series[float]]:
    """Means over equal groups of consecutive points, so that at most ``MAX_POINTS`` are left."""
    size = -(-len(step) // MAX_POINTS)
    if size <= 1:
        return step, value
    group = pd.Series(range(len(step)), index=step.index) // size
    return step.groupby(group).last(), value.groupby(group).mean()

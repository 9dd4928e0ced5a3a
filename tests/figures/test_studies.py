"""Figures of the studies, from small tables with known values."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from invariance.figures.cells import labelled_cells
from invariance.figures.means import HOLLOW, points_with_intervals
from invariance.figures.palette import SHARE_SCALE, colour_at, contrast, text_colour
from invariance.figures.studies import invariance_transfer as figures_c
from invariance.figures.studies import mismatch as figures_d
from invariance.figures.studies import relevant_features as figures_b
from invariance.figures.studies import transforms_vs_other as figures_a
from invariance.figures.study_figures import figures_of
from invariance.statistics import t_interval
from invariance.studies.published import RELEVANT_FEATURES, TRANSFORMS_VS_OTHER
from tests.studies.fabricated import squares_table


def traces(figure: go.Figure) -> dict[str, go.Scatter]:
    return {trace.name: trace for trace in figure.data}


def test_points_carry_their_interval_and_one_seed_has_none() -> None:
    points = points_with_intervals(
        ["a", "b"], [t_interval([1.0, 2.0, 3.0]), t_interval([4.0])], name="n", colour="#000000"
    )
    assert list(points.y) == [2.0, 4.0]
    assert list(points.error_y.array) == pytest.approx([4.3027 / math.sqrt(3), 0.0], abs=1e-4)
    assert points.text[0].endswith("3 seeds") and points.text[1] == "4.000, 1 seed"


def test_cells_are_written_and_empty_ones_are_not() -> None:
    figure = labelled_cells([[0.25, np.nan]], rows=["r"], columns=["x", "y"], scale=SHARE_SCALE, title="accuracy")
    cells, texts = figure.data
    assert list(texts.text) == ["0.25"] and (texts.x[0], texts.y[0]) == (0, 0)
    assert cells.zmin == 0 and cells.zmax == 1


@pytest.mark.parametrize("value", [0.0, 0.3, 0.5, 0.7, 1.0])
def test_values_read_on_every_colour_of_accuracies(value: float) -> None:
    assert contrast(text_colour(value, SHARE_SCALE), colour_at(value, SHARE_SCALE)) >= 4.5


@pytest.fixture
def table_a() -> pd.DataFrame:
    return pd.concat(
        [
            squares_table({"small": (0.8, 0.5), "resnet18": (0.8, 0.5)}, num_seeds=2, spread=0),
            squares_table({"10000": (0.8, 0.5), "4000": (0.7, 0.5)}, "pretraining_samples", num_seeds=2, spread=0),
        ],
        ignore_index=True,
    )


@pytest.fixture
def table_usual() -> pd.DataFrame:
    square = squares_table({"usual": (0.9, 0.6, 0.5, 0.7)}, "usual", num_seeds=3, spread=0)
    none = square[square["source"] == "P"].assign(source="none", relation="none", transfer_accuracy=0.4)
    return pd.concat([square, none], ignore_index=True)


def test_the_usual_setting_by_relation_with_a_marker_a_seed_and_target(table_usual: pd.DataFrame) -> None:
    drawn = traces(figures_a.usual_figure(table_usual))
    assert list(drawn["same, target P"].y) == pytest.approx([0.9, 0.91, 0.92])
    assert list(drawn["disjoint, target P"].y) == pytest.approx([0.5, 0.51, 0.52])
    assert drawn["same, target P"].marker.symbol != drawn["same, target Q"].marker.symbol
    assert drawn["same, target P"].text[1] == "seed 1, PPP to PPP"
    assert list(drawn["none, mean over seeds"].y) == pytest.approx([0.4])
    # Seeds, not seeds and targets, are independent: n = 3.
    assert drawn["same, mean over seeds"].text[0].endswith("3 seeds")
    assert list(drawn["published, disjoint"].y) == [0.862] and drawn["published, same"].marker.symbol == HOLLOW
    assert "published, same" not in traces(figures_a.usual_figure(table_usual, published=False))


def test_both_effects_are_a_dot_a_seed(table_usual: pd.DataFrame) -> None:
    drawn = traces(figures_a.effects_figure(table_usual))
    assert list(drawn["seeds"].x) == pytest.approx([0.4] * 3) and list(drawn["seeds"].y) == pytest.approx([0.1] * 3)
    assert (drawn["mean"].x[0], drawn["mean"].y[0]) == pytest.approx((0.4, 0.1))
    assert drawn["published gap"].x[0] == drawn["published gap"].y[0] == pytest.approx(0.121)
    names = [figure.name for figure in figures_of("transforms-vs-other", table_usual)]
    assert names == ["gap", "usual", "effects"]
    begun = table_usual[table_usual["source"] == "P"]
    assert [figure.name for figure in figures_of("transforms-vs-other", begun)] == ["gap", "usual"]


def test_a_factor_shows_ours_filled_and_theirs_hollow(table_a: pd.DataFrame) -> None:
    drawn = traces(figures_a.factor_figure(table_a, "architecture"))
    assert list(drawn["same transformations"].x) == ["small", "resnet18"]
    assert list(drawn["disjoint transformations"].y) == pytest.approx([0.505, 0.505])
    assert drawn["same transformations"].text[0].endswith("2 seeds")
    theirs = drawn["published, disjoint"]
    assert theirs.marker.symbol == HOLLOW
    assert dict(zip(theirs.x, theirs.y, strict=True)) == {
        name: pair[1] for name, pair in TRANSFORMS_VS_OTHER["architecture"].items()
    }
    assert len(figures_a.factor_figure(table_a, "architecture", published=False).data) == 2


def test_counts_are_in_the_order_of_their_size(table_a: pd.DataFrame) -> None:
    figure = figures_a.factor_figure(table_a, "pretraining_samples")
    assert list(figure.layout.xaxis.categoryarray) == ["1,000", "4,000", "10,000", "50,000", "100,000", "500,000"]


def test_gaps_stand_beside_what_every_two_values_move(table_a: pd.DataFrame) -> None:
    drawn = traces(figures_a.gap_figure(table_a))
    assert list(drawn["gap between same and disjoint"].y) == pytest.approx([0.3, 0.25])
    within = drawn["between two values, within same"]
    assert ("10000 less 4000", pytest.approx(0.1)) in list(zip(within.text, within.y, strict=True))
    assert list(drawn["between two values, within disjoint"].y) == pytest.approx([0.0] * 4)
    assert drawn["published gap"].y[0] == pytest.approx(0.1242, abs=1e-4)


def test_published_networks_stand_beside_the_architectures_and_move_no_gap(table_a: pd.DataFrame) -> None:
    theirs = (
        table_a[table_a["factor"] == "architecture"]
        .iloc[[0, 8]]
        .assign(
            factor="published",
            value="torchvision:resnet18",
            relation="published",
            source="published",
            transfer_accuracy=[0.6, 0.7],
        )
    )
    table = pd.concat([table_a, theirs], ignore_index=True)
    for factor in ("architecture", "published"):
        drawn = traces(figures_a.factor_figure(table, factor))
        stars = drawn["torchvision's networks, of ImageNet"]
        assert (stars.marker.symbol, stars.mode) == ("star", "markers")
        assert list(stars.x) == ["torchvision:resnet18"] and list(stars.y) == pytest.approx([0.65])
    assert "torchvision's networks, of ImageNet" not in traces(figures_a.factor_figure(table_a, "architecture"))
    assert figures_a.gap_figure(table) == figures_a.gap_figure(table_a)
    names = [figure.name for figure in figures_of("transforms-vs-other", table)]
    assert names == ["gap", "architecture", "pretraining_samples", "published"]
    assert "gap" not in [figure.name for figure in figures_of("transforms-vs-other", theirs)]


@pytest.fixture
def table_d() -> pd.DataFrame:
    rows = [
        (own, task, seed, 0.9 if own >= task else 0.6) for own in (1, 2, 4) for task in (1, 2, 4) for seed in (0, 1)
    ]
    columns = ["num_pretraining_transforms", "num_transfer_transforms", "seed", "accuracy"]
    return pd.DataFrame(rows, columns=columns).assign(num_classes=10)


def test_the_matrix_has_pretraining_in_rows_and_a_framed_diagonal(table_d: pd.DataFrame) -> None:
    figure = figures_d.mismatch_matrix(table_d)
    assert figure.data[0].z[0][2] == 0.6 and figure.data[0].z[2][0] == 0.9
    assert [(shape.x0 + shape.x1) / 2 for shape in figure.layout.shapes] == pytest.approx([0, 1, 2])


def test_one_line_for_each_pretraining_and_the_share_that_is_left(table_d: pd.DataFrame) -> None:
    lines = figures_d.mismatch_lines(table_d)
    assert [trace.name for trace in lines.data][:4] == ["1", "2", "4", "exactly the task's"]
    assert list(lines.data[0].y) == pytest.approx([0.9, 0.6, 0.6])
    assert list(lines.data[3].y) == pytest.approx([0.9, 0.9, 0.9])
    published = lines.data[4]
    assert published.marker.symbol == HOLLOW and list(published.y) == [0.99] * 3 and len(lines.data) == 5
    larger = pd.concat([table_d, table_d.replace(4, 8)]).drop_duplicates()
    assert list(traces(figures_d.mismatch_lines(larger))["published, 1"].y) == [0.33]
    (left,) = figures_d.missing_figure(table_d).data
    assert dict(zip(left.x, left.y, strict=True)) == pytest.approx(
        {-3: 1.0, -2: 1.0, -1: 1.0, 0: 1.0, 1: 2 / 3, 2: 2 / 3, 3: 2 / 3}
    )


@pytest.fixture
def table_b() -> pd.DataFrame:
    sens = {"c": (0.9, 0.2), "co_c": (0.95, 0.1), "co_o": (0.1, 0.9), "o": (0.8, 0.2)}
    rows = [
        (row, column, seed, accuracy, *sens[row], "o" if row.endswith("o") else "c", 0.0, float(row != "c"))
        for seed in range(2)
        for row, probes in RELEVANT_FEATURES.items()
        for column, accuracy in probes.items()
    ]
    rows += [("co_c, correlation 1", "co_o", 0, 0.97, 0.5, 0.5, "c", 1.0, 1.0)]
    columns = [
        "trained_on",
        "probed_on",
        "seed",
        "accuracy",
        "sens_c",
        "sens_o",
        "label",
        "correlation",
        "availability",
    ]
    return pd.DataFrame(rows, columns=columns)


def test_probes_are_trained_on_by_probed_on(table_b: pd.DataFrame) -> None:
    ours, theirs = (figures_b.probe_heatmap(table_b, published=published) for published in (False, True))
    assert np.array(ours.data[0].z) == pytest.approx(np.array(theirs.data[0].z))
    assert ours.data[0].z[2][0] == pytest.approx(0.31)  # trained on C + O -> O, probed on C -> C
    assert list(ours.layout.yaxis.ticktext)[2] == "C + O → O"


def test_sens_has_c_left_and_o_right(table_b: pd.DataFrame) -> None:
    cells = figures_b.sens_heatmap_of_features(table_b).data[0]
    assert np.array(cells.z)[2] == pytest.approx([0.1, 0.9])
    assert figures_b.sens_heatmap_of_features(table_b, published=True).data[0].z[2][1] == 0.99


def test_four_networks_are_dots_without_a_correlation(table_b: pd.DataFrame) -> None:
    figure = figures_b.agreement_figure(table_b)
    assert sum(len(trace.x) for trace in figure.data) == 2 * 4 * 2 and not figure.layout.annotations
    of_c = figure.data[0]
    hollow = {
        text.split(",")[0] for text, symbol in zip(of_c.text, of_c.marker.symbol, strict=True) if "open" in symbol
    }
    assert hollow == {"C + O → O", "O → O"}  # the networks that did not need C


def test_correlation_goes_from_none_to_full(table_b: pd.DataFrame) -> None:
    drawn = traces(figures_b.extended_figure(table_b, "correlation"))
    assert list(drawn["C + O → O"].x) == [0.0, 1.0] and list(drawn["C + O → O"].y) == pytest.approx([0.53, 0.97])
    assert list(traces(figures_b.extended_figure(table_b, "availability"))["C → C"].x) == [0.0, 1.0]


@pytest.fixture
def table_c() -> pd.DataFrame:
    rows = []
    for data, shift in (("same-pictures", 0.0), ("new-pictures", 0.1), ("noise-noise", 0.3)):
        for model in ("none", "rotate", "hue"):
            for transform in ("rotate", "hue"):
                relation = "none" if model == "none" else "same" if model == transform else "other"
                value = {"same": 0.1, "other": 0.5, "none": 0.6}[relation] + shift
                rows += [(model, transform, data, seed, value, value, "pictures", relation) for seed in range(2)]
    columns = ["model", "transform", "data", "seed", "sens", "sens_conditional", "pretraining", "relation"]
    return pd.DataFrame(rows, columns=columns)


def test_relations_over_types_of_data(table_c: pd.DataFrame) -> None:
    drawn = traces(figures_c.relation_figure(table_c))
    assert list(drawn["same transformation"].x) == ["same-pictures", "new-pictures", "noise-noise"]
    assert list(drawn["same transformation"].y) == pytest.approx([0.1, 0.2, 0.4])
    assert list(drawn["published, same"].y) == [0.12, 0.21, 0.56]
    assert "published, same" not in traces(figures_c.relation_figure(table_c, score="sens_conditional"))


def test_first_weights_are_drawn_apart(table_c: pd.DataFrame) -> None:
    first = table_c[table_c["model"] == "none"].assign(model="untrained", relation="untrained", sens=0.05)
    table = pd.concat([table_c, first.assign(pretraining_accuracy=[0.1] * len(first))])
    drawn = traces(figures_c.relation_figure(table))["untrained"]
    assert (drawn.mode, list(drawn.y)) == ("markers", pytest.approx([0.05] * 3))
    figure = figures_c.data_heatmap(table)
    assert list(figure.layout.yaxis.ticktext) == ["none", "rotate", "hue", "untrained (accuracy 0.10)"]
    assert figure.layout.shapes[0].y0 == figure.layout.shapes[0].y1 == 2.5
    assert np.array(figure.data[0].z)[3] == pytest.approx([0.05] * 3)
    names = [figure.name for figure in figures_of("invariance-transfer", table)]
    assert names == ["relations", "data", "holding"]
    assert figures_of("invariance-transfer", table[table["relation"] != "same"])[:1] == ()


def test_heatmaps_of_networks(table_c: pd.DataFrame) -> None:
    by_data = figures_c.data_heatmap(table_c).data[0]
    assert np.array(by_data.z) == pytest.approx(np.array([[0.6, 0.7, 0.9], [0.1, 0.2, 0.4], [0.1, 0.2, 0.4]]))
    (points,) = figures_c.holding_figure(table_c).data
    assert list(points.text) == ["hue", "rotate"] and list(points.y) == pytest.approx([0.4, 0.4])
    assert not len(figures_c.relation_figure(table_c.iloc[:0]).data[0].x)

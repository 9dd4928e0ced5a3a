"""Invariance: which transformations each network ignores, and what is behind every number."""

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.figures.equivariance import equivariance_heatmap, equivariance_legend
from invariance.figures.heatmap import heatmap_in_words, sens_heatmap, sens_legend
from invariance.measures.shifts import own_shift
from invariance.runs import gallery
from invariance.runs.origin import Origin, origin_of
from invariance.spec import CATEGORIES
from invariance.vocabulary.equivariance import EQUIVARIANCE
from invariance.vocabulary.measures import MEASURES, SHOWN_MEASURES
from pages.invariance.cell import references, show_beside, show_numbers, show_view
from pages.invariance.foreseen import explain_verdicts, show_foreseen
from pages.invariance.rows import can_be_row, choose_num_pairs, explain_published, row_title
from pages.invariance.scatter import show_scatter
from pages.invariance.table import (
    PUBLISHED_PAIRS,
    choose_data,
    equivariance_measurement,
    equivariance_of,
    measurement,
    measurements,
    table_of,
)
from pages.shared import cache, links
from pages.shared.cells import head_of, show_cells
from pages.shared.controls import choose
from pages.shared.errors import errors_shown, show_postponed
from pages.shared.exports import export_row
from pages.shared.measurements import gallery_data
from pages.shared.networks import Networks, choose_others, show_no_gallery
from pages.shared.serving.once import drawn, made

FEW = ("none", "translate", "rotate", "hue", "blur")
"""Rows at first, of the gallery's: one that is fragile, and four that learnt one thing each, of every kind."""


def choose_measure(table: pd.DataFrame, place: DeltaGenerator, *, equivariance: bool) -> str:
    """Which column the heatmap shows; those that the table lacks are not offered.

    Args:
        table: of sens-scores.
        place: where the control stands.
        equivariance: whether that, which has a table of its own, is offered too.
    """
    offered = offered_measures(table)
    names = [*offered, EQUIVARIANCE.name] if equivariance else offered
    titles = {name: SHOWN_MEASURES[name].title for name in names}
    meanings = "\n".join(f"* *{SHOWN_MEASURES[name].title}*: {SHOWN_MEASURES[name].meaning}" for name in names)
    return choose("Measure", titles, key="score", place=place, help=meanings)


def offered_measures(table: pd.DataFrame) -> list[str]:
    """Measures that a table has."""
    return [name for name in MEASURES if name in table and table[name].notna().any()] or ["sens"]


def explain_measure(table: pd.DataFrame, score: str) -> None:
    """What is shown, which way it runs, and what the table lacks."""
    measure, offered = MEASURES[score], offered_measures(table)
    st.markdown(f"Shown: the **{measure.title}**, {measure.meaning}. {measure.scale}")
    if absent := [MEASURES[name].title for name in MEASURES if name not in offered]:
        st.caption(f"Not in this table, which was measured without them: {', '.join(absent)}.")
    elif num_empty := table.loc[table[score].isna(), "model"].nunique():
        st.caption(
            f"Empty cells in {num_empty} row{'s' * (num_empty > 1)}: measured without it, or the network "
            "represents all images as the same."
        )


def networks_of(table: pd.DataFrame, known: Networks) -> Networks:
    """The networks of the table's rows; those untrained are told by what was trained from them."""
    untrained = {twin.reference: twin for model in known.values() if (twin := model.untrained) is not None}
    both = {**untrained, **known}
    return {name: both[name] for name in dict.fromkeys(table["model"]) if name in both}


def accuracies(table: pd.DataFrame, networks: Networks) -> dict[str, str]:
    """Of each network, without which one that tells nothing apart looks invariant; empty where it is not known.

    A trained network's is that of its own test; an untrained one's was measured on the twins' images.
    """
    measured = table.groupby("model")["accuracy"].mean().to_dict() if "accuracy" in table else {}
    known = {name: network.metrics.get("test_accuracy", measured.get(name)) for name, network in networks.items()}
    return {name: "" if value is None or pd.isna(value) else f"{value:.0%}" for name, value in known.items()}


def rows_shown(networks: Networks, *, all_rows: bool) -> Networks:
    """The networks that are rows: all, or those that show the most, what a visitor chose, and the untrained one."""
    gallery_rows = [name for name, one in networks.items() if one.from_gallery and not one.is_untrained]
    if all_rows or len(gallery_rows) <= len(FEW):
        return networks
    left_out = {*gallery_rows} - {*FEW, st.session_state.get("row"), st.query_params.get("row")}
    return {name: network for name, network in networks.items() if name not in left_out}


def select_cell(row: str, column: str) -> None:
    """Takes the clicked cell over into the two boxes."""
    st.session_state["row"], st.session_state["column"] = row, column


def choose_cell(table: pd.DataFrame, names: dict[str, str]) -> tuple[str, str]:
    """The cell that is looked into: by a click on the heatmap, or from two boxes."""
    columns = {name: name.replace("_", " ") for name in dict.fromkeys(table["transform"])}
    left, right = st.columns(2)
    return (
        choose("Network", names, key="row", place=left),
        choose("Transformation", columns, key="column", place=right),
    )


def show_table(
    table: pd.DataFrame, networks: Networks, names: dict[str, str], score: str, origin: Origin, cell: tuple[str, str]
) -> None:
    """Rows are networks, columns transformations."""
    title, foreseen = SHOWN_MEASURES[score].title, score == EQUIVARIANCE.name
    trained_on = {name: network.data.transforms for name, network in networks.items()}
    apart = [name for name, network in networks.items() if network.is_untrained]
    tested = accuracies(table, networks)
    draw = equivariance_heatmap if foreseen else partial(sens_heatmap, score=score)
    figure = drawn(
        draw,
        table,
        titles={name: f"{title} · {tested[name]}" if tested[name] else title for name, title in names.items()},
        selected=cell,
        trained_on=trained_on,
        apart=apart,
    )
    show_cells(
        figure,
        {name: head_of(network, names[name], tested[name]) for name, network in networks.items()},
        key="heatmap",
        corner="trained on, its accuracy",
        alt=made(heatmap_in_words, table, score, trained_on, names),
        legend=equivariance_legend() if foreseen else sens_legend(score),
        on_cell=select_cell,
        selected=[cell],
        trained=[(name, one) for name, varied in trained_on.items() for one in varied],
        apart=apart,
        hint="Click a cell, or walk with the arrow keys: its twins are beside it.",
    )
    export_row(
        figure,
        table.assign(title=table["model"].map(names)),
        title=f"{title[0].upper()}{title[1:]} of networks (rows) for transformations",
        name="equivariance" if foreseen else "sens",
        key="save_heatmap",
        origin=origin,
    )


def choose_more(known: Networks) -> tuple[list[str], int, list[str], bool]:
    """What few change: networks besides the gallery's, how many twins they get, columns, and the untrained row."""
    others = choose_others(known, can_be_row)
    num_pairs = choose_num_pairs() if any(known[name].is_published for name in others) else PUBLISHED_PAIRS
    groups = st.pills("Only these columns", list(CATEGORIES), selection_mode="multi", key="groups", bind="query-params")
    show_untrained = st.toggle(
        "Untrained network as a row",
        True,
        key="untrained",
        bind="query-params",
        help="What a network does before it has seen an image: the reference for every other row. It tells hardly any "
        "image apart, so a low score of its is no achievement; it stands apart, below the rule.",
    )
    return others, num_pairs, [name for group in (groups or CATEGORIES) for name in CATEGORIES[group]], show_untrained


def main() -> None:
    """The page."""
    known = cache.known_models()
    controls = st.columns([3, 4, 2], vertical_alignment="bottom")
    place = st.container()
    with st.expander("More: other networks, columns", icon=":material/tune:"):
        others, num_pairs, shown, show_untrained = choose_more(known)
    rest = st.container()
    published = [name for name in others if known[name].is_published]
    with controls[1]:
        shift, data = choose_data(known)
    all_rows = controls[2].toggle(
        "Show all", key="all", bind="query-params", help="All networks, not the few that show most."
    )
    table, offer = table_of(known, others, shift, data, num_pairs)
    score = choose_measure(table, controls[0], equivariance=not gallery.equivariance_table().empty)
    foreseen = score == EQUIVARIANCE.name
    explained = table
    if foreseen:
        is_own = shift == own_shift(gallery_data(known))
        data = gallery.all_objects(data) if is_own else data
        table, offer = equivariance_of(known, others, data, shipped_too=is_own)
    with place:
        if not foreseen:
            explain_published(published, data, num_pairs)
        offer()
    networks = networks_of(table, known)
    several = sum(network.is_untrained for network in networks.values()) > 1
    if not show_untrained:
        networks = {name: network for name, network in networks.items() if not network.is_untrained}
    if not networks:
        if not others and not any(model.from_gallery for model in known.values()):
            show_no_gallery()
        return
    names = {name: row_title(network, several) for name, network in networks.items()}
    measured = table  # the numbers of a cell name the untrained network even where it has no row
    table = table[table["model"].isin(networks) & table["transform"].isin(shown)]
    with place:
        left, right = st.columns([8, 3], gap="medium")
    with right:
        row, column = choose_cell(table, names)
        compared = references(networks[row], known)
        show_beside(measured, compared, names, column, data, score)
    rows = rows_shown(networks, all_rows=all_rows)
    asked = partial(measurement, data=data, num_pairs=num_pairs)
    asked = partial(equivariance_measurement, data=data) if foreseen else asked
    origin = origin_of(*measurements(list(rows.values()), asked))
    with left:
        show_table(
            table[table["model"].isin(rows)], rows, {name: names[name] for name in rows}, score, origin, (row, column)
        )
    with rest:
        if foreseen:
            explain_verdicts(data)
            show_foreseen(measured, compared, names, column)
        else:
            explain_measure(explained, score)
            show_numbers(measured, compared, names, column)
        show_view(compared, names, column, data, score)
        show_scatter(known)


links.enter("invariance", widget="shift")
st.title("Invariance", anchor=False)
st.markdown(
    "Does a network ignore what it was trained to ignore? *Twins* are one object on one background with two draws of "
    "a transformation: the closer a network represents them, the more invariant it is."
)
show_postponed()
with errors_shown():
    main()

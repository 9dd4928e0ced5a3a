"""Invariance: which transformations each network ignores, and what is behind every number."""

from functools import partial

import pandas as pd
import streamlit as st

from invariance.figures.equivariance import equivariance_heatmap
from invariance.figures.heatmap import sens_heatmap
from invariance.measures.shifts import own_shift
from invariance.runs import gallery
from invariance.runs.origin import Origin, origin_of
from invariance.spec import CATEGORIES
from invariance.vocabulary.equivariance import EQUIVARIANCE
from invariance.vocabulary.measures import MEASURES, SHOWN_MEASURES
from pages.invariance.cell import references, show_numbers, show_view
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
from pages.shared.controls import choose
from pages.shared.errors import errors_shown, show_postponed
from pages.shared.figures import heatmap_frame, show_heatmap
from pages.shared.measurements import gallery_data
from pages.shared.networks import Networks, choose_others, show_no_gallery
from pages.shared.once import drawn


def choose_measure(table: pd.DataFrame, *, equivariance: bool) -> str:
    """Which column the heatmap shows; those that the table lacks are not offered, and named.

    Args:
        table: of sens-scores.
        equivariance: whether that, which has a table of its own, is offered too.
    """
    offered = [name for name in MEASURES if name in table and table[name].notna().any()] or ["sens"]
    names = [*offered, EQUIVARIANCE.name] if equivariance else offered
    score = choose("Measure", {name: SHOWN_MEASURES[name].title for name in names}, key="score", kind="segments")
    if score == EQUIVARIANCE.name:
        return score
    measure = MEASURES[score]
    st.markdown(f"Shown: the **{measure.title}**, {measure.meaning}. {measure.scale}")
    if absent := [MEASURES[name].title for name in MEASURES if name not in offered]:
        st.caption(f"Not in this table, which was measured without them: {', '.join(absent)}.")
    elif num_empty := table.loc[table[score].isna(), "model"].nunique():
        st.caption(
            f"Empty cells in {num_empty} row{'s' * (num_empty > 1)}: measured without it, or the network "
            "represents all images as the same."
        )
    return score


def networks_of(table: pd.DataFrame, known: Networks) -> Networks:
    """The networks of the table's rows; those untrained are told by what was trained from them."""
    untrained = {twin.reference: twin for model in known.values() if (twin := model.untrained) is not None}
    both = {**untrained, **known}
    return {name: both[name] for name in dict.fromkeys(table["model"]) if name in both}


def with_accuracies(table: pd.DataFrame, networks: Networks, names: dict[str, str]) -> dict[str, str]:
    """Names with accuracies, without which a network that tells nothing apart looks invariant.

    A trained network's is that of its own test; an untrained one's was measured on the twins' images.
    """
    measured = table.groupby("model")["accuracy"].mean().to_dict() if "accuracy" in table else {}
    known = {name: network.metrics.get("test_accuracy", measured.get(name)) for name, network in networks.items()}
    return {
        name: title if (accuracy := known[name]) is None or pd.isna(accuracy) else f"{title} · {accuracy:.0%}"
        for name, title in names.items()
    }


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
    table: pd.DataFrame, networks: Networks, names: dict[str, str], score: str, origin: Origin
) -> tuple[str, str]:
    """Rows are networks, columns transformations. Returns the chosen cell."""
    title = SHOWN_MEASURES[score].title
    st.markdown(
        "A frame marks what a network was trained on; beside its name, how many images of its own task it names "
        "rightly. Click a cell to look behind it."
    )
    frame = heatmap_frame("heatmap", least_rem=50)
    st.subheader("One cell", anchor=False)
    cell = choose_cell(table, names)
    draw = equivariance_heatmap if score == EQUIVARIANCE.name else partial(sens_heatmap, score=score)
    figure = drawn(
        draw,
        table,
        titles=with_accuracies(table, networks, names),
        selected=cell,
        trained_on={name: network.data.transforms for name, network in networks.items()},
        apart=[name for name, network in networks.items() if network.is_untrained],
    )
    show_heatmap(
        frame,
        figure,
        table.assign(title=table["model"].map(names)),
        key="heatmap",
        title=f"{title[0].upper()}{title[1:]} of networks (rows) for transformations",
        name="equivariance" if score == EQUIVARIANCE.name else "sens",
        alt=f"{title} of networks for transformations",
        on_cell=select_cell,
        origin=origin,
    )
    return cell


def main() -> None:
    """The page."""
    known = cache.known_models()
    others = choose_others(known, can_be_row)
    published = [name for name in others if known[name].is_published]
    num_pairs = choose_num_pairs() if published else PUBLISHED_PAIRS
    left, middle, right = st.columns([4, 3, 3], vertical_alignment="bottom")
    with left:
        shift, data = choose_data(known)
    groups = middle.pills(
        "Only these columns", list(CATEGORIES), selection_mode="multi", key="groups", bind="query-params"
    )
    show_untrained = right.toggle(
        "Untrained network as a row",
        True,
        key="untrained",
        bind="query-params",
        help="What a network does before it has seen an image: the reference for every other row. It tells hardly any "
        "image apart, so a low score of its is no achievement; it stands apart, below the rule.",
    )
    place = st.container()
    table, offer = table_of(known, others, shift, data, num_pairs)
    score = choose_measure(table, equivariance=not gallery.equivariance_table().empty)
    foreseen = score == EQUIVARIANCE.name
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
    table = table[table["model"].isin(networks)]
    if foreseen:
        explain_verdicts(data)
    shown = [name for group in (groups or CATEGORIES) for name in CATEGORIES[group]]
    asked = partial(measurement, data=data, num_pairs=num_pairs)
    asked = partial(equivariance_measurement, data=data) if foreseen else asked
    origin = origin_of(*measurements(list(networks.values()), asked))
    row, column = show_table(table[table["transform"].isin(shown)], networks, names, score, origin)
    compared = references(networks[row], known)
    if foreseen:
        show_foreseen(measured, compared, names, column)
    else:
        show_numbers(measured, compared, names, column)
    show_view(compared, names, column, data, score)
    show_scatter(known)


links.enter("invariance", widget="shift")
st.title("Invariance", anchor=False)
st.markdown(
    "Do networks ignore what they were trained to ignore? Each was pretrained on images of objects in which "
    "something varied, say their angle. Here *twins*, one object on one background with two draws of a "
    "transformation, are shown to it: the closer it represents them, the more it is invariant. Rows are "
    "networks, named by what varied in their pretraining; columns are transformations."
)
show_postponed()
with errors_shown():
    main()

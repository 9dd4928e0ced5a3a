"""What is behind one cell of the heatmap: its numbers beside two references, twins, layers, magnitudes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from invariance.data.sweeps import sweep
from invariance.figures.pictures import fitting_factor, side_by_side, upscale
from invariance.figures.profile import layer_figure, magnitude_figure
from invariance.measures.equivariance_table import layer_equivariance
from invariance.measures.magnitude import magnitude_curve
from invariance.measures.profile import layer_profile
from invariance.measures.twins import TwinDistances, twin_distances
from invariance.numbers import NOT_KNOWN, format_number
from invariance.spec import DatasetSpec
from invariance.vocabulary.equivariance import EQUIVARIANCE
from invariance.vocabulary.measures import MEASURES, SHOWN_MEASURES
from pages.shared import cache
from pages.shared.cells import colours_of
from pages.shared.controls import choose
from pages.shared.figures import show_figure
from pages.shared.networks import Networks
from pages.shared.origins import page_origin
from pages.shared.serving.made import show_pictures
from pages.shared.serving.once import drawn

VIEWS = {"twins": "More twins", "layers": "Layer by layer", "magnitude": "Against magnitude"}
NUM_TWINS, NUM_BESIDE = 12, 4
PAIRS_OF_SMALL, PAIRS_OF_OTHERS = {"layers": 256, "magnitude": 200}, {"layers": 48, "magnitude": 24}
"""Twins for an answer within two seconds: of the small network, and of those made for a GPU."""

PAIRS_FORESEEN = {"small": 288, "others": 144}
"""Likewise, of equivariance in all layers: four of each built-in object, or two."""

Row = Mapping[Hashable, Any]
"""Column to value."""

NUMBERS_STYLE = """<style>
.st-key-numbers_frame [data-testid=stMarkdownContainer] { overflow-x: auto; white-space: nowrap; }
</style>"""  # on a telephone the table scrolls


def references(model: cache.KnownModel, known: Networks) -> Networks:
    """A network, the one its training started from, and the gallery's that was trained on no transformation.

    The last only where it has the same layers; each once.
    """
    found = {model.reference: model}
    if (untrained := model.untrained) is not None:
        found.setdefault(untrained.reference, untrained)
    plain = known.get("none")
    if plain is not None and getattr(plain.spec, "model", None) == getattr(model.spec, "model", ""):
        found.setdefault("none", plain)
    return found


def titles_of(networks: Networks, names: dict[str, str]) -> dict[str, str]:
    """What the networks of a cell are called in its numbers and figures: as their rows."""
    return {name: names.get(name, network.short_title) for name, network in networks.items()}


def colours_by_name(networks: Networks) -> dict[str, str]:
    """Of the networks of a cell, by reference."""
    return dict(zip(networks, colours_of(list(networks.values())), strict=True))


def show_numbers(table: pd.DataFrame, networks: Networks, names: dict[str, str], transform: str) -> None:
    """All measures of the cell and of its references, with intervals, denominators and accuracies."""
    rows = table[(table["transform"] == transform) & table["model"].isin(networks)]
    row_of: dict[str, Row] = {row["model"]: row for row in rows.to_dict("records")}
    titles = titles_of(networks, names)
    st.html(NUMBERS_STYLE)
    shown = [name for name in MEASURES if name in rows and rows[name].notna().any()]
    head = ["network", *(MEASURES[name].title for name in shown), "two images apart", "accuracy"]
    lines = [head, [":---", *["---:"] * (len(head) - 1)]]
    for reference in networks:
        if (row := row_of.get(reference)) is not None:
            values = [_with_interval(row, name) for name in shown]
            accuracy = _accuracy(row, networks[reference])
            lines.append([f"**{titles[reference]}**", *values, _apart(row.get("pair_distance")), accuracy])
    st.container(key="numbers_frame").markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))
    if "collapsed" in rows and rows["collapsed"].astype(str).eq("True").any():
        st.warning(
            "A network here represents all images as the same: it is invariant to everything and knows nothing.",
            icon=":material/warning:",
        )
    has_interval = any("(" in line[1] for line in lines[2:])
    num_seeds = int(rows["num_seeds"].max()) if "num_seeds" in rows and rows["num_seeds"].notna().any() else 1
    over = f"; of the gallery's, over {num_seeds} networks each" if num_seeds > 1 else ""
    brackets = f"In brackets: 95 % interval over samples of images{over}. " if has_interval else ""
    st.caption(
        f"{brackets}*Two images apart*: the mean distance of random pairs, by which the sens-score divides; a "
        "network that hardly tells images apart has a small one. An untrained network often scores low too, so "
        "compare with it before you call a score low."
    )


def _with_interval(row: Row, name: str) -> str:
    ends = [float(row.get(end, math.nan)) for end in MEASURES[name].interval or ()]
    text = format_number(row[name])
    if len(ends) == 2 and not any(map(math.isnan, ends)):
        text += f" ({format_number(ends[0])}–{format_number(ends[1])})"
    return text


def _apart(value: float | None) -> str:
    """A distance in the units of a representation, which may be of any size."""
    return NOT_KNOWN if value is None or pd.isna(value) else f"{value:.3g}"


def _accuracy(row: Row, network: cache.KnownModel) -> str:
    """On the measured data where the network knows their classes, or else where it was tested."""
    measured = row.get("accuracy")
    if measured is not None and not pd.isna(measured):
        return f"{measured:.0%}"
    tested = network.metrics.get("test_accuracy")
    return "–" if tested is None else f"{tested:.0%} (own test)"


def show_view(networks: Networks, names: dict[str, str], transform: str, data: DatasetSpec, score: str) -> None:
    """One of the views behind the cell; only the one that is looked at is computed."""
    view = choose("Behind this cell", VIEWS, key="view", kind="segments")
    titles = titles_of(networks, names)
    if view == "twins":
        _show_twins(networks, titles, transform, data)
    elif view == "layers" and score == EQUIVARIANCE.name:
        _show_equivariance(networks, titles, transform, data)
    elif view == "layers":
        _show_layers(networks, titles, transform, data, score)
    else:
        _show_magnitude(networks, titles, transform, data)


def show_beside(
    table: pd.DataFrame, networks: Networks, names: dict[str, str], transform: str, data: DatasetSpec, score: str
) -> None:
    """Beside the heatmap: the number of a cell, the untrained network's, and the first twins."""
    reference, *others = networks
    rows = table[table["transform"] == transform].drop_duplicates("model").set_index("model")
    said = f"{SHOWN_MEASURES[score].title} {_told(rows, reference, score)}"
    for other in others:
        if networks[other].is_untrained:
            said += f", untrained {_told(rows, other, score)}"
    st.markdown(f"{said}. Twins under **{transform.replace('_', ' ')}**, and how far apart this network sees them:")
    pictures, captions, alts = _twin_pictures(networks, transform, data)
    few = slice(0, NUM_BESIDE)
    show_pictures(pictures[few], caption=captions[few], width=128, alt=alts[few])


def _told(rows: pd.DataFrame, reference: str, score: str) -> str:
    """A number of the table in bold; a sign where it has none."""
    value = rows[score].get(reference) if score in rows else None
    return f"**{NOT_KNOWN if value is None or pd.isna(value) else format_number(value)}**"


def _twin_pictures(
    networks: Networks, transform: str, data: DatasetSpec
) -> tuple[list[np.ndarray], list[str], list[str]]:
    """Pictures of twins, what is said of each pair, and the same for who cannot see it."""
    (_, model), *others = networks.items()
    found = _twins(model, model.key, data, transform)
    beside = next((network for _, network in others if network.is_untrained), None)
    untrained = None if beside is None else _twins(beside, beside.key, data, transform)
    factor = fitting_factor(data.image_size, 128)
    pictures, captions = [], []
    for number, (first, second) in enumerate(zip(found.first.images, found.second.images, strict=True)):
        pictures.append(side_by_side([upscale(first, factor), upscale(second, factor)]))
        same = " (same image)" if (first == second).all() else ""
        own = f"**{format_number(found.distances[number])}**{same}"
        other = "" if untrained is None or same else f" · untrained {format_number(untrained.distances[number])}"
        captions.append(own + other)
    alts = [f"twins of {name}, distance {text}" for name, text in zip(found.first.class_names, captions, strict=True)]
    return pictures, captions, alts


def _show_twins(networks: Networks, titles: dict[str, str], transform: str, data: DatasetSpec) -> None:
    """The other twins, and how far apart the network sees each pair, with the untrained one beside it."""
    reference, model = next(iter(networks.items()))
    pictures, captions, alts = _twin_pictures(networks, transform, data)
    who = f"network trained on {titles[reference]}"
    if model.is_untrained or model.is_published:
        who = f"{titles[reference]} network" if model.is_untrained else titles[reference]
    st.markdown(
        f"Each pair is one object on one background with two draws of **{transform.replace('_', ' ')}**. The "
        f"number: how far apart the **{who}** sees the two, in units of the mean distance of two different "
        f"images (from {_twins(model, model.key, data, transform).num_reference} images)."
    )
    rest = slice(NUM_BESIDE, None)
    show_pictures(pictures[rest], caption=captions[rest], width=176, alt=alts[rest])


def _show_layers(networks: Networks, titles: dict[str, str], transform: str, data: DatasetSpec, score: str) -> None:
    table = _profile(networks, cache.keys_of(networks.values()), data, transform, _num_pairs(networks, "layers"))
    show_figure(
        drawn(layer_figure, table, colours=colours_by_name(networks), score=score, titles=titles),
        table,
        key="layers",
        title=f"{MEASURES[score].title} for {transform}, layer by layer",
        name=f"layers-{transform}",
        origin=page_origin(data),
    )
    st.caption(
        f"From {table['num_pairs'].iloc[0]} twins, one forward pass. *pixels* are the images themselves. Maps "
        "are averaged over their positions, so the last ones and *pooled* agree, and an early layer looks more "
        "invariant to moves than its maps are."
    )


def _show_equivariance(networks: Networks, titles: dict[str, str], transform: str, data: DatasetSpec) -> None:
    num_pairs = PAIRS_FORESEEN["small" if _are_small(networks) else "others"]
    table = _equivariance(networks, cache.keys_of(networks.values()), data, transform, num_pairs)
    show_figure(
        drawn(layer_figure, table, colours=colours_by_name(networks), score=EQUIVARIANCE.name, titles=titles),
        table,
        key="layers",
        title=f"Equivariance to {transform}, layer by layer",
        name=f"equivariance-layers-{transform}",
        origin=page_origin(data),
    )
    st.caption(
        f"From {int(table['num_pairs'].iloc[0])} pairs, fewer than above, so that it comes at once. *pixels* are the "
        "images themselves; maps are averaged over their positions, which leaves out where things are."
    )


def _show_magnitude(networks: Networks, titles: dict[str, str], transform: str, data: DatasetSpec) -> None:
    table = _curve(networks, cache.keys_of(networks.values()), data, transform, _num_pairs(networks, "magnitude"))
    wanted = sweep(transform)
    law = wanted.law
    title = law.title + (f" ({law.unit})" if law.unit else "")
    ends_inside = wanted.values[0] < wanted.low or wanted.values[-1] > wanted.high
    figure = drawn(
        magnitude_figure,
        table,
        colours=colours_by_name(networks),
        axis_title=title,
        titles=titles,
        trained=(wanted.low, wanted.high) if ends_inside else None,
    )
    show_figure(
        figure,
        table,
        key="magnitude",
        title=f"Distance from the untransformed image, {transform}",
        name=f"magnitude-{transform}",
        alt=f"distance against {title}",
        origin=page_origin(data),
    )
    seen = "A network trained on it saw the shaded range." if ends_inside else "A data set draws all of this range."
    num = table["num_pairs"].iloc[0]
    st.caption(
        f"Each point: the mean distance between {num} images and the same images at "
        f"that magnitude, over that of two different images; the band is its 95 % interval. {seen}"
    )


def _num_pairs(networks: Networks, view: str) -> int:
    return (PAIRS_OF_SMALL if _are_small(networks) else PAIRS_OF_OTHERS)[view]


def _are_small(networks: Networks) -> bool:
    return all(getattr(network.spec, "model", "") == "small" for network in networks.values())


# The first argument is left out of the cache's key, which the second one holds.


@st.cache_data(max_entries=64, show_spinner="Showing it twins")
def _twins(_model: cache.KnownModel, key: cache.Key, data: DatasetSpec, transform: str) -> TwinDistances:
    return twin_distances(
        _model.model, cache.engine(data), transform, num=NUM_TWINS, num_reference=_model.num_reference
    )


@st.cache_data(max_entries=64, show_spinner="Looking into the layers")
def _profile(_networks: Networks, keys: cache.Keys, data: DatasetSpec, transform: str, num_pairs: int) -> pd.DataFrame:
    models = {reference: network.model for reference, network in _networks.items()}
    return layer_profile(models, cache.engine(data), transform, num_pairs=num_pairs)


@st.cache_data(max_entries=64, show_spinner="Foreseeing changes in the layers")
def _equivariance(
    _networks: Networks, keys: cache.Keys, data: DatasetSpec, transform: str, num_pairs: int
) -> pd.DataFrame:
    models = {reference: network.model for reference, network in _networks.items()}
    return layer_equivariance(models, cache.engine(data), transform, num_pairs=num_pairs)


@st.cache_data(max_entries=64, show_spinner="Turning the magnitude up")
def _curve(_networks: Networks, keys: cache.Keys, data: DatasetSpec, transform: str, num_pairs: int) -> pd.DataFrame:
    models = {reference: network.model for reference, network in _networks.items()}
    return magnitude_curve(models, cache.engine(data), transform, num_pairs=num_pairs)

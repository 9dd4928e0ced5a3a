"""The table of the Invariance page: rows that ship and rows asked for, each measured once on each type of data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from invariance.measures.shifts import available_shifts, own_shift, shift_title
from invariance.runs import gallery
from invariance.runs.added import is_outside, short_name
from invariance.runs.gallery_build import NUM_PAIRS
from invariance.spec import DatasetSpec, MeasureSpec
from invariance.vocabulary.equivariance import EQUIVARIANCE_PAIRS
from invariance.vocabulary.measures import TRANSFORM_COLUMNS
from pages.shared.cache import KnownModel
from pages.shared.controls import choose
from pages.shared.measurements import (
    Group,
    Measured,
    Measurement,
    find_measured,
    gallery_data,
    measure,
    measure_button,
    show_pending,
)
from pages.shared.networks import Networks

PUBLISHED_PAIRS = 200
"""Twins of a published network unless somebody asks for others: minutes on two cores, not half an hour."""


def choose_data(known: Networks) -> tuple[str, DatasetSpec]:
    """Which type of data twins are made of: the gallery's own, so that all rows are comparable, or a shift of it."""
    kinds = available_shifts(gallery_data(known))
    name = choose(
        "Measured on",
        {name: shift_title(name) for name in kinds},
        key="shift",
        help="The gallery was pretrained on the first kind. The others show whether an invariance holds on "
        "objects or backgrounds of another kind.",
    )
    return name, kinds[name]


Offer = Callable[[], None]
"""Shows progress of what is being measured, and buttons for what is not."""


def table_of(
    known: Networks, runs: list[str], shift: str, data: DatasetSpec, num_pairs: int = PUBLISHED_PAIRS
) -> tuple[pd.DataFrame, Offer]:
    """Rows of the gallery, of the chosen networks and of untrained ones, and the offer to measure what is not measured.

    Args:
        known: the networks that can be looked at.
        runs: run ids of one's own, and references of networks that others trained.
        shift: name of the type of data.
        data: of that type.
        num_pairs: twins of published networks.
    """
    shipped = _shipped(known)
    group = tuple(shipped)
    rows = _shipped_table(known, shift)
    lacking = not rows.empty and not set(TRANSFORM_COLUMNS) <= set(rows)
    asked = [(run,) for run in runs] + ([group] if group and (rows.empty or lacking) else [])
    found = find_tables(asked, data, num_pairs)
    if lacking and group in found.missing:
        found.missing.remove(group)
        found.outdated.append(group)
    asked_of = partial(measurement, data=data, num_pairs=num_pairs)
    return _joined(found, rows, shipped), partial(_offer, found, group, asked_of)


def _joined(found: Measured, rows: pd.DataFrame, shipped: dict[str, str]) -> pd.DataFrame:
    own = [table.assign(model=table["model"].replace(shipped)) for table in found.tables]
    table = pd.concat([frame for frame in (*own, rows) if not frame.empty] or [rows])
    # A table that was measured again comes first, and two may hold the same untrained network.
    return table.drop_duplicates(["model", "transform"]).reset_index(drop=True)


def equivariance_of(
    known: Networks, runs: list[str], data: DatasetSpec, *, shipped_too: bool
) -> tuple[pd.DataFrame, Offer]:
    """The same rows, of the table of equivariance.

    Args:
        known: the networks that can be looked at.
        runs: run ids of one's own, and references of networks that others trained.
        data: objects and backgrounds.
        shipped_too: whether the gallery's own table was made on this data.
    """
    shipped = _shipped(known)
    rows = _known_rows(gallery.equivariance_table(), known)
    rows = rows if shipped_too else rows[:0]
    group, asked = tuple(shipped), partial(equivariance_measurement, data=data)
    found = find_measured([*((run,) for run in runs), *([group] if group and rows.empty else [])], asked)
    return _joined(found, rows, shipped), partial(_offer, found, group, asked)


def equivariance_measurement(group: Group, data: DatasetSpec) -> MeasureSpec:
    """The measurement of some networks on all transformations, with those that they started from where these are known.

    Args:
        group: measured together.
        data: objects and backgrounds.
    """
    return MeasureSpec(
        sources=group,
        data=data,
        measure="equivariance",
        num_pairs=EQUIVARIANCE_PAIRS,
        untrained=not is_published(group),
    )


def find_tables(groups: list[Group], data: DatasetSpec, num_pairs: int = PUBLISHED_PAIRS) -> Measured:
    """What the store knows of some groups on this data; published networks from that many twins."""
    asked = partial(measurement, data=data, num_pairs=num_pairs)
    return find_measured(
        groups, asked, earlier=lambda group: replace(asked(group), untrained=False), columns=TRANSFORM_COLUMNS
    )


def measurement(group: Group, data: DatasetSpec, num_pairs: int = PUBLISHED_PAIRS) -> MeasureSpec:
    """The measurement of some networks on all transformations.

    Args:
        group: measured together.
        data: objects and backgrounds of the twins.
        num_pairs: twins of a published network. All others have the gallery's number, and are measured with the
            networks that they started from, which are not known of published ones.
    """
    if is_published(group):
        return MeasureSpec(sources=group, data=replace(data, num_samples=num_pairs), num_pairs=num_pairs)
    return MeasureSpec(sources=group, data=data, num_pairs=NUM_PAIRS, untrained=True)


def measurements(networks: Sequence[KnownModel], asked: Callable[[Group], MeasureSpec]) -> list[MeasureSpec]:
    """What makes a table of these networks again: one measurement of the own ones, one of each of the others."""
    own = tuple(one.reference for one in networks if not (one.is_published or one.is_untrained))
    return [asked(group) for group in [own] * bool(own) + [(one.reference,) for one in networks if one.is_published]]


def is_published(group: Group) -> bool:
    """Whether it is a network that others published."""
    return is_outside(group[0])


def _shipped(known: Networks) -> dict[str, str]:
    """Gallery name of each run of a pretrained network of the gallery."""
    return {entry.run_id: name for name in known if (entry := _entry(name)) is not None}


def _entry(name: str) -> gallery.GalleryEntry | None:
    return next((one for one in gallery.entries() if one.name == name and one.spec.kind == "pretrain"), None)


def _shipped_table(known: Networks, shift: str) -> pd.DataFrame:
    own = own_shift(known["none"].data) if "none" in known else shift
    return _known_rows(gallery.sens_table(shift=None if shift == own else shift), known)


def _known_rows(rows: pd.DataFrame, known: Networks) -> pd.DataFrame:
    is_known = rows["model"].isin(known)
    if "untrained" in rows:
        is_known |= rows["untrained"].astype(bool)
    return rows[is_known]


def _offer(found: Measured, gallery_group: Group, asked: Measurement) -> None:
    """Progress of what is being measured, and buttons for what is not."""
    show_pending(found.pending)
    if found.missing:
        own = sum(group != gallery_group and not is_published(group) for group in found.missing)
        names = [f"{own} run{'s' * (own > 1)}"] * (own > 0) + ["the gallery"] * (gallery_group in found.missing)
        names += [short_name(group[0]) for group in found.missing if is_published(group)]
        measure_button(f"Measure {' and '.join(names)}", found.missing, asked)
    if found.outdated:
        st.button(
            "Measure again",
            icon=":material/refresh:",
            key="measure_again",
            on_click=measure,
            args=(found.outdated, asked),
            help="Some rows were measured by an earlier version, without all "
            "measures, intervals or the untrained network. Up to a minute; the page stays usable.",
        )

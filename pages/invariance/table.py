"""The table of the Invariance page: rows that ship and rows asked for, each measured once on each type of data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from invariance.measures.shifts import available_shifts, own_shift, shift_title
from invariance.models import PUBLISHED_PREFIX
from invariance.runs import gallery
from invariance.runs.describe import source_title
from invariance.runs.gallery_build import NUM_PAIRS
from invariance.runs.store import Run
from invariance.spec import DatasetSpec, MeasureSpec, SpecError
from invariance.vocabulary.measures import TABLE, TRANSFORM_COLUMNS
from pages.shared import server
from pages.shared.cache import KnownModel
from pages.shared.controls import choose
from pages.shared.measured import show_pending

PUBLISHED_PAIRS = 200
"""Twins of a published network unless somebody asks for others: minutes on two cores, not half an hour."""

Group = tuple[str, ...]
"""Networks that are measured together: one of one's own, a published one, or all of the gallery's."""


@dataclass
class Found:
    """What is known of some groups of runs.

    Attributes:
        tables: of those that are measured, rows called by run id.
        missing: groups that are not.
        outdated: groups whose table lacks columns that a measurement has today.
        pending: measurements that are waiting, running or did not work.
    """

    tables: list[pd.DataFrame] = field(default_factory=list)
    missing: list[Group] = field(default_factory=list)
    outdated: list[Group] = field(default_factory=list)
    pending: list[Run] = field(default_factory=list)


def choose_data(known: dict[str, KnownModel]) -> tuple[str, DatasetSpec]:
    """Which type of data twins are made of: the gallery's own, so that all rows are comparable, or a shift of it."""
    base = known["none"].data if "none" in known else DatasetSpec()
    kinds = available_shifts(base)
    name = choose(
        "Measured on",
        {name: shift_title(name) for name in kinds},
        key="shift",
        help="The gallery was pretrained on the first kind. The others show whether an invariance holds for "
        "what no network has seen.",
    )
    return name, kinds[name]


def table_of(
    known: dict[str, KnownModel], runs: list[str], shift: str, data: DatasetSpec, num_pairs: int = PUBLISHED_PAIRS
) -> pd.DataFrame:
    """Rows of the gallery, of the chosen networks and of untrained ones; offers to measure what is not measured.

    Args:
        known: the networks that can be looked at.
        runs: run ids of one's own, and ``torchvision:<name>``.
        shift: name of the type of data.
        data: of that type.
        num_pairs: twins of published networks.
    """
    shipped = {entry.run_id: name for name in known if (entry := _entry(name)) is not None}
    group = tuple(shipped)
    rows = _shipped_table(known, shift)
    lacking = not rows.empty and not set(TRANSFORM_COLUMNS) <= set(rows)
    asked = [(run,) for run in runs] + ([group] if group and (rows.empty or lacking) else [])
    found = find_tables(asked, data, num_pairs)
    if lacking and group in found.missing:
        found.missing.remove(group)
        found.outdated.append(group)
    _offer(found, group, data, num_pairs)
    own = [table.assign(model=table["model"].replace(shipped)) for table in found.tables]
    table = pd.concat([frame for frame in (*own, rows) if not frame.empty] or [rows])
    # A table that was measured again comes first, and two may hold the same untrained network.
    return table.drop_duplicates(["model", "transform"]).reset_index(drop=True)


def find_tables(groups: list[Group], data: DatasetSpec, num_pairs: int = PUBLISHED_PAIRS) -> Found:
    """What the store knows of some groups on this data; published networks from that many twins."""
    store, found = server.store(), Found()
    for group in groups:
        spec = measurement(group, data, num_pairs)
        wanted, earlier = store.find(spec.run_id), store.find(replace(spec, untrained=False).run_id)
        table = next((table for run in (wanted, earlier) if (table := _table(run)) is not None), None)
        if wanted is not None and wanted.state != "done":
            found.pending.append(wanted)
        if table is None:
            found.missing.append(group)
            continue
        found.tables.append(table)
        if not set(TRANSFORM_COLUMNS) <= set(table):
            found.outdated.append(group)
    return found


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


def is_published(group: Group) -> bool:
    """Whether it is a network that others published."""
    return group[0].startswith(PUBLISHED_PREFIX)


def submit_measurements(groups: list[Group], data: DatasetSpec, num_pairs: int = PUBLISHED_PAIRS) -> None:
    """Asks for measurements, again where there is a table; an error is kept for ``server.show_error``."""
    specs = [measurement(group, data, num_pairs) for group in groups]
    done = [spec.run_id for spec in specs if _table(server.store().find(spec.run_id)) is not None]
    server.delete(done)
    try:
        server.submit([*specs])
    except SpecError as error:
        st.session_state["server_error"] = str(error)


def _entry(name: str) -> gallery.GalleryEntry | None:
    return next((one for one in gallery.entries() if one.name == name and one.spec.kind == "pretrain"), None)


def _shipped_table(known: dict[str, KnownModel], shift: str) -> pd.DataFrame:
    own = own_shift(known["none"].data) if "none" in known else shift
    rows = gallery.sens_table(shift=None if shift == own else shift)
    is_known = rows["model"].isin(known)
    if "untrained" in rows:
        is_known |= rows["untrained"].astype(bool)
    return rows[is_known]


def _table(run: Run | None) -> pd.DataFrame | None:
    if run is None or run.state != "done":
        return None
    path = server.store().directory(run.id) / TABLE
    return pd.read_csv(path) if path.is_file() else None


def _offer(found: Found, gallery_group: Group, data: DatasetSpec, num_pairs: int) -> None:
    """Progress of what is being measured, and buttons for what is not."""
    if found.pending:
        show_pending(found.pending)
    waiting = {run.spec.depends_on for run in found.pending if run.is_active}
    missing, outdated = (
        [group for group in groups if group not in waiting] for groups in (found.missing, found.outdated)
    )
    if missing:
        own = sum(group != gallery_group and not is_published(group) for group in missing)
        names = [f"{own} run{'s' * (own > 1)}"] * (own > 0) + ["the gallery"] * (gallery_group in missing)
        names += [source_title(group[0]) for group in missing if is_published(group)]
        st.button(
            f"Measure {' and '.join(names)}",
            type="primary",
            icon=":material/straighten:",
            key="measure",
            on_click=submit_measurements,
            args=(missing, data, num_pairs),
        )
    if outdated:
        st.button(
            "Measure again",
            icon=":material/refresh:",
            key="measure_again",
            on_click=submit_measurements,
            args=(outdated, data, num_pairs),
            help="Some rows were measured by an earlier version, without all "
            "measures, intervals or the untrained network. Up to a minute; the page stays usable.",
        )

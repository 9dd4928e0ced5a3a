"""Factors: what can be read off each representation, and what training on transformations has changed of it."""

from collections.abc import Collection
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import SKILL_LEGEND, factor_heatmap, factors_in_words
from invariance.figures.factor_pair import factor_dumbbells, paired
from invariance.figures.networks import network_colours
from invariance.runs import gallery
from invariance.runs.origin import origin_of
from invariance.spec import DatasetSpec, FactorSpec
from invariance.vocabulary.factors import FACTOR_COLUMNS, HELD_OUT, KNOWN, NETWORK, UNTRAINED
from pages.factors.decoding import (
    ASKED,
    ask_first,
    cells_to_guess,
    explain_verdicts,
    factor_probes,
    say_how_long,
    show_factor,
    tell_changes,
)
from pages.factors.thrown_away import show_thrown_away
from pages.shared import cache, links
from pages.shared.cache import KnownModel
from pages.shared.cells import Head, colours_of, head_of, show_cells
from pages.shared.controls import choose
from pages.shared.errors import errors_shown, show_postponed
from pages.shared.exports import export_row
from pages.shared.figures import show_figure
from pages.shared.measurements import find_measured, gallery_data, measure_button, show_pending
from pages.shared.networks import PRETRAINED, Networks, choose_others, choose_pair, show_no_gallery
from pages.shared.serving.once import drawn, made

VIEWS = {"all": "Every network", "thrown-away": "What did one throw away?"}
FEW = ("none", "translate", "rotate", "hue", "blur")
"""Rows at first, of the gallery's, besides the two that are compared."""
Titles = tuple[str, str]
FACTOR = "hue.shift"
CELLS = {"skill": "skill", "verdict": "verdict"}
SPLITS = {KNOWN: "known to the probe", HELD_OUT: "held out"}


def table_of(known: Networks, runs: list[str], data: DatasetSpec) -> pd.DataFrame:
    """Controls, the gallery's networks and the chosen runs; offers to decode from those that are not done yet."""
    asked = partial(factor_probes, data=data, known=known)
    measured = find_measured([(run,) for run in runs], asked)
    show_pending(measured.pending)
    if todo := measured.missing:
        say_how_long(known, todo, data)
        measure_button(f"Decode from {len(todo)} network{'s' * (len(todo) > 1)}", todo, asked)
    rows = gallery.factors_table()
    if not set(FACTOR_COLUMNS) <= set(rows):
        st.warning(
            "The gallery's table of factors is of an earlier version, which could not tell what changed, so that it "
            "is not shown. `invariance gallery build --tables-only` makes it again."
        )
        rows = rows.reindex(columns=list(FACTOR_COLUMNS)).iloc[:0]
    shipped = rows[(rows["role"] != NETWORK) | rows["model"].isin(known)]
    own = [table[(table["role"] != NETWORK) | table["model"].isin(runs)] for table in measured.tables]
    found = pd.concat([frame for frame in (shipped, *own) if len(frame)] or [rows])
    found = found.drop_duplicates(["model", "factor", "objects"])
    return pd.concat([found[found["role"] != NETWORK], found[found["role"] == NETWORK]]).reset_index(drop=True)


def select_cell(networks: list[str], row: str, column: str) -> None:
    """Takes the clicked cell over into the boxes: its factor, and its network as the first of the two."""
    st.session_state["factor"] = column
    if row in networks and row != st.session_state["second"]:
        st.session_state["first"] = row


def show_pair(table: pd.DataFrame, pair: tuple[KnownModel, KnownModel], titles: Titles, data: DatasetSpec) -> None:
    """Where the two networks differ most."""
    references = pair[0].reference, pair[1].reference
    pairs = made(paired, table, *references)
    st.subheader("What one knows and the other does not", anchor=False)
    st.markdown(
        f"At the top what is decoded better from **{titles[0]}**, at the bottom what is from **{titles[1]}**. "
        "The upright line is what the pixels give; bars are 95 % intervals."
    )
    show_figure(
        drawn(factor_dumbbells, pairs, titles, colours_of(pair)),
        pairs.reset_index(),
        key="dumbbells",
        title=f"Factors decoded from networks trained on {titles[0]} and on {titles[1]}",
        name="factor-pair",
        origin=origin_of(FactorSpec(sources=references, data=data)),
    )


def rows_shown(table: pd.DataFrame, known: Networks, chosen: Collection[str], *, all_rows: bool) -> pd.DataFrame:
    """The rows of all networks, or of those that show the most and of the chosen ones; controls always."""
    shipped = [name for name in dict.fromkeys(table["model"]) if name in known and known[name].from_gallery]
    if all_rows or len(shipped) <= len(FEW):
        return table
    return table[~table["model"].isin({*shipped} - {*FEW, *chosen})].reset_index(drop=True)


def show_table(
    table: pd.DataFrame, known: Networks, names: dict[str, str], pair: tuple[str, str], factor: str, data: DatasetSpec
) -> None:
    """Rows are controls and networks, columns what is decoded; what is to be guessed is hidden."""
    networks, untrained = (
        list(dict.fromkeys(table.loc[table["role"] == role, "model"])) for role in (NETWORK, UNTRAINED)
    )
    trained_on = {name: known[name].data.transforms for name in networks if name in known}
    (grey,) = network_colours([None])
    verdicts = st.session_state.get("cells") == "verdict"
    hidden = [] if ASKED in pair else cells_to_guess(table)
    cells = zip(table["model"], table["factor"], strict=True)
    is_hidden = pd.Series([cell in hidden for cell in cells], index=table.index, dtype=bool)
    seen = table.assign(skill=table["skill"].mask(is_hidden))
    figure = drawn(
        factor_heatmap, seen, titles=names, verdicts=verdicts, selected=(pair, factor), trained_on=trained_on
    )
    show_cells(
        figure,
        {name: head_of(known[name], names[name]) for name in networks if name in known}
        | {name: Head(names[name], colour=grey) for name in untrained},
        key="factors_heatmap",
        corner="decoded from",
        alt=made(factors_in_words, seen, names),
        legend=SKILL_LEGEND,
        on_cell=partial(select_cell, networks),
        selected=[(name, factor) for name in pair],
        trained=[
            (name, one)
            for name, varied in trained_on.items()
            for one in dict.fromkeys(table["factor"])
            if one.split(".")[0] in varied
        ],
        apart=set(table.loc[table["role"] != NETWORK, "model"]),
        hidden=hidden,
        hint="Above the line: controls. Click a cell, or walk with the arrow keys: what was decoded is beside it.",
    )
    export_row(
        figure,
        seen.assign(name=table["model"].map(names)),
        title="What can be decoded (columns) from images and networks (rows)",
        name="factors",
        key="save_factors_heatmap",
        origin=origin_of(FactorSpec(sources=tuple(networks), data=data)),
    )


def main() -> None:
    """The page."""
    known = cache.known_models()
    controls = st.columns([4, 4, 3], vertical_alignment="bottom")
    if choose("View", VIEWS, key="view", kind="segments", place=controls[0]) == "thrown-away":
        if known:
            show_thrown_away(known)
        else:
            show_no_gallery()
        return
    objects = choose("Objects", SPLITS, key="probed", kind="segments", place=controls[1])
    all_rows = controls[2].toggle(
        "Show all", key="all", bind="query-params", help="All networks, not the few that show most."
    )
    place = st.container()
    with st.expander("More: other networks, verdicts in the cells", icon=":material/tune:"):
        runs = choose_others(known, lambda _: True)
        verdicts = choose("In the cells", CELLS, key="cells", kind="segments") == "verdict"
    data = replace(gallery_data(known), transforms=(), num_samples=DatasetSpec().num_samples)
    with place:
        whole = table_of(known, runs, data)
    networks = list(dict.fromkeys(whole.loc[whole["role"] == NETWORK, "model"]))
    if not networks:
        if not runs and gallery.factors_table().empty:
            show_no_gallery()
        return
    names = {name: known[name].short_title if name in known else name for name in dict.fromkeys(whole["model"])}
    untrained = list(dict.fromkeys(whole.loc[whole["role"] == UNTRAINED, "model"]))
    if len(untrained) == 1:  # of several the architecture tells them apart
        names[untrained[0]] = UNTRAINED
    table = whole[whole["objects"] == objects].reset_index(drop=True)
    with place:
        ask_first(whole[whole["objects"] == KNOWN])
        left, right = st.columns([10, 3], gap="medium")
    factors = dict(zip(table["factor"], table["title"], strict=True))
    with right:
        one, other = st.columns(2)
        titles_of = {name: names[name] for name in networks}
        pair = choose_pair(titles_of, (*runs, *PRETRAINED), keys=("first", "second"), places=(one, other))
        factor = choose("Factor", factors, key="factor", default=FACTOR if FACTOR in factors else None)
    with left:
        show_table(rows_shown(table, known, (*pair, *runs), all_rows=all_rows), known, names, pair, factor, data)
    models, titles = (known[pair[0]], known[pair[1]]), (names[pair[0]], names[pair[1]])
    tell_changes(table, {name: known[name].data.transforms for name in networks}, objects == KNOWN)
    explain_verdicts(in_cells=verdicts)
    show_pair(table, models, titles, data)
    with right:  # last, since decoding takes a moment
        show_factor(table, models, titles, factor, data, objects)


links.enter("factors", widget="view")
st.title("Factors", anchor=False)
st.markdown("What does a representation still know? A linear probe reads off what varies.")
show_postponed()
with errors_shown():
    main()

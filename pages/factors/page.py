"""Factors: what can be read off each representation, and what training on transformations has changed of it."""

from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import factor_heatmap
from invariance.figures.factor_pair import factor_dumbbells, paired
from invariance.runs import gallery
from invariance.runs.origin import origin_of
from invariance.spec import DatasetSpec, FactorSpec
from invariance.vocabulary.factors import FACTOR_COLUMNS, HELD_OUT, KNOWN, NETWORK
from pages.factors.decoding import ask_first, explain_verdicts, factor_probes, say_how_long, show_factor, tell_changes
from pages.factors.thrown_away import show_thrown_away
from pages.shared import cache, links
from pages.shared.controls import choose
from pages.shared.errors import errors_shown, show_postponed
from pages.shared.figures import heatmap_frame, show_figure, show_heatmap
from pages.shared.measurements import find_measured, gallery_data, measure_button, show_pending
from pages.shared.networks import Networks, choose_others, choose_pair, show_no_gallery
from pages.shared.once import drawn

VIEWS = {"all": "Every network", "thrown-away": "What did one throw away?"}
DEFAULTS = ("matched", "disjoint")
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


def show_pair(table: pd.DataFrame, pair: tuple[str, str], names: dict[str, str], data: DatasetSpec) -> None:
    """Where the two networks differ most."""
    pairs = paired(table, *pair)
    titles = names[pair[0]], names[pair[1]]
    st.subheader("What one knows and the other does not", anchor=False)
    st.markdown(
        f"At the top what is decoded better from **{titles[0]}**, at the bottom what is from **{titles[1]}**. "
        "The upright line is what the pixels give; bars are 95 % intervals."
    )
    show_figure(
        drawn(factor_dumbbells, pairs, titles),
        pairs.reset_index(),
        key="dumbbells",
        title=f"Factors decoded from networks trained on {titles[0]} and on {titles[1]}",
        name="factor-pair",
        origin=origin_of(FactorSpec(sources=pair, data=data)),
    )


def main() -> None:
    """The page."""
    known = cache.known_models()
    if choose("View", VIEWS, key="view", kind="segments") == "thrown-away":
        if known:
            show_thrown_away(known)
        else:
            show_no_gallery()
        return
    runs = choose_others(known, lambda _: True)
    data = replace(gallery_data(known), transforms=(), num_samples=DatasetSpec().num_samples)
    whole = table_of(known, runs, data)
    networks = list(dict.fromkeys(whole.loc[whole["role"] == NETWORK, "model"]))
    if not networks:
        if not runs and gallery.factors_table().empty:
            show_no_gallery()
        return
    names = {name: known[name].short_title if name in known else name for name in dict.fromkeys(whole["model"])}
    ask_first(whole[whole["objects"] == KNOWN])
    left, right = st.columns(2)
    objects = choose("Objects", SPLITS, key="probed", kind="segments", place=left)
    verdicts = choose("In the cells", CELLS, key="cells", kind="segments", place=right) == "verdict"
    table = whole[whole["objects"] == objects].reset_index(drop=True)
    trained_on = {name: known[name].data.transforms for name in networks}
    tell_changes(table, trained_on, objects == KNOWN)
    explain_verdicts(in_cells=verdicts)
    frame = heatmap_frame("factors_heatmap", least_rem=56)
    titles, (left, right) = {name: names[name] for name in networks}, st.columns(2)
    pair = choose_pair(titles, (*runs, *DEFAULTS), keys=("first", "second"), places=(left, right))
    factors = dict(zip(table["factor"], table["title"], strict=True))
    factor = choose("Factor", factors, key="factor", default=FACTOR if FACTOR in factors else None)
    figure = drawn(
        factor_heatmap, table, titles=names, verdicts=verdicts, selected=(pair, factor), trained_on=trained_on
    )
    show_heatmap(
        frame,
        figure,
        table.assign(name=table["model"].map(names)),
        key="factors_heatmap",
        title="What can be decoded (columns) from images and networks (rows)",
        name="factors",
        alt="how well each factor is decoded from each network and from the controls",
        on_cell=partial(select_cell, networks),
        origin=origin_of(FactorSpec(sources=tuple(networks), data=data)),
    )
    decoded = st.container()
    show_pair(table, pair, names, data)
    with decoded:  # last, since decoding takes a moment
        show_factor(table, [known[name] for name in pair], [names[name] for name in pair], factor, data, objects)


links.enter("factors", widget="view")
st.title("Factors", anchor=False)
st.markdown(
    "What does a representation still know? A linear probe tries to read off each thing that varies between "
    "images: 0 is guessing, 1 is perfect."
)
show_postponed()
with errors_shown():
    main()

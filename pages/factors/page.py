"""Factors: what each representation has kept of the images, and what it has lost."""

import pandas as pd
import streamlit as st

from invariance.figures.factor_heatmap import factor_heatmap
from invariance.figures.factor_pair import factor_dumbbells, paired
from invariance.figures.heatmap import cell_of
from invariance.runs import gallery
from invariance.spec import DatasetSpec, SpecError
from invariance.vocabulary.factors import NETWORK
from pages.factors.parts import ask_first, explain_verdicts, say_how_long, show_factor
from pages.shared import cache, links, server
from pages.shared.controls import choose
from pages.shared.exports import export_row
from pages.shared.measured import factor_probes, measured_tables, show_pending, submit_measurements, twins_data

DEFAULTS = ("matched", "disjoint")
FACTOR = "hue.shift"
CELLS = {"skill": "skill", "verdict": "verdict"}
SCROLLING = """<style>
.st-key-factors_frame { overflow-x: auto; } .st-key-factors_frame > div { min-width: 56rem; }
</style>"""  # on a telephone the cells keep their size and the table scrolls


def choose_runs(known: dict[str, cache.KnownModel]) -> list[str]:
    """Which finished runs of one's own, and published networks, are added; a link may name them."""
    own = {reference: model.label for reference, model in known.items() if not model.from_gallery}
    return links.choose_own(
        "Other networks", own, known, placeholder="Add finished runs and published networks that are here"
    )


def table_of(known: dict[str, cache.KnownModel], runs: list[str], data: DatasetSpec) -> pd.DataFrame:
    """Controls, the gallery's networks and the chosen runs; offers to decode from those that are not done yet."""
    table, missing, pending = measured_tables(runs, data, factor_probes)
    if pending:
        show_pending(pending)
    waiting = [run.spec.depends_on[0] for run in pending if run.is_active]
    if todo := [run_id for run_id in missing if run_id not in waiting]:
        say_how_long(known, todo, data)
        st.button(
            f"Decode from {len(todo)} network{'s' * (len(todo) > 1)}",
            type="primary",
            key="measure",
            icon=":material/straighten:",
            on_click=submit_measurements,
            args=(todo, data, factor_probes),
        )
    rows = gallery.factors_table()
    parts = [frame for frame in (rows[(rows["role"] != NETWORK) | rows["model"].isin(known)], table) if len(frame)]
    found = pd.concat(parts or [rows]).drop_duplicates(["model", "factor"])
    return pd.concat([found[found["role"] != NETWORK], found[found["role"] == NETWORK]]).reset_index(drop=True)


def select_cell(networks: list[str]) -> None:
    """Takes the clicked cell over into the boxes: its factor, and its network as the first of the two."""
    if cell := cell_of(st.session_state["factors_heatmap"]["selection"]["points"]):
        st.session_state["factor"] = cell[1]
        if cell[0] in networks and cell[0] != st.session_state["second"]:
            st.session_state["first"] = cell[0]


def choose_pair(networks: list[str], names: dict[str, str], runs: list[str]) -> tuple[str, str]:
    """The two networks that are compared, at first one's own."""
    wanted = [name for name in (*runs, *DEFAULTS, *networks) if name in networks]
    first, second = (list(dict.fromkeys(wanted)) * 2)[:2]
    left, right = st.columns(2)
    titles = {name: names[name] for name in networks}
    return (
        choose("Network", titles, key="first", default=first, place=left),
        choose("Beside it", titles, key="second", default=second, place=right),
    )


def show_pair(table: pd.DataFrame, pair: tuple[str, str], names: dict[str, str]) -> None:
    """Where the two networks differ most."""
    pairs = paired(table, *pair)
    titles = names[pair[0]], names[pair[1]]
    figure = factor_dumbbells(pairs, titles)
    st.subheader("What one knows and the other does not", anchor=False)
    st.markdown(
        f"At the top what **{titles[0]}** has kept better, at the bottom what **{titles[1]}** has. "
        "The upright line is what the pixels give."
    )
    st.plotly_chart(
        figure,
        key="dumbbells",
        width="stretch",
        config={"displayModeBar": False},
        alt=f"factors decoded from {titles[0]} and from {titles[1]}",
    )
    export_row(
        figure,
        pairs.reset_index(),
        name="factor-pair",
        key="save_pair",
        title=f"Factors decoded from networks trained on {titles[0]} and on {titles[1]}",
    )


def main() -> None:
    """The page."""
    known = cache.known_models()
    runs = choose_runs(known)
    data = twins_data(known)
    table = table_of(known, runs, data)
    networks = list(dict.fromkeys(table.loc[table["role"] == NETWORK, "model"]))
    if not networks:
        if not runs:
            cache.show_no_gallery()
        return
    names = {name: known[name].short_title if name in known else name for name in dict.fromkeys(table["model"])}
    ask_first(table)
    verdicts = choose("In the cells", CELLS, key="cells", kind="segments") == "verdict"
    explain_verdicts(in_cells=verdicts)
    st.html(SCROLLING)
    chart, pair = st.container(key="factors_frame"), choose_pair(networks, names, runs)
    factors = dict(zip(table["factor"], table["title"], strict=True))
    factor = choose("Factor", factors, key="factor", default=FACTOR if FACTOR in factors else None)
    figure = factor_heatmap(
        table,
        titles=names,
        verdicts=verdicts,
        selected=(pair, factor),
        trained_on={name: known[name].data.transforms for name in networks},
    )
    chart.plotly_chart(
        figure,
        key="factors_heatmap",
        width="stretch",
        on_select=lambda: select_cell(networks),
        selection_mode="points",
        config={"displayModeBar": False},
        alt="how well each factor is decoded from each network and from the controls",
    )
    with chart:
        export_row(
            figure,
            table.assign(name=table["model"].map(names)),
            name="factors",
            key="save_factors",
            title="What can be decoded (columns) from images and networks (rows)",
        )
    decoded = st.container()
    show_pair(table, pair, names)
    with decoded:  # last, since decoding takes a moment
        show_factor(table, [known[name] for name in pair], [names[name] for name in pair], factor, data)


links.enter("factors", widget="factor")
st.title("Factors", anchor=False)
st.markdown(
    "What does a representation still know? A linear probe tries to read off each thing that varies between "
    "images: 0 is guessing, 1 is perfect."
)
server.show_error()
try:
    main()
except SpecError as error:
    st.error(str(error), icon=":material/error:")

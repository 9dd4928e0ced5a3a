"""Invariance: which transformations each network ignores, and the images behind every number."""

import pandas as pd
import streamlit as st

from invariance.figures.heatmap import cell_of, sens_heatmap
from invariance.figures.pictures import fitting_factor, side_by_side, upscale
from invariance.measures.columns import MEASURES
from invariance.measures.twins import twin_distances
from invariance.runs import gallery
from invariance.runs.describe import transforms_title
from invariance.spec import CATEGORIES, DatasetSpec, SpecError
from pages.parts import cache, server
from pages.parts.exports import export_row
from pages.parts.measured import (
    choose_measure,
    measured_tables,
    show_cell,
    show_pending,
    submit_measurements,
    twins_data,
)

NUM_TWINS = 12
SCROLLING = """<style>
.st-key-heatmap_frame { overflow-x: auto; } .st-key-heatmap_frame > div { min-width: 50rem; }
</style>"""  # on a telephone the cells keep their size and the table scrolls


def choose_runs(known: dict[str, cache.KnownModel]) -> list[str]:
    """Which finished pretrainings of one's own are added; a link may name them."""
    own = [reference for reference, model in known.items() if not model.from_gallery and model.spec.kind == "pretrain"]
    if not own:
        return []
    if "own" not in st.session_state:
        st.session_state["own"] = [name for name in st.query_params.get("models", "").split(",") if name in own]
    return st.multiselect("Your runs", own, format_func=lambda name: known[name].label, key="own",
                          placeholder="Add finished pretrainings")  # fmt: skip


def table_of(known: dict[str, cache.KnownModel], runs: list[str], data: DatasetSpec) -> pd.DataFrame:
    """Scores of the gallery and of the chosen runs; offers to measure what is not measured yet."""
    table, missing, pending = measured_tables(runs, data)
    if pending:
        show_pending(pending)
    waiting = [run.spec.depends_on[0] for run in pending if run.is_active]
    if todo := [run_id for run_id in missing if run_id not in waiting]:
        st.button(f"Measure {len(todo)} run{'s' * (len(todo) > 1)}", type="primary", icon=":material/straighten:",
                  key="measure", on_click=submit_measurements, args=(todo, data))  # fmt: skip
    rows = gallery.sens_table()
    rows = pd.concat([frame for frame in (table, rows[rows["model"].isin(known)]) if not frame.empty] or [rows])
    return rows.reset_index(drop=True)


def row_title(model: cache.KnownModel) -> str:
    """What varied in a network's pretraining, and for a run of one's own which one it is."""
    suffix = "" if model.from_gallery else f" ({model.reference[:4]})"
    return transforms_title(model.data.transforms) + suffix


def select_cell() -> None:
    """Takes the clicked cell over into the two boxes."""
    if cell := cell_of(st.session_state["heatmap"]["selection"]["points"]):
        st.session_state["row"], st.session_state["column"] = cell


def choose_cell(table: pd.DataFrame, names: dict[str, str]) -> tuple[str, str]:
    """The cell whose twins are shown: by a click on the heatmap, or from two boxes."""
    rows, columns = list(names), list(dict.fromkeys(table["transform"]))
    left, right = st.columns(2)
    # No default besides the first option: a click sets the session's value, and Streamlit warns of two defaults.
    row = left.selectbox("Network", rows, format_func=lambda name: names[name], key="row", bind="query-params")
    column = right.selectbox("Transformation", columns, key="column", bind="query-params",
                             format_func=lambda name: name.replace("_", " "))  # fmt: skip
    return row, column


def show_twins(model: cache.KnownModel, name: str, transform: str, data: DatasetSpec) -> None:
    """Twins of the cell, and how far apart the network sees each pair."""
    found = twin_distances(model.model, cache.engine(data), transform, num=NUM_TWINS)
    factor = fitting_factor(data.image_size, 128)
    pictures, captions = [], []
    for first, second, distance in zip(found.first.images, found.second.images, found.distances, strict=True):
        pictures.append(side_by_side([upscale(first, factor), upscale(second, factor)]))
        same = " (same image)" if (first == second).all() else ""
        captions.append(f"**{distance:.2f}**{same}")
    st.markdown(f"Each pair is one object on one background with two draws of **{transform.replace('_', ' ')}**. The "
                f"number: how far apart the network trained on **{name}** sees the two, in units of the mean distance "
                f"of two different images (from {found.num_reference} images).")  # fmt: skip
    alts = [f"twins of {who}, distance {text}" for who, text in zip(found.first.class_names, captions, strict=True)]
    st.image(pictures, caption=captions, width=176, alt=alts)


def main() -> None:
    """The page."""
    known = cache.known_models()
    runs = choose_runs(known)
    data = twins_data(known)
    table = table_of(known, runs, data)
    if table.empty:
        if not runs:
            cache.show_no_gallery()
        return
    score = choose_measure(table)
    title = MEASURES[score].title
    groups = st.pills("Only these columns", list(CATEGORIES), selection_mode="multi", key="groups", bind="query-params")
    shown = [name for group in (groups or CATEGORIES) for name in CATEGORIES[group]]
    table = table[table["transform"].isin(shown)]
    names = {name: row_title(known[name]) for name in dict.fromkeys(table["model"])}
    st.markdown("A frame marks what a network was trained on. Click a cell to see twins.")
    st.html(SCROLLING)
    chart, cell = st.container(key="heatmap_frame"), choose_cell(table, names)
    figure = sens_heatmap(table, score=score, titles=names, selected=cell,
                          trained_on={name: known[name].data.transforms for name in names})  # fmt: skip
    chart.plotly_chart(figure, key="heatmap", width="stretch", on_select=select_cell, selection_mode="points",
                       config={"displayModeBar": False}, alt=f"{title} of networks for transformations")  # fmt: skip
    with chart:
        export_row(figure, table.assign(title=table["model"].map(names)), name="sens", key="save_heatmap",
                   title=f"{title[0].upper()}{title[1:]} of networks (rows) for transformations")  # fmt: skip
    show_cell(table, cell, score)
    show_twins(known[cell[0]], names[cell[0]], cell[1], data)


st.title("Invariance", anchor=False)
st.markdown("Rows are networks, named by what varied in their pretraining; columns are transformations. Do networks "
            "ignore what they were trained to ignore?")  # fmt: skip
server.show_error()
try:
    main()
except SpecError as error:
    st.error(str(error), icon=":material/error:")

"""Train: pretrain a network or two, transfer them to a target task, and watch."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.spec import RunSpec, SpecError
from invariance.vocabulary.budgets import BUDGETS
from pages.shared import cache, links
from pages.shared.controls import transform_picker
from pages.shared.errors import show_postponed
from pages.shared.plan import planned_runs
from pages.shared.serving import server
from pages.train.launch import launch
from pages.train.live import live_panel
from pages.train.settings import (
    budget_controls,
    choose_published,
    data_controls,
    draw_pair,
    network_controls,
    pretraining_controls,
    training_controls,
)

DEFAULT_TARGET = ("rotate", "hue", "erasing")
ALWAYS_CHOSEN = ("budget", "objects_source", "backgrounds_source", *(f"optimizer_{name}" for name in BUDGETS))


links.enter("train", widget="budget", never_empty=ALWAYS_CHOSEN)
server.start()
server.expect()
transfers = [run_id for run_id in st.query_params.get("runs", "").split(",") if run_id]
form: DeltaGenerator
st.title("Pretrain and transfer", anchor=False)
if transfers:  # the networks take the screen
    form = st.expander("Settings, and another race", icon=":material/tune:", key=f"form_{transfers[0][:6]}")
    st.empty()  # where the form was, whose columns would stand within the race until all of it is there
    show_postponed()
    live_panel(transfers)
else:
    st.markdown("Does a network transfer better when pretraining varied **what the target task varies**? Let two race.")
    form = st.container()
with form:
    task, pretraining, budget = st.columns(3, gap="large")
    details = st.container()
with task:
    st.markdown("#### 1 · Target task")
    target = transform_picker("target", default=DEFAULT_TARGET)
    st.button(
        "Draw a random pair",
        icon=":material/casino:",
        key="draw",
        on_click=draw_pair,
        type="tertiary",
        help="For target and rival one transformation of each category, by chance: how much matching is worth varies "
        "much between pairs, and whoever chooses them may choose a favourable one.",
    )
with pretraining:
    st.markdown("#### 2 · Pretraining")
    pretrainings, both_ways = pretraining_controls(target)
    published = choose_published(cache.known_models())
with budget:
    st.markdown("#### 3 · Budget")
    place, lengths = st.container(), st.container()
with details.expander("Data, model and details", icon=":material/tune:"):
    left, right = st.columns(2, gap="large")
with left:
    options = data_controls()
with right:
    options |= network_controls()
with lengths:
    chosen, method = budget_controls(options["model"], options["objective"])
with right:
    options |= method | training_controls(chosen)
planned: list[RunSpec] = []
problem: SpecError | None = None
try:
    planned = planned_runs(target, pretrainings, published=published, both_ways=both_ways, **options)
except SpecError as error:
    problem = error
launch(place, planned, str(options["model"]), problem)
show_postponed()

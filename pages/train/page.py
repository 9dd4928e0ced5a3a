"""Train: pretrain a network or two, transfer them to a target task, and watch."""

import streamlit as st

from invariance.runs.describe import transforms_title
from invariance.spec import OBJECTIVES, TRANSFER_METHODS, SpecError
from invariance.vocabulary.architectures import ARCHITECTURES
from pages.shared import links, server
from pages.shared.controls import choose, source_picker, transform_picker
from pages.shared.live import live_panel
from pages.shared.plan import BUDGETS, disjoint_from, planned_runs
from pages.shared.published import published_picker
from pages.train.launch import launch, require_weights

DEFAULT_TARGET = ("rotate", "hue", "erasing")


def varied(transforms: tuple[str, ...]) -> str:
    """What a network learns on, in a sentence."""
    return transforms_title(transforms) if transforms else "untransformed images"


def pretraining_controls(target: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Which transformations each network is pretrained on: one composition or two."""
    matched = st.toggle("Matched: the target's own", value=True, key="matched", bind="query-params")
    first = target if matched else transform_picker("pretrain")
    st.caption(f"One network learns on **{varied(first)}**.")
    if not st.toggle("Add a mismatched rival", value=True, key="rival", bind="query-params"):
        return [first]
    rival = disjoint_from(target)
    if not st.toggle("Choose the rival for me", value=True, key="suggested", bind="query-params"):
        rival = transform_picker("competitor")
    st.caption(f"The other learns on **{varied(rival)}**.")
    return [first, rival]


def budget_controls() -> dict[str, object]:
    """How long to train, and with what: arguments of ``planned_runs``."""
    preset = st.segmented_control(
        "How long", list(BUDGETS), default="Quick", required=True, key="budget", bind="query-params"
    )
    budget = BUDGETS[str(preset)]
    st.caption(budget.summary)
    left, right = st.columns(2)
    method = left.selectbox(
        "Transfer",
        TRANSFER_METHODS,
        key="method",
        bind="query-params",
        help="linear-probe: a new last layer on what the network represents, which stays as it "
        "is. fine-tune: from there, all weights learn the target task.",
    )
    num_transfer = right.number_input(
        "Target images",
        10,
        100_000,
        2_000,
        100,
        key="target_images",
        bind="query-params",
        help="How many images of the target task the transfer may learn from.",
    )
    return {
        "method": method,
        "num_transfer_samples": int(num_transfer),
        "epochs": budget.epochs,
        "samples_per_epoch": budget.samples_per_epoch,
    }


def detail_controls(values: dict[str, object]) -> dict[str, object]:
    """What a newcomer does not need to touch."""
    with st.expander("Data, model and details", icon=":material/tune:"):
        data, network = st.columns(2, gap="large")
        with data:
            objects = source_picker("Objects", "objects")
            backgrounds = source_picker("Backgrounds", "backgrounds", colour=True)
            num_classes = st.number_input(
                "Classes of each task",
                2,
                1_000,
                None,
                key="classes",
                bind="query-params",
                placeholder="30, or half of what there is",
            )
            prototypes = st.number_input("Pictures of each class", 1, 100, 1, key="prototypes", bind="query-params")
        with network:
            model = choose("Model", {name: one.title for name, one in ARCHITECTURES.items()}, key="model")
            st.caption(ARCHITECTURES[model].summary)
            objective = st.selectbox(
                "Objective of pretraining",
                OBJECTIVES,
                key="objective",
                bind="query-params",
                help="Labels; agreement of two views that the transformations make (SimCLR, "
                "VICReg); or telling by how many quarter turns an image was rotated.",
            )
            preset = st.session_state.get("budget", "Quick")  # another preset gives fresh fields with its values
            left, right = st.columns(2)  # a row at a time, which is their order on a telephone too
            epochs = left.number_input(
                "Epochs", 1, 1_000, values["epochs"], key=f"epochs_{preset}", bind="query-params"
            )
            samples = right.number_input(
                "Images in an epoch",
                64,
                1_000_000,
                values["samples_per_epoch"],
                1_000,
                key=f"samples_{preset}",
                bind="query-params",
            )
            left, right = st.columns(2)
            batch_size = left.number_input("Batch size", 2, 4_096, 128, key="batch", bind="query-params")
            rate = right.number_input(
                "Learning rate", 1e-6, 1.0, 2e-3, 1e-4, format="%.4g", key="rate", bind="query-params"
            )
            seed = st.columns(2)[0].number_input("Seed", 0, 2**31, 0, key="seed", bind="query-params")
    return values | {
        "objects": objects,
        "backgrounds": backgrounds,
        "num_classes": num_classes,
        "num_prototypes": prototypes,
        "model": model,
        "objective": objective,
        "epochs": epochs,
        "samples_per_epoch": samples,
        "batch_size": batch_size,
        "learning_rate": rate,
        "seed": seed,
    }


links.enter("train", widget="budget", never_empty=("budget", "objects_source", "backgrounds_source"))
server.start()
st.title("Pretrain and transfer", anchor=False)
st.markdown(
    "Does a network transfer better when pretraining varied **what the target task varies**? Pretrain one network on "
    "the target's transformations and one on others, then reuse both on the target task."
)
task, pretraining, budget = st.columns(3, gap="large")
with task:
    st.markdown("#### 1 · Target task")
    target = transform_picker("target", default=DEFAULT_TARGET)
with pretraining:
    st.markdown("#### 2 · Pretraining")
    pretrainings = pretraining_controls(target)
    published = published_picker()
with budget:
    st.markdown("#### 3 · Budget")
    options = budget_controls()
    place = st.container()
options = detail_controls(options)
planned, problem = [], None
try:
    planned = planned_runs(target, pretrainings, published=published, **options)
    require_weights(published)
except SpecError as error:
    problem = error
launch(place, planned, str(options["model"]), problem)
server.show_error()
if watched := [run_id for run_id in st.query_params.get("runs", "").split(",") if run_id]:
    st.divider()
    live_panel(watched)

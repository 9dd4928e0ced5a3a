"""Controls of the Train page: what the networks are pretrained on, how long, with what data, and how."""

from __future__ import annotations

import secrets
from typing import Any, Final

import streamlit as st

from invariance.runs.describe import transforms_title
from invariance.spec import ALL_CATEGORIES, OBJECTIVES, TRANSFER_METHODS
from invariance.studies.choices import one_per_category
from invariance.studies.relations import RELATIONS, relation
from invariance.vocabulary.architectures import ARCHITECTURES, PUBLISHED_PREFIX
from invariance.vocabulary.budgets import BUDGETS, Budget, usual_budget
from invariance.vocabulary.optimizers import OPTIMIZERS
from pages.shared import links
from pages.shared.add_network import add_network_control, take_added
from pages.shared.controls import choose, transform_picker
from pages.shared.fields import number, segments
from pages.shared.literal import literal
from pages.shared.networks import Networks
from pages.shared.plan import disjoint_from
from pages.shared.sources import class_count, source_picker


def varied(transforms: tuple[str, ...]) -> str:
    """What a network learns on, in a sentence."""
    return transforms_title(transforms) if transforms else "untransformed images"


def draw_pair() -> None:
    """A random target and rival, each one transformation of each category, none in both: no favourable choice."""
    drawn = one_per_category(2, secrets.randbelow(2**31))
    for key, composition in zip(("target", "competitor"), drawn, strict=True):
        for category, names in ALL_CATEGORIES.items():
            st.session_state[f"{key}_{category}"] = [name for name in composition if name in names]
        st.session_state[f"{key}_order"] = []
    st.session_state.update(matched=True, rival=True, suggested=False)


def pretraining_controls(target: tuple[str, ...]) -> tuple[list[tuple[str, ...]], bool]:
    """Which transformations each network is pretrained on, one composition or two, and whether both are also tasks."""
    matched = st.toggle("Same: the target's own", value=True, key="matched", bind="query-params")
    first = target if matched else transform_picker("pretrain")
    st.caption(f"One network learns on **{varied(first)}**.")
    if not st.toggle("Add a rival pretrained on others", value=True, key="rival", bind="query-params"):
        return [first], False
    rival = disjoint_from(target)
    if not st.toggle("Choose the rival for me", value=True, key="suggested", bind="query-params"):
        rival = transform_picker("competitor")
    named = relation(rival, target)
    st.caption(f"The other learns on **{varied(rival)}**: {RELATIONS[named]} ({named}).")
    both_ways = matched and st.toggle(
        "Both ways round",
        value=True,
        key="both_ways",
        bind="query-params",
        help="Also puts both networks to a task that varies what the rival learnt on, and a third one, pretrained on "
        "untransformed images, to both tasks. Only so is a network that fits its task told from one that is better "
        "anyway. The first answer comes as soon as without.",
    )
    return [first, rival], both_ways


def choose_published(known: Networks) -> str | None:
    """A network that others trained, for the target task too; None unless one is asked for.

    Args:
        known: the networks that are here.

    Returns:
        Its reference.
    """
    names = {name.removeprefix(PUBLISHED_PREFIX): name for name, model in known.items() if model.is_published}
    asked = st.toggle(
        "Also transfer a network of others",
        key="published",
        bind="query-params",
        help="One that was trained elsewhere, perhaps on photographs: does that beat the right invariances?",
    )
    if not asked:
        return None
    if (added := take_added(known)) in names.values():
        st.session_state["network"] = str(added).removeprefix(PUBLISHED_PREFIX)
    chosen = None
    if names:
        titles = {short: known[name].label for short, name in names.items()}
        short = choose("Network of others", titles, key="network")
        links.choice("network", short)  # also the first, which is another one where others are here
        chosen = known[names[short]]
        st.caption(literal(chosen.description))
    else:
        st.caption("None is here yet.")
    add_network_control()
    return None if chosen is None else chosen.reference


FIELDS_OF_ADAM: Final = frozenset({"rate", "batch", "epochs_Quick", "samples_Quick"})


def budget_controls(model: str, objective: str) -> tuple[Budget, dict[str, Any]]:
    """How long to train, and with what.

    Args:
        model: architecture; a budget is offered for those that it suits.
        objective: of pretraining, likewise.

    Returns:
        The budget, and the other arguments of ``planned_runs``.
    """
    offered = [name for name, budget in BUDGETS.items() if budget.suits(model, objective)]
    # A link that names fields of Adam and no budget is from when Quick was usual.
    is_earlier = not FIELDS_OF_ADAM.isdisjoint(st.query_params)
    default = usual_budget(model, objective, "adam" if is_earlier else None).name
    budget = BUDGETS[segments("How long", offered, key="budget", default=default)]
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
    num_transfer = number(
        "Target images",
        10,
        100_000,
        2_000,
        step=100,
        key="target_images",
        place=right,
        help="How many images of the target task the transfer may learn from.",
    )
    return budget, {"method": method, "num_transfer_samples": num_transfer}


def data_controls() -> dict[str, Any]:
    """Which pictures, and how many classes of them."""
    objects = source_picker("Objects", "objects")
    backgrounds = source_picker("Backgrounds", "backgrounds", colour=True)
    num_classes = class_count("30, or half of what there is")
    prototypes = number("Pictures of each class", 1, 100, 1, key="prototypes")
    return {
        "objects": objects,
        "backgrounds": backgrounds,
        "num_classes": num_classes,
        "num_prototypes": prototypes,
    }


def network_controls() -> dict[str, Any]:
    """Which network, and what it learns."""
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
    return {"model": model, "objective": objective}


def training_controls(budget: Budget) -> dict[str, Any]:
    """How pretraining goes on; another budget, or another optimizer, gives fresh fields with its values."""
    preset = budget.name
    optimizer = segments(
        "Optimizer",
        OPTIMIZERS,
        key=f"optimizer_{preset}",
        default=budget.optimizer,
        format_func=lambda name: OPTIMIZERS[name].title,
    )
    usual = OPTIMIZERS[optimizer]
    own = "" if optimizer == "adam" else f"_{optimizer}"  # links that were kept name the fields of Adam
    left, right = st.columns(2)  # a row at a time, which is their order on a telephone too
    epochs = number("Epochs", 1, 1_000, budget.epochs, key=f"epochs_{preset}", place=left)
    samples = number(
        "Images in an epoch", 64, 1_000_000, budget.samples_per_epoch, step=500, key=f"samples_{preset}", place=right
    )
    left, right = st.columns(2)
    batch_size = number("Batch size", 2, 4_096, usual.batch_size, key=f"batch{own}", place=left)
    rate = right.number_input(
        "Learning rate",
        1e-6,
        1.0,
        usual.learning_rate,
        1e-4,
        format="%.4g",
        key=f"rate{own}",
        bind="query-params",
        help=None
        if usual.filter_rate is None
        else f"Of all but filters of convolutions, which have {usual.filter_rate:g} times that; both fall to zero.",
    )
    seed = number("Seed", 0, 2**31, 0, key="seed", place=st.columns(2)[0])
    return {
        "optimizer": optimizer,
        "epochs": epochs,
        "samples_per_epoch": samples,
        "batch_size": batch_size,
        "learning_rate": rate,
        "seed": seed,
    }

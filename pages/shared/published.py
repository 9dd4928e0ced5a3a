"""Networks that others published: which ones, and whether their weights are on this machine."""

from __future__ import annotations

import streamlit as st

from invariance.models import PUBLISHED_PREFIX, has_published, is_cached, published_facts, published_names
from invariance.runs.locate import fetch_published
from invariance.studies.transforms_vs_other_grid import PUBLISHED_NETWORKS
from pages.shared import visitor
from pages.shared.controls import choose
from pages.shared.download import ask_teacher, follow_download


def published_picker() -> str | None:
    """A network of torchvision for the target task, or None; offers to get it while it is not on this machine.

    Returns:
        ``torchvision:<name>``; its weights may not be here yet.
    """
    if not st.toggle(
        "Add a published network",
        key="published",
        bind="query-params",
        help="A larger network that others trained on photographs: does that beat the right invariances?",
    ):
        return None
    chosen = choose(
        "Published network",
        published_titles(),
        key="network",
        help="torchvision's classifiers with their published weights.",
    )
    name = PUBLISHED_PREFIX + chosen
    facts = published_facts(name)
    cut = "" if facts.resize_size == facts.input_size else f" and looks at the central {facts.input_size}"
    st.caption(
        f"**{chosen}** was trained for the 1,000 classes of ImageNet. As there, it enlarges each image to "
        f"{facts.resize_size} px{cut}."
    )
    show_weights(name, key="get_published")
    return name


def published_titles(*, say_here: bool = True) -> dict[str, str]:
    """Short name, which is also what links have, to title; those that the studies compare come first.

    Args:
        say_here: whether titles tell which weights are here. A browser forgets those of several choices whose titles
            change under it.
    """
    titles = {}
    for name in dict.fromkeys((*PUBLISHED_NETWORKS, *published_names())):
        short = name.removeprefix(PUBLISHED_PREFIX)
        here = " · here" if say_here and has_published(name) else ""
        titles[short] = f"{short} · {published_facts(name).num_parameters / 1e6:.3g} M parameters{here}"
    return titles


def show_weights(name: str, *, key: str) -> None:
    """Where the weights of ``torchvision:<name>`` are, and the button, with this key, that gets them."""
    chosen = name.removeprefix(PUBLISHED_PREFIX)
    if has_published(name):
        st.caption(":material/check: Its weights are on this machine.")
        return
    amount = f"{published_facts(name).num_bytes / 1e6:,.0f} MB"
    if is_cached(name):
        st.caption(":material/inventory_2: Its weights are in torch's cache: getting them needs no network.")
    else:
        st.caption(f":material/cloud_download: Its weights, {amount}, are not on this machine yet.")
    if not visitor.may_download():
        ask_teacher(chosen)
        return
    if not st.button(f"Get {chosen} ({amount})", icon=":material/download:", key=key):
        return
    if follow_download(chosen, lambda report: fetch_published(name, report)):
        st.rerun()  # so that the list and the line above say it

"""Rows of the Invariance page besides the gallery's: networks of one's own, and those that others published."""

from __future__ import annotations

import streamlit as st

from invariance.models import PUBLISHED_PREFIX, has_published
from invariance.runs.describe import command
from invariance.runs.estimate import estimate_seconds
from invariance.spec import DatasetSpec
from pages.invariance.table import PUBLISHED_PAIRS, measurement
from pages.shared import server
from pages.shared.cache import KnownModel
from pages.shared.controls import choose, choose_several
from pages.shared.durations import in_words, roughly
from pages.shared.networks import Networks
from pages.shared.published import published_titles, show_weights

NUM_TWINS = {str(num): f"{num:,}" for num in (50, 100, PUBLISHED_PAIRS, 500, 1_000)}


def is_own_pretraining(model: KnownModel) -> bool:
    """Whether it can be a row: the networks of transfers would be rows on other classes."""
    return model.spec is not None and model.spec.kind == "pretrain"


def choose_published(known: Networks) -> tuple[list[str], int]:
    """Which published networks are added, and from how many twins; offers to get those that are not here.

    Returns:
        Those of the chosen networks, each ``torchvision:<name>``, whose weights are on this machine; the number of
        twins of each transformation.
    """
    titles = published_titles(say_here=False)
    left, right = st.columns([3, 2])
    with left:
        chosen = choose_several(
            "Published networks",
            titles,
            key="networks",
            kind="box",
            placeholder="Add networks that others trained",
            help="torchvision's classifiers with their published weights. Are they more invariant "
            "than a small network that was trained to be?",
        )
        names = [PUBLISHED_PREFIX + name for name in chosen]
        for name in names:
            if not has_published(name):
                st.markdown(f"**{name.removeprefix(PUBLISHED_PREFIX)}**")
                show_weights(name, key=f"get_{name.removeprefix(PUBLISHED_PREFIX)}")
    num_pairs = PUBLISHED_PAIRS
    if names:
        num_pairs = int(
            choose(
                "Their twins of each transformation",
                NUM_TWINS,
                key="twins",
                place=right,
                default=str(PUBLISHED_PAIRS),
                kind="segments",
            )
        )
    return [name for name in names if has_published(name)], num_pairs


def take_linked_published(known: Networks) -> None:
    """Chooses the published networks among the link's models; before the box of runs keeps its own ones of those."""
    if "networks" not in st.session_state and "networks" not in st.query_params:
        titles = published_titles(say_here=False)
        st.session_state["networks"] = [name for name in linked_published(known) if name in titles]


def linked_published(known: Networks) -> list[str]:
    """Short names of the published networks among the link's models, or that those were transferred from."""
    names = st.query_params.get("models", "").split(",")
    sources = [getattr(known[name].spec, "source", name) if name in known else name for name in names]
    return [name.removeprefix(PUBLISHED_PREFIX) for name in sources if name.startswith(PUBLISHED_PREFIX)]


def explain_published(names: list[str], data: DatasetSpec, num_pairs: int) -> None:
    """How long it takes to measure published networks, how sure it is then, and the command that does the same.

    Args:
        names: each ``torchvision:<name>``; may be none.
        data: objects and backgrounds of the twins.
        num_pairs: twins of each transformation.
    """
    if not names:
        return
    device = server.devices().names[0]
    specs = {name.removeprefix(PUBLISHED_PREFIX): measurement((name,), data, num_pairs) for name in names}
    standings = server.store().standings(spec.run_id for spec in specs.values())
    times = ", ".join(
        f"{in_words(estimate_seconds(spec, device))} for {name}"
        for name, spec in specs.items()
        if spec.run_id not in standings or standings[spec.run_id].state != "done"
    )
    takes = f", which takes {roughly(times, device)}" if times else ""
    st.caption(
        f"Published networks enlarge every image, so they are measured on **{num_pairs:,} twins** of each "
        f"transformation{takes}; the gallery's on 1,000. Intervals are about {(1000 / num_pairs) ** 0.5:.1f} "
        "times as wide. They never saw these drawings, and where their training began is not known, so they "
        "have no untrained twin."
    )
    with st.expander("The same from a terminal", icon=":material/terminal:"):
        st.code("\n".join(line for spec in specs.values() if (line := command(spec))), language="bash", wrap_lines=True)


def row_title(model: KnownModel, several: bool) -> str:
    """What varied in a network's pretraining, and for a run of one's own which one it is."""
    return model.label if model.is_untrained and several else model.short_title

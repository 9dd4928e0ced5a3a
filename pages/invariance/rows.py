"""Rows of the Invariance page besides the gallery's: networks of one's own, and those that others published."""

from __future__ import annotations

import streamlit as st

from invariance.runs.added import short_name
from invariance.runs.describe import command
from invariance.runs.estimate import estimate_seconds
from invariance.spec import DatasetSpec
from pages.invariance.table import PUBLISHED_PAIRS, measurement
from pages.shared.cache import KnownModel
from pages.shared.controls import choose
from pages.shared.durations import in_words, roughly
from pages.shared.serving import server

NUM_TWINS = {str(num): f"{num:,}" for num in (50, 100, PUBLISHED_PAIRS, 500, 1_000)}


def can_be_row(model: KnownModel) -> bool:
    """Whether it can be a row: the networks of transfers would be rows on other classes."""
    return model.spec is None or model.spec.kind == "pretrain"


def choose_num_pairs() -> int:
    """From how many twins of each transformation networks are measured that others trained."""
    return int(
        choose(
            "Twins of each transformation for networks that others trained",
            NUM_TWINS,
            key="twins",
            default=str(PUBLISHED_PAIRS),
            kind="segments",
        )
    )


def explain_published(names: list[str], data: DatasetSpec, num_pairs: int) -> None:
    """How long it takes to measure published networks, how sure it is then, and the command that does the same.

    Args:
        names: references; may be none.
        data: objects and backgrounds of the twins.
        num_pairs: twins of each transformation.
    """
    if not names:
        return
    device = server.devices().names[0]
    specs = {name: measurement((name,), data, num_pairs) for name in names}
    standings = server.store().standings(spec.run_id for spec in specs.values())
    times = ", ".join(
        f"{in_words(estimate_seconds(spec, device))} for {short_name(name)}"
        for name, spec in specs.items()
        if spec.run_id not in standings or standings[spec.run_id].state != "done"
    )
    takes = f", which takes {roughly(times, device)}" if times else ""
    st.caption(
        f"Networks that others trained are measured on **{num_pairs:,} twins** of each "
        f"transformation{takes}; the gallery's on 1,000. Intervals are about {(1000 / num_pairs) ** 0.5:.1f} "
        "times as wide. They never saw these drawings, and where their training began is not known, so they "
        "have no untrained twin."
    )
    with st.expander("The same from a terminal", icon=":material/terminal:"):
        st.code("\n".join(line for spec in specs.values() if (line := command(spec))), language="bash", wrap_lines=True)


def row_title(model: KnownModel, several: bool) -> str:
    """What varied in a network's pretraining, and for a run of one's own which one it is."""
    return model.label if model.is_untrained and several else model.short_title

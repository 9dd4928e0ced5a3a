"""A study on this server: what is asked of it, and what it has come to so far."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from invariance.runs.provenance import provenance
from invariance.runs.slots import num_at_once
from invariance.runs.study_files import summarise
from invariance.runs.study_progress import StudyProgress, outcomes_of
from invariance.spec import SpecError
from invariance.studies import transforms_vs_other
from invariance.studies.registry import SCALES, make_study
from invariance.studies.study import Study
from pages.shared.controls import choose, choose_several
from pages.shared.errors import show_error
from pages.shared.literal import literal
from pages.shared.serving import server
from pages.shared.serving.places import shown
from pages.shared.sources import class_count, named_source, source_picker

FIRST_FREE_SEED = 100
"""Seeds that nothing shipped has used."""
MAX_DIGITS = 20
"""Of a seed; all have fewer, and Python does not read numbers of thousands."""


def choose_own(name: str) -> Study | None:
    """Scale, seeds, pictures and, of the study that has some, factors; None, with a line, where they cannot be used."""
    left, right = st.columns(2)
    scale = choose(
        "Scale",
        {name: name for name in SCALES},
        key="scale",
        place=left,
        help="quick: a laptop, minutes. standard: one GPU, about an hour. paper: the published settings; "
        "use the command line and a cluster.",
    )
    given = right.text_input(
        "Seeds",
        f"{FIRST_FREE_SEED},{FIRST_FREE_SEED + 1}",
        key="seeds",
        bind="query-params",
        help="Each picks other objects, transformations and initial weights.",
    )
    pictures = _choose_pictures()
    try:
        factors = _choose_factors(scale) if name == transforms_vs_other.NAME else ()
        pictures |= {field: named_source(pictures[field], field) for field in ("objects", "backgrounds")}
        study = make_study(name, scale=scale, seeds=_seeds(given), factors=factors, **pictures)
    except SpecError as error:
        show_error(error)
        return None
    if study.data.words:
        st.caption(literal(shown(study.data.words)))
    return study


def _choose_pictures() -> dict[str, Any]:
    """Sources of objects and backgrounds, and the number of classes: arguments of ``make_study``, as they are given."""
    with st.expander("Pictures and classes", icon=":material/add_photo_alternate:"):
        left, right = st.columns(2, gap="large")
        with left:
            objects = source_picker("Objects", "objects")
        with right:
            backgrounds = source_picker("Backgrounds", "backgrounds", colour=True)
        num_classes = class_count("the scale's, or what there is", width=360)
    return {"objects": objects, "backgrounds": backgrounds, "num_classes": num_classes}


def _choose_factors(scale: str) -> tuple[str, ...]:
    """What study A varies; none where it is what the scale varies anyway.

    Raises:
        SpecError: nothing is chosen.
    """
    titles = transforms_vs_other.available_factors()
    usual = tuple(name for name in transforms_vs_other.SCALES[scale].factors if name in titles)
    chosen = choose_several(
        "What is varied, one at a time",
        titles,
        key=f"factors_{scale}",
        default=usual,
        help="The first is the setting from which each of the others departs, the next four are the paper's. Fewer "
        "take less time; those that share networks share their runs.",
    )
    if not chosen:
        raise SpecError("factors: nothing is varied; choose at least one")
    return () if set(chosen) == set(usual) else chosen


def _seeds(given: str) -> tuple[int, ...]:
    parts = [part.strip() for part in given.split(",") if part.strip()]
    if bad := [part for part in parts if not part.isdecimal() or len(part) > MAX_DIGITS]:
        shown = bad[0] if len(bad[0]) <= MAX_DIGITS else f"{bad[0][:MAX_DIGITS]}…"
        raise SpecError(f"seeds: {shown!r} is not a whole number; give some separated by commas, such as 100,101")
    return tuple(int(part) for part in parts)


def own_results(study: Study, progress: StudyProgress) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What the finished runs say: the table and the summary, as the command ``study`` would write them."""
    store = server.store()
    table = study.tabulate(outcomes_of(study, store))
    num_workers = num_at_once(study.runs, server.slots())
    told = provenance(study, store, executor="app", num_workers=num_workers, command="from the app")
    findings = [] if table.empty else study.conclude(table)
    return table, summarise(findings, seconds=progress.worked_seconds, provenance=told, progress=progress)

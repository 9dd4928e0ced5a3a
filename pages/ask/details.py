"""What the sentence does not say: pictures, classes, how long and for what networks are pretrained."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import streamlit as st

from invariance.spec import QuestionSpec
from invariance.vocabulary.budgets import BUDGETS, Budget, common_budget
from invariance.vocabulary.objectives import OBJECTIVES
from pages.ask.asked import Asked
from pages.shared.fields import segments
from pages.shared.sources import class_count, named_source, source_picker

USUAL: Final = QuestionSpec.objectives[0]


def choose_details(models: Sequence[str]) -> dict[str, Any]:
    """The controls: fields of a ``QuestionSpec``, sources of pictures as they are given.

    Args:
        models: architectures of the question, which a budget has to suit.
    """
    with st.popover("Pictures and pretraining", icon=":material/tune:", type="tertiary"):
        left, right = st.columns(2, gap="large")
        with left:
            pictures = _choose_pictures()
        with right:
            objectives = st.pills(
                "What it learns",
                list(OBJECTIVES),
                selection_mode="multi",
                default=[USUAL],
                key="objectives",
                wrap=True,
                bind="query-params",
            )
            learnt = tuple(objectives) or (USUAL,)
            networks = list(product(models, learnt))
            offered = [name for name, budget in BUDGETS.items() if all(budget.suits(*one) for one in networks)]
            usual = common_budget(networks)
            budget = BUDGETS[segments("How long", offered, key="budget", default=usual.name)]
            st.caption(budget.summary)
    return pictures | {"objectives": learnt} | ({} if budget is usual else _lengths(budget))


def _lengths(budget: Budget) -> dict[str, Any]:
    """Of a question, which takes the rates of the optimizer for granted."""
    return {"optimizer": budget.optimizer, "epochs": budget.epochs, "samples_per_epoch": budget.samples_per_epoch}


def _choose_pictures() -> dict[str, Any]:
    objects = source_picker("Objects", "objects")
    backgrounds = source_picker("Backgrounds", "backgrounds", colour=True)
    num_classes = class_count("30, or half of what there is")
    return {"objects": objects, "backgrounds": backgrounds, "num_classes": num_classes}


def spec_of(asked: Asked, details: dict[str, Any]) -> QuestionSpec:
    """The question.

    Raises:
        SpecError: a value cannot be used.
    """
    pictures = {role: named_source(details[role], role) for role in ("objects", "backgrounds")}
    return QuestionSpec(**asked.fields, **{**details, **pictures})

"""At the end of a race: an image that only one of two networks gets, where each looks, and how many such there are."""

from __future__ import annotations

import numpy as np
import streamlit as st

from invariance.attribution.compare import PREDICTED
from invariance.figures.pictures import fitting_factor, outline, relevance_overlay, side_by_side, upscale
from invariance.runs.finished_cells import answers_of
from invariance.spec import SpecError
from invariance.training.answers import Answers
from pages.shared import cache
from pages.shared.literal import literal
from pages.shared.serving import server
from pages.train.transfer_status import TransferStatus


def split_answers(first: Answers, second: Answers) -> tuple[list[int], list[int]]:
    """Positions in the test split that only the first network recognises, and those that only the second does.

    Args:
        first: what a network said of the images of a test split.
        second: what another one said of the same.
    """
    of_first, of_second = (answers.predicted == answers.labels for answers in (first, second))
    return np.flatnonzero(of_first & ~of_second).tolist(), np.flatnonzero(of_second & ~of_first).tolist()


def show_only_one(first: TransferStatus, second: TransferStatus) -> None:
    """The first image of the larger kind, both networks' maps, and the counts; nothing where answers are gone."""
    try:
        answers = [answers_of(one.transfer, server.store()) for one in (first, second)]
        of_first, of_second = split_answers(*answers)
        known = cache.known_models()
        models = [known[one.transfer.id] for one in (first, second)]
        if not (of_first or of_second):
            return
        winner, positions = (0, of_first) if len(of_first) >= len(of_second) else (1, of_second)
        found = cache.explain(models, first.spec.data, positions[0], PREDICTED, "blurred")
    except (KeyError, SpecError):
        return
    st.subheader("One image that only one of them gets", anchor=False)
    factor = fitting_factor(found.image.shape[0], 256)
    maps = [
        outline(relevance_overlay(found.image, view.relevance, limit=found.limit), found.mask, factor)
        for view in found.explanations
    ]
    truth = _spaced(found.true_class)
    said = [
        f"{'✓' if view.predicted == found.true_class else '✗'} {literal(one.role)} says "
        f"**{literal(_spaced(view.predicted))}**"
        for one, view in zip((first, second), found.explanations, strict=True)
    ]
    pictures, words = st.columns([3, 2], gap="medium", vertical_alignment="center")
    pictures.image(
        side_by_side([upscale(found.image, factor), *maps]),
        width="stretch",
        alt=f"image of {truth}, and where each network finds its evidence: {'; '.join(said)}".replace("*", ""),
    )
    both = int(np.logical_and(*(each.predicted == each.labels for each in answers)).sum())
    words.markdown(
        f"A test image of **{literal(truth)}**, and what speaks for (red) and against (blue) what each says:"
    )
    words.markdown("  \n".join(said))
    words.markdown(
        f"Of {len(answers[0].labels):,} test images **{len(of_first):,}** are recognised by {literal(first.role)} "
        f"alone, **{len(of_second):,}** by {literal(second.role)} alone, {both:,} by both. Shown is the first that "
        f"only {literal((first, second)[winner].role)} gets."
    )


def _spaced(name: str) -> str:
    return name.replace("_", " ")

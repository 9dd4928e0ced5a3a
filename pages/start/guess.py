"""What if pretraining varied the wrong things? A guess, and then what two networks of the gallery came to."""

from typing import Any

import streamlit as st

from invariance.data.background_split import words_of_test
from invariance.runs import gallery
from invariance.runs.describe import transforms_title
from pages.shared.navigation import link_to
from pages.shared.networks import TRANSFERS
from pages.shared.two_by_two import show_two_by_two

PAIR = ("matched", "disjoint")
SAME = "No difference"
TASK_PICTURE = (
    '<img src="app/static/start/task.webp" alt="{}" style="width: 100%; max-width: 640px; border-radius: 8px">'
)


def show_guess() -> None:
    """Guess first, then see: two compositions as sources and as targets."""
    known, found = {entry.name: entry for entry in gallery.entries()}, gallery.what_if()
    if found is None or not {*PAIR, *TRANSFERS} <= set(known):
        return
    st.subheader("Guess: what if pretraining varied the wrong things?", anchor=False)
    names = [transforms_title(known[name].spec.data.transforms) for name in PAIR]
    task = known[TRANSFERS[0]].spec.data
    st.markdown(
        f"One network was pretrained on images that vary in **{names[0]}**, another on **{names[1]}**. Both then got a "
        f"new last layer for this task: {len(task.classes)} new objects under **{transforms_title(task.transforms)}**."
    )
    st.html(TASK_PICTURE.format(f"images of the task: objects under {transforms_title(task.transforms)}"))
    guess = st.segmented_control(
        "Which one recognises more of the test images?",
        [f"Pretrained on {name}" for name in names] + [SAME],
        key="guess",
        persist_state="session",
    )
    if guess is None:
        st.caption("Choose one to see what happened.")
        return
    st.markdown(_answer(found["simple_effects"][0], names, guess))
    show_two_by_two(found, key="what_if")
    st.caption(f"Tested on images of the task's own: {words_of_test(task)}.")
    with st.container(horizontal=True):
        link_to("attribution", "See where each of them looks", query={"question": "class", "image": "13"})
        thrown_away = {"view": "thrown-away", "first": PAIR[0], "second": PAIR[1]}
        link_to("factors", "What did the mismatched network throw away, and how do I know?", query=thrown_away)


def _answer(effect: dict[str, Any], names: list[str], guess: str) -> str:
    """Whether the guess was right, where the test images tell; on them alone, and of these two networks."""
    low, high = effect["low"], effect["high"]
    if low is None or low <= 0 <= high:
        return "These test images cannot tell: **no difference** that is sure." + " You were right." * (guess == SAME)
    better = names[high < 0]
    verdict = "You were right." if guess == f"Pretrained on {better}" else "It went otherwise."
    return f"{verdict} The network pretrained on **{better}** recognises more of the images of this task."

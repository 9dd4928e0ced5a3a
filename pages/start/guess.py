"""What if pretraining varied the wrong things? A guess, and then what two networks of the gallery came to."""

from typing import Any

import streamlit as st

from invariance.data.background_split import words_of_test
from invariance.figures.networks import network_colours
from invariance.runs import gallery
from invariance.runs.describe import transforms_title
from invariance.studies.what_if_report import Report
from pages.shared.glossary import meaning
from pages.shared.navigation import link_to
from pages.shared.networks import PRETRAINED, TRANSFERS
from pages.shared.two_by_two import show_two_by_two

SAME = "No difference"
TASK_PICTURE = (
    '<img src="app/static/start/task.webp" alt="{}" style="width: 100%; max-width: 640px; border-radius: 8px">'
)
BARS = """.guessed { display: grid; grid-template-columns: auto minmax(0, 30rem) auto; gap: 0.5rem 1rem;
  justify-content: start; }
.guessed div { position: relative; height: 1.6rem; border-radius: 0.3rem; box-shadow: inset 0 0 0 1px #7a8987; }
.guessed i { display: block; height: 100%; border-radius: 0.3rem; }
.guessed b { position: absolute; top: 50%; border-top: 2px solid currentColor; }
@media (max-width: 640px) {
  .guessed { grid-template-columns: 1fr auto; }
  .guessed span:nth-child(3n + 1) { grid-column: 1 / 3; }
}"""


def show_guess() -> None:
    """Guess first, then see: two compositions as sources and as targets."""
    known, found = {entry.name: entry for entry in gallery.entries()}, gallery.what_if()
    if found is None or not {*PRETRAINED, *TRANSFERS} <= set(known):
        return
    st.subheader("Guess: what if pretraining varied the wrong things?", anchor=False)
    names = [transforms_title(known[name].spec.data.transforms) for name in PRETRAINED]
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
        help=meaning("test images"),
    )
    if guess is None:
        st.caption("Choose one to see what happened.")
        return
    st.markdown(f"**{_answer(found['simple_effects'][0], names, guess)}**")
    st.html(_bars(found, names))
    with st.expander("Both tasks, and what the numbers rest on", icon=":material/grid_on:"):
        show_two_by_two(found, key="what_if")
        st.caption(f"Tested on images of the task's own: {words_of_test(task)}.")
    with st.container(horizontal=True):
        link_to("attribution", "See where each of them looks", query={"question": "class", "image": "13"})
        thrown_away = {"view": "thrown-away", "first": PRETRAINED[0], "second": PRETRAINED[1]}
        link_to("factors", "What did the mismatched network throw away?", query=thrown_away)


def _bars(found: Report, names: list[str]) -> str:
    """How right each is on the first task, with its interval, at once and without a library of figures."""
    cells = {cell["source"]: cell for cell in found["cells"] if cell["target"] == found["P"]}
    rows, colours = [], network_colours([tuple(found[source].split(",")) for source in ("P", "Q")])
    for name, colour, source in zip(names, colours, ("P", "Q"), strict=True):
        cell = cells[found[source]]
        share, low, high = (100 * cell[end] for end in ("transfer_accuracy", "low", "high"))
        bar = f'<i style="width: {share:.1f}%; background: {colour}"></i>'
        ends = f'<b style="left: {low:.1f}%; width: {high - low:.1f}%"></b>'
        words = f"<strong>{share:.0f} %</strong> [{low:.0f}, {high:.0f}]"
        rows.append(f"<span>{name}</span><div>{bar}{ends}</div><span>{words}</span>")
    return f'<style>{BARS}</style><div class="guessed">{"".join(rows)}</div>'


def _answer(effect: dict[str, Any], names: list[str], guess: str) -> str:
    """Whether the guess was right, where the test images tell; on them alone, and of these two networks."""
    low, high = effect["low"], effect["high"]
    if low is None or low <= 0 <= high:
        return "These test images cannot tell: no difference that is sure." + " You were right." * (guess == SAME)
    better = names[high < 0]
    verdict = "You were right." if guess == f"Pretrained on {better}" else "It went otherwise."
    return f"{verdict} The network pretrained on {better} recognises more of the images of this task."

"""Start: an object on a slider and what two networks make of it, then a guess, the lessons, and where to go on."""

import streamlit as st

from invariance.runs import gallery
from pages.shared.errors import errors_shown
from pages.shared.navigation import link_to
from pages.shared.networks import TEACHING_PAIR, show_no_gallery
from pages.start.experiment import show_experiment
from pages.start.guess import show_guess
from pages.start.lessons import show_lessons

PAPER = "https://arxiv.org/abs/2407.04325"
QUESTION = "What did it throw away, and how do I know?"
THROWN_AWAY = {"view": "thrown-away", "first": TEACHING_PAIR[0], "second": TEACHING_PAIR[1]}
STYLE = (
    "<style>@media (max-width: 640px) { h1 { font-size: 1.6rem !important; padding-bottom: 0 !important; } }</style>"
)
"""On a telephone the slider and both networks are seen below the title."""
COLOURS = (
    '<img src="app/static/start/thrown-away.webp" alt="one object in five colours" '
    'style="width: 100%; border-radius: 8px">'
)


def show_first_steps() -> None:
    """Where one goes on from the experiment."""
    with st.container(horizontal=True):
        link_to("own", "Try your own picture", icon=":material/image_search:")
        link_to("train", "Train two networks", icon=":material/model_training:")
        link_to("dataset", "Make a data set", icon=":material/image:")
        link_to("factors", QUESTION, query=THROWN_AWAY)


def show_thrown_away() -> None:
    """The way to what an invariance costs."""
    st.subheader(QUESTION, anchor=False)
    left, right = st.columns([3, 4], gap="large", vertical_alignment="center")
    left.html(COLOURS)
    with right:
        st.markdown(
            "A network that saw objects in all colours is not moved by colour. Can it still tell which colour it was "
            "shown? Pictures, numbers and their intervals answer, for this network and for any two of yours."
        )
        link_to("factors", "**See what it threw away**", query=THROWN_AWAY)


st.html(STYLE)
st.title("Which invariances does a network learn?", anchor=False)
st.markdown("Both learnt the same objects. Only one saw them changed like this: drag.")
with errors_shown():
    if not gallery.entries():
        show_no_gallery()
    elif not show_experiment():
        st.caption("The example needs a table that `python -m invariance gallery build --tables-only` makes.")
show_first_steps()
with errors_shown():
    show_guess()
with errors_shown():
    show_lessons()
show_thrown_away()
st.caption(
    f"After [Speicher et al., 2024]({PAPER}). What small networks confirm of it, and what they do not, is told with "
    "verdicts on *Studies*."
)

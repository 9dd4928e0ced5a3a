"""Start: what this is, where to look, and one what-if that needs no waiting."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.spec import TRANSFORM_NAMES
from pages.shared.navigation import go_to
from pages.start.lessons import show_lessons

PAPER = "https://arxiv.org/abs/2407.04325"


def show(top: DeltaGenerator) -> None:
    """The pictures, at the top, and the what-if."""
    # Here, since the first visitor of a server can read the text while torch is loaded.
    from pages.shared.errors import errors_shown
    from pages.start.showcase import hero, next_object, what_if

    with errors_shown():
        with top:
            hero()
            with st.container(horizontal=True):
                if st.button("Pretrain and transfer", type="primary", icon=":material/play_arrow:", key="to_train"):
                    go_to("train")
                if st.button("Make a data set", icon=":material/image:", key="to_data"):
                    go_to("dataset")
                st.button(
                    "Another object", icon=":material/shuffle:", key="another", on_click=next_object, type="tertiary"
                )
        st.subheader("What if pretraining varied the wrong things?", anchor=False)
        what_if()


st.title("Which invariances does a network learn?", anchor=False)
st.markdown(
    "A network that is trained on images which vary in one way tends to ignore that variation: it becomes "
    "**invariant** to it. Here you make such images from objects, backgrounds and "
    f"{len(TRANSFORM_NAMES)} transformations, pretrain "
    "networks on them in seconds, and measure what each one ignores, on objects that it knows and on others. Then you "
    f"find out when that helps on another task, and when it costs. After [Speicher et al., 2024]({PAPER}); what small "
    "networks confirm of it, and what they do not, is told with verdicts on *Studies*."
)
top = st.container()
show_lessons()
show(top)

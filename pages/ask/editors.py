"""What a part of the sentence is changed with, once it is clicked."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from invariance.spec import transforms_text
from invariance.spec.question import NONE, UNTRAINED, composition_of
from invariance.vocabulary.architectures import ARCHITECTURES
from invariance.vocabulary.choices import TRANSFER_METHODS
from invariance.vocabulary.transforms import BEYOND_2D, TRANSFORMATIONS
from pages.ask.asked import Asked, write
from pages.ask.sentence import OPEN, SERIAL, open_part, opened
from pages.shared.controls import transform_picker
from pages.shared.glossary import meaning

VARIED, PLAIN, NOTHING, NETWORK = "Transformations", "No transformation", "Untrained", "A network that is here"
IMAGES = ("10", "20", "50", "100", "200", "500", "1000", "2000", "5000", "10000")
MAX_SEEDS = 12
HINTS = {
    NOTHING: "Its first weights: what a network can do before it has seen an image.",
    PLAIN: "Pretrained on objects as they are: the floor that the others are held against.",
}


def show_editor(asked: Asked) -> None:
    """The controls of the part that is open, below the sentence; nothing where none is."""
    place = opened()
    if place is None or (place[0] in asked.values and place[1] >= len(asked.values[place[0]])):
        return
    part, number = place
    key = f"ask{st.session_state.get(SERIAL, 0)}"
    with st.container(border=True, key="ask_editor"):
        head = st.container(horizontal=True, vertical_alignment="bottom")  # the end of it in sight, however long it is
        match part:
            case "sources" | "targets":
                _edit_source(asked, part, number, key, head)
            case "models":
                titles = {name: one.title for name, one in ARCHITECTURES.items()}
                _several(asked, "models", "Networks that are pretrained", titles, key)
            case "how":
                titles = {name: name.replace("-", " ") for name in TRANSFER_METHODS}
                _several(asked, "methods", "How a network is put to the target task", titles, key)
                st.caption("linear probe: a new last layer, the rest stays. fine-tune: from there, all weights learn.")
            case "how_many":
                sizes = sorted({*IMAGES, *asked.values["images"]}, key=int)
                _several(asked, "images", "Images of the target task", {text: f"{int(text):,}" for text in sizes}, key)
            case "how_often":
                _edit_seeds(asked, key)
        with head:
            st.space("stretch")
            if len(asked.values.get(part, ())) > 1 and part in ("sources", "targets"):
                left = tuple(each for place, each in enumerate(asked.values[part]) if place != number)
                st.button("Leave out", key="ask_out", icon=":material/close:", on_click=_leave_out, args=(part, left))
            st.button("Done", key="ask_done", icon=":material/check:", on_click=open_part, args=(None,))


def _edit_source(asked: Asked, part: str, number: int, key: str, head: DeltaGenerator) -> None:
    text = asked.values[part][number]
    value = text
    kind = VARIED
    if part == "sources":
        kinds = [VARIED, PLAIN, NOTHING, *[NETWORK] * bool(asked.networks)]
        kind = str(
            head.segmented_control(
                "Pretrained on", kinds, default=_kind(text, asked), required=True, key=f"{key}_kind", wrap=True
            )
        )
    if kind == VARIED:
        composition = composition_of(text) or ()
        if composition != tuple(name for name in TRANSFORMATIONS if name in composition):
            st.session_state.setdefault(f"{key}_order", [name for name in composition if name not in BEYOND_2D])
        chosen = transform_picker(key, default=composition, in_url=False)
        value = transforms_text(chosen) if chosen or part == "sources" else text
        if not chosen:
            st.caption("Nothing is chosen yet.")
    elif kind == NETWORK:
        names = list(asked.networks)
        value = str(
            st.selectbox(
                "Network",
                names,
                index=names.index(text) if text in names else 0,
                format_func=asked.networks.__getitem__,
                key=f"{key}_network",
            )
        )
    else:
        value = NONE if kind == PLAIN else UNTRAINED
        st.caption(HINTS[kind])
    if value != text:
        write(part, asked.replaced(part, number, value))
        st.rerun()


def _kind(text: str, asked: Asked) -> str:
    return {UNTRAINED: NOTHING, NONE: PLAIN}.get(text, NETWORK if text in asked.networks else VARIED)


def _leave_out(part: str, left: tuple[str, ...]) -> None:
    write(part, left)
    st.session_state[OPEN] = None


def _several(asked: Asked, part: str, label: str, titles: dict[str, str], key: str) -> None:
    chosen = st.pills(
        label,
        list(titles),
        selection_mode="multi",
        default=[name for name in titles if name in asked.values[part]],
        format_func=titles.__getitem__,
        key=f"{key}_{part}",
        wrap=True,
    )
    values = tuple(name for name in titles if name in chosen) or asked.values[part]
    if set(values) != set(asked.values[part]):
        write(part, values)
        st.rerun()


def _edit_seeds(asked: Asked, key: str) -> None:
    seeds = [int(text) for text in asked.values["seeds"]]
    left, right = st.columns(2)
    num = int(
        left.number_input(
            "How many seeds", 1, MAX_SEEDS, min(len(seeds), MAX_SEEDS), key=f"{key}_num", help=meaning("seeds")
        )
    )
    first = int(right.number_input("The first of them", 0, 10**8, min(seeds), key=f"{key}_first"))
    st.caption("Each picks other objects, samples and initial weights. Three and more give intervals and a verdict.")
    values = tuple(str(first + each) for each in range(num))
    if (num, first) != (len(seeds), min(seeds)):
        write("seeds", values)
        st.rerun()

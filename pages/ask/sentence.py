"""The question as one sentence, whose coloured parts are buttons: each opens what it is changed with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from invariance.runs.describe import transforms_title
from invariance.spec.question import NONE, UNTRAINED, composition_of
from invariance.vocabulary.architectures import ARCHITECTURES
from pages.ask.asked import MOST, Asked, one_more, write
from pages.shared.literal import literal
from pages.shared.transform_pictures import picture

OPEN, SERIAL = "ask_open", "ask_serial"
"""The part that is being changed, and how many have been before: the widgets of each begin anew."""
COLOURS = {"sources": "#0f9d8a", "targets": "#c2506e", "models": "#5b6ee1", "how": "#b37d00"}
SHOWN = 4
"""Transformations of a composition that the sentence names; of more it says how many."""
LOOK = """<style>
.st-key-ask_sentence { row-gap: 0.55rem; column-gap: 0.45rem; padding: 0.4rem 0; }
.st-key-ask_sentence p { font-size: 1.35rem; line-height: 1.9rem; white-space: normal; text-align: left; }
.st-key-ask_sentence button { min-height: 0; padding: 0.1rem 0.55rem; border: 0; border-radius: 0.5rem;
  color: inherit; background: color-mix(in srgb, var(--part) 15%, transparent);
  border-bottom: 2px solid var(--part); }
.st-key-ask_sentence button:hover, .st-key-ask_sentence button[kind=secondary] {
  color: inherit; background: color-mix(in srgb, var(--part) 32%, transparent); border-color: var(--part); }
.st-key-ask_sentence [class*=st-key-add_] button { background: transparent; border-bottom-style: dotted; }
.st-key-ask_sentence img { height: 1.7rem; width: 1.7rem; max-height: none; object-fit: cover;
  object-position: right; border-radius: 0.4rem; vertical-align: -0.4rem; margin-right: 0.1rem; }
</style>"""


def show_sentence(asked: Asked) -> None:
    """The sentence; a click on a part opens it, another closes it."""
    rules = "".join(
        f"[class*=st-key-part_{part}], [class*=st-key-add_{part}] {{ --part: {colour}; }}"
        for part, colour in COLOURS.items()
    )
    st.html(LOOK.replace("</style>", f"{rules}</style>"))
    with st.container(horizontal=True, vertical_alignment="center", key="ask_sentence"):
        _say("Does pretraining on")
        _parts("sources", [source_words(text, asked.networks) for text in asked.values["sources"]], asked)
        _say("help with tasks that vary")
        _parts("targets", [source_words(text, asked.networks) for text in asked.values["targets"]], asked)
        _say("in a")
        _part("models", _listed([ARCHITECTURES[name].title.lower() for name in asked.values["models"]], "and a"))
        _say("by")
        _part("how", _listed([name.replace("-", " ") for name in asked.values["methods"]], "and"))
        _say("with")
        _part("how_many", _listed([f"{int(text):,}" for text in asked.values["images"]], "and"))
        _say("target images, over")
        seeds = asked.values["seeds"]
        _part("how_often", str(len(seeds)))
        _say("seed?" if len(seeds) == 1 else "seeds?")


def opened() -> tuple[str, int] | None:
    """The part that is being changed, and which of its values."""
    part, _, number = str(st.session_state.get(OPEN) or "").rpartition("_")
    return (part, int(number)) if number.isdecimal() else None


def open_part(name: str | None) -> None:
    """Has a part changed from now on; the one that is open is closed."""
    st.session_state[OPEN] = None if st.session_state.get(OPEN) == name else name
    st.session_state[SERIAL] = st.session_state.get(SERIAL, 0) + 1


def source_words(text: str, networks: Mapping[str, str]) -> str:
    """What a source or a target is called, as Markdown, a composition with the pictures of what it does."""
    if text == UNTRAINED:
        return "nothing at all (untrained)"
    if text == NONE:
        return "no transformation"
    composition = composition_of(text)
    if composition is None:
        return literal(networks[text])
    words = transforms_title(composition)
    if len(composition) > SHOWN + 1 and not words.startswith("all"):
        words = f"{transforms_title(composition[: SHOWN - 1])} and {len(composition) - SHOWN + 1} more"
    return f"{''.join(picture(name) for name in composition[:SHOWN])} {words}"


def _say(words: str) -> None:
    st.markdown(words, width="content")


def _parts(part: str, words: Sequence[str], asked: Asked) -> None:
    """The values of a part with ``or`` between them, and what adds another."""
    for number, each in enumerate(words):
        if number:
            _say("or")
        _part(part, each, number)
    if len(words) < MOST:
        with st.container(key=f"add_{part}", width="content"):
            st.button("+", key=f"another_{part}", type="tertiary", help="One more", on_click=_add, args=(part, asked))


def _part(part: str, words: str, number: int = 0) -> None:
    name = f"{part}_{number}"
    is_open = st.session_state.get(OPEN) == name
    st.button(words, key=f"part_{name}", type="secondary" if is_open else "tertiary", on_click=open_part, args=(name,))


def _add(part: str, asked: Asked) -> None:
    values = asked.values[part]
    write(part, (*values, one_more(part, values)))
    st.session_state[OPEN] = None
    open_part(f"{part}_{len(values)}")


def _listed(words: Sequence[str], last: str) -> str:
    return ", ".join(words[:-1]) + f" {last} {words[-1]}" if len(words) > 1 else words[0]

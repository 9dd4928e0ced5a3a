"""What stands where: one row of controls with the rest behind a button, and what a telephone makes of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

MORE_WIDTH: Final = 1.4
PAIRS, AT_THE_BOTTOM = "pairs", "at_the_bottom"
STYLE: Final = f"""
[data-testid=stMain] :is([data-testid=stMarkdownContainer], [data-testid=stCaptionContainer]) :is(p, li) {{
  max-width: 36em;
}}
@media (max-width: 640px) {{
  [class*=st-key-{PAIRS}] > [data-testid=stHorizontalBlock],
  [class*=st-key-{PAIRS}] > * > [data-testid=stHorizontalBlock] {{ flex-wrap: wrap; gap: 0.75rem; }}
  [class*=st-key-{PAIRS}] [data-testid=stColumn] {{
    min-width: calc(50% - 0.375rem); flex: 1 1 calc(50% - 0.375rem); width: calc(50% - 0.375rem);
  }}
  [class*=st-key-{PAIRS}] [data-testid=stColumn]:has([class*=st-key-{AT_THE_BOTTOM}]) {{
    min-width: 0; flex: 0 0 0; margin-right: -0.75rem; overflow: hidden;
  }}
  [class*=st-key-{AT_THE_BOTTOM}] {{
    position: fixed; z-index: 99; left: 0; right: 0; bottom: 0; width: auto; max-height: 40vh; overflow: hidden auto;
    padding: 0.5rem 1.25rem; background: light-dark(LIGHT, DARK); border-top: 1px solid #7a8987;
  }}
  [class*=st-key-{AT_THE_BOTTOM}] [data-testid=stHorizontalBlock] {{ gap: 0; }}
  [data-testid=stMainBlockContainer]:has([class*=st-key-{AT_THE_BOTTOM}]) {{ padding-bottom: 40vh; }}
}}
"""
"""Lines of at most 75 letters; on a telephone columns of pictures two by two, and the slider where the thumb is."""


def style() -> str:
    """The style of all pages, for ``app.py``."""
    light, dark = (st.get_option(f"theme.{scheme}.backgroundColor") for scheme in ("light", "dark"))
    return STYLE.replace("LIGHT", light or "white").replace("DARK", dark or "black")


def controls_row(widths: Sequence[float]) -> list[DeltaGenerator]:
    """Places of a page's first controls in one row, then that of the rest, which a button opens, and one below it."""
    *places, last = pairs_on_phones("controls").columns([*widths, MORE_WIDTH], gap="medium")
    return [*places, last.popover("More", icon=":material/tune:", width="stretch"), last]


def pairs_on_phones(key: str) -> DeltaGenerator:
    """A place for columns of pictures, of which a telephone shows two in a row."""
    return st.container(key=f"{PAIRS}_{key}")


def at_the_bottom(key: str) -> DeltaGenerator:
    """A place for sliders, or for a button, that a telephone keeps at the lower edge of its screen."""
    return st.container(key=f"{AT_THE_BOTTOM}_{key}")

"""The corner of every page: *Present* hides what a projector need not show, *Share* hands the page's address out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from pages.shared.serving import share

HERE = Path(__file__).parent
PARAMETER = "present"
KINDS = (
    *("stSelectbox", "stMultiSelect", "stButtonGroup", "stCheckbox", "stRadio", "stTextInput", "stNumberInput"),
    *("stTextArea", "stColorPicker", "stFileUploader", "stButton", "stDownloadButton", "stLinkButton", "stPopover"),
    "stPageLink",
)
"""Controls; sliders stay, with which one shows something."""
HIDDEN = f":is({', '.join(f'[data-testid={kind}]' for kind in KINDS)})"
STYLE = f"""<style>
html {{ font-size: 20px; --figure-letters: 20px; }}
{HIDDEN}:not(.st-key-steps *), [data-testid=stElementContainer]:has(> {HIDDEN}):not(.st-key-steps *),
[data-testid=stHeader], [class*="st-key-row_save"],
[data-testid=stExpander]:not(:has(details[open])) {{ display: none; }}
[data-testid=stMainBlockContainer] {{ padding-top: 1rem; max-width: none; }}
</style>"""
PLACE = """<style>
div:has(> .st-key-corner) { position: fixed; top: 0.75rem; right: 1rem; z-index: 999991; width: auto; }
.st-key-corner, .st-key-corner > div { width: auto; }
@media (min-width: 641px) { [data-testid=stHeader] { padding-right: 9.5rem; } }
</style>"""
HTML = """<div role="group" aria-label="This page"><button class="present"></button><button class="share">Share</button>
</div><dialog aria-label="Share this page"><img alt="Code of the address below"><p class="address"></p>
<button class="copy">Copy</button> <button class="close">Close</button></dialog>"""

_corner = st.components.v2.component(
    "invariance_corner",
    html=HTML,
    css=(HERE / "corner.css").read_text(),
    js=(HERE / "address.js").read_text() + (HERE / "corner.js").read_text(),
)


def is_presented() -> bool:
    """Whether the page is on a projector, as its link says."""
    return st.query_params.get(PARAMETER) == "1"


def presented(query: Mapping[str, str | list[str]]) -> dict[str, str | list[str]]:
    """What a link to another page says, which is presented as this one is."""
    return dict(query) | ({PARAMETER: "1"} if is_presented() else {})


def show_corner() -> None:
    """The two buttons, and what presenting hides."""
    st.html(PLACE + STYLE * is_presented())
    with st.container(key="corner"):
        _corner(
            key="corner_buttons",
            data={"presented": is_presented(), "beyond": share.beyond(), "qr": share.QR_PATH.lstrip("/")},
            on_present_change=_turn,
            width="content",
        )


def _turn() -> None:
    if is_presented():
        del st.query_params[PARAMETER]
    else:
        st.query_params[PARAMETER] = "1"

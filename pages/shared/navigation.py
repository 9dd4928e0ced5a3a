"""The pages that there are, declared here alone; links between them say a page's folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.shared.present import presented

FOLDER = Path(__file__).parents[1]
SHARED = Path(__file__).parent.name
ARROW = ":material/arrow_forward:"


@dataclass(frozen=True)
class Page:
    """A page of the app.

    Attributes:
        folder: under ``pages/``, which is also its address.
        title: in the navigation.
        symbol: name of its icon among Google's Material symbols.
        is_listed: whether the navigation shows it; others are reached by links.
    """

    folder: str
    title: str
    symbol: str
    is_listed: bool = True

    @property
    def script(self) -> str:
        """File of the page, as Streamlit asks for it."""
        return f"pages/{self.folder}/page.py"

    @property
    def icon(self) -> str:
        """The symbol as Streamlit takes it."""
        return f":material/{self.symbol}:"


PAGES = (
    Page("start", "Start", "home"),
    Page("dataset", "Data set", "image"),
    Page("pictures", "My pictures", "add_photo_alternate"),
    Page("train", "Train", "model_training"),
    Page("ask", "Ask", "contact_support"),
    Page("studies", "Studies", "science"),
    Page("runs", "Runs", "list_alt"),
    Page("invariance", "Invariance", "grid_on"),
    Page("factors", "Factors", "tune"),
    Page("attribution", "Attribution", "center_focus_strong"),
    Page("own", "Try a picture", "image_search"),
    Page("lesson", "Lesson", "school", is_listed=False),
)
"""In the order of the navigation; the first is the one that opens without an address."""


def check_pages(folders: Collection[str], root: Path) -> None:
    """Holds the list against what is there.

    Args:
        folders: of the declared pages.
        root: the folder in which they lie.

    Raises:
        ImportError: a declared page has no ``page.py``, or a folder with code is not declared.
    """
    if missing := [folder for folder in folders if not (root / folder / "page.py").is_file()]:
        raise ImportError(f"page {', '.join(missing)}: declared in pages/shared/navigation.py, but has no page.py")
    there = sorted({path.parent.name for path in root.glob("*/*.py")} - {SHARED})
    if left_over := [folder for folder in there if folder not in folders]:
        raise ImportError(f"folder pages/{', pages/'.join(left_over)}: not declared in pages/shared/navigation.py")


PAGE_OF = {page.folder: page for page in PAGES}
check_pages(PAGE_OF, FOLDER)


def link_to(
    folder: str,
    label: str,
    *,
    icon: str | None = ARROW,
    query: Mapping[str, str | list[str]] | None = None,
    help: str | None = None,
) -> None:
    """A link to a page, set up as the query says."""
    said = presented(query or {}) or None
    st.page_link(PAGE_OF[folder].script, label=label, icon=icon, query_params=said, help=help)


def go_to(folder: str) -> None:
    """Shows another page instead of this one."""
    st.switch_page(PAGE_OF[folder].script, query_params=presented({}))

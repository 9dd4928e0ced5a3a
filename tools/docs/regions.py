"""Parts of pages that are written by hand otherwise: what is between two marks is made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from invariance.vocabulary.verdicts import MEANING, RULE, SYMBOL
from tools.docs.findings import by_study
from tools.docs.records import ROOT
from tools.docs.text import bullet

BEGIN: Final = "<!-- made by python -m tools.docs -->\n"
END: Final = "<!-- made until here -->\n"


def rule() -> str:
    """The rule of judgement, and what each verdict means."""
    meanings = (f"{SYMBOL[verdict]} **{verdict}**: {words}." for verdict, words in MEANING.items())
    return "\n".join([*map(bullet, RULE), "", *map(bullet, meanings)])


REGIONS: Final[dict[Path, Callable[[], str]]] = {ROOT / "README.md": by_study, ROOT / "docs" / "rule.md": rule}
"""What is made of the one made part of a page."""


def with_region(path: Path) -> str:
    """A page's text with its made part made anew."""
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{REGIONS[path]()}\n\n{END}{after}"

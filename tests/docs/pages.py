"""The pages for readers, and what stands in them: links, commands, tables, code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))

_FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"\b(?:python -m )?invariance (?=[a-z])")


def name_of(page: Path) -> str:
    """Path from the project's folder, for the names of tests."""
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its code between fences."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Targets of links and pictures."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """What a link can point to within a page: its headings as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path) -> list[list[str]]:
    """The words behind ``invariance`` of every command that is shown whole, in a block or between backticks."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    shown = [line.split("  # ")[0] for line in re.findall(r"^    (.+)$", text, re.MULTILINE)]
    shown += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(page))]
    found = []
    for line in shown:
        if (match := _COMMAND.search(line)) is None or "pip " in line or line.lstrip().startswith("import "):
            continue
        words = shlex.split(line[match.end() :].rstrip("."))
        if not any("…" in word or word.isupper() for word in words[:2]):  # a form, such as `invariance COMMAND …`
            found.append(words)
    return found


def tables(page: Path) -> dict[str, list[list[str]]]:
    """By heading, the names between backticks in the first cell of each row of the tables below it."""
    found: dict[str, list[list[str]]] = {}
    for part in re.split(r"^#+ ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        rows = re.findall(r"^\|((?:[^|\n\\]|\\.)*)\|", body, re.MULTILINE)
        found[heading.strip()] = [names for row in rows if (names := re.findall(r"`([^`]+)`", row))]
    return found

"""Judges what ships of the studies anew and writes the made pages of ``docs/`` again: ``python -m tools.docs``."""

from __future__ import annotations

from tools.docs.judge import judge_shipped
from tools.docs.pages import DOCS, PAGES
from tools.docs.records import ROOT
from tools.docs.regions import REGIONS, with_region


def main() -> None:
    """Writes each file, and says which."""
    for folder in judge_shipped():
        print(f"{folder.relative_to(ROOT)}/summary.json")
    for path in REGIONS:
        path.write_text(with_region(path), encoding="utf-8")
        print(path.relative_to(ROOT))
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()

"""Writes the made pages of ``docs/`` again: ``python -m tools.docs``."""

from __future__ import annotations

from tools.docs.pages import DOCS, PAGES


def main() -> None:
    """Writes each page, and says which."""
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()

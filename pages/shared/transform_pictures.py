"""Beside a transformation's name, a small picture of what it does, made by ``tools/transform_pictures.py``.

Pills hold text alone, and a link says the text of those that are bound to it. So the pictures are the page's style: the
browser gets each file once, and pills stay what they are for links and for whoever hears the page.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from invariance.vocabulary.transforms import BEYOND_2D, CATEGORIES, TRANSFORMATIONS

ADDRESS: Final = "app/static/transforms/{}.webp"
"""Of a file for the browser; in it, before and after lie side by side."""
_LOOK: Final = """
PILLS { position: relative; overflow: visible; padding-left: 0.3rem; }
PILLS::before {
  content: ""; flex: none; width: 1.6rem; height: 1.6rem; margin-right: 0.4rem; border-radius: 0.55rem;
  background: var(--picture) right / auto 100% no-repeat;
}
@media (hover: hover) {
  PILLS:hover::after {
    content: ""; position: absolute; z-index: 9; left: 0; bottom: calc(100% + 0.3rem); width: 11rem; height: 5.5rem;
    border: 1px solid #7a8987; border-radius: 0.5rem; background: var(--picture) center / 100% no-repeat;
    pointer-events: none; animation: transform-picture 0.15s 0.35s both;
  }
  @keyframes transform-picture { from { opacity: 0; } }
}
"""
"""The after alone in the pill, and both, large, above the one that is pointed at."""


@cache
def pill_style() -> str:
    """The style of all pills that :func:`~pages.shared.controls.transform_picker` shows, for ``app.py``."""
    by_category = {**CATEGORIES, TRANSFORMATIONS[BEYOND_2D[0]].category: BEYOND_2D}
    ends = {category: f'[class*="_{_in_class(category)} "]' for category in by_category}
    rules = [_LOOK.replace("PILLS", f":is({', '.join(ends.values())}) button[data-variant=pills]")]
    for category, names in by_category.items():
        for number, name in enumerate(names, 1):
            rules.append(f"{ends[category]} button:nth-of-type({number}) {{ --picture: url({ADDRESS.format(name)}); }}")
    return "\n".join(rules)


def _in_class(key: str) -> str:
    """A part of a widget's key as Streamlit has it in the widget's class."""
    return re.sub(r"[^a-zA-Z0-9_-]", "-", key)


def picture(name: str) -> str:
    """The picture of a transformation as Markdown, for a label; nothing for one that a user's module registers."""
    return "" if TRANSFORMATIONS[name].module else f"![]({ADDRESS.format(name)})"

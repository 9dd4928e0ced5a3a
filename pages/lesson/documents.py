"""What of lessons is shown outside of Streamlit: one HTML file each, with the lesson's figure drawn in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

HERE = Path(__file__).parent


def document(name: str, **values: Any) -> str:
    """An HTML file of this folder, filled; whatever is put in is escaped."""
    return _environment().get_template(name).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    environment.globals["file"] = lambda name: Markup((HERE / name).read_text(encoding="utf-8"))
    return environment

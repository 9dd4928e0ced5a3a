"""What a server for a class does before anybody comes, so that thirty first pages at once wait for none of it."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable

from invariance.data.engine import Engine
from invariance.runs import gallery
from invariance.spec import DatasetSpec, SpecError
from pages.lesson.routes import prepare_lessons
from pages.shared.navigation import FOLDER, PAGES

_log = logging.getLogger(__name__)


def warm_up() -> None:
    """Reads what lessons answer, for which a whole class may wait at once, then all pages' code and the pictures."""
    _guarded(prepare_lessons)
    for page in PAGES:
        for path in sorted((FOLDER / page.folder).glob("*.py")):
            if path.stem not in ("page", "__init__"):  # the page itself is a script
                importlib.import_module(f"pages.{page.folder}.{path.stem}")
    _guarded(_read_pictures)


def _read_pictures() -> None:
    Engine(DatasetSpec())
    gallery.entries()


def _guarded(read: Callable[[], None]) -> None:
    try:
        read()
    except (OSError, SpecError) as error:  # said on the pages that need it
        _log.warning("not all that pages show could be read ahead: %s", error)

"""What a server for a class does before anybody comes, so that thirty first pages at once wait for none of it."""

from __future__ import annotations

import importlib
import logging

from invariance.data.engine import Engine
from invariance.runs import gallery
from invariance.spec import DatasetSpec, SpecError
from pages.shared.navigation import FOLDER, PAGES

_log = logging.getLogger(__name__)


def warm_up() -> None:
    """Loads the code of all pages and reads the pictures that ship with the project."""
    for page in PAGES:
        for path in sorted((FOLDER / page.folder).glob("*.py")):
            if path.stem not in ("page", "__init__"):  # the page itself is a script
                importlib.import_module(f"pages.{page.folder}.{path.stem}")
    try:
        Engine(DatasetSpec())
        gallery.entries()
    except (OSError, SpecError) as error:  # said on the pages that need them
        _log.warning("not all that pages show could be read ahead: %s", error)

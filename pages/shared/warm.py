"""What a server for a class does before anybody comes, so that thirty first pages at once wait for none of it."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.session_manager import ClientContext, SessionClient

from invariance.data.engine import Engine
from invariance.runs import gallery
from invariance.spec import DatasetSpec, SpecError
from pages.shared.navigation import FOLDER, PAGES

PATIENCE_S = 120.0
"""That a page is waited for."""
_log = logging.getLogger(__name__)


async def warm_up() -> None:
    """Loads the code of all pages, reads the pictures that ship with the project, and opens each page once.

    What is made once for all is then there: figures, tables, networks and what they say.
    """
    await asyncio.to_thread(_load)
    server = get_instance()
    for page in PAGES:
        if page.is_listed:
            await _open(server, "" if page is PAGES[0] else page.folder)
    # What is here now stays to the end: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()


def _load() -> None:
    for page in PAGES:
        for path in sorted((FOLDER / page.folder).glob("*.py")):
            if path.stem not in ("page", "__init__"):  # the page itself is a script
                importlib.import_module(f"pages.{page.folder}.{path.stem}")
    try:
        Engine(DatasetSpec())
        gallery.entries()
    except (OSError, SpecError) as error:  # said on the pages that need them
        _log.warning("not all that pages show could be read ahead: %s", error)


async def _open(server: Runtime, page: str) -> None:
    """Has a page shown to nobody; must be called where the server's events are."""
    nobody, asked = _Nobody(), BackMsg()
    asked.rerun_script.page_name = page
    session = server.connect_session(nobody, {})
    try:
        server.handle_backmsg(session, asked)
        async with asyncio.timeout(PATIENCE_S):
            await nobody.has_all.wait()
    except TimeoutError:
        _log.warning("page %r took more than %.0f s to open ahead", page, PATIENCE_S)
    finally:
        server.close_session(session)


class _Nobody(SessionClient):
    """Takes a page, and looks at nothing of it."""

    def __init__(self) -> None:
        self.has_all = asyncio.Event()

    def write_forward_msg(self, msg: ForwardMsg) -> None:
        """Notes when the page is whole."""
        if msg.WhichOneof("type") == "script_finished":
            self.has_all.set()

    @property
    def client_context(self) -> ClientContext | None:
        """None: no browser asked."""
        return None

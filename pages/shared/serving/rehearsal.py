"""Each page opened once by nobody, before a class comes: what is made once for all is then there."""

from __future__ import annotations

import asyncio
import gc
import logging

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime import Runtime, get_instance
from streamlit.runtime.session_manager import ClientContext, SessionClient

from pages.shared.navigation import PAGES
from pages.shared.serving import warm

PATIENCE_S = 120.0
"""That a page is waited for."""
_log = logging.getLogger(__name__)


async def rehearse() -> None:
    """Warms up, then opens the pages of the navigation; must be called where the server's events are.

    The first who opens Invariance, Studies or Factors would wait seconds for tables, figures and networks.
    """
    await asyncio.to_thread(warm.warm_up)
    server = get_instance()
    for page in PAGES:
        if page.is_listed:
            await _open(server, "" if page is PAGES[0] else page.folder)
    # What is here now stays to the end: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()


async def _open(server: Runtime, page: str) -> None:
    """Has a page shown to nobody."""
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

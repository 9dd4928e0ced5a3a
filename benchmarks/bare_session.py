"""A browser's side of the app's websocket, without a browser: opens pages, moves a slider, clicks, follows runs."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

PATIENCE_S = 120.0
"""That an answer is waited for."""
PULSE = "invariance_pulse"
"""The component of what follows runs."""
SLIDER = "strength"
"""Of the Data set page: one that the server answers."""


class Session:
    """A browser's side of the websocket, without a browser.

    Args:
        url: of the websocket.
        cookie: what the server left in the browser.
    """

    def __init__(self, url: str, cookie: str) -> None:
        self._url, self._cookie = url, cookie
        self._page_hash = ""
        self._widgets: dict[str, str] = {}
        self._set: dict[str, WidgetState] = {}
        self._pulse: dict[str, Any] = {}
        self._live = ""
        self._is_part = False
        self.failures: list[str] = []

    async def __aenter__(self) -> Session:
        self._socket = await websockets.connect(
            self._url,
            subprotocols=[websockets.Subprotocol("streamlit")],
            additional_headers={"Cookie": self._cookie},
            max_size=None,
            open_timeout=PATIENCE_S,
            ping_interval=None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def open(self, page: str, query: str = "") -> None:
        """Opens a page by its address."""
        self._set, self._page_hash, self._query = {}, "", query
        await self._run(page=page)

    async def slide(self, value: float) -> None:
        """Moves the slider."""
        state = WidgetState(id=self._id_of(SLIDER))
        state.double_array_value.data.append(value)
        self._set[state.id] = state
        await self._run()

    async def click(self, key: str) -> None:
        """Clicks a button."""
        await self._run(clicked=WidgetState(id=self._id_of(key), trigger_value=True))

    @property
    def is_live(self) -> bool:
        """Whether the page has a part that follows runs."""
        return bool(self._pulse)

    async def refresh(self) -> None:
        """Asks whether anything has changed, as the page's live part does, and runs that part where it has."""
        address = self._url.replace("ws://", "http://").replace("_stcore/stream", self._pulse["address"])
        if await asyncio.to_thread(_text, address) != self._pulse["seen"]:
            await self._run(fragment=self._live)

    def _id_of(self, key: str) -> str:
        return next(identity for identity in self._widgets if identity.endswith(f"-{key}"))

    async def _run(self, page: str | None = None, clicked: WidgetState | None = None, fragment: str = "") -> None:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.fragment_id, asked.is_auto_rerun = self._query, fragment, bool(fragment)
        if page is None:
            asked.page_script_hash = self._page_hash
        else:
            asked.page_name = page
        asked.widget_states.CopyFrom(WidgetStates(widgets=[*self._set.values(), *([clicked] if clicked else [])]))
        self._is_part = bool(fragment)
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE_S):
            while True:
                said = await self._socket.recv()
                assert isinstance(said, bytes), said
                if self._heard(ForwardMsg.FromString(said)):
                    return

    def _heard(self, said: ForwardMsg) -> bool:
        """Takes in a message; whether it is the last of a run."""
        match said.WhichOneof("type"):
            case "new_session":
                self._page_hash = said.new_session.page_script_hash
                if not self._is_part:
                    self._widgets, self._pulse = {}, {}
            case "navigation":
                self._page_hash = said.navigation.page_script_hash or self._page_hash
            case "page_info_changed":
                self._query = said.page_info_changed.query_string
            case "delta" if said.delta.WhichOneof("type") == "new_element":
                kind = said.delta.new_element.WhichOneof("type")
                element = getattr(said.delta.new_element, str(kind))
                if kind == "exception":
                    self.failures.append(f"{element.type}: {element.message}"[:200])
                if kind == "bidi_component" and element.component_name == PULSE:
                    self._pulse, self._live = json.loads(element.json), said.delta.fragment_id
                if identity := getattr(element, "id", ""):
                    self._widgets[str(identity)] = str(kind)
            case "script_finished":
                self._is_part = False  # which may have all of the page run again
                return said.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False


def _text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


def cookie_of(url: str) -> str:
    """The cookie that a server leaves in a new browser."""
    asked = urllib.request.Request(url, headers={"Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        return str(answer.headers.get("set-cookie", "")).partition(";")[0]

"""Parts of pages that follow runs: a browser asks in passing whether anything has changed, and only then for the part.

A timer of Streamlit's would run the part again each time, and send all of it, also while nothing happens; the answer
to the question is one short word, without a script's run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from invariance.spec import SpecError
from pages.shared.serving import server

P = ParamSpec("P")
PATH = "/pulse"
EVERY_MS = 2000
MOST_RUNS = 400
"""That a browser may ask about at once."""
SCRIPT = """
const timers = new WeakMap();
const LEAVING_MS = 3000;
let left = -LEAVING_MS;
let isAsking = false;
const leave = () => { left = performance.now(); };
addEventListener("popstate", leave);
addEventListener("click", event => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  leave();
  if (!isAsking) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  setTimeout(() => link.click());
}, true);
// What is asked is sent a moment later, and a link that is followed meanwhile would be sent before it.
const ask = what => {
  isAsking = true;
  what();
  setTimeout(() => { isAsking = false; });
};
// A part that asks to be run while another page is on its way empties that page, or turns it back to its own.
const isAtRest = () =>
  performance.now() - left > LEAVING_MS
  && document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning";

export default function ({ data, parentElement, setTriggerValue }) {
  clearInterval(timers.get(parentElement));
  const timer = setInterval(async () => {
    if (document.hidden || !isAtRest()) return;
    try {
      const answer = await fetch(new URL(data.address, document.location.href), { cache: "no-store" });
      const now = await answer.text();
      if (answer.ok && now !== data.seen && isAtRest()) ask(() => setTriggerValue("changed", now));
    } catch { /* the server is away: Streamlit says so */ }
  }, data.every);
  timers.set(parentElement, timer);
  return () => clearInterval(timer);
}
"""

_pulse = st.components.v2.component("invariance_pulse", html="<span></span>", js=SCRIPT)


def live(part: Callable[P, None], run_ids: Sequence[str] | None, *, key: str) -> Callable[P, None]:
    """A part of a page that runs again by itself once something changes.

    Args:
        part: shows it; it may run the whole page again.
        run_ids: runs that it follows, full identities; None for all.
        key: of what asks in the browser.

    Returns:
        The part, to be called where it is to stand.
    """

    def show(*args: P.args, **kwargs: P.kwargs) -> None:
        seen = server.store().stamp(run_ids)  # before it is shown: what changes meanwhile is shown next
        part(*args, **kwargs)
        asked = "" if run_ids is None else f"?runs={','.join(run_ids)}"
        _pulse(
            key=key,
            data={"address": PATH.lstrip("/") + asked, "seen": seen, "every": EVERY_MS},
            on_changed_change=lambda: None,
        )

    return st.fragment(show)


async def answer(request: Request) -> Response:
    """The word of :meth:`~invariance.runs.store.Store.stamp`."""
    asked = request.query_params.get("runs")
    run_ids = None if asked is None else asked.split(",")[:MOST_RUNS]
    try:
        word = await run_in_threadpool(lambda: server.store().stamp(run_ids))
    except SpecError:
        return PlainTextResponse("the store cannot be used", 503)
    return PlainTextResponse(word, headers={"Cache-Control": "no-store"})

"""Files that pages make and browsers get by an address that tells their contents: pictures, figures to be saved.

An address never changes its meaning, so that a browser asks once and then keeps what it got; and a file is made once
for all who look at the same. Streamlit would encode every picture in every run of a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from streamlit.elements.lib.layout_utils import WidthWithoutContent

from invariance.figures.pictures import png_bytes
from pages.shared.serving import process
from pages.shared.serving.once import Shelf, key_of

PATH = "/app/static/made/{name}"
"""Of a file. Under that of Streamlit's static files, since a picture's address is taken as it is only there."""
MOST_BYTES, MOST_TEXTS = 96_000_000, 256
"""Of files that are kept; and how many that nobody has asked for yet can still be made."""
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
TYPES = {"png": "image/png", "json": "application/json", "csv": "text/csv; charset=utf-8"}
_COMPRESSION = 3
"""Of PNG: half the time of the usual 6, for a tenth more bytes."""

Picture = NDArray[np.uint8]


def show_pictures(
    pictures: Picture | Sequence[Picture],
    *,
    alt: str | list[str],
    width: WidthWithoutContent = "stretch",
    caption: str | list[str] | None = None,
) -> None:
    """One picture or several, as ``st.image`` shows them.

    Args:
        pictures: (H, W, 3) or (H, W, 4); one, or a list.
        alt: what is seen.
        width: on the page.
        caption: below each.
    """
    shown = picture_address(pictures) if isinstance(pictures, np.ndarray) else [*map(picture_address, pictures)]
    st.image(shown, alt=alt, width=width, caption=caption)


def picture_address(picture: Picture) -> str:
    """Where browsers get a picture, as a PNG.

    Args:
        picture: (H, W, 3) or (H, W, 4).
    """
    contents = hashlib.sha256(np.ascontiguousarray(picture).tobytes()).hexdigest()
    name = f"{hashlib.sha256(f'{picture.shape} {contents}'.encode()).hexdigest()[:32]}.png"
    _files().get(name, lambda: png_bytes(picture, compress_level=_COMPRESSION), len)
    return PATH.format(name=name)


def later(ending: str, make: Callable[[], str], *depends_on: object) -> str:
    """Where browsers get a text, which is made when the first of them asks.

    Args:
        ending: one of :data:`TYPES`.
        make: the text.
        *depends_on: everything that it depends on, see :func:`~pages.shared.serving.once.key_of`.

    Returns:
        The address, relative to the page.
    """
    name = f"{key_of(*depends_on)}.{ending}"
    _texts().get(name, lambda: make, lambda _: 1)
    return PATH.format(name=name).lstrip("/")


async def answer(request: Request) -> Response:
    """A file."""
    name = str(request.path_params["name"])
    make = _texts().find(name)
    content = _files().find(name)
    if content is None and make is not None:
        content = await run_in_threadpool(_files().get, name, lambda: make().encode(), len)
    if content is None:
        return Response("This is not kept any more: load the page again.", 404, headers={"Cache-Control": "no-store"})
    return Response(content, media_type=TYPES[name.rpartition(".")[2]], headers=HEADERS)


def _files() -> Shelf:
    shelf: Shelf = process.keep("files", "", lambda: Shelf(MOST_BYTES))
    return shelf


def _texts() -> Shelf:
    shelf: Shelf = process.keep("texts", "", lambda: Shelf(MOST_TEXTS))
    return shelf

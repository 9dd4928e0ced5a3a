"""Where pictures come from: the control, and what was read of a folder and what was left out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from invariance.data.picture_contents import resolve_source
from invariance.data.picture_folders import in_short
from invariance.data.picture_summary import describe_folder
from invariance.data.sources.download import DOWNLOADS
from invariance.spec import SpecError
from pages.shared.controls import choose
from pages.shared.download import offer_download
from pages.shared.glossary import meaning
from pages.shared.literal import literal
from pages.shared.serving import folders, visitor

SOURCES = {
    "builtin": "Pictures drawn by this project: 72 everyday objects from 8 sides, 216 nature scenes.",
    "noise": "Colour noise, without any shape: fixed squares as objects, fresh noise as backgrounds.",
    "colour": "One uniform colour.",
    "folder": "Your own: objects as <class>/<image>.png with transparency, backgrounds as a folder of pictures.",
    "pictures": "Whole photographs in a folder <class>/<image>, which fill the image and have splits of their own.",
    "cifar10": "60,000 photographs of 10 classes, 32 px; 170 MB, downloaded once.",
    "cifar100": "60,000 photographs of 100 classes, 32 px; 170 MB, downloaded once.",
    "hub": "The objects and backgrounds of the paper, from the Hugging Face Hub; downloaded once.",
}
"""Where pictures can come from, and what to know about each."""


def source_picker(label: str, key: str, *, colour: bool = False) -> str:
    """Where objects or backgrounds come from.

    Args:
        label: what is chosen.
        key: start of the widgets' keys, which are also their names in the URL: ``objects`` or ``backgrounds``.
        colour: whether one uniform colour is offered, as it is for backgrounds.

    Returns:
        A value for ``DatasetSpec.objects`` or ``DatasetSpec.backgrounds``; an empty folder name is passed on as it is.
    """
    options = [name for name in SOURCES if colour or name != "colour"]
    kind = str(
        st.pills(
            label,
            options,
            default="builtin",
            required=True,
            key=f"{key}_source",
            wrap=True,
            bind="query-params",
            help=meaning(label),
        )
    )
    if kind == "colour":
        title = f"{label}: colour"
        return st.color_picker(title, "#808080", key=f"{key}_colour", bind="query-params", help=meaning(title))
    if kind not in ("builtin", "noise"):
        st.caption(SOURCES[kind].replace("<", "&lt;"))
    if kind in ("folder", "pictures"):
        path = folder_picker(label, key)
        kind = path if kind == "folder" or not path.strip() else f"images:{path.strip()}"
    elif kind in DOWNLOADS:
        offer_download(kind, key=f"{key}_download")
    tell_what_was_read(kind, key)
    return kind


def class_count(otherwise: str, **options: Any) -> int | None:
    """How many classes each task has; None where nobody said.

    Args:
        otherwise: what holds then, in the empty field.
        **options: of the field.
    """
    return st.number_input(
        "Classes of each task", 2, 1_000, None, key="classes", bind="query-params", placeholder=otherwise, **options
    )


def folder_picker(label: str, role: str) -> str:
    """A folder: its path, or on a shared server one of those that the visitor may use; empty where none is chosen.

    Args:
        label: what it is for.
        role: one of :data:`~invariance.spec.sources.SOURCES`; ``<role>_folder`` is the widget's key and its name in the
            link.
    """
    if not visitor.is_shared():
        title = f"{label}: folder on this machine"
        return st.text_input(
            title, help=meaning(title), key=f"{role}_folder", placeholder="/path/to/folder", bind="query-params"
        ).strip()
    offered = folders.offered(role)
    if not offered:
        st.caption(
            ":material/school: On this server you use your own pictures: bring them on **My pictures**. "
            "Folders are there that its owner has approved; there is none."
        )
        return ""
    titles = {name: one.title for name, one in offered.items()}
    return str(offered[choose(f"{label}: pictures", titles, key=f"{role}_folder")].path)


def tell_what_was_read(source: str, role: str) -> None:
    """How many pictures of how many classes, and what was left out and why; nothing of what is built in.

    A folder that cannot be used is told of by who uses it.
    """
    if not source.strip():
        return
    source = source.strip()
    with suppress(SpecError):
        if line := describe_folder(source, role):
            st.caption(literal(line.removeprefix(f"{role} {in_short(source)}: ")))


def named_source(source: str, name: str) -> str:
    """A source as a spec holds it.

    Args:
        source: from :func:`source_picker`.
        name: of the field, for the message.

    Raises:
        SpecError: no folder was named.
    """
    if not source.strip():
        what = "choose pictures" if visitor.is_shared() else "write the path of a folder"
        raise SpecError(f"{name}: {what}, or choose builtin")
    return resolve_source(source.strip())

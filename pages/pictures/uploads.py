"""Files on their way in: uploaders, and what could not be used of what they were given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from invariance.data.uploads.examples import example_files
from invariance.data.uploads.names import display_title
from invariance.data.uploads.shelf import ShelfFull
from invariance.spec import SpecError
from pages.shared.literal import literal
from pages.shared.serving import visitor
from pages.shared.serving.shelf import MAX_MEGABYTES, TYPES, current, let_go

MAX_LINES = 8
"""Of what is said about files that were left out."""


@dataclass
class Left:
    """What could not be taken of the files that came last.

    Attributes:
        problems: one line for each file that cannot be used.
        known: titles of files that are here already.
        over: titles of files for which there was no room.
        why: there was none.
        num_files: that came.
    """

    problems: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    why: str = ""
    num_files: int = 0

    @property
    def num_read(self) -> int:
        """Files that were taken."""
        return self.num_files - len(self.problems) - len(self.known) - len(self.over)


def uploader(label: str, key: str, add: Callable[[bytes, str], bool], *, help: str) -> None:
    """Takes files in, several at once or a whole folder, and leaves the uploader empty for more.

    Args:
        label: above the uploader.
        key: start of the widget's key.
        add: takes the bytes and the name of one file and says whether it is new; its SpecError becomes one line, and
            the other files are taken.
        help: about what to bring.
    """
    # Another key is another, empty uploader: the originals are let go of, only the small pictures are kept.
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    place = st.container()
    folder = st.toggle(
        "A whole folder",
        key=f"{key}_folder_given",
        help="Choose a folder instead of files. Folders in it become the classes of objects.",
    )
    files = place.file_uploader(
        label,
        None if folder else TYPES,  # of a folder all is taken, so that what is no picture is named
        accept_multiple_files="directory" if folder else True,
        key=f"{key}_{turn}_{folder}",
        max_upload_size=MAX_MEGABYTES,
        help=help,
    )
    if files:
        st.session_state[f"{key}_left"] = _take(files, add)
        st.session_state[f"{key}_turn"] = turn + 1
        st.rerun()
    _show_left(st.session_state.get(f"{key}_left", Left()))


def _take(files: Sequence[UploadedFile], add: Callable[[bytes, str], bool]) -> Left:
    left = Left(num_files=len(files))
    progress = st.progress(0.0)
    for number, file in enumerate(files):
        progress.progress(number / len(files), f"Reading {number + 1} of {len(files)}")
        try:
            if not add(file.getvalue(), file.name):
                left.known.append(display_title(file.name))
        except ShelfFull as full:
            left.over.append(display_title(file.name))
            left.why = full.reason
        except SpecError as error:
            left.problems.append(str(error))
        let_go(file, is_shown=False)
    return left


def _show_left(left: Left) -> None:
    """A line, and at most three boxes, however many files there were."""
    if left.num_read < left.num_files:
        st.caption(f"{left.num_read} of {left.num_files} file{'s' * (left.num_files > 1)} read; left out:")
    if left.problems:
        st.error(_lines(left.problems), icon=":material/error:")
    if left.over:
        were = "1 more file was" if len(left.over) == 1 else f"{len(left.over)} more files were"
        st.error(
            f"{were} left out: {literal(left.why)}. The first is {literal(left.over[0])}."
            + " A larger folder on the app's own machine can be named on Data set, as it is." * visitor.may_do_all(),
            icon=":material/error:",
        )
    if left.known:
        st.info(_lines([f"{title}: is here already" for title in left.known]), icon=":material/content_copy:")


def _lines(lines: Sequence[str]) -> str:
    """The first few lines as Markdown: a list where there are several."""
    if len(lines) == 1:
        return literal(lines[0])
    more = [f"and {len(lines) - MAX_LINES} more"] if len(lines) > MAX_LINES else []
    return "\n".join(f"- {line}" for line in [*map(literal, lines[:MAX_LINES]), *more])


def take_examples() -> None:
    """Puts the example pictures on the shelf."""
    for name, data in example_files():
        current().add_object(data, name)


def clear() -> None:
    """Takes everything away, and what was said about it."""
    current().clear()
    for key in ("objects_left", "backgrounds_left"):
        st.session_state.pop(key, None)

"""What a page says of errors that are nobody's fault."""

from __future__ import annotations

import errno

import pytest
from streamlit.testing.v1 import AppTest


def write(number: int) -> None:
    import os

    from pages.shared.errors import errors_postponed, errors_shown, show_postponed

    with errors_postponed():
        raise OSError(number, os.strerror(number), "/some/where")
    show_postponed()
    with errors_shown():
        raise OSError(number, os.strerror(number), "/some/where")


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EROFS, "can only be read")])
def test_a_disk_that_takes_nothing_more_is_one_line_without_its_path(number: int, words: str) -> None:
    page = AppTest.from_function(write, args=(number,)).run()
    assert not page.exception and len(page.error) == 2
    assert all(words in error.value and "where" not in error.value for error in page.error)
    assert AppTest.from_function(write, args=(errno.EIO,)).run().exception, "a fault is no refusal"

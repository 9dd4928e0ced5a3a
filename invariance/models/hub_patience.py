"""The Hugging Face Hub where it does not answer: its library tries for a minute, and says so in twenty lines."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_LOGGER: Final = "huggingface_hub.utils._http"
_OF_RETRIES: Final = ("thrown while requesting", "Retrying in", "Rate limited")


@contextmanager
def told_once(name: str) -> Iterator[None]:
    """While the body downloads, all that the library logs of its retries is one line.

    Args:
        name: of what is downloaded, for the line.
    """
    is_told = False

    def shortened(record: logging.LogRecord) -> bool:
        nonlocal is_told
        if not any(words in record.getMessage() for words in _OF_RETRIES):
            return True
        record.msg, record.args = f"{name}: the Hugging Face Hub does not answer; it is tried for up to a minute", ()
        is_first, is_told = not is_told, True
        return is_first

    logger = logging.getLogger(_LOGGER)
    logger.addFilter(shortened)
    try:
        yield
    finally:
        logger.removeFilter(shortened)
